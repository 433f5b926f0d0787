"""Anthropic Messages."""

from turnout.wire.anthropic import answer, edit, peek, request, stream
from turnout.wire.dialect import Dialect

DIALECT = Dialect(
    name="anthropic",
    peek=peek.peek,
    read_request=request.read,
    write_request=request.write,
    splice=edit.splice,
    stream_reader=stream.StreamReader,
    stream_writer=stream.StreamWriter,
    read_answer=answer.read,
    write_answer=answer.write,
    write_error=answer.write_error,
    read_error=answer.read_error,
    path=lambda _model, _stream: "/messages",
    auth=lambda key: {"x-api-key": key},
    headers={"anthropic-version": "2023-06-01"},
)
