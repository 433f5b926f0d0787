"""The encoder and the bundle, loaded once: text -> scored clusters, off the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from turnout.errors import StageError
from turnout.route import bundle as bundles
from turnout.route.embed import Embedder, Memory, Vector
from turnout.route.score import Scored, score
from turnout.stages import Stages

EMBED_DEADLINE = 0.150  # seconds; after that the requested model serves the request


class Brain:
    """`await scored(text)` is a look-up for a text seen before, else one inference in a worker thread.

    In an agent loop the human text does not change from step to step, so most actions embed nothing.
    """

    def __init__(self, artifacts: Path, stages: Stages, deadline: float = EMBED_DEADLINE) -> None:
        embedder = Embedder(artifacts / "encoder")
        self.bundle = bundles.Bundle.load(
            bundles.latest(artifacts), encoder=embedder.id, dim=embedder.dim
        )
        self._memory = Memory(embedder)
        self._stages, self._deadline = stages, deadline
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="turnout-embed")

    async def scored(self, text: str, *, tools: bool) -> Scored:
        """`tools`: the request offers some. Raises StageError when embedding fails or is too slow."""
        vector = self._memory.get(text)
        if vector is None:
            vector = await self._embedded(text)
        with self._stages("score"):
            return score(vector, self.bundle, tools=tools)

    async def _embedded(self, text: str) -> Vector:
        """A text that comes too late is remembered all the same: its next action finds it."""
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, self._embed, text)
        try:
            return await asyncio.wait_for(asyncio.shield(work), self._deadline)
        except TimeoutError as e:
            work.add_done_callback(lambda late: late.exception())  # nobody waits for it any more
            raise StageError("embed", TimeoutError(f"no vector in {self._deadline} s")) from e

    def _embed(self, text: str) -> Vector:
        with self._stages("embed"):
            return self._memory(text)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
