"""One plan being executed, until the first byte goes out: who answers, and what if nobody does."""

import logging
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import nullcontext
from dataclasses import replace

import aiohttp
from aiohttp import web

from turnout.books import CLIENT_GONE
from turnout.engine import Engine
from turnout.errors import WireError
from turnout.relay import back, manners, stopped
from turnout.relay.answers import Answer
from turnout.relay.delivery import Delivery
from turnout.relay.tries import PATIENCE, close
from turnout.relay.upstream import NoAnswerError, Upstream
from turnout.relay.vigil import Vigil
from turnout.trip import Attempt, Headers, Plan
from turnout.wire.events import Failed

log = logging.getLogger(__name__)

# an answer that breaks off, or is none
THEIRS = (aiohttp.ClientError, OSError, WireError)


class Passage:
    """From the plan to the last byte. Before the first, the client's own request can go."""

    def __init__(
        self, request: web.Request, plan: Plan, upstream: Upstream, engine: Engine
    ) -> None:
        self._plan, self._upstream, self._engine = plan, upstream, engine
        self._delivery = Delivery(request, plan, engine)
        self._again = False  # another model was asked for what no client could use

    async def run(self) -> web.StreamResponse:
        delivery = self._delivery
        try:
            return await self._routed()
        except Exception as e:
            if delivery.out:
                raise
            log.warning("%s: %r; the request goes home untouched", self._plan.decision.id, e)
            delivery.broken = f"{type(e).__name__}: {e}"
            if isinstance(e, THEIRS) and (self._plan.forced or self._came_home()):
                return await self._refuse(e)
            self._give_up(theirs=isinstance(e, THEIRS))
            return await self._home()
        except BaseException:
            delivery.status = CLIENT_GONE
            raise
        finally:
            delivery.settle()

    def _came_home(self) -> bool:
        """The client's own request was answered: it is sent once, however the answer ended."""
        answer = self._delivery.answer
        return answer is not None and answer.attempt.untouched

    async def _refuse(self, e: Exception) -> web.StreamResponse:
        """A forced model is never replaced: what was meant for one's own machine stays there."""
        self._give_up(theirs=True)
        self._delivery.meter.watch(Failed(str(e)))
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
            attempts, stream=plan.ask.stream, plan=plan, tried=self._delivery.tried
        )

    async def _home(self) -> web.StreamResponse:
        try:
            return await self._give(await self._first([self._plan.home]))
        except NoAnswerError as e:
            return await self._failed(e)
        except THEIRS as e:
            if self._delivery.out:
                raise
            self._delivery.broken += f"; {type(e).__name__}"
            return await self._refuse(e)

    def _give_up(self, *, theirs: bool) -> None:
        delivery, answer = self._delivery, self._delivery.answer
        if answer and (tried := delivery.tried):
            tried[-1] = replace(tried[-1], error=delivery.broken, usage=delivery.meter.usage)
            answer.close()
            if theirs:
                self._engine.health.failed(answer.attempt, "broken", delivery.broken)
        delivery.fresh()

    # -- an answer

    async def _give(self, answer: Answer) -> web.StreamResponse:
        self._delivery.take(answer)
        foreign = answer.attempt.dialect is not self._plan.dialect
        if answer.status >= 300 and foreign and not answer.attempt.untouched:
            return await self._foreign_error(answer)
        return await self._send(*self._delivery.written(answer))

    async def _stopped(self) -> web.StreamResponse:
        """turnout's own answer. `_home` still stands behind it."""
        hints = self._delivery.own_hints()
        pieces = stopped.answer(self._plan, self._delivery.meter, hints)
        self._delivery.status = 200
        return await self._send(back.translated_headers(self._plan, hints), pieces)

    async def _send(
        self, headers: Headers, pieces: AsyncIterator[bytes], vigil: Vigil | None = None
    ) -> web.StreamResponse:
        """Until its first piece is there, another answer can take its place."""
        async with vigil or nullcontext():
            first = await anext(pieces, b"")
            if better := await self._instead():
                return better
            response = await self._delivery.begin(headers)
            await self._delivery.pass_on(first, pieces, vigil)
        await response.write_eof()
        return response

    # -- no answer

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
        self._delivery.meter.watch(Failed(message, status))
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

    async def _foreign_error(self, answer: Answer) -> web.StreamResponse:
        message = answer.attempt.dialect.read_error(await back.what_came(answer))
        self._delivery.meter.watch(Failed(message, answer.status))
        return await self._error(answer.status, message)

    async def _error(self, status: int, message: str) -> web.StreamResponse:
        self._delivery.status = status = manners.told(self._plan.dialect.name, status)
        message = self._engine.keys.hide(message)
        headers = dict(manners.short(status, self._delivery.marks(None)))
        body = self._plan.dialect.write_error(status, message)
        return web.Response(
            status=status, body=body, headers=headers, content_type="application/json"
        )

    # -- an answer whose tool calls no client can use

    async def _instead(self) -> web.StreamResponse | None:
        """The next model's answer in place of this one; None: this one goes, as it is."""
        answer = self._delivery.answer
        if answer is None or not self._may_ask_again(answer):
            return None
        take_back = self._delivery.put_aside(answer)
        self._again = True
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
        delivery = self._delivery
        kept = self._plan.forced or answer.attempt.untouched
        late = time.monotonic() - delivery.began > PATIENCE
        return bool(delivery.malformed) and not (kept or late or self._again or delivery.out)

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
            if self._delivery.out:
                raise
            log.warning("%s: %r instead of a malformed call", self._plan.decision.id, e)
            self._delivery.broken = f"{type(e).__name__}: {e}"
            self._give_up(theirs=isinstance(e, THEIRS))
            self._delivery.broken = ""
        return None
