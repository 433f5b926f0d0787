"""The API and, later, the dashboard. Served by the relay, on the base port and at turnout.internal."""
