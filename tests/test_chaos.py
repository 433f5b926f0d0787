"""The short form of scripts/chaos: a sample of the table, of cuts and of random schedules."""

import asyncio
import sys
from itertools import product
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from turmoil import chaos, schedule, table
from turmoil.asking import DIALECTS, BreachError, Got, outcome
from turmoil.world import HOMES_TEXT, OURS, Case, world
from turnout.demo.faults import Fault
from turnout.relay import back
from turnout.relay.manners import TOLD
from turnout.wire.request import DialectName

END = b"event: message_stop\ndata: {}\n\n"
ERROR = b"event: error\ndata: {}\n\n"


def said(text: str) -> bytes:
    return (
        b'event: content_block_delta\ndata: {"type":"content_block_delta",'
        b'"delta":{"type":"text_delta","text":"%b"}}\n\n' % text.encode()
    )


# what no client may see, and the suite has to notice
BREACHES = {
    "a fake end": said(OURS[:30]) + END,
    "no end at all": said(OURS),
    "two ends": said(OURS) + END + END,
    "an end and an error": said(OURS) + END + ERROR,
    "two answers": said(OURS) + said(HOMES_TEXT) + END,
    "an empty end": END,
}


@pytest.mark.parametrize("body", BREACHES.values(), ids=BREACHES)
def test_the_judge_sees_what_it_looks_for(body: bytes) -> None:
    with pytest.raises(BreachError):
        outcome(Got("anthropic", True, 200, body), OURS, HOMES_TEXT)
    assert outcome(Got("anthropic", True, 200, said(OURS) + END), OURS, HOMES_TEXT) == "ours"
    assert outcome(Got("anthropic", True, 200, said(OURS[:9]) + ERROR), OURS, HOMES_TEXT) == "cut"


async def test_a_sample_of_the_table() -> None:
    """11 is prime to the ways of asking: every fault, client and target is met."""
    report = await chaos.faults(table.TABLE, every=11)
    assert not report.breaches
    assert report.cases > 150


async def test_a_sample_of_the_slow_ones() -> None:
    report = await chaos.faults(table.SLOW, abreast=32, every=11)
    assert not report.breaches


async def test_a_sample_of_cuts() -> None:
    pairs: list[chaos.Pair] = [(one, one) for one in DIALECTS] + [("anthropic", "openai_chat")]
    report = await chaos.cuts(step=61, pairs=pairs)
    assert not report.breaches
    assert report.seen["cut"] > 10


async def test_a_few_schedules() -> None:
    report = await chaos.schedules(60, seed=7)
    assert not report.breaches


# -- retry habits: what each dialect's clients are told when everything has failed


async def test_codex_never_gets_a_5xx_that_it_would_send_again_thirty_times() -> None:
    async with world() as w:
        for status, target in product(
            TOLD["openai_responses"], ("openai_responses", "openai_chat")
        ):
            got = await _refused(w, "openai_responses", target, Fault("status", status=status))
            assert (got.status, got.wait) == (429, "2")


async def test_c26_a_429_has_a_short_retry_after() -> None:
    """A long one is never passed on, and none is never told: codex would give up for good."""
    said = (("3600", "10"), ("3", "3"), ("", "2"), ("soon", "2"))
    async with world() as w:
        for client, target, (told, wait) in product(DIALECTS, ("anthropic", "gemini"), said):
            headers = {"retry-after": told} if told else {}
            got = await _refused(w, client, target, Fault("status", status=429, headers=headers))
            assert got.status == 429
            assert 0 < int(got.wait) <= 10
            if client == target:
                assert got.wait == wait


async def test_the_clients_own_429_is_its_own_but_never_long() -> None:
    async with world() as w:
        limits = Fault("status", status=429, headers={"retry-after": "3600"})
        case = Case(
            client="openai_responses", targets=("openai_chat",), stream=True,
            faults=(Fault("status"),), home_fault=limits,
        )  # fmt: skip
        got, _, home = await w.ask(case)
        assert (got.status, got.wait) == (429, "10")
        assert home and got.body == home.sent.body


async def _refused(w: object, client: DialectName, target: str, fault: Fault) -> Got:
    case = Case(client=client, targets=(target,), stream=True, forced=True, faults=(fault,))  # type: ignore[arg-type]
    w.forget()  # type: ignore[attr-defined]
    return (await w.ask(case))[0]  # type: ignore[attr-defined,no-any-return]


# -- watchdogs of a stream that has begun


async def test_a_client_that_waits_is_pinged_in_its_own_dialect() -> None:
    async with world() as w:
        pause = Fault("stall", events=4, seconds=0.7)
        cases = [
            Case(client=client, targets=("openai_chat",), stream=True, faults=(pause,))
            for client in DIALECTS
        ]
        for got, _, _ in await asyncio.gather(*map(w.ask, cases)):
            pings = {"anthropic": b"event: ping\n", "gemini": b""}
            assert pings.get(got.dialect, b": ping\n\n") in got.body
            assert got.dialect != "gemini" or b"ping" not in got.body, "its SDK would choke on it"
            assert outcome(got, OURS, HOMES_TEXT) == "ours"


async def test_the_clients_own_request_is_neither_pinged_nor_cut() -> None:
    async with world() as w:
        pause = Fault("stall", events=4, seconds=1.4)
        case = Case(
            client="anthropic", targets=("openai_chat",), stream=True,
            faults=(Fault("status"),), home_fault=pause,
        )  # fmt: skip
        got, _, home = await w.ask(case)
        assert home and got.body == home.sent.body


async def test_alive_but_not_producing() -> None:
    """Comments keep coming, and nothing else: in the end the client hears of it."""
    async with world() as w:
        drips = Fault("comments", events=4, seconds=0.2)
        case = Case(client="anthropic", targets=("openai_chat",), stream=True, faults=(drips,))
        got, _, _ = await w.ask(case)
        assert outcome(got, OURS, HOMES_TEXT) == "cut"
        assert b"nothing but pings" in got.body


async def test_a_schedule_can_be_repeated() -> None:
    from random import Random

    one, other = Random(5), Random(5)
    assert repr([schedule.case(one) for _ in range(9)]) == repr(
        [schedule.case(other) for _ in range(9)]
    )


async def test_the_clients_own_request_is_sent_once_even_if_its_answer_breaks_off() -> None:
    """Its error comes in its own dialect; `ask` raises when its home was asked twice."""
    async with world() as w:
        for fault in ("wrong_length", "cut"):
            broken = Fault(fault, size=100)  # type: ignore[arg-type]
            case = Case(
                client="anthropic", targets=("openai_chat",), stream=False,
                faults=(Fault("html", status=200),), home_fault=broken,
            )  # fmt: skip
            got, _, home = await w.ask(case)
            assert home
            assert outcome(got, OURS, HOMES_TEXT) in ("error 502", "lost")


WHOLE, PART = b"data: 1\n\n", b"data: {"
FRAMES = {
    "nothing whole": (PART, b"", PART),
    "one whole": (WHOLE, WHOLE, b""),
    "one and a piece": (WHOLE + PART, WHOLE, PART),
    "CRLF": (b"data: 1\r\n\r\ndata", b"data: 1\r\n\r\n", b"data"),
    "half a CRLF": (b"data: 1\r\n\r", b"", b"data: 1\r\n\r"),
}


@pytest.mark.parametrize(("data", "whole", "rest"), FRAMES.values(), ids=FRAMES)
def test_a_piece_of_a_frame_is_held(data: bytes, whole: bytes, rest: bytes) -> None:
    """Else an error event might land inside it."""
    assert back._frames(data) == (whole, rest)


@pytest.mark.parametrize("kind", ["eof", "html"])
async def test_a_target_whose_answers_break_off_is_left_alone_in_the_end(kind: str) -> None:
    """After bytes were out, or before: three in a row are enough."""
    async with world() as w:
        fault = Fault(kind, status=200, events=5)  # type: ignore[arg-type]
        case = Case(
            client="openai_chat", targets=("openai_chat",), stream=True, faults=(fault,),
            models=("flaky",),
        )  # fmt: skip
        for _ in range(3):
            await w.ask(case)
        (told,) = w.engine.health.status()["breakers"]
        assert (told["binding"], told["state"]) == ("t-openai_chat/flaky", "open")
