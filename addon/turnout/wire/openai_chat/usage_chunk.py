"""The chunk with the usage of a stream, which a client did not ask for that we asked for.

It has no choices: clients that never met it look into the first one.
https://platform.openai.com/docs/api-reference/chat/streaming
"""

import re

import msgspec

_BETWEEN = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)|(?<=\r\r)")
_NOTHING = msgspec.Raw(b"null")
USAGE = b'"usage"'


class _Chunk(msgspec.Struct):
    choices: list[msgspec.Raw] | None = None
    usage: msgspec.Raw = _NOTHING


_chunk = msgspec.json.Decoder(_Chunk)


def without(frames: bytes) -> bytes:
    """Whole frames, as they came, but for that one."""
    if USAGE not in frames:
        return frames
    return b"".join(frame for frame in _BETWEEN.split(frames) if not _is_it(frame))


def _is_it(frame: bytes) -> bool:
    if USAGE not in frame:
        return False
    data = b"".join(line[5:] for line in frame.splitlines() if line.startswith(b"data:"))
    try:
        chunk = _chunk.decode(data)
    except msgspec.MsgspecError:
        return False
    return chunk.choices == [] and bytes(chunk.usage) != bytes(_NOTHING)
