"""OpenAI Responses."""

from turnout.wire.dialect import Dialect
from turnout.wire.openai_responses import answer, edit, peek, request, stream

DIALECT = Dialect(
    name="openai_responses",
    peek=peek.peek,
    read_request=request.read,
    write_request=request.write,
    splice=edit.splice,
    stream_reader=stream.StreamReader,
    stream_writer=stream.writer,
    read_answer=answer.read,
    write_answer=answer.write,
    write_error=answer.write_error,
    read_error=answer.read_error,
    path=lambda _model, _stream: "/responses",
    auth=lambda key: {"authorization": f"Bearer {key}"},
    headers={},
)
