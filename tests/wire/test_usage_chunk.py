"""A client that did not ask for a stream's usage does not meet its chunk."""

import pytest

from turnout.wire.openai_chat import DIALECT

TEXT = b'data: {"choices":[{"index":0,"delta":{"content":"\\"usage\\" [] "}}],"usage":null}\n\n'
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"n":3}}\n\n'
FILTER = b'data: {"choices":[],"prompt_filter_results":[],"usage":null}\n\n'
USAGE = b'data: {"id":"c","choices": [], "usage": {"prompt_tokens":2,"total_tokens":3}}\n\n'
DONE = b"data: [DONE]\n\n"
ODD = b': "usage"\n\ndata: "usage\n\n'
CRLF = USAGE.replace(b"\n\n", b"\r\n\r\n")

# frames -> what is left of them
FRAMES = {
    "the chunk": (TEXT + USAGE + DONE, TEXT + DONE),
    "with CRLF": (TEXT + CRLF + DONE, TEXT + DONE),
    "alone": (USAGE, b""),
    "with the last choice": (LAST + DONE, LAST + DONE),
    "no usage yet": (FILTER + TEXT, FILTER + TEXT),
    "a comment, and what is no JSON": (ODD, ODD),
}  # fmt: skip


@pytest.mark.parametrize(("frames", "left"), FRAMES.values(), ids=FRAMES)
def test_without(frames: bytes, left: bytes) -> None:
    assert DIALECT.without_usage
    assert DIALECT.without_usage(frames) == left
