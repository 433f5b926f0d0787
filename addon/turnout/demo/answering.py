"""From a request to the answer a healthy provider gives: no sockets, so that faults can bend it."""

import gzip
import json
import re
import time
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from fnmatch import fnmatchcase
from typing import Any, Literal

import brotli
import zstandard

from turnout.demo import anthropic, gemini, openai, responses
from turnout.demo.cache import PrefixCache, tokens
from turnout.demo.reply import Pause, Reply, Step
from turnout.demo.seen import Seen
from turnout.demo.speech import Heard, Plays, Turn, turn
from turnout.demo.sse import dump
from turnout.demo.wire import Answer, RefusedError, Wire

Dialect = Literal["anthropic", "openai_chat", "openai_responses", "gemini"]

WIRES: dict[str, Wire] = {
    "anthropic": anthropic.WIRE,
    "openai_chat": openai.WIRE,
    "openai_responses": responses.WIRE,
    "gemini": gemini.WIRE,
}
JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
BASE = re.compile(r"(?:/api)?/v1(?:alpha|beta)?(/[^?]*)")
KEY = re.compile(r"[?&]key=([^&]*)")
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds to the first event, and for each token of the answer."""

    first: float = 0.0
    token: float = 0.0


@dataclass(slots=True, kw_only=True)
class Desk:
    """What one provider knows. `reply` is the same answer twice: as asked for, and unstreamed."""

    dialect: Dialect
    models: Sequence[str] = ()
    plays: Plays = field(default_factory=dict)
    latency: Mapping[str, Latency] = field(default_factory=dict)
    keys: Collection[str] = ()
    strict: bool = True
    binds: str = ""
    clock: Callable[[], float] = time.monotonic
    _cache: PrefixCache = field(init=False)
    _number: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._cache = PrefixCache(self.clock)

    @property
    def wire(self) -> Wire:
        return WIRES[self.dialect]

    def completes(self, seen: Seen) -> bool:
        """Whether it asks for an answer, and not for a list or a side path."""
        return seen.method == "POST" and fnmatchcase(_below(seen.path), self.wire.completion)

    def reply(self, seen: Seen) -> tuple[Reply, Reply]:
        self._number += 1
        try:
            self._check_key(seen)
            replies = self._serve(seen)
        except RefusedError as e:
            body = self.wire.shapes.body(e.status, str(e))
            replies = (Reply(e.status, JSON, (body,)),) * 2
        ids = self.wire.headers(self._number)
        first, second = (changed(r, headers={**r.headers, **ids}) for r in replies)
        return first, second

    def _check_key(self, seen: Seen) -> None:
        in_query = KEY.search(seen.path)
        said = self.wire.key(_lower(seen)) or (in_query[1] if in_query else "")
        key = said.removeprefix("Bearer ").strip()
        if not key or (self.keys and key not in self.keys):
            raise RefusedError(401, "invalid API key" if key else "an API key is required")

    def _serve(self, seen: Seen) -> tuple[Reply, Reply]:
        path = _below(seen.path)
        if self.completes(seen):
            return self._complete(dict(self.wire.placed(_object(seen), seen.path)), seen)
        if seen.method == "GET" and path == "/models":
            reply = Reply(200, JSON, (self.wire.models(self.models),))
            return reply, reply
        if self.dialect == "anthropic" and path == "/messages/count_tokens":
            heard = _reading(self.wire, _object(seen))
            count = tokens(sum(len(data) for data, _ in heard.segments))
            reply = Reply(200, JSON, (dump({"input_tokens": count}),))
            return reply, reply
        raise RefusedError(404, f"Not found: {seen.method} {seen.path}")

    def _complete(self, body: dict[str, Any], seen: Seen) -> tuple[Reply, Reply]:
        if self.models and body.get("model") not in self.models:
            raise self.wire.unknown_model(str(body.get("model")))
        checked = _lower(seen) if self.strict else None
        heard = _reading(self.wire, body, checked, self._bound(str(body.get("model", ""))))
        answer = self._answer(heard)
        latency = self._latency(heard.model)
        whole = Reply(200, JSON, (self.wire.whole(answer),))
        whole = changed(whole, wait=latency.first + latency.token * answer.output)
        if not heard.stream:
            return whole, whole
        events = self.wire.events(answer)
        steps = _paced(_array(events) if heard.array else events, latency.token * answer.output)
        head = JSON if heard.array else SSE
        return Reply(200, head, steps, streamed=True, wait=latency.first), whole

    def _answer(self, heard: Heard) -> Answer:
        said = turn(self.plays, heard)
        said = said if heard.thinks else changed(said, thinking="")
        reasoning = tokens(len(said.thinking.encode()))
        return Answer(
            number=self._number,
            model=heard.model,
            turn=said,
            prompt=self.wire.prompt(self._cache, heard),
            output=reasoning + tokens(_size(said)),
            reasoning=reasoning,
            wants_usage=heard.wants_usage,
            by=self._bound(heard.model),
        )

    def _bound(self, model: str) -> str:
        return f"{self.binds}/{model}/" if self.binds else ""

    def _latency(self, model: str) -> Latency:
        matches = (value for glob, value in self.latency.items() if fnmatchcase(model, glob))
        return next(matches, Latency())


def _size(said: Turn) -> int:
    calls = sum(len(call.name) + len(dump(call.input)) for call in said.calls)
    return len(said.text.encode()) + calls


def _paced(events: list[bytes], seconds: float) -> tuple[Step, ...]:
    """The events, `seconds` spread between them."""
    if not seconds:
        return tuple(events)
    pause = Pause(seconds / len(events))
    return tuple(step for event in events for step in (event, pause))


def _array(events: list[bytes]) -> list[bytes]:
    """The payloads of frames as the elements of one array."""
    payloads = [event.removeprefix(b"data: ").strip() for event in events]
    return [b"[" + payloads[0], *(b"\n,\r\n" + payload for payload in payloads[1:]), b"\n]\n"]


def _below(path: str) -> str:
    """The path below /v1 or /api/v1, without its query; "" elsewhere."""
    found = BASE.match(path)
    return found[1] if found else ""


def _lower(seen: Seen) -> dict[str, str]:
    return {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in seen.headers}


def _object(seen: Seen) -> dict[str, Any]:
    """The body; whatever cannot be read is the client's fault."""
    try:
        coding = (seen.header("content-encoding") or "").lower()
        body = json.loads(UNPACK[coding](seen.body))
    except Exception as e:
        raise RefusedError(400, f"the body cannot be read: {e}") from e
    if not isinstance(body, dict):
        raise RefusedError(400, "the body is not a JSON object")
    return body


def _reading(
    wire: Wire, body: dict[str, Any], headers: Mapping[str, str] | None = None, by: str = ""
) -> Heard:
    """Hears the body, after the strict checks when there are `headers`."""
    try:
        if headers is not None:
            if wire.needs and wire.needs not in headers:
                raise RefusedError(400, f"{wire.needs}: header is required")
            wire.check(body, by)
        if not isinstance(body.get("stream", False), bool):
            raise RefusedError(400, "stream: Input should be a valid boolean")
        return wire.hear(body)
    except (KeyError, TypeError, AttributeError, ValueError) as e:
        raise RefusedError(400, f"the request cannot be read: {e!r}") from e
