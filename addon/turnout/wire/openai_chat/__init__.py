"""OpenAI Chat Completions."""

from turnout.wire.dialect import Dialect
from turnout.wire.openai_chat import answer, edit, peek, request, stream, usage_chunk

DIALECT = Dialect(
    name="openai_chat",
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
    path=lambda _model, _stream: "/chat/completions",
    auth=lambda key: {"authorization": f"Bearer {key}"},
    headers={},
    without_usage=usage_chunk.without,
)
