"""Compressed bodies, decoded for reading."""

import zlib
from collections.abc import Callable, Mapping

import brotli
import zstandard

from turnout.errors import WireError

PLAIN = frozenset({"", "identity"})
LIMIT = 256 << 20  # bytes: a bomb of zeros is somebody else's problem


def decoded(body: bytes, encoding: str) -> bytes:
    """`body` without its content-encoding(s), outermost last as RFC 9110 lists them."""
    for name in reversed([part.strip().lower() for part in encoding.split(",") if part.strip()]):
        decode = DECODERS.get(name)
        if decode is None:
            raise WireError(f"content-encoding {name!r} is not known")
        try:
            body = decode(body)
        except (zlib.error, brotli.error, zstandard.ZstdError, MemoryError) as e:
            raise WireError(f"the body is not {name}: {e}") from e
    return body


def _inflate(window: int) -> Callable[[bytes], bytes]:
    def decode(body: bytes) -> bytes:
        stream = zlib.decompressobj(window)
        out = stream.decompress(body, LIMIT)
        if stream.unconsumed_tail or not stream.eof:
            raise WireError("the compressed body is cut or too large")
        return out

    return decode


def _deflate(body: bytes) -> bytes:
    """RFC 9110 means zlib; some clients send it raw."""
    try:
        return _inflate(zlib.MAX_WBITS)(body)
    except zlib.error:
        return _inflate(-zlib.MAX_WBITS)(body)


def _brotli(body: bytes) -> bytes:
    stream = brotli.Decompressor()
    out = bytes(stream.process(body, output_buffer_limit=LIMIT))
    if not stream.is_finished():
        raise WireError("the compressed body is cut or too large")
    return out


def _zstd(body: bytes) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(body) as stream:
        out = stream.read(LIMIT + 1)
    if len(out) > LIMIT:
        raise WireError("the compressed body is too large")
    return out


DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": _inflate(zlib.MAX_WBITS | 16),
    "x-gzip": _inflate(zlib.MAX_WBITS | 16),
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
    "identity": lambda body: body,
}


class Unpacker:
    """The same for bytes that come in pieces. Raises WireError for an encoding it does not know."""

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower() or "identity"
        if name not in STREAMS:
            raise WireError(f"content-encoding {name!r} is not known")
        self._unpack = STREAMS[name]()

    def feed(self, data: bytes) -> bytes:
        try:
            return self._unpack(data)
        except (zlib.error, brotli.error, zstandard.ZstdError) as e:
            raise WireError(f"the body does not unpack: {e}") from e


STREAMS: Mapping[str, Callable[[], Callable[[bytes], bytes]]] = {
    "gzip": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16).decompress,
    "deflate": lambda: zlib.decompressobj(zlib.MAX_WBITS).decompress,
    "br": lambda: brotli.Decompressor().process,
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj().decompress,
    "identity": lambda: bytes,
}
