"""End to end: an agent's request through the real proxy, routed, answered, logged."""

import asyncio
import json
import sys

import pytest

from road.world import HOME_KEY, OTHER_KEY, OpenRoad, Road, message, plain_environ

TO_OTHER = 'force = "openrouter/minimax-m3"'
TO_SIBLING = 'force = "anthropic/claude-haiku-4-5"'


def text_of(answer: bytes, *, stream: bool) -> str:
    """What an Anthropic client reads."""
    if not stream:
        return "".join(block.get("text", "") for block in json.loads(answer)["content"])
    frames = [
        json.loads(line[6:]) for line in answer.decode().splitlines() if line.startswith("data: ")
    ]
    return "".join(frame.get("delta", {}).get("text", "") for frame in frames)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_another_dialect(road: OpenRoad, stream: bool) -> None:
    async with road(TO_OTHER) as way:
        status, answer, headers = await way.send(message(stream=stream))
        assert status == 200
        assert text_of(answer, stream=stream)
        assert headers["x-turnout-model"] == "openrouter/minimax-m3"
        assert way.home.seen == []
        (seen,) = way.other.completions()
        assert json.loads(seen.body)["messages"] == [{"role": "user", "content": "Say hello."}]
        (row,) = await way.served.rows()
        assert (row["model"], row["provider"], row["reason"]) == (
            "minimax-m3",
            "openrouter",
            "forced",
        )
        assert row["requested_model"] == "claude-opus-4-7"
        assert row["id"] == headers["x-turnout-decision"]
        assert row["output_tokens"] > 0
        assert 0 < row["cost_usd"] < row["requested_same_tokens_usd"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_same_dialect_same_bytes(road: OpenRoad, stream: bool) -> None:
    """Invariant 2: only the model's value differs; white space, order, unknown fields survive."""
    sent = message(stream=stream, metadata={"user_id": "ü"})
    async with road(TO_SIBLING) as way:
        status, answer, _ = await way.send(
            sent, {"anthropic-beta": "x-2026"}, "/v1/messages?beta=true"
        )
        assert status == 200
        assert text_of(answer, stream=stream)
        (seen,) = way.home.completions()
        assert seen.body == sent.replace(b'"claude-opus-4-7"', b'"claude-haiku-4-5"')
        assert seen.path == "/v1/messages?beta=true"
        assert seen.header("anthropic-beta") == "x-2026"


async def test_a_credential_belongs_to_a_host(road: OpenRoad) -> None:
    """Invariant 3 (c4): the client's key stays at home, turnout's own never comes back."""
    async with road(TO_OTHER) as way:
        _, answer, headers = await way.send(message(), {"authorization": f"Bearer {HOME_KEY}"})
        (seen,) = way.other.completions()
        abroad = repr((seen.path, seen.headers, seen.body))
        assert HOME_KEY not in abroad
        assert seen.header("authorization") == f"Bearer {OTHER_KEY}"
        assert OTHER_KEY not in repr((answer, headers))
        log = (way.served.data / "turnout.db").read_bytes() + way.served.log.read_bytes()
        await way.served.rows()
        assert OTHER_KEY.encode() not in log
        assert HOME_KEY.encode() not in log


async def test_own_headers_stay_here(road: OpenRoad) -> None:
    async with road() as way:
        asked = {"x-turnout-mode": "off", "X-Turnout-Session": "s1"}
        await way.send(message(), asked)
        (seen,) = way.home.completions()
        assert not [name for name, _ in seen.headers if name.lower().startswith(b"x-turnout")]


async def test_unrouted_is_untouched(road: OpenRoad) -> None:
    """Invariant 8: what is not a completion passes natively, its answer too, and leaves no row."""
    async with road(TO_OTHER) as way:
        body = b'{"model": "claude-opus-4-7", "messages": []}'
        status, answer, headers = await way.send(body, path="/v1/messages/count_tokens")
        assert status == 200
        assert "input_tokens" in json.loads(answer)
        assert "x-turnout-decision" not in headers
        assert [seen.body for seen in way.home.seen] == [body]
        assert (await way.served.api("GET", "/v1/status"))["requests"] == 0


async def test_force_by_header(road: OpenRoad) -> None:
    async with road() as way:
        _, _, headers = await way.send(message(), {"x-turnout-model": "openrouter/minimax-m3"})
        assert headers["x-turnout-model"] == "openrouter/minimax-m3"


async def test_a_subscription_goes_straight_home(road: OpenRoad) -> None:
    async with road(TO_OTHER) as way:
        plan = {"authorization": "Bearer sk-ant-oat01-plan", "anthropic-beta": "oauth-2025-04-20"}
        sent = message()
        await way.send(sent, plan)
        assert way.other.seen == []
        assert [seen.body for seen in way.home.completions()] == [sent]
        (row,) = await way.served.rows()
        assert (row["reason"], row["requested_model"]) == ("subscription", "claude-opus-4-7")
        assert row["output_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_compressed_answers_are_accounted_for(road: OpenRoad, stream: bool) -> None:
    """What goes home untouched comes back as its provider packed it, and is priced all the same."""
    async with road(more='mode = "shadow"', compress=True) as way:
        packed = {"accept-encoding": "gzip"}
        _, answer, headers = await way.send(message(stream=stream), packed)
        assert headers["content-encoding"] == "gzip"
        assert text_of(answer, stream=stream)
        (row,) = await way.served.rows()
        assert row["output_tokens"] > 0
        assert row["cost_usd"] > 0


async def test_shadow_touches_nothing(road: OpenRoad) -> None:
    async with road(more='mode = "shadow"') as way:
        sent = message()
        _, _, headers = await way.send(sent)
        assert "x-turnout-decision" not in headers
        assert [seen.body for seen in way.home.completions()] == [sent]
        (row,) = await way.served.rows()
        assert row["reason"] == "shadow"
        assert row["fresh_model"] == "openrouter/minimax-m3"
        assert row["output_tokens"] > 0


async def test_switch_off_and_on(road: OpenRoad) -> None:
    """`turnout off` makes a plain tunnel: a new connection sees the provider's own TLS."""
    async with road(TO_OTHER) as way:
        await way.send(message())
        assert (await way.served.api("POST", "/v1/mode", json={"mode": "off"}))["mode"] == "off"
        assert await issuer(way) == "turnout test CA"
        await way.served.api("POST", "/v1/mode", json={"mode": "route"})
        assert await issuer(way) == "mitmproxy"
        await way.send(message())
        assert len(way.other.completions()) == 2


async def issuer(way: Road) -> str:
    """Who signed the certificate that a client sees."""
    from road.tunnel import peer_issuer

    return await peer_issuer(way.served.proxy, "localhost", way.home.port)


@pytest.mark.parametrize("asked", [False, True], ids=["not asked for", "asked for"])
async def test_usage_is_told_to_those_who_asked_for_it(road: OpenRoad, asked: bool) -> None:
    """We ask for it in every stream, to know what it costs; its chunk has no choices."""
    said = {"role": "user", "content": "Say hello."}
    body = {"model": "gpt-5.4", "stream": True, "messages": [said]}
    options = {"stream_options": {"include_usage": True}} if asked else {}
    async with road(TO_OTHER) as way:
        path = "/v1/chat/completions"
        status, answer, _ = await way.send(json.dumps(body | options).encode(), path=path)
        assert status == 200, answer
        (seen,) = way.other.completions()
        assert seen.json["stream_options"] == {"include_usage": True}
        *chunks, last = [line[6:] for line in answer.splitlines() if line.startswith(b"data: ")]
        assert last == b"[DONE]"
        assert all(json.loads(chunk)["choices"] for chunk in chunks) is not asked
        (row,) = await way.served.rows()
        assert row["output_tokens"] > 0


async def test_why_last_is_the_last_answer(road: OpenRoad) -> None:
    """Rows are written in batches, up to half a second later; whoever asks need not wait."""
    async with road() as way:
        environ = {**plain_environ(), "TURNOUT_DATA": str(way.served.data)}
        for text in ("One.", "Two."):
            _, _, headers = await way.send(message(text))
            why = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "turnout", "why", "last", "--json"),
                env=environ,
                stdout=asyncio.subprocess.PIPE,
            )
            told, _ = await why.communicate()
            assert json.loads(told)["id"] == headers["x-turnout-decision"]


async def test_a_decision_is_there_as_soon_as_its_answer(road: OpenRoad) -> None:
    async with road() as way:
        for n in range(3):
            _, _, headers = await way.send(message(f"Number {n}."))
            one = headers["x-turnout-decision"]
            assert (await way.served.api("GET", f"/v1/decisions/{one}")).get("id") == one
