"""The encoder and the bundle, loaded once: text -> scored clusters, off the event loop."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from turnout.errors import StageError
from turnout.route import bundle as bundles
from turnout.route.embed import Embedder, Vectors
from turnout.route.score import Scored, score
from turnout.stages import Stages

REMEMBERED = 4096  # vectors
IN_PLAY = 256  # scores; they are larger, and only those of running sessions are asked for again


class Brain:
    """`await scored(text)`: a look-up for a known text, else one inference in a worker thread.

    In an agent loop the human text stays the same for many steps: most actions embed nothing.
    `deadline`: seconds for an inference; after that the requested model serves the request.
    """

    def __init__(self, artifacts: Path, stages: Stages, deadline: float = 0.150) -> None:
        self._embedder = Embedder(artifacts / "encoder")
        self.bundle = bundles.Bundle.load(
            bundles.latest(artifacts), encoder=self._embedder.id, dim=self._embedder.dim
        )
        self._embedder(["warm"])  # the first inference is many times slower than those after it
        self._known: OrderedDict[bytes, Vectors] = OrderedDict()  # by the hash of the text
        self._scored: OrderedDict[tuple[bytes, bool], Scored] = OrderedDict()
        self._stages, self.deadline = stages, deadline
        self._flying: dict[bytes, asyncio.Future[Vectors]] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="turnout-embed")

    async def scored(
        self, text: str, *, tools: bool, timed: Callable[[float], None] = lambda _: None
    ) -> Scored:
        """`tools`: the request offers some. `timed`: told the seconds that embedding took.

        Raises StageError: no vector, or too late.
        """
        key = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
        vectors = self._known.get(key)
        if vectors is not None:
            self._known.move_to_end(key)
        else:
            began = time.perf_counter()
            vectors = await self._embedded(text, key)
            timed(time.perf_counter() - began)
        with self._stages("score"):
            return self._score(vectors, key, tools=tools)

    @property
    def encoder(self) -> str:
        """Which one its vectors are of."""
        return self._embedder.id

    def known(self, text: str) -> Vectors | None:
        """The vector of a text that was embedded already; nothing is waited for."""
        key = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
        found = self._known.get(key)
        return None if found is None else found[0]

    def unfamiliar(self) -> Scored:
        """For a text that nothing is known of: every cluster is as near as any other."""
        return score(np.zeros(self._embedder.dim), self.bundle)

    def _score(self, vectors: Vectors, key: bytes, *, tools: bool) -> Scored:
        found = self._scored.pop((key, tools), None)
        if found is None:
            found = score(vectors[0], self.bundle, tools=tools)
        self._scored[key, tools] = found
        if len(self._scored) > IN_PLAY:
            self._scored.popitem(last=False)
        return found

    async def _embedded(self, text: str, key: bytes) -> Vectors:
        """A text that comes too late is remembered all the same: its next action finds it.

        Parallel requests with the same text wait for the same inference.
        """
        work = self._flying.get(key)
        if work is None:
            work = asyncio.get_running_loop().run_in_executor(self._pool, self._embed, text)
            self._flying[key] = work
            work.add_done_callback(lambda done: self._remember(key, done))
        try:
            return await asyncio.wait_for(asyncio.shield(work), self.deadline)
        except TimeoutError as e:
            raise StageError("embed", TimeoutError(f"no vector in {self.deadline} s")) from e

    def _embed(self, text: str) -> Vectors:
        with self._stages("embed"):
            return self._embedder([text])

    def _remember(self, key: bytes, done: "asyncio.Future[Vectors]") -> None:
        self._flying.pop(key, None)
        if done.cancelled() or done.exception():
            return
        self._known[key] = done.result()
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
