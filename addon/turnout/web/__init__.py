"""The API. Served by the relay, on the base port and at turnout.internal."""
