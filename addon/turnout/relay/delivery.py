"""What a client gets: its headers, its bytes as they go out, and the account when it is over."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from aiohttp import web

from turnout.books import Passed
from turnout.engine import Engine
from turnout.record import Tried
from turnout.relay import back, calls
from turnout.relay import vigil as pings
from turnout.relay.answers import Answer
from turnout.relay.vigil import Vigil
from turnout.session import quota
from turnout.trip import Headers, Plan
from turnout.wire.dialect import Hints
from turnout.wire.encoding import PLAIN
from turnout.wire.name_out import Touch
from turnout.wire.tools import Repair


class Delivery:
    """`answer`: the one that goes out, and what it said and used so far; `tried`: all of them.

    `out`: its first byte has gone, so no other can take its place. `broken`: what failed in here.
    """

    def __init__(self, request: web.Request, plan: Plan, engine: Engine) -> None:
        self._request, self._plan, self._engine = request, plan, engine
        self.began, self._at = time.monotonic(), engine.health.now
        self.meter = engine.books.meter(keep=bool(plan.cache_key))
        self.answer: Answer | None = None
        self.tried: list[Tried] = []
        self.status: int | None = None
        self.broken = ""
        self._mended: list[str] = []
        self._calls: Repair | None = None
        self._response: web.StreamResponse | None = None
        self.out = False

    # -- which answer it is

    def take(self, answer: Answer) -> None:
        self.answer, self.status = answer, answer.status
        if answer.status >= 400 and not answer.attempt.clients_key:
            key = self._engine.keys.get(answer.attempt.provider)
            answer.body = back.without(key, answer.body)
        exchange = self._engine.exchange and self._engine.exchange(self._plan.decision.id)
        if exchange:
            answer.body = exchange.overhear(answer.body)

    def fresh(self) -> None:
        """What one answer said and used is not the next one's."""
        self.meter = self._engine.books.meter(keep=bool(self._plan.cache_key))
        self._mended, self._calls = [], None

    @property
    def malformed(self) -> tuple[str, ...]:
        """Tool calls that no client can use."""
        return self._calls.malformed if self._calls else ()

    def put_aside(self, answer: Answer) -> Callable[[], None]:
        """It stands among the attempts, with what it used. Returns what takes it up again."""
        at, said = len(self.tried) - 1, self.tried[-1]
        kept = self.meter, self._mended, self._calls
        self.tried[at] = replace(said, error=calls.error(self.malformed), usage=self.meter.usage)
        self.fresh()
        self.answer, self.status = None, None

        def take_back() -> None:
            self.meter, self._mended, self._calls = kept
            self.tried[at] = said
            self.answer, self.status = answer, answer.status

        return take_back

    # -- how it is written

    def written(self, answer: Answer) -> tuple[Headers, AsyncIterator[bytes], Vigil | None]:
        plan, hints = self._plan, self._hints(answer)
        touch, vigil = self._touch(answer), self._vigil(answer, hints)
        if answer.attempt.untouched or self._speaks_alike(answer, hints, touch):
            return back.headers(answer, touch), self._same(answer, hints, touch), vigil
        self._calls = repair = calls.repair(plan, self._mended.append)
        pieces = back.translated(answer, plan, self.meter, hints, repair, touch.mark)
        return back.translated_headers(plan, hints), pieces, vigil

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
            return back.same(answer, self.meter)
        if self._plan.ask.tools:
            self._calls = check = calls.check(self._plan, whole=not answer.streamed)
            self.meter.also = calls.heard(check)
        if answer.streamed and answer.header("content-encoding") in PLAIN:
            return back.same_stream(answer, self.meter, hints, touch)
        if not self._plan.ask.stream:
            return back.same_whole(answer, self.meter, touch)
        return back.same(answer, self.meter)

    def _vigil(self, answer: Answer, hints: Hints) -> Vigil | None:
        """Over a stream of ours; whoever it is that answers, it is watched before it is read."""
        if not self._plan.ask.stream or answer.attempt.untouched or answer.status >= 300:
            return None
        return Vigil(answer, self.meter, self._write, pings.ping(self._plan.dialect.name, hints))

    def _hints(self, answer: Answer) -> Hints:
        attempt = answer.attempt
        foreign = attempt.dialect is not self._plan.dialect
        request = self._plan.request() if foreign else None
        ours = any(one.what.startswith("stream_options") for one in attempt.changes)
        served = self._engine.config.policy.answer_model == "served"
        return replace(
            self.own_hints(),
            model=attempt.model if served else self._plan.ask.model,
            wants_usage=request.wants_usage if request else not ours,
            request=request,
        )

    def own_hints(self) -> Hints:
        """For an answer of turnout's own."""
        plan, place = self._plan, self._plan.dialect.place
        return Hints(
            id=plan.decision.id,
            model=plan.ask.model,
            input_tokens=plan.ask.input_tokens,
            created=int(plan.decision.at),
            asked=plan.ask.model,
            sse=place is None or place(plan.arrival.path).sse,
            wants_usage=True,
            request=None,
        )

    # -- on its way

    async def begin(self, headers: Headers) -> web.StreamResponse:
        """From here on it is this answer, whatever becomes of it."""
        response = self._response = web.StreamResponse(status=self.status or 200)
        for key, value in (*headers, *self.marks(self.answer)):
            response.headers.add(key, value)
        self.out = True
        await response.prepare(self._request)
        return response

    async def pass_on(
        self, first: bytes, pieces: AsyncIterator[bytes], vigil: Vigil | None
    ) -> None:
        write = vigil.write if vigil else self._write
        if first:
            await write(first)
        async for piece in pieces:
            await write(piece)

    async def _write(self, piece: bytes) -> None:
        assert self._response
        await self._response.write(piece)

    def marks(self, answer: Answer | None) -> Headers:
        """turnout's own headers."""
        decision = self._plan.decision
        served = answer.attempt if answer else decision
        upstream = (time.monotonic() - self.began) * 1000
        return (
            ("x-turnout-decision", decision.id),
            ("x-turnout-model", f"{served.provider}/{served.model}"),
            ("server-timing", f"route;dur={decision.route_ms:.2f}, upstream;dur={upstream:.1f}"),
            *(self._engine.debug_headers(decision) if self._plan.debug else ()),
        )

    # -- when it is over

    def settle(self) -> None:
        if self.answer:
            self.answer.close()
        self._tell()
        passed = Passed(
            meter=self.meter,
            began=self.began,
            ended=time.monotonic(),
            attempt=self.answer.attempt if self.answer else None,
            tried=tuple(self.tried),
            status=self.status,
            error=self.broken,
            mended=(*self._mended, *self.meter.notes),
            malformed=self.malformed,
            limits=quota.told(self.answer.headers) if self.answer and self._plan.account else {},
        )
        books = self._engine.books
        # whoever waits for the same answer looks for it as soon as this one is over
        settle = books.settle if self._plan.cache_key else books.settle_soon
        settle(self._plan, passed)

    def _tell(self) -> None:
        """How an answer that was begun came to its end, for those who ask the same binding next."""
        answer, error = self.answer, self.meter.error
        if answer is None or not self.out or not self.status == answer.status < 300:
            return
        if error:
            self._engine.health.failed(answer.attempt, "broken", error)
        else:
            self._engine.health.finished(answer.attempt, self._at)
