"""The cache of answers: what is asked of it before a request goes anywhere, what it learns after.

    key ─▶ get ─▶ (an answer of the past)
        └▶ lead ─▶ the request goes its way ─▶ learn ─▶ those that waited look again

Everything but the disk runs on the event loop; the disk has a thread of its own and little time.
"""

import asyncio
import logging
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from turnout import account
from turnout.answers import canonical
from turnout.answers.disk import Disk
from turnout.answers.entry import Entry, kept, packed, unpacked
from turnout.answers.memory import Memory
from turnout.answers.semantic import Asked, Match, Semantic
from turnout.books import Passed
from turnout.config.settings import Cache
from turnout.errors import TurnoutError
from turnout.trip import Plan, Untouched

log = logging.getLogger(__name__)

DISK_S = 0.25  # a disk that is slower than this is not asked
MOST_ASKED = 256  # questions under way
WAIT_S = 15.0  # for the same request that is under way; clients give up on silence after about 20


class Answers:
    """`rules()`: the settings as they are now. `semantic`: finds questions that mean the same."""

    def __init__(
        self,
        rules: Callable[[], Cache],
        path: Path,
        clock: Callable[[], float],
        semantic: Semantic | None = None,
    ) -> None:
        self._rules, self._clock, self._semantic = rules, clock, semantic
        self._memory, self._disk = Memory(), Disk(path, clock)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="turnout-cache")
        self._flights: dict[str, asyncio.Future[None]] = {}
        self._asked: OrderedDict[str, Asked] = OrderedDict()  # by the key of what is under way
        self.counts = {"asked": 0, "hits": 0, "kept": 0}

    @property
    def warning(self) -> str:
        return self._disk.warning or (self._semantic.warning if self._semantic else "")

    def key(self, plan: Plan) -> str:
        """ "" for a request that is not answered from the past. Never raises."""
        if not self._rules().exact:
            return ""
        try:
            return canonical.key(plan, self._rules())
        except TurnoutError:
            return ""  # what only one vendor understands
        except Exception as e:
            log.exception("not kept: %r", e)
            return ""

    async def get(self, key: str) -> Entry | None:
        """Never raises but when it is cancelled."""
        oldest = self._clock() - self._rules().ttl_s
        data = self._memory.get(key) or await self._on_disk(key, oldest)
        try:
            entry = unpacked(data) if data else None
        except (ValueError, LookupError, TypeError) as e:
            log.warning("a kept answer cannot be read: %r", e)
            entry = None
        if entry is None or entry.at < oldest:
            self._memory.drop(key)
            return None
        assert data
        self._memory.put(
            key, data, most=self._rules().max_entries, most_bytes=self._rules().max_bytes
        )
        return entry

    async def _on_disk(self, key: str, oldest: float) -> bytes | None:
        if not self._rules().disk:
            return None
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, self._disk.get, key, oldest)
        try:
            return await asyncio.wait_for(asyncio.shield(work), DISK_S)
        except TimeoutError:
            return None

    async def similar(self, plan: Plan) -> tuple[Entry, Match] | None:
        """The answer to another first question that means the same, and how sure that is."""
        if self._semantic is None or not self._rules().semantic:
            return None
        asked = self._semantic.asked(plan)
        if asked is None:
            return None
        self._asked[plan.cache_key] = asked
        if len(self._asked) > MOST_ASKED:
            self._asked.popitem(last=False)
        match = self._semantic.match(asked)
        if match is None:
            return None
        if entry := await self.get(match.key):
            return entry, match
        self._semantic.drop(match.key)
        return None

    # -- the same request twice at the same time

    async def waited(self, key: str) -> bool:
        """For the same request that is under way, if there is one: its answer may be here now."""
        flight = self._flights.get(key)
        if flight is None:
            return False
        done, _ = await asyncio.wait({flight}, timeout=WAIT_S)
        return bool(done)

    @asynccontextmanager
    async def leading(self, key: str) -> AsyncIterator[None]:
        """Others that want the same wait until this block ends, however it ends."""
        if not key or key in self._flights:
            yield
            return
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            self._flights.pop(key, None)
            flight.set_result(None)

    # -- what is learned

    def learn(self, plan: Plan | Untouched, passed: Passed) -> None:
        """Keeps the answer when it is whole and was asked for in a way that may come again."""
        if not isinstance(plan, Plan) or not plan.cache_key or not _whole(passed):
            return
        assert passed.attempt
        entry = Entry(
            at=self._clock(),
            decision=plan.decision.id,
            provider=passed.attempt.provider,
            model=passed.attempt.model or plan.decision.requested_model,
            events=kept(passed.meter.kept or ()),
            cost_usd=_cost(plan, passed),
        )
        if entry.events:
            self._keep(plan.cache_key, entry)

    def _keep(self, key: str, entry: Entry) -> None:
        rules, data = self._rules(), packed(entry)
        bounds: dict[str, int] = {"most": rules.max_entries, "most_bytes": rules.max_bytes}
        self._memory.put(key, data, **bounds)
        self.counts["kept"] += 1
        if self._semantic and (asked := self._asked.pop(key, None)):
            self._semantic.keep(key, asked)
        if rules.disk:
            self._pool.submit(partial(self._disk.put, key, data, entry.at, **bounds))

    def close(self) -> None:
        """After what waits to be written."""
        self._pool.shutdown(wait=True)
        self._disk.close()

    def now(self) -> float:
        return self._clock()

    def status(self) -> dict[str, Any]:
        return {**self.counts, "entries": len(self._memory), "bytes": self._memory.bytes}


def _whole(passed: Passed) -> bool:
    """Nothing went wrong, and nothing had to be mended."""
    wrong = passed.error or passed.meter.error or passed.mended or passed.malformed
    fine = passed.status == 200 and not wrong
    return fine and passed.attempt is not None


def _cost(plan: Plan, passed: Passed) -> float | None:
    assert passed.attempt
    price = passed.attempt.price if passed.attempt.model else plan.requested_price
    cost = account.bill(passed.meter.usage, price, None).cost_usd
    return float(cost) if cost is not None and math.isfinite(cost) else None
