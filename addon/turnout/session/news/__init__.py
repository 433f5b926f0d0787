"""What is new in a conversation since its last action, in one form for all dialects."""
