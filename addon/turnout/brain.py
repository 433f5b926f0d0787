"""The encoder and the bundle, loaded once: text -> scored clusters, off the event loop."""

import asyncio
import hashlib
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from numpy.typing import NDArray

from turnout.errors import StageError
from turnout.route import bundle as bundles
from turnout.route.embed import Embedder
from turnout.route.score import Scored, score
from turnout.stages import Stages

EMBED_DEADLINE = 0.150  # seconds; after that the requested model serves the request
REMEMBERED = 4096  # vectors: in an agent loop the human text does not change from step to step


class Brain:
    """`await scored(text)` is a look-up for a text seen before, else one inference in a worker thread."""

    def __init__(self, artifacts: Path, stages: Stages, deadline: float = EMBED_DEADLINE) -> None:
        self._embedder = Embedder(artifacts / "encoder")
        self.bundle = bundles.Bundle.load(
            bundles.latest(artifacts), encoder=self._embedder.id, dim=self._embedder.dim
        )
        self._stages, self._deadline = stages, deadline
        self._vectors: OrderedDict[bytes, NDArray] = OrderedDict()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="turnout-embed")

    async def scored(self, text: str) -> Scored:
        """Raises StageError when the embedder fails or is too slow."""
        vector = await self._vector(text)
        with self._stages("score"):
            return score(vector, self.bundle)

    async def _vector(self, text: str) -> NDArray:
        key = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
        if (known := self._vectors.get(key)) is not None:
            self._vectors.move_to_end(key)
            return known
        try:
            work = asyncio.get_running_loop().run_in_executor(self._pool, self._embed, text)
            vector = await asyncio.wait_for(work, self._deadline)
        except TimeoutError as e:
            raise StageError("embed", TimeoutError(f"no vector in {self._deadline} s")) from e
        self._vectors[key] = vector
        if len(self._vectors) > REMEMBERED:
            self._vectors.popitem(last=False)
        return vector

    def _embed(self, text: str) -> NDArray:
        with self._stages("embed"):
            return self._embedder([text])[0]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
