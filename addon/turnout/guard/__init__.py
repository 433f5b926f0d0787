"""Who may spend what, and with whose key."""
