"""One plan being executed: attempts, the way back, and the settlement at the end."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace

import aiohttp
from aiohttp import web

from turnout.books import CLIENT_GONE, Passed
from turnout.engine import Engine
from turnout.errors import WireError
from turnout.record import Tried
from turnout.relay import back, calls, manners, stopped
from turnout.relay import vigil as pings
from turnout.relay.tries import PATIENCE, close
from turnout.relay.upstream import Answer, NoAnswerError, Upstream
from turnout.relay.vigil import Vigil
from turnout.session import quota
from turnout.trip import Attempt, Headers, Plan
from turnout.wire.dialect import Hints
from turnout.wire.encoding import PLAIN
from turnout.wire.events import Failed
from turnout.wire.name_out import Touch
from turnout.wire.tools import Repair

log = logging.getLogger(__name__)

# an answer that breaks off, or is none
THEIRS = (aiohttp.ClientError, OSError, WireError)


class Passage:
    """From the plan to the last byte. Before the first, the client's own request can go."""

    def __init__(
        self, request: web.Request, plan: Plan, upstream: Upstream, engine: Engine
    ) -> None:
        self._request, self._plan, self._upstream, self._engine = request, plan, upstream, engine
        self._began, self._at = time.monotonic(), engine.health.now
        self._meter = engine.books.meter(keep=bool(plan.cache_key))
        self._answer: Answer | None = None
        self._tried: list[Tried] = []
        self._status: int | None = None
        self._broken = ""
        self._mended: list[str] = []
        self._calls: Repair | None = None
        self._again = False  # another model was asked for what no client could use
        self._out = False
        self._response: web.StreamResponse | None = None

    async def run(self) -> web.StreamResponse:
        try:
            return await self._routed()
        except Exception as e:
            if self._out:
                raise
            log.warning("%s: %r; the request goes home untouched", self._plan.decision.id, e)
            self._broken = f"{type(e).__name__}: {e}"
            if isinstance(e, THEIRS) and (self._plan.forced or self._came_home()):
                return await self._refuse(e)
            self._give_up(theirs=isinstance(e, THEIRS))
            return await self._home()
        except BaseException:
            self._status = CLIENT_GONE
            raise
        finally:
            if self._answer:
                self._answer.close()
            self._settle()

    def _came_home(self) -> bool:
        """The client's own request was answered: it is sent once, however the answer ended."""
        return self._answer is not None and self._answer.attempt.untouched

    async def _refuse(self, e: Exception) -> web.StreamResponse:
        """A forced model is never replaced: what was meant for one's own machine stays there."""
        self._give_up(theirs=True)
        self._meter.watch(Failed(str(e)))
        said = str(e) if isinstance(e, WireError) else type(e).__name__
        return await self._error(502, f"turnout: the answer broke off, or was none ({said})")

    async def _routed(self) -> web.StreamResponse:
        plan = self._plan
        if plan.stop:
            return await self._stopped()
        try:
            answer = await self._first(plan.attempts)
        except NoAnswerError as e:
            return await self._failed(e)
        return await self._give(answer)

    async def _first(self, attempts: Iterable[Attempt]) -> Answer:
        plan = self._plan
        return await self._upstream.first(
            attempts, stream=plan.ask.stream, plan=plan, tried=self._tried
        )

    async def _home(self) -> web.StreamResponse:
        try:
            return await self._give(await self._first([self._plan.home]))
        except NoAnswerError as e:
            return await self._failed(e)
        except THEIRS as e:
            if self._out:
                raise
            self._broken = f"{self._broken}; {type(e).__name__}"
            return await self._refuse(e)

    def _give_up(self, *, theirs: bool) -> None:
        if self._answer and self._tried:
            failed = replace(self._tried[-1], error=self._broken, usage=self._meter.usage)
            self._tried[-1] = failed
            self._answer.close()
            if theirs:
                self._engine.health.failed(self._answer.attempt, "broken", self._broken)
        self._fresh()

    async def _failed(self, error: NoAnswerError) -> web.StreamResponse:
        """Every attempt failed: the last answer goes back, or an error in the client's dialect."""
        if error.last and self._as_it_is(error.last):
            return await self._give(error.last)
        status, message = 502, f"turnout: no provider answered ({error})"
        if error.last and error.last.failed:
            status, message = error.last.failed.status, error.last.failed.message
        elif error.last:
            body = await back.what_came(error.last)
            status = error.last.status
            message = error.last.attempt.dialect.read_error(body) or message
        self._meter.watch(Failed(message, status))
        return await self._error(status if status >= 400 else 502, message)

    def _as_it_is(self, last: Answer) -> bool:
        """In the client's dialect, and nothing that its habits would make worse.

        A complaint about our key is not passed on: it may repeat the key.
        """
        dialect, attempt = self._plan.dialect, last.attempt
        if attempt.untouched:
            return True
        ours = not attempt.clients_key and last.status in (401, 403)
        unharmed = not last.failed and manners.told(dialect.name, last.status) == last.status
        return attempt.dialect is dialect and unharmed and not ours

    async def _error(self, status: int, message: str) -> web.StreamResponse:
        self._status = status = manners.told(self._plan.dialect.name, status)
        message = self._engine.keys.hide(message)
        headers = dict(manners.short(status, self._marks(None)))
        body = self._plan.dialect.write_error(status, message)
        return web.Response(
            status=status, body=body, headers=headers, content_type="application/json"
        )

    async def _give(self, answer: Answer) -> web.StreamResponse:
        self._answer, self._status = answer, answer.status
        if answer.status >= 400 and not answer.attempt.clients_key:
            key = self._engine.keys.get(answer.attempt.provider)
            answer.body = back.without(key, answer.body)
        exchange = self._engine.exchange and self._engine.exchange(self._plan.decision.id)
        if exchange:
            answer.body = exchange.overhear(answer.body)
        plan, hints = self._plan, self._hints(answer)
        touch, vigil = self._touch(answer), self._vigil(answer, hints)
        if answer.attempt.untouched or self._speaks_alike(answer, hints, touch):
            headers, pieces = back.headers(answer, touch), self._same(answer, hints, touch)
        elif answer.status >= 300:
            return await self._foreign_error(answer)
        else:
            headers = back.translated_headers(plan, hints)
            self._calls = repair = calls.repair(plan, self._mended.append)
            pieces = back.translated(answer, plan, self._meter, hints, repair, touch.mark)
        return await self._send(answer.status, headers, pieces, answer, vigil)

    def _touch(self, answer: Answer) -> Touch:
        """The client's own request is answered by what it asked for: that needs neither."""
        plan, attempt, name = self._plan, answer.attempt, answer.attempt.dialect.name
        if attempt.untouched or answer.status >= 300:
            return Touch(name)
        marking, asked = plan.marking, self._engine.config.policy.answer_model == "requested"
        mark = marking.text(attempt.provider, attempt.model, plan.request) if marking else ""
        return Touch(name, mark, plan.ask.model if asked else "")

    def _speaks_alike(self, answer: Answer, hints: Hints, touch: Touch) -> bool:
        """The client's dialect; and no JSON where it waits for a stream, which it may not know.

        In an array that grows (Gemini's) nothing can be written without reading it: where it is to
        be touched it is written anew.
        """
        unstreamed = self._plan.ask.stream and (hints.sse or bool(touch)) and not answer.streamed
        alike = answer.attempt.dialect is self._plan.dialect
        return alike and not (unstreamed and answer.status < 300)

    def _same(self, answer: Answer, hints: Hints, touch: Touch) -> AsyncIterator[bytes]:
        """The client's own request is answered as it comes; ours has to be an answer."""
        if answer.attempt.untouched or answer.status >= 300:
            return back.same(answer, self._meter)
        if self._plan.ask.tools:
            self._calls = check = calls.check(self._plan, whole=not answer.streamed)
            self._meter.also = calls.heard(check)
        if answer.streamed and answer.header("content-encoding") in PLAIN:
            return back.same_stream(answer, self._meter, hints, touch)
        if not self._plan.ask.stream:
            return back.same_whole(answer, self._meter, touch)
        return back.same(answer, self._meter)

    async def _stopped(self) -> web.StreamResponse:
        """turnout's own answer. `_home` still stands behind it."""
        hints = self._hints(None)
        pieces = stopped.answer(self._plan, self._meter, hints)
        self._status = 200
        return await self._send(200, back.translated_headers(self._plan, hints), pieces)

    async def _foreign_error(self, answer: Answer) -> web.StreamResponse:
        message = answer.attempt.dialect.read_error(await back.what_came(answer))
        self._meter.watch(Failed(message, answer.status))
        return await self._error(answer.status, message)

    async def _send(
        self,
        status: int,
        headers: Headers,
        pieces: AsyncIterator[bytes],
        answer: Answer | None = None,
        vigil: Vigil | None = None,
    ) -> web.StreamResponse:
        async with vigil or nullcontext():
            first = await anext(pieces, b"")
            if answer and (better := await self._instead(answer)):
                return better
            response = self._response = web.StreamResponse(status=status)
            for key, value in (*headers, *self._marks(answer)):
                response.headers.add(key, value)
            self._out = True
            await response.prepare(self._request)
            write = vigil.write if vigil else response.write
            if first:
                await write(first)
            async for piece in pieces:
                await write(piece)
        await response.write_eof()
        return response

    # -- tool calls that no client can use, before anything is out

    async def _instead(self, answer: Answer) -> web.StreamResponse | None:
        """The next model's answer in place of this one; None: this one goes, as it is."""
        if not self._may_ask_again(answer):
            return None
        take_back = self._put_aside(answer)
        try:
            response = await self._another()
        except BaseException:
            answer.close()
            raise
        if response is None:
            take_back()
        else:
            answer.close()
        return response

    def _may_ask_again(self, answer: Answer) -> bool:
        """Once, of a model that may be replaced, while there is patience."""
        malformed = self._calls is not None and bool(self._calls.malformed)
        kept = self._plan.forced or answer.attempt.untouched
        late = time.monotonic() - self._began > PATIENCE
        return malformed and not (kept or late or self._again or self._out)

    def _put_aside(self, answer: Answer) -> Callable[[], None]:
        """It stands among the attempts, with what it used. Returns what takes it up again."""
        assert self._calls
        at, said = len(self._tried) - 1, self._tried[-1]
        kept = self._meter, self._mended, self._calls
        error = calls.error(self._calls.malformed)
        self._tried[at] = replace(said, error=error, usage=self._meter.usage)
        self._fresh()
        self._again, self._answer, self._status = True, None, None

        def take_back() -> None:
            self._meter, self._mended, self._calls = kept
            self._tried[at] = said
            self._answer, self._status = answer, answer.status

        return take_back

    async def _another(self) -> web.StreamResponse | None:
        """None: nobody else has an answer."""
        try:
            other = await self._first(self._plan.attempts)
            if other.status < 300:
                return await self._give(other)
            other.close()
        except NoAnswerError as e:
            close(e.last)
        except Exception as e:
            if self._out:
                raise
            log.warning("%s: %r instead of a malformed call", self._plan.decision.id, e)
            self._broken = f"{type(e).__name__}: {e}"
            self._give_up(theirs=isinstance(e, THEIRS))
            self._broken = ""
        return None

    def _fresh(self) -> None:
        """What one answer said and used is not the next one's."""
        self._meter = self._engine.books.meter(keep=bool(self._plan.cache_key))
        self._mended, self._calls = [], None

    def _vigil(self, answer: Answer, hints: Hints) -> Vigil | None:
        """Over a stream of ours; whoever it is that answers, it is watched before it is read."""
        if not self._plan.ask.stream or answer.attempt.untouched or answer.status >= 300:
            return None
        ping = pings.ping(self._plan.dialect.name, hints)
        return Vigil(answer, self._meter, self._write, ping)

    async def _write(self, piece: bytes) -> None:
        assert self._response
        await self._response.write(piece)

    def _marks(self, answer: Answer | None) -> Headers:
        decision = self._plan.decision
        served = answer.attempt if answer else decision
        upstream = (time.monotonic() - self._began) * 1000
        return (
            ("x-turnout-decision", decision.id),
            ("x-turnout-model", f"{served.provider}/{served.model}"),
            ("server-timing", f"route;dur={decision.route_ms:.2f}, upstream;dur={upstream:.1f}"),
            *(self._engine.debug_headers(decision) if self._plan.debug else ()),
        )

    def _hints(self, answer: Answer | None) -> Hints:
        plan, place = self._plan, self._plan.dialect.place
        attempt = answer.attempt if answer else None
        served = attempt and self._engine.config.policy.answer_model == "served"
        foreign = attempt is not None and attempt.dialect is not plan.dialect
        request = plan.request() if foreign else None
        changes = attempt.changes if attempt else ()
        ours = any(one.what.startswith("stream_options") for one in changes)
        return Hints(
            id=plan.decision.id,
            model=attempt.model if attempt and served else plan.ask.model,
            input_tokens=plan.ask.input_tokens,
            created=int(plan.decision.at),
            asked=plan.ask.model,
            sse=place is None or place(plan.arrival.path).sse,
            wants_usage=request.wants_usage if request else not ours,
            request=request,
        )

    def _settle(self) -> None:
        self._tell()
        passed = Passed(
            meter=self._meter,
            began=self._began,
            ended=time.monotonic(),
            attempt=self._answer.attempt if self._answer else None,
            tried=tuple(self._tried),
            status=self._status,
            error=self._broken,
            mended=(*self._mended, *self._meter.notes),
            malformed=self._calls.malformed if self._calls else (),
            limits=quota.told(self._answer.headers) if self._answer and self._plan.account else {},
        )
        books = self._engine.books
        # whoever waits for the same answer looks for it as soon as this one is over
        settle = books.settle if self._plan.cache_key else books.settle_soon
        settle(self._plan, passed)

    def _tell(self) -> None:
        """How an answer that was begun came to its end, for those who ask the same binding next."""
        answer, error = self._answer, self._meter.error
        if answer is None or not self._out or not self._status == answer.status < 300:
            return
        if error:
            self._engine.health.failed(answer.attempt, "broken", error)
        else:
            self._engine.health.finished(answer.attempt, self._at)
