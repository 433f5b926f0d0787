"""What turnout costs: scripts/bench."""
