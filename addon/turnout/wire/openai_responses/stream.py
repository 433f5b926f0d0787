"""OpenAI Responses: a streamed answer.

https://platform.openai.com/docs/api-reference/responses-streaming

    created in_progress ( item.added ( part.added delta* done part.done )* item.done )* completed

The last event repeats the whole answer, and so does each item's last event: whoever missed a delta
finds it there. So the reader takes from every event what nobody said before it. Only `completed`,
`incomplete` and `failed` make an ending honest.

A whole answer is what `completed` holds: `answer.py` reads and writes it as such.
"""

from turnout.wire.openai_responses.stream_reader import StreamReader
from turnout.wire.openai_responses.stream_writer import StreamWriter
from turnout.wire.openai_responses.summary_writer import writer

__all__ = ["StreamReader", "StreamWriter", "writer"]
