"""Why actions left the model they were on, in words."""

# names of moves, in words
MOVES = {
    "ev_positive": "switched, a warm cache left behind",
    "cold_cache": "switched, its cache was cold",
    "tier_upgrade": "switched, below parity",
    "pin_inferior": "switched, no longer known to be at parity",
    "pin_unavailable": "switched, it could not serve",
    "escalated": "escalated, it failed",
    "failover": "failed over",
    "hedge": "hedged",
}
