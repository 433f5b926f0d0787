"""What we know of a conversation: whose it is, what kind of step this is, which model it is on."""
