"""What is shared and short-lived: in memory, or in memory and in SQLite, behind one protocol."""
