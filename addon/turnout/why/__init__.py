"""One decision in words: who asked, what for, who could have served it, what it cost and why."""
