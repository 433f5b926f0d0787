"""Recorded traffic, read as if it came now: flow files, HAR, transcripts, turnout's own log."""
