"""OpenAI Chat Completions: a streamed answer.

https://platform.openai.com/docs/api-reference/chat-streaming

    role ( content | reasoning_content | tool_calls )* finish usage? [DONE]

Three habits of this dialect shape the reader. One chunk may carry several facts. The usage chunk
comes after finish_reason. And only finish_reason makes an ending honest: a stream that just stops
has failed, [DONE] or not.

A whole answer holds a `message` where a chunk holds a `delta`: `answer.py` reads it as one chunk,
and writes the sum of the chunks that its stream would have had.
"""

from turnout.wire.openai_chat.stream_reader import StreamReader
from turnout.wire.openai_chat.stream_writer import StreamWriter

__all__ = ["StreamReader", "StreamWriter"]
