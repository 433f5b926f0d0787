"""What an upstream says before its first content decides where the request goes next."""

import json

import pytest

from road.world import OpenRoad, message
from turnout.demo.provider import Fault


async def test_c79_an_overload_in_the_first_event_is_an_overload(road: OpenRoad) -> None:
    """The status says 200; the first event says otherwise, and the client never sees it."""
    async with road() as way:
        way.other.faults.append(Fault("error_event", status=529, events=0, count=9))
        status, answer, _ = await way.send(message(stream=True))
        assert status == 200
        assert b"event: error" not in answer
        assert answer.count(b"event: message_stop") == 1
        (row,) = await way.served.rows()
        first, *_, last = row["attempts"]
        kind, _, said = first["error"].partition(": ")
        assert int(kind) >= 500  # the status that this error would have had
        assert said == "simulated fault"
        assert (last["status"], last["error"]) == (200, "")


@pytest.mark.parametrize("status", [404, 402], ids=["c80 no such model", "c80 billing"])
async def test_the_next_binding(road: OpenRoad, status: int) -> None:
    async with road() as way:
        way.other.faults.append(Fault("status", status=status, count=9))
        sent = message()
        got, _, _ = await way.send(sent)
        assert got == 200
        assert [seen.body for seen in way.home.completions()][-1:] == [sent]
        (row,) = await way.served.rows()
        assert row["attempts"][0]["status"] == status


@pytest.mark.parametrize("status", [404, 402], ids=["c80 no such model", "c80 billing"])
async def test_the_only_binding(road: OpenRoad, status: int) -> None:
    """Its answer is what the client gets, in the client's dialect."""
    async with road('force = "openrouter/minimax/minimax-m3"') as way:
        fault = Fault("status", status=status, message="pay first", count=9)
        way.other.faults.append(fault)
        got, answer, _ = await way.send(message())
        assert got == status
        assert b"pay first" in answer
        assert b'"type":"error"' in answer
        assert way.home.completions() == []


async def test_c26_a_rate_limit_at_last(road: OpenRoad) -> None:
    """The only target says 429 in its dialect, as JSON to a stream: the client hears it in its own.

    A long retry-after is never passed on; without any, some clients take a 429 as final.
    """
    async with road('force = "openrouter/minimax/minimax-m3"') as way:
        limits = {"retry-after": "3600"}
        way.other.faults.append(Fault("status", status=429, count=9, headers=limits))
        status, answer, headers = await way.send(message(stream=True))
        assert status == 429
        assert json.loads(answer)["error"]["type"] == "rate_limit_error"
        assert 0 < int(headers["retry-after"]) <= 10


async def test_c44_nothing_is_left(road: OpenRoad) -> None:
    """Every model is denied: the request goes home to the model that it asked for."""
    sent = message()
    async with road('deny = ["*/*"]') as way:
        status, _, _ = await way.send(sent)
        assert status == 200
        assert [seen.body for seen in way.home.completions()] == [sent]
        assert way.other.seen == []
        (row,) = await way.served.rows()
        assert row["reason"] == "no_target"


async def test_c32_more_tools_than_any_target_takes(road: OpenRoad) -> None:
    """None is cut away: the body that reaches home has them all."""
    tools = [{"name": f"t{i}", "input_schema": {"type": "object"}} for i in range(140)]
    sent = message(tools=tools)
    async with road() as way:
        status, _, _ = await way.send(sent)
        assert status == 200
        told = [
            json.loads(seen.body) for seen in (*way.home.completions(), *way.other.completions())
        ]
        assert [len(body["tools"]) for body in told] == [140]


async def test_c79_an_error_as_the_only_event_of_another_dialect(road: OpenRoad) -> None:
    """The client hears the status and the words, not the frame they came in."""
    async with road('force = "openrouter/minimax/minimax-m3"') as way:
        slow = Fault("error_event", status=429, events=0, count=9, message="slow down")
        way.other.faults.append(slow)
        status, answer, headers = await way.send(message(stream=True))
        assert (status, json.loads(answer)["error"]["message"]) == (429, "slow down")
        assert "retry-after" in headers
