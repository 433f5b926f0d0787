"""Gemini generateContent."""

from turnout.wire.dialect import Dialect
from turnout.wire.gemini import answer, edit, peek, place, request, stream

DIALECT = Dialect(
    name="gemini",
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
    path=place.path,
    auth=lambda key: {"x-goog-api-key": key},
    headers={},
    place=place.read,
    moved=place.moved,
    mend=edit.mend,
)
