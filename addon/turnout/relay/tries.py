"""The attempts of one request, one after another, until one has begun to answer.

    attempt ── refused, reset, timed out, 5xx, error as first event ──▶ next attempt
            ── answered, or an error that is the client's own ──▶ Answer
            ── slow, and hedging is on ──▶ the next one beside it; the first answer wins

Nothing has reached the client yet while this runs, so everything here may be tried again.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from itertools import chain

import aiohttp

from turnout.errors import TurnoutError
from turnout.health.health import Health, named
from turnout.health.learned import REFUSALS, feature
from turnout.record import Tried
from turnout.relay.answers import KEYS, RETRY, Answer, NoAnswerError, keep, leads_away, problem
from turnout.trip import Attempt, Plan

log = logging.getLogger(__name__)

FIRST_TIMEOUT = 60.0  # seconds from the headers to the first event of ours; start value
PATIENCE = 60.0  # seconds for all attempts of ours; then the client's own request goes; start value
# what another of the same provider's models would hear as well
UNREACHABLE = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
PASSING = RETRY - KEYS  # what a client may try again
FAILURES = (aiohttp.ClientError, OSError, TurnoutError)

type Open = Callable[[Attempt], Awaitable[Answer]]


class Try:
    """One attempt under way. `at`: when it began, by the clock of health."""

    def __init__(self, attempt: Attempt, health: Health, *, hedge: bool = False) -> None:
        self.attempt, self.hedge = attempt, hedge
        self.answer: Answer | None = None
        self.began, self.at = time.monotonic(), health.now

    @property
    def took(self) -> float:
        """Seconds until now."""
        return time.monotonic() - self.began

    def record(self, error: str, status: int | None = None) -> Tried:
        """What its answer has used is known when it had begun, and belongs here if it lost."""
        return Tried(
            provider=self.attempt.provider,
            model=self.attempt.model,
            status=status,
            error=error,
            ms=round(self.took * 1000, 2),
            hedge=self.hedge,
            usage=self.answer.usage if self.answer and error else None,
        )


type Result = tuple[Answer | None, Tried]


class Tries:
    """`plan`: whose attempts they are; without it nothing is hedged. `tried` grows as they end."""

    def __init__(
        self,
        attempts: Iterable[Attempt],
        open: Open,
        health: Health,
        plan: Plan | None,
        tried: list[Tried],
    ) -> None:
        self._attempts, self._open, self._health, self._plan = iter(attempts), open, health, plan
        self._began = time.monotonic()
        self._tried, self._sent = tried, 0
        self._last: Answer | None = None
        self._unread = False  # the client's own request was refused for its opaque reasoning
        self._bare: Attempt | None = None  # it without that, which came before its time
        self._unreachable: set[str] = set()
        self._running: dict[asyncio.Task[Result], Try] = {}
        self._hedged = False
        self._spare: Attempt | None = None  # it was to be a hedge, and may not

    async def first(self) -> Answer:
        """The first attempt that answers. Raises NoAnswerError when none does."""
        try:
            while self._running or self._start(self._next()):
                done, _ = await asyncio.wait(
                    self._running, timeout=self._slow(), return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    self._hedge()
                for task in done:
                    if answer := self._settled(task):
                        return await self._won(answer)
        except BaseException:
            self._tried += await self._abandoned("given up")
            raise
        raise NoAnswerError(tuple(self._tried), self._last)

    # -- which one is next

    def _next(self) -> Attempt | None:
        """What a breaker holds back is sent all the same when there is nothing else."""
        held, self._spare, spare = None, None, self._spare
        early, self._bare = (spare, self._bare), None
        for attempt in chain(filter(None, early), self._attempts):
            if attempt.gone and not self._unread:
                self._bare = attempt
                continue
            if attempt.untouched or attempt is spare:
                return attempt
            if self._worth(attempt) and self._health.admits(attempt):
                return attempt
            held = held or attempt
        return None if self._sent else held

    def _worth(self, attempt: Attempt) -> bool:
        """Its provider's other models are behind the same door; and patience ends."""
        late = self._sent and time.monotonic() - self._began > PATIENCE
        return not late and attempt.provider not in self._unreachable

    def _start(self, attempt: Attempt | None, *, hedge: bool = False) -> bool:
        if attempt is None:
            return False
        one = Try(attempt, self._health, hedge=hedge)
        self._running[asyncio.create_task(self._try(one))] = one
        self._sent += 1
        return True

    # -- hedging

    def _slow(self) -> float | None:
        """Seconds until the only attempt under way counts as slow; None: however long it takes."""
        if self._plan is None or self._hedged or len(self._running) != 1:
            return None
        (one,) = self._running.values()
        after = self._health.hedge_after(self._plan, one.attempt)
        return None if after is None else max(after - one.took, 0.0)

    def _hedge(self) -> None:
        """One beside it, at most; none when there is no other, or the budget is used up."""
        assert self._plan
        self._hedged = True
        attempt = self._next()
        if attempt and self._health.may_hedge(self._plan, attempt):
            self._start(attempt, hedge=True)
        elif attempt:
            self._health.left(attempt)  # if it was to be a probe, others may be
            self._spare = attempt

    # -- what came of one

    async def _try(self, one: Try) -> Result:
        try:
            one.answer = answer = await self._open(one.attempt)
            why = await _first(answer)
            if why:
                await keep(answer)
        except FAILURES as e:
            close(one.answer)
            return None, one.record(self._failed(one, e))
        except BaseException:
            close(one.answer)
            raise
        return self._answered(one, answer, why)

    def _failed(self, one: Try, e: Exception) -> str:
        cause = e.__cause__ or e
        said = str(e) if isinstance(e, TurnoutError) else f"{type(e).__name__}: {e}"
        if isinstance(cause, UNREACHABLE):
            self._unreachable.add(one.attempt.provider)
            self._health.failed(one.attempt, "unreachable", said)
        elif isinstance(cause, TimeoutError):
            self._health.failed(one.attempt, "silent", said)
        elif isinstance(cause, FAILURES):  # else it was our own fault
            self._health.failed(one.attempt, "broken", said)
        return said

    def _answered(self, one: Try, answer: Answer, why: str) -> Result:
        attempt, status = one.attempt, answer.status
        if status == 401:
            self._unreachable.add(attempt.provider)  # our key is wrong for all it serves
        if not why:
            if status < 300:
                self._health.worked(attempt, answer.headers, one.at)
                self._health.took(attempt, one.took, streamed=answer.streamed)
            else:
                self._health.left(attempt)
            return answer, one.record("", status)
        meant = answer.failed.status if answer.failed else status
        self._health.refused(attempt, meant, answer.headers, answer.kept, began=one.at)
        if status in REFUSALS and not answer.unread:
            why = named(status, self._feature(answer))
        return None if leads_away(answer) else answer, one.record(why, status)

    def _feature(self, answer: Answer) -> str:
        """What it refused; only the name is told, since its words may quote the prompt."""
        if self._plan is None:
            return ""
        try:
            said = answer.attempt.dialect.read_error(answer.kept)
            return feature(said, answer.status, self._plan.ask)
        except Exception as e:  # noqa: BLE001  do no harm: it is only a lesson
            log.warning("refusal: %r", e)
            return ""

    def _settled(self, task: asyncio.Task[Result]) -> Answer | None:
        one = self._running.pop(task)
        answer, result = task.result()
        self._tried.append(result)
        if answer and not result.error:
            return answer
        if answer:
            self._unread = self._unread or answer.unread
            self._last = answer if self._says_more(answer) else self._last
        log.info("%s/%s: %s", one.attempt.provider, one.attempt.model, result.error)
        return None

    def _says_more(self, answer: Answer) -> bool:
        """The error of the client's own request says more to it than one of our attempts'.

        But who may try again shall hear that, and not of reasoning that is somebody else's.
        """
        last = self._last
        if last is None:
            return True
        if last.attempt.untouched:
            return last.unread and answer.status in PASSING
        return not (answer.unread and last.status in PASSING)

    async def _won(self, answer: Answer) -> Answer:
        """The others are called off; they are in the books, before the winner."""
        for one in self._running.values():
            self._health.took(one.attempt, one.took, streamed=True)
        losers = await self._abandoned("lost: another was faster")
        self._tried[-1:] = [*losers, self._tried[-1]]
        close(self._last)
        answer.tried = self._tried
        return answer

    async def _abandoned(self, why: str) -> list[Tried]:
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        for one in self._running.values():
            close(one.answer)
            self._health.left(one.attempt)
        told = [one.record(why) for one in self._running.values()]
        self._running.clear()
        return told


async def _first(answer: Answer) -> str:
    """As `problem`; one of ours has only so long to say something."""
    if answer.attempt.untouched:
        return await problem(answer)
    try:
        async with asyncio.timeout(FIRST_TIMEOUT):
            return await problem(answer)
    except TimeoutError as e:
        raise TimeoutError(f"no event within {FIRST_TIMEOUT:g} s of the headers") from e


def close(answer: Answer | None) -> None:
    if answer:
        answer.close()
