"""The pooled client alone, against a simulated provider: which answer is an answer."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import yarl

from turnout.demo.provider import Fault, SimProvider
from turnout.relay import upstream
from turnout.relay.upstream import NoAnswerError, Upstream
from turnout.stages import Stages
from turnout.trip import Attempt
from turnout.wire.dialects import DIALECTS

BODY = json.dumps({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})
HEADERS = (
    ("content-type", "application/json"),
    ("authorization", "Bearer k"),
    ("x-api-key", "k"),
    ("anthropic-version", "2023-06-01"),
)


def attempt(url: str, provider: str = "p", **rest: Any) -> Attempt:
    """Ours, at another provider than the client's."""
    path = f"{url}/v1/messages"
    plain = Attempt(
        provider=provider,
        model="m",
        url=path,
        headers=HEADERS,
        body=BODY.encode(),
        dialect=DIALECTS["anthropic"],
    )
    return replace(plain, **rest)


@asynccontextmanager
async def pooled() -> AsyncIterator[tuple[Upstream, SimProvider]]:
    client = Upstream(stages=Stages())
    try:
        async with SimProvider("anthropic", strict=False) as sim:
            yield client, sim
    finally:
        await client.close()


OURS: dict[str, bool] = {}
CHANGED = {"clients_key": True}  # another model at the client's own provider, with its own key
HOME = {"clients_key": True, "untouched": True}
# whose request it was, its status, whether that goes back to the client
# fmt: off
VERDICTS = {
    "our key is wrong":                               (OURS,    401, False),
    "our account is empty":                           (OURS,    402, False),
    "another provider redirects":                     (OURS,    307, False),
    "another provider redirects for good":            (OURS,    301, False),
    "the client's key is wrong for any model":        (CHANGED, 401, True),
    "the client's key has no right to our choice":    (CHANGED, 403, False),
    "the client's provider has not our choice":       (CHANGED, 404, False),
    "our choice is not in the client's plan":         (CHANGED, 402, False),
    "our choice cannot take this":                    (CHANGED, 400, False),
    "the client's own request has a wrong key":       (HOME,    401, True),
    "the client's own request names no model":        (HOME,    404, True),
    "the client's own request is malformed":          (HOME,    400, True),
    "the client's own request is redirected":         (HOME,    307, True),
}
# fmt: on


@pytest.mark.parametrize(("whose", "status", "goes_back"), VERDICTS.values(), ids=VERDICTS)
async def test_which_refusal_goes_back(
    whose: dict[str, bool], status: int, goes_back: bool
) -> None:
    """What the client's own request may still get is tried; what it would hear anyway goes back."""
    async with pooled() as (client, sim):
        sim.faults.append(Fault("status", status=status, headers={"location": "https://x.example"}))
        ours = attempt(sim.url, **whose)
        home = attempt(sim.url, "home", untouched=True, clients_key=True)
        answer = await client.first([ours, home], stream=False)
        assert (answer.status == status) == goes_back
        assert len(sim.seen) == (1 if goes_back else 2)
        answer.close()


async def test_a_foreign_redirect_is_no_answer_even_at_the_end() -> None:
    async with pooled() as (client, sim):
        sim.faults.append(Fault("status", status=308, headers={"location": "https://x.example"}))
        with pytest.raises(NoAnswerError) as e:
            await client.first([attempt(sim.url)], stream=False)
        assert e.value.last is None
        assert e.value.tried[0].status == 308


async def test_an_unreachable_provider_is_asked_once() -> None:
    """Its other models are behind the same door; each would cost the client another timeout."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        gone = f"http://127.0.0.1:{free.getsockname()[1]}"
    async with pooled() as (client, sim):
        ours = [attempt(gone, "gone"), attempt(gone, "gone", model="m2"), attempt(sim.url, "up")]
        answer = await client.first(ours, stream=False)
        assert [one.provider for one in answer.tried] == ["gone", "up"]
        answer.close()


async def test_the_clients_own_request_goes_home_even_to_an_unreachable_provider() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        gone = f"http://127.0.0.1:{free.getsockname()[1]}"
    async with pooled() as (client, _):
        ours = [attempt(gone, "gone"), attempt(gone, "gone", untouched=True)]
        with pytest.raises(NoAnswerError) as e:
            await client.first(ours, stream=False)
        assert len(e.value.tried) == 2


@pytest.mark.parametrize("untouched", [False, True], ids=["ours", "the client's own"])
async def test_patience(monkeypatch: pytest.MonkeyPatch, untouched: bool) -> None:
    """Ours gives up on a silent provider; the client's own request waits as the client would."""
    monkeypatch.setattr(upstream, "HEADER_TIMEOUT", 0.05)
    async with pooled() as (client, sim):
        sim.faults.append(Fault("slow_headers", seconds=0.3))
        ours = attempt(sim.url, untouched=untouched)
        if untouched:
            answer = await client.first([ours], stream=True)
            assert answer.status == 200
            answer.close()
        else:
            with pytest.raises(NoAnswerError, match="no headers within"):
                await client.first([ours], stream=True)


def test_a_whole_answer_may_take_as_long_as_the_sdks_wait() -> None:
    """The socket's own timeout must not be shorter than the one for the headers."""

    async def read_timeout() -> float | None:
        client = Upstream(stages=Stages())
        try:
            return client._session.timeout.sock_read
        finally:
            await client.close()

    assert (asyncio.run(read_timeout()) or 0) >= upstream.WHOLE_TIMEOUT


async def test_what_is_no_http_is_told_without_its_url() -> None:
    """A key may stand in the query: neither row nor log nor answer may hold it."""

    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HELLO\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(garbage, "127.0.0.1", 0)
    client = Upstream(stages=Stages())
    try:
        url = yarl.URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/messages")
        with pytest.raises(NoAnswerError) as e:
            await client.first([replace(attempt(""), url=f"{url}?key=CANARY")], stream=False)
        assert e.value.tried[0].error
        assert "CANARY" not in repr((e.value, e.value.tried))
    finally:
        await client.close()
        server.close()


async def test_cookies_are_nobodys() -> None:
    """One client's cookie must not reach a provider with another client's request."""
    client = Upstream(stages=Stages())
    async with SimProvider("anthropic", strict=False, host="localhost") as sim:
        sim.faults.append(Fault("status", status=400, headers={"set-cookie": "session=1"}))
        for _ in range(2):
            ours = attempt(sim.url, untouched=True)
            (await client.first([ours], stream=False)).close()
        assert [seen.header("cookie") for seen in sim.seen] == [None, None]
    await client.close()


async def test_a_packed_answer_stays_packed() -> None:
    """Its headers say that it is, and the client asked for it."""
    client = Upstream(stages=Stages())
    async with SimProvider("anthropic", strict=False, compress=True) as sim:
        headers = (*HEADERS, ("accept-encoding", "gzip"))
        answer = await client.first([attempt(sim.url, headers=headers)], stream=False)
        body = b"".join([piece async for piece in answer.body])
        assert answer.header("content-encoding") == "gzip"
        assert json.loads(gzip.decompress(body))["type"] == "message"
    await client.close()
