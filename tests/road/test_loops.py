"""An agent that runs in a circle (conformance 82 and 83)."""

import json
from typing import Any

import pytest

from decided import decision
from road.test_sessions import SESSION, TOOL
from road.world import OpenRoad, message
from turnout.account import Meter
from turnout.relay import stopped
from turnout.trip import Arrival, Attempt, Plan
from turnout.wire.dialect import Hints
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Event, Finished, Text
from turnout.wire.request import Ask, DialectName

LOOK: dict[str, Any] = {"command": "ls"}


def looked(times: int, call: dict[str, Any] = LOOK, after: str = "", **rest: Any) -> bytes:
    """The history of an agent that made the same call so many times."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Find the config."}]
    for n in range(times):
        made = {"type": "tool_use", "id": f"toolu_{n}", "name": "Bash", "input": call}
        result = {"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": "src"}
        messages += [
            {"role": "assistant", "content": [made]},
            {"role": "user", "content": [result]},
        ]
    if after:
        messages += [{"role": "assistant", "content": "Hm."}, {"role": "user", "content": after}]
    return message(messages=messages, tools=[TOOL], **rest)


async def test_c82_a_loop_is_stopped_and_a_person_goes_on(road: OpenRoad) -> None:
    """The same call 5 times in the last 10: turnout's own answer, and the pin has ended."""
    async with road("break_loops = true") as way:
        for n in range(5):
            await way.send(looked(n), SESSION)
        asked = len(way.other.completions())
        status, body, headers = await way.send(looked(5), SESSION)
        said = json.loads(body)
        assert (status, said["stop_reason"]) == (200, "end_turn")
        assert "break_loops" in said["content"][0]["text"]
        assert len(way.other.completions()) == asked, "nobody was asked"
        row = (await way.served.rows(6))[5]
        assert (row["id"], row["reason"]) == (headers["x-turnout-decision"], "loop_stopped")
        assert (row["status"], row["cost_usd"], row["output_tokens"]) == (200, None, None)
        assert (await way.served.api("GET", "/v1/pins"))["pins"] == []
        status, body, _ = await way.send(looked(5, after="Look in etc."), SESSION)
        assert "break_loops" not in body.decode()
        assert len(way.other.completions()) == asked + 1
        forced = {"x-claude-code-session-id": "forced", "x-turnout-model": "openrouter/minimax-m3"}
        for n in range(6):
            await way.send(looked(n), forced)
        assert len(way.other.completions()) == asked + 7, "a person's force survives"
        empty = {"x-claude-code-session-id": "empty"}
        for n in range(6):
            await way.send(looked(n, {}), empty)
        assert len(way.other.completions()) == asked + 13, "empty arguments are ignored"


def plan(dialect: DialectName, *, stream: bool) -> Plan:
    spoken = DIALECTS[dialect]
    home = Attempt(provider="p", model="", url="", headers=(), body=b"", dialect=spoken)
    return Plan(
        decision=decision(),
        arrival=Arrival(method="POST", url="", path="", headers=(), raw=b""),
        ask=Ask(dialect=dialect, model="m", stream=stream),
        dialect=spoken,
        body=b"",
        attempts=iter(()),
        home=home,
        request=lambda: pytest.fail("nobody asks"),
        stop="It runs in a circle.",
    )


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_c82_every_dialect_can_say_it(dialect: DialectName, stream: bool) -> None:
    meter, spoken = Meter(), DIALECTS[dialect]
    hints = Hints(id="d1", model="m", input_tokens=9, created=1)
    pieces = [piece async for piece in stopped.answer(plan(dialect, stream=stream), meter, hints)]
    assert (meter.stop_reason, meter.usage) == ("end", None)
    events: list[Event] = []
    if stream:
        reader = spoken.stream_reader()
        events = [event for piece in (*pieces, b"") for event in reader.feed(piece)]
    else:
        events = list(spoken.read_answer(b"".join(pieces)))
    assert "".join(e.text for e in events if isinstance(e, Text)) == "It runs in a circle."
    assert [e.reason for e in events if isinstance(e, Finished)] in (["end"], ["stop"])
