"""Work on schemas is done once: an agent sends the same tools with every request.

What is kept is shared by all who ask again, so nobody may change it, as nobody changes a client's.
"""

from collections.abc import Callable
from functools import wraps
from hashlib import blake2b

import msgspec

from turnout.wire.schema import Schema

MOST = 1024  # results of each function; then it begins anew
LONGEST = 64 << 10  # bytes of a schema's JSON; longer ones are worked on every time
DIGEST = 16  # bytes


def remembered[T](work: Callable[..., T]) -> Callable[..., T]:
    """For a pure function of a schema and of plain keyword arguments. Errors are not kept.

    Threads may share it.
    """
    kept: dict[bytes, T] = {}

    @wraps(work)
    def recalled(schema: Schema, **how: object) -> T:
        key = _key(schema, how)
        if key is None:
            return work(schema, **how)
        found = kept.get(key)
        if found is None:
            found = work(schema, **how)
            if len(kept) >= MOST:
                kept.clear()
            kept[key] = found
        return found

    return recalled


def _key(schema: Schema, how: dict[str, object]) -> bytes | None:
    """None for what is too long, or no JSON."""
    try:
        text = msgspec.json.encode((schema, how))
    except (TypeError, ValueError, RecursionError):
        return None
    return blake2b(text, digest_size=DIGEST).digest() if len(text) <= LONGEST else None
