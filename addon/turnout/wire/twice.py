"""A body is looked into twice: for routing, then to be spliced for the model that was chosen."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import wraps

MOST = 4  # bodies of a dialect that wait for the second time
LARGEST = 2 << 20  # bytes; a larger one does not wait


def twice[T](parse: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """`parse(body)`, whose result nobody changes: the second time with the very same object.

    What is found is no longer kept. Threads may share it: at worst a body is parsed again.
    """
    waiting: deque[tuple[bytes, T]] = deque(maxlen=MOST)

    @wraps(parse)
    def parsed(body: bytes) -> T:
        for entry in tuple(waiting):
            if entry[0] is body:
                with suppress(ValueError, IndexError):  # somebody else was at it in the meantime
                    waiting.remove(entry)
                return entry[1]
        found = parse(body)
        if len(body) <= LARGEST:
            waiting.append((body, found))
        return found

    return parsed
