"""Every fault, seen from a raw socket, in both dialects."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from demo.asking import A_HEADERS, BODIES, DIALECTS, HEADERS, PATHS, a_body, frames, post, raw
from turnout.demo import reply
from turnout.demo.provider import Fault, Latency, SimProvider

FINAL = {"anthropic": b"message_stop", "openai_chat": b"[DONE]"}


def unchunked(answer: bytes) -> tuple[bytes, bytes, bool]:
    """The head, the body without its chunks, and whether the last chunk came."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        if not int(size, 16):
            return head, body, True
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return head, body, False


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_status_in_the_dialects_shape(dialect: str) -> None:
    async with SimProvider(dialect) as sim:
        sim.faults.append(Fault("status", status=429, headers={"retry-after": "3"}))
        answer = await raw(sim, dialect)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 429")
        assert b"retry-after: 3" in head.lower()
        error = json.loads(body)["error"]
        assert error["message"] == "simulated fault"
        assert "rate_limit" in (error.get("code") or error["type"])
        assert (await post(sim, BODIES[dialect](), dialect))[0] == 200


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_reset_and_close_say_nothing(dialect: str, stream: bool) -> None:
    async with SimProvider(dialect) as sim:
        sim.faults += [Fault("reset"), Fault("close")]
        with pytest.raises(ConnectionResetError):
            await raw(sim, dialect, stream=stream)
        assert await raw(sim, dialect, stream=stream) == b""
        assert [seen.sent.end for seen in sim.seen] == ["cut", "cut"]


# events -> which bytes of the stream come
@pytest.mark.parametrize("events", [0, 1, 3])
@pytest.mark.parametrize("kind", ["cut", "eof"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_streams_break_off_after_so_many_events(dialect: str, kind: Any, events: int) -> None:
    async with SimProvider(dialect) as sim:
        whole = unchunked(await raw(sim, dialect, stream=True))[1]
        assert FINAL[dialect] in whole
        sim.faults.append(Fault(kind, events=events))
        answer = await raw(sim, dialect, stream=True)
        if kind == "cut" and not events:
            assert answer == b""
            return
        head, body, ended = unchunked(answer)
        assert head.startswith(b"HTTP/1.1 200")
        assert ended == (kind == "eof")
        assert len(frames(body)) == events
        assert sim.seen[-1].sent.body == body


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_cut_by_size(dialect: str) -> None:
    async with SimProvider(dialect) as sim:
        whole = (await raw(sim, dialect)).partition(b"\r\n\r\n")
        sim.faults += [Fault("cut", size=20), Fault("cut", size=31)]
        head, _, body = (await raw(sim, dialect)).partition(b"\r\n\r\n")
        assert b"content-length: %d" % len(whole[2]) in head.lower()
        assert len(body) == 20
        _, body, ended = unchunked(await raw(sim, dialect, stream=True))
        assert (len(body), ended) == (31, False)


@pytest.mark.parametrize("events", [0, 2])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_error_event(dialect: str, events: int) -> None:
    async with SimProvider(dialect) as sim:
        sim.faults.append(Fault("error_event", status=529, message="Overloaded", events=events))
        head, body, ended = unchunked(await raw(sim, dialect, stream=True))
        said = frames(body)
        assert (head.split()[1], ended, len(said)) == (b"200", True, events + 1)
        assert said[-1]["error"]["message"] == "Overloaded"
        assert (b"event: error\n" in body) == (dialect == "anthropic")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_malformed_event(dialect: str) -> None:
    async with SimProvider(dialect) as sim:
        sim.faults.append(Fault("malformed", events=2))
        _, body, ended = unchunked(await raw(sim, dialect, stream=True))
        assert ended and FINAL[dialect] in body
        with pytest.raises(ValueError, match="Expecting value"):
            frames(body)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_html_empty_and_unstreamed(dialect: str) -> None:
    async with SimProvider(dialect) as sim:
        sim.faults += [Fault("html", status=502), Fault("empty"), Fault("unstreamed")]
        page = await raw(sim, dialect)
        assert page.startswith(b"HTTP/1.1 502") and page.endswith(b"</html>")
        empty = await raw(sim, dialect, stream=True)
        assert empty.startswith(b"HTTP/1.1 200") and empty.endswith(b"\r\n\r\n")
        whole = (await raw(sim, dialect, stream=True)).partition(b"\r\n\r\n")[2]
        assert json.loads(whole)["model"] == BODIES[dialect]()["model"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_wrong_length(stream: bool) -> None:
    async with SimProvider("anthropic") as sim:
        sim.faults.append(Fault("wrong_length"))
        head, _, body = (await raw(sim, stream=stream)).partition(b"\r\n\r\n")
        assert b"content-length: %d" % (len(body) + 100) in head.lower()


async def test_slow_headers_and_stall_take_their_time() -> None:
    loop = asyncio.get_running_loop()
    async with SimProvider("anthropic", latency={"claude-*": Latency(first=0.05)}) as sim:
        for kind in ("slow_headers", "stall"):
            sim.faults.append(Fault(kind, seconds=0.2))
            began = loop.time()
            answer = await raw(sim, stream=True)
            assert loop.time() - began >= 0.2
            assert b"message_stop" in answer
        began = loop.time()
        await raw(sim)
        assert loop.time() - began >= 0.05


async def test_a_client_that_leaves_is_noticed() -> None:
    async with SimProvider("anthropic") as sim:
        sim.faults.append(Fault("stall", events=1))
        async with aiohttp.ClientSession() as http:
            url = sim.base_url + PATHS["anthropic"]
            async with http.post(url, json=a_body(stream=True), headers=A_HEADERS) as answer:
                await answer.content.readline()
                assert sim.seen[0].sent.end == "open"
        assert await sim.seen[0].sent.ended() == "gone"


async def test_a_client_that_left_before_the_headers_is_no_error_of_ours(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """aiohttp would print a traceback into the demo of whoever stops it at that moment."""

    async def left(*_: object) -> None:
        raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")

    monkeypatch.setattr(reply, "_send", left)
    async with SimProvider("anthropic") as sim:
        await raw(sim)
        assert await sim.seen[0].sent.ended() == "gone"
    assert caplog.records == []


async def test_a_fault_chooses_its_victims() -> None:
    async with SimProvider("anthropic") as sim:
        sim.faults.append(Fault("status", model="claude-*", path="/messages", count=2, skip=1))
        models = ["claude-a", "other", "claude-b", "claude-c", "claude-d"]
        statuses = [(await post(sim, a_body(model=model)))[0] for model in models]
        assert statuses == [200, 200, 500, 500, 200]


async def test_refusing_connections() -> None:
    async with SimProvider("anthropic") as sim, aiohttp.ClientSession() as http:
        url = sim.base_url + "/models"
        async with http.get(url, headers=A_HEADERS) as answer:
            await answer.read()
        async with sim.refusing():
            with pytest.raises(aiohttp.ClientError):
                await http.get(url, headers=A_HEADERS)
        async with http.get(url, headers=A_HEADERS) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_streams_may_be_compressed(dialect: str) -> None:
    async with SimProvider(dialect, compress=True) as sim, aiohttp.ClientSession() as http:
        for stream in (True, False):
            body = BODIES[dialect](stream=stream)
            url = sim.base_url + PATHS[dialect]
            async with http.post(url, json=body, headers=HEADERS[dialect]) as answer:
                assert answer.headers["content-encoding"] == "gzip"
                said = await answer.read()
            assert FINAL[dialect] in said if stream else json.loads(said)
