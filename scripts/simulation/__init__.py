"""Whole agent sessions, simulated: what each way of routing them costs, and how many succeed."""
