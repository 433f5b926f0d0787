"""Work on a large body is done in a thread: the streams of others go on meanwhile."""

import asyncio
from collections.abc import Callable

# bytes; below it a thread costs more than it spares. Compressed, a body is about a tenth
LARGE = 1_000_000
PACKED = 10


async def worked[*A, T](size: int, work: Callable[[*A], T], *about: *A) -> T:
    """`work(*about)`, which touches nothing that belongs to the event loop."""
    return await asyncio.to_thread(work, *about) if size >= LARGE else work(*about)
