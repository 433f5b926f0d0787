"""Gemini generateContent: a streamed answer.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent

    ( text | thought | functionCall )* finishReason usageMetadata

Every chunk is a small answer of its own, with parts to be put after those before it. There is no
mark for the end: a stream with a finishReason, or one whose prompt was blocked, has ended well.

The frames are server-sent events with `alt=sse`, and else the elements of one array (framing.py).
"""

from turnout.wire.gemini.stream_reader import StreamReader
from turnout.wire.gemini.stream_writer import StreamWriter

__all__ = ["StreamReader", "StreamWriter"]
