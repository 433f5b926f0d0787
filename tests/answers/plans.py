"""Plans as the planner makes them, for requests of any dialect, and answers that came to them."""

import json
import time
from collections.abc import Sequence
from typing import Any

from turnout.account import Meter
from turnout.books import Passed
from turnout.record import Decision
from turnout.route.model import Price
from turnout.trip import Arrival, Attempt, Plan
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Event, Finished, Started, Text, Usage
from turnout.wire.request import DialectName

PATHS = {
    "anthropic": "/v1/messages",
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "gemini": "/v1beta/models/gemini-4-pro:generateContent",
}
# the same question in each dialect, at temperature 0
ASKED: dict[DialectName, dict[str, Any]] = {
    "anthropic": {
        "model": "claude-opus-4-7",
        "max_tokens": 9,
        "temperature": 0,
        "system": "Be kind.",
        "messages": [{"role": "user", "content": "Hello?"}],
    },
    "openai_chat": {
        "model": "gpt-5.5",
        "temperature": 0,
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Hello?"},
        ],
    },
    "openai_responses": {
        "model": "gpt-5.5",
        "temperature": 0,
        "store": False,
        "instructions": "Be kind.",
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hello?"}]}],
    },
    "gemini": {
        "systemInstruction": {"parts": [{"text": "Be kind."}]},
        "generationConfig": {"temperature": 0},
        "contents": [{"role": "user", "parts": [{"text": "Hello?"}]}],
    },
}
SAID = (
    Started("msg_1", "minimax-m3"),
    Usage(fresh_input=7, output=1),
    Text("Hel"),
    Text("lo!"),
    Usage(fresh_input=7, output=3),
    Finished("end"),
)
PRICE = Price(input=1, output=2)  # type: ignore[arg-type]


def plan(
    dialect: DialectName = "anthropic",
    body: bytes | None = None,
    *,
    headers: dict[str, str] | None = None,
    path: str = "",
    home: str = "home",
    key: str = "sk-1",
    stream: bool | None = None,
    **of_decision: Any,
) -> Plan:
    """`body`: else the question of ASKED."""
    spoken, path = DIALECTS[dialect], path or PATHS[dialect]
    document = dict(ASKED[dialect])
    if stream is not None and dialect != "gemini":
        document["stream"] = stream
    raw = json.dumps(document).encode() if body is None else body
    arrival = Arrival(
        method="POST",
        url=f"https://api.{home}.test{path}",
        path=path,
        headers=tuple({"authorization": f"Bearer {key}", **(headers or {})}.items()),
        raw=raw,
        home=home,
    )
    ask = spoken.peek(raw, path)
    facts = {"reason": "cheapest_at_parity", "requested_model": ask.model, **of_decision}
    return Plan(
        decision=Decision(id="d1", at=0.0, **facts),
        arrival=arrival,
        ask=ask,
        dialect=spoken,
        body=raw,
        attempts=iter(()),
        home=attempt(dialect, arrival),
        request=lambda: spoken.read_request(raw, path),
        requested_price=PRICE,
    )


def attempt(dialect: DialectName, arrival: Arrival) -> Attempt:
    return Attempt(
        provider="other",
        model="minimax-m3",
        url=arrival.url,
        headers=(),
        body=b"",
        dialect=DIALECTS[dialect],
        price=PRICE,
    )


def passed(of: Plan, events: Sequence[Event] = SAID, **facts: Any) -> Passed:
    meter = Meter(keep=True)
    for event in events:
        meter.watch(event)
    said = {"attempt": of.home, "status": 200, **facts}
    return Passed(meter=meter, began=time.monotonic(), **said)
