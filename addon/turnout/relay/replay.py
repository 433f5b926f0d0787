"""Answers from the cache, given as the client asked: streamed or whole, in its own dialect.

Before the first byte whatever breaks means that the request goes its normal way.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from turnout.account import Meter
from turnout.answers.canonical import age
from turnout.answers.entry import Entry
from turnout.answers.semantic import Match
from turnout.books import FREE, Passed
from turnout.engine import Engine
from turnout.record import Decision
from turnout.relay import back
from turnout.stages import unharmed
from turnout.trip import Attempt, Plan
from turnout.wire.dialect import Hints
from turnout.wire.events import Usage

log = logging.getLogger(__name__)

CLIENT_GONE = 499

type Passage = Callable[[], Awaitable[web.StreamResponse]]


class Replay:
    """One request on its way to an answer of the past, or to a model."""

    def __init__(self, request: web.Request, plan: Plan, engine: Engine) -> None:
        self._request, self._plan, self._engine = request, plan, engine
        self._began = time.monotonic()
        self._match: Match | None = None

    async def run(self, passage: Passage) -> web.StreamResponse:
        """`passage()` is the normal way."""
        answers, plan = self._engine.answers, self._plan
        with unharmed("cache"):
            may = self._engine.tenants.answers(plan.arrival.tenant)
            plan.cache_key = answers.key(plan) if may else ""
        if not plan.cache_key:
            return await passage()
        if entry := await self._found():
            try:
                pieces = written(plan, entry, self._engine.config.policy.answer_model)
                response = web.StreamResponse(headers=dict(self._headers(entry)))
            except Exception as e:
                log.exception("a kept answer cannot be written: %r", e)
            else:
                return await self._send(response, entry, pieces)
        async with answers.leading(plan.cache_key):
            return await passage()

    async def _found(self) -> Entry | None:
        answers, key = self._engine.answers, self._plan.cache_key
        answers.counts["asked"] += 1
        try:
            found = await answers.get(key)
            if found is None and await answers.waited(key):
                found = await answers.get(key)
            if found is None and (alike := await answers.similar(self._plan)):
                found, self._match = alike
            return found
        except asyncio.CancelledError:  # the client left while we waited
            passed = Passed(meter=Meter(), began=self._began, status=CLIENT_GONE)
            self._engine.books.settle(self._plan, passed)
            raise
        except Exception as e:
            log.exception("the cache: %r", e)
            return None

    async def _send(
        self, response: web.StreamResponse, entry: Entry, pieces: list[bytes]
    ) -> web.StreamResponse:
        plan, first = self._plan, time.monotonic()
        status: int | None = CLIENT_GONE
        try:
            await response.prepare(self._request)
            for piece in pieces:
                await response.write(piece)
            await response.write_eof()
            status = 200
            return response
        finally:
            self._engine.answers.counts["hits"] += 1
            passed = Passed(
                meter=_meter(entry, first),
                began=self._began,
                attempt=gave(plan, entry),
                status=status,
            )
            told = hit(plan, entry, self._engine.answers.now(), self._match)
            self._engine.books.replayed(plan, told, passed)

    def _headers(self, entry: Entry) -> Any:
        plan, decision = self._plan, self._plan.decision
        if not plan.ask.stream:
            yield from back.JSON_HEADERS
        else:
            yield from back.STREAM_HEADERS if _sse(plan) else back.ARRAY_HEADERS
        yield "x-turnout-decision", decision.id
        yield "x-turnout-model", f"{entry.provider}/{entry.model}"
        yield "x-turnout-cache", "hit"
        yield "server-timing", f"route;dur={decision.route_ms:.2f}"


def written(plan: Plan, entry: Entry, answer_model: str) -> list[bytes]:
    """The kept answer in the client's dialect, as the client asked for it."""
    request, dialect = plan.request(), plan.dialect
    hints = Hints(
        id=plan.decision.id,
        model=entry.model if answer_model == "served" else plan.ask.model,
        input_tokens=plan.ask.input_tokens,
        created=int(plan.decision.at),
        asked=plan.ask.model,
        sse=_sse(plan),
        wants_usage=request.wants_usage,
        request=request,
    )
    if not plan.ask.stream:
        return [dialect.write_answer(entry.events, hints)]
    writer = dialect.stream_writer(hints)
    return [piece for event in entry.events for piece in writer.feed(event) if piece]


def _sse(plan: Plan) -> bool:
    place = plan.dialect.place
    return place is None or place(plan.arrival.path).sse


def hit(plan: Plan, entry: Entry, now: float, match: Match | None = None) -> Decision:
    """The row of a request that no provider saw."""
    usage = entry.usage or Usage()
    facts: dict[str, Any] = {
        "of": entry.decision,
        "age_s": round(age(entry.at, now), 1),
        "cost_usd": entry.cost_usd,  # what the same answer cost then: what is saved in truth
        "input_tokens": usage.fresh_input
        + usage.cache_read
        + usage.cache_write_5m
        + usage.cache_write_1h,
        "output_tokens": usage.output,
    }
    decision, reason = plan.decision, "semantic_cache" if match else "exact_cache"
    if match:
        facts |= {"cosine": round(match.cosine, 4), "probability": round(match.probability, 4)}
    evidence = {**decision.evidence, reason: facts}
    return replace(decision, reason=reason, evidence=evidence, changes=())


def gave(plan: Plan, entry: Entry) -> Attempt:
    """Who gave the answer then; it costs nothing now."""
    return replace(
        plan.home,
        provider=entry.provider,
        model=entry.model,
        price=FREE,
        changes=plan.decision.changes,
        untouched=False,
        clients_key=False,
    )


def _meter(entry: Entry, first: float) -> Meter:
    """What a meter would have seen. `first`: time.monotonic() of its first content."""
    meter = Meter(lambda: first)
    for event in entry.events:
        meter.watch(event)
    return meter
