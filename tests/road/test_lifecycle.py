"""The end of a serving process, and its configuration read again, as people and services do it."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp

from road.tunnel import peer_issuer
from road.world import HOME_KEY, OpenRoad, Road, message, until
from turnout.demo.provider import Fault

PATIENT = {"TURNOUT_PROXY_DRAIN_S": "600"}
ROUTED = 'force = "openrouter/minimax-m3"'
HOME = {"x-turnout-mode": "off"}


@asynccontextmanager
async def streaming(
    way: Road, more: Mapping[str, str] = {}
) -> AsyncIterator[aiohttp.ClientResponse]:
    """A stream that has begun and stands still: its first event is here, the rest is not."""
    headers = {"content-type": "application/json", "x-api-key": HOME_KEY, **more}
    url = f"https://localhost:{way.home.port}/v1/messages"
    async with way.served.session.post(
        url,
        data=message(stream=True),
        headers=headers,
        proxy=way.served.proxy,
        ssl=way.served.tls(),
    ) as answer:
        await answer.content.readuntil(b"\n\n")
        yield answer


def stalled(way: Road, seconds: float) -> None:
    for provider in (way.home, way.other):
        provider.faults.append(Fault("stall", events=3, seconds=seconds))


async def refused(way: Road) -> bool:
    """Nobody listens on the proxy's port any more."""
    address = urlsplit(way.served.proxy)
    try:
        _, writer = await asyncio.open_connection(address.hostname, address.port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


async def said(way: Road, words: str) -> None:
    await until(lambda: words in way.served.log.read_text())


async def test_streams_that_run_are_finished(road: OpenRoad) -> None:
    """SIGTERM: they end as they should, routed or not, with their rows; nobody new comes in."""
    async with road(ROUTED, env=PATIENT) as way:
        stalled(way, 2.0)
        async with streaming(way) as routed, streaming(way, HOME) as untouched:
            way.served.process.terminate()
            await said(way, "2 under way")
            while not await refused(way):  # noqa: ASYNC110  another process closes it
                await asyncio.sleep(0.01)
            answers = await routed.read(), await untouched.read()
        assert [b"message_stop" in one for one in answers] == [True, True]
        assert await way.served.process.wait() == 0
        rows = await way.served.rows(2)
        assert [(row["status"], row["error"]) for row in rows] == [(200, "")] * 2
        assert all(row["output_tokens"] > 0 for row in rows)


async def test_a_second_signal_ends_at_once(road: OpenRoad) -> None:
    """What is cut does not look finished, and its row is written, routed or not."""
    async with road(ROUTED, env=PATIENT) as way:
        stalled(way, 3600.0)
        async with streaming(way) as routed, streaming(way, HOME) as untouched:
            way.served.process.terminate()
            await said(way, "2 under way")
            way.served.process.terminate()
            rests = await asyncio.gather(routed.read(), untouched.read(), return_exceptions=True)
        assert all(isinstance(one, Exception) or b"message_stop" not in one for one in rests)
        assert await way.served.process.wait() == 0
        rows = {row["reason"]: row for row in await way.served.rows(2)}
        assert rows["forced"]["status"] == 499
        assert rows["off"]["status"] is None
        assert rows["off"]["error"] == "turnout was stopped"


# -- the configuration, read again


def rewritten(way: Road, old: str, new: str) -> None:
    path = way.served.data.parent / "turnout.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


async def model_of(way: Road) -> str:
    _, _, headers = await way.send(message())
    return headers["x-turnout-model"]


async def test_hang_up_reads_it_again_and_streams_go_on(road: OpenRoad) -> None:
    """And an idle one ends at once: an open connection without a request is no reason to wait."""
    async with road(ROUTED, env=PATIENT) as way:
        stalled(way, 1.0)
        async with streaming(way) as answer:
            rewritten(way, "minimax-m3", "qwen3.8-27b")
            way.served.process.send_signal(signal.SIGHUP)
            await said(way, "policy.force in force")
            assert b"message_stop" in await answer.read()
        assert await model_of(way) == "openrouter/qwen3.8-27b"
        served = [json.loads(seen.body)["model"] for seen in way.other.completions()]
        assert len(set(served)) == 2
        token = {"x-turnout-token": way.served.facts["token"]}
        async with way.served.session.get(way.served.base + "/v1/events", headers=token) as feed:
            assert feed.status == 200  # a dashboard that listens is no reason either
            way.served.process.send_signal(signal.SIGINT)
            assert await way.served.process.wait() == 0
        assert "under way" not in way.served.log.read_text()


# what is written instead of what -> the sentence
WRONG = {
    ("[policy]", "[policy]\nprofle = 1"): "did you mean profile?",
    ("minimax-m3", "minimax-m333"): "serves no model 'minimax-m333'",
    ("[policy]", "[policy"): "not TOML",
}


async def test_what_cannot_be_taken_over(road: OpenRoad) -> None:
    """A wrong one is refused with its sentence, by signal and by command; the old one goes on."""
    async with road(ROUTED) as way:
        for (old, new), sentence in WRONG.items():
            rewritten(way, old, new)
            answer = await way.served.api("POST", "/v1/reload")
            assert sentence in answer["error"]["message"]
            rewritten(way, new, old)
        rewritten(way, "minimax-m3", "minimax-m333")
        way.served.process.send_signal(signal.SIGHUP)
        await said(way, "is refused, the old one goes on: ")
        rewritten(way, "minimax-m333", "minimax-m3")
        rewritten(way, "[proxy]", '[proxy]\nlisten = "127.0.0.1:1"')
        told = await way.served.api("POST", "/v1/reload")
        assert told == {"changed": [], "needs_restart": ["proxy.listen"]}
        assert await model_of(way) == "openrouter/minimax-m3"
        await the_kill_switch_survives(way)


async def the_kill_switch_survives(way: Road) -> None:
    """Reading the file again is no `turnout on`. A host that is taken out is tunnelled unread."""
    await way.served.api("POST", "/v1/mode", json={"mode": "off"})
    rewritten(way, "minimax-m3", "qwen3.8-27b")
    assert (await way.served.api("POST", "/v1/reload"))["changed"] == ["policy.force"]
    assert (await way.served.api("GET", "/v1/status"))["mode"] == "off"
    await way.served.api("POST", "/v1/mode", json={"mode": "route"})
    place = (way.served.proxy, "localhost", way.home.port)
    assert await peer_issuer(*place) == "mitmproxy"
    rewritten(way, 'intercept = ["localhost"]', "intercept = []")
    rewritten(way, f"https://localhost:{way.home.port}/v1", "https://api.anthropic.com/v1")
    await way.served.api("POST", "/v1/reload")
    assert await peer_issuer(*place) == "turnout test CA"
