"""Answers that need no model.

canonical.py   which requests may be answered so, and what makes two of them the same   (pure)
entry.py       an answer as it is kept: its events, who gave it, what it cost            (pure)
memory.py      the answers used last
disk.py        all of them, in an SQLite file of their own
cache.py       both together; what is learned from an answer, what is asked of them
relay/replay.py  gives them back

Whatever breaks in here, the request goes its normal way.
"""
