"""Anthropic Messages: a streamed answer.

https://docs.anthropic.com/en/api/messages-streaming

    message_start ( block_start delta* block_stop )* message_delta message_stop

A whole answer has the same content, so both directions work on payloads (dicts) as well as on
bytes; `answer.py` uses those, which keeps a whole answer equal to the sum of its stream.
"""

from turnout.wire.anthropic.stream_reader import StreamReader
from turnout.wire.anthropic.stream_writer import StreamWriter

__all__ = ["StreamReader", "StreamWriter"]
