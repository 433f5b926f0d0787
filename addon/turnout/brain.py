"""The encoder and the bundle, loaded once: text -> scored clusters, off the event loop."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from turnout.beside import Beside
from turnout.errors import StageError
from turnout.route import chosen
from turnout.route.bundle import Bundle
from turnout.route.embed import Embedder, Vectors
from turnout.route.score import Scored, score, unread
from turnout.route.shelves import Shelves
from turnout.route.text import readable
from turnout.stages import Stages

RECENT = 0.1  # weight of the latest inference among those before it
REMEMBERED = 4096  # vectors
UNREAD = b""  # stands for the hash of every text that an encoder of English cannot read
IN_PLAY = 256  # scores; they are larger, and only those of running sessions are asked for again


class Brain:
    """`await scored(text)`: a look-up for a known text, else one inference in a worker thread.

    In an agent loop the human text stays the same for many steps: most actions embed nothing.
    `deadline`: seconds for an inference; after that the requested model serves the request.
    `warning`: why the bundle is not the one that was chosen.
    """

    def __init__(self, shelves: Shelves, stages: Stages, deadline: float = 0.150) -> None:
        self._embedder = Embedder(shelves.shipped / "encoder")
        encoder, dim = self._embedder.id, self._embedder.dim
        self.chosen = shelves.pointed()
        self.bundle, self.warning = chosen.load(shelves, encoder=encoder, dim=dim)
        self._beside = Beside(shelves, encoder, dim)
        self._embedder(["warm"])  # the first inference is many times slower than those after it
        self._known: OrderedDict[bytes, Vectors] = OrderedDict()  # by the hash of the text
        self._scored: OrderedDict[tuple[str, bytes, bool], Scored] = OrderedDict()
        self._stages, self.deadline = stages, deadline
        self._typical = 0.005  # seconds an inference takes, a moving average
        self._flying: dict[bytes, asyncio.Future[Vectors]] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="turnout-embed")

    def current(self, shelves: Shelves) -> bool:
        """Whether the bundle is the one that is chosen now."""
        return not self.warning and self.chosen == shelves.pointed()

    async def serving(self, version: str) -> Bundle:
        """The bundle of that name, "" for the one in use. Raises ConfigError, with the names."""
        if version in ("", self.bundle.version):
            return self.bundle
        return await self._beside.get(version)

    async def scored(
        self,
        text: str,
        *,
        tools: bool,
        bundle: Bundle | None = None,
        timed: Callable[[float], None] = lambda _: None,
    ) -> Scored:
        """`tools`: the request offers some. `timed`: told the seconds that embedding took.

        Raises StageError: no vector, or too late.
        """
        key = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
        vectors = self._known.get(key)
        if vectors is not None:
            self._known.move_to_end(key)
        elif not readable(text):
            key, vectors = UNREAD, np.zeros((1, self._embedder.dim), np.float32)
        else:
            began = time.perf_counter()
            vectors = await self._embedded(text, key)
            timed(time.perf_counter() - began)
        with self._stages("score"):
            return self._score(vectors, key, bundle or self.bundle, tools=tools)

    @property
    def encoder(self) -> str:
        """Which one its vectors are of."""
        return self._embedder.id

    def known(self, text: str) -> Vectors | None:
        """The vector of a text that was embedded already; nothing is waited for."""
        key = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
        found = self._known.get(key)
        return None if found is None else found[0]

    def unfamiliar(self, bundle: Bundle | None = None, *, tools: bool = False) -> Scored:
        """For a text that nothing is known of: it may be of any kind."""
        return score(np.zeros(self._embedder.dim), bundle or self.bundle, tools=tools)

    def _score(self, vectors: Vectors, key: bytes, bundle: Bundle, *, tools: bool) -> Scored:
        found = self._scored.pop((bundle.version, key, tools), None)
        if found is None:
            known = key != UNREAD
            found = score(vectors[0], bundle, tools=tools) if known else unread(bundle, tools=tools)
        self._scored[bundle.version, key, tools] = found
        if len(self._scored) > IN_PLAY:
            self._scored.popitem(last=False)
        return found

    async def _embedded(self, text: str, key: bytes) -> Vectors:
        """A text that comes too late is remembered all the same: its next action finds it.

        Parallel requests with the same text wait for the same inference. One that would come too
        late behind the others is told at once, and takes no time from them.
        """
        work = self._flying.get(key)
        if work is None:
            if len(self._flying) * self._typical > self.deadline:
                told = f"{len(self._flying)} prompts wait already"
                raise StageError("embed", TimeoutError(told))
            work = asyncio.get_running_loop().run_in_executor(self._pool, self._embed, text)
            self._flying[key] = work
            work.add_done_callback(lambda done: self._remember(key, done))
        try:
            return await asyncio.wait_for(asyncio.shield(work), self.deadline)
        except TimeoutError as e:
            raise StageError("embed", TimeoutError(f"no vector in {self.deadline} s")) from e

    def _embed(self, text: str) -> Vectors:
        began = time.perf_counter()
        with self._stages("embed"):
            vectors = self._embedder([text])
        self._typical += RECENT * (time.perf_counter() - began - self._typical)
        return vectors

    def _remember(self, key: bytes, done: "asyncio.Future[Vectors]") -> None:
        self._flying.pop(key, None)
        if done.cancelled() or done.exception():
            return
        self._known[key] = done.result()
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
