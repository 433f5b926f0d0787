"""What a word of the status is in numbers, for both kinds of metrics."""

# state of a binding's breaker; one that nobody knows counts as open
BREAKER = {"closed": 0, "half_open": 1, "open": 2}
