"""Tool calls that no client can use: the next model is asked while nothing is out, else flagged."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from road.world import OTHER_KEY, Pki, Road, Serve, message
from turnout.demo.answering import Dialect
from turnout.demo.provider import Fault, Latency, SimProvider

BOTH: tuple[Dialect, ...] = ("openai_chat", "anthropic")
SESSION = {"x-claude-code-session-id": "session-1", "user-agent": "claude-cli/2.1.197"}
CHEAP = "openrouter/minimax-m3"
HOME_NEXT = 'deny = ["openrouter/claude-*"]'  # after the cheap one comes the client's own request
TOOL = {
    "name": "Bash",
    "input_schema": {
        "type": "object",
        "properties": {"command": {"type": "string"}},
        "required": ["command"],
    },
}
# what is wrong -> a piece of the healthy answer, and what stands in its place
FLAWS = {
    "unknown_tool": (b'"Bash"', b'"Brush"'),
    "missing": (b"command", b"kommand"),
    "not_json": (rb"{\"command", b"command"),
}
type Open = Callable[..., AbstractAsyncContextManager[Road]]


def flaw(name: str, **rest: Any) -> Fault:
    old, new = FLAWS[name]
    return Fault("swapped", old=old, new=new, **rest)


@pytest.fixture
def beside(serve: Serve, pki: Pki) -> Open:
    """A road to a cheap model that speaks `dialect`, the client's own or another."""

    @asynccontextmanager
    async def opened(
        dialect: Dialect, policy: str = HOME_NEXT, token: float = 0.0
    ) -> AsyncIterator[Road]:
        async with AsyncExitStack() as stack:
            home = SimProvider("anthropic", ssl=pki.server, host="localhost", strict=False)
            other = SimProvider(dialect, strict=False, latency={"*": Latency(token=token)})
            for sim in (home, other):
                await stack.enter_async_context(sim)
            toml = f"""
[proxy]
intercept = ["localhost"]
[policy]
{policy}
[providers.anthropic]
base_url = "https://localhost:{home.port}/v1"
[providers.openrouter]
base_url = "{other.base_url}"
dialect = "{dialect}"
"""
            served = await stack.enter_async_context(serve(toml, {"OPENROUTER_API_KEY": OTHER_KEY}))
            yield Road(served, home, other)

    return opened


def said(answer: bytes) -> list[str]:
    """The names of the tools that a whole answer calls."""
    return [one["name"] for one in json.loads(answer)["content"] if one["type"] == "tool_use"]


@pytest.mark.parametrize("dialect", BOTH)
async def test_the_next_model_answers(beside: Open, dialect: Dialect) -> None:
    async with beside(dialect) as way:
        # in the other dialect arguments are an object: there is no text to be broken
        for name in [n for n in FLAWS if (dialect, n) != ("anthropic", "not_json")]:
            sent = message(f"A session with {name}.", tools=[TOOL])
            way.other.faults.append(flaw(name))
            status, answer, headers = await way.send(sent)
            assert (status, said(answer)) == (200, ["Bash"])
            assert headers["x-turnout-model"].startswith("anthropic/")
            assert way.home.completions()[-1].body == sent
            *_, row = await way.served.rows(len(way.home.completions()))
            failed, gave = row["attempts"]
            assert (failed["provider"], failed["status"]) == ("openrouter", 200)
            assert failed["error"] == f"malformed tool call: {name}"
            assert failed["usage"]["output"] > 0
            assert failed["cost_usd"] > 0
            assert (gave["error"], row["error"], row["status"]) == ("", "", 200)
            assert row["attempts_usd"] == pytest.approx(failed["cost_usd"])
        assert (await way.served.api("GET", "/v1/status"))["breakers"] == []


@pytest.mark.parametrize(
    ("dialect", "policy"),
    [(BOTH[0], HOME_NEXT), (BOTH[1], HOME_NEXT), (BOTH[0], f'force = "{CHEAP}"')],
    ids=["translated", "same", "forced"],
)
async def test_it_is_forwarded_when_nothing_is_left(
    beside: Open, dialect: Dialect, policy: str
) -> None:
    async with beside(dialect, policy) as way:
        way.other.faults.append(flaw("unknown_tool"))
        way.home.faults.append(Fault("status", status=401, count=9))
        status, answer, headers = await way.send(message(tools=[TOOL]))
        assert (status, said(answer)) == (200, ["Brush"])
        assert headers["x-turnout-model"] == CHEAP
        assert len(way.home.completions()) == (1 if policy == HOME_NEXT else 0)
        (row,) = await way.served.rows()
        assert row["attempts"][0]["error"] == ""
        assert row["output_tokens"] > 0
        if dialect == "openai_chat":
            assert "Brush: unknown_tool" in str(row["changes"])


async def test_it_is_forwarded_when_the_other_answer_is_none(beside: Open) -> None:
    async with beside("openai_chat", policy="") as way:
        page = Fault("html", status=200, model="*claude*")
        way.other.faults += [flaw("unknown_tool", model="*minimax*"), page]
        status, answer, headers = await way.send(message(tools=[TOOL]))
        assert (status, said(answer), headers["x-turnout-model"]) == (200, ["Brush"], CHEAP)
        (row,) = await way.served.rows()
        gave, failed = row["attempts"]
        assert (gave["error"], failed["model"]) == ("", "claude-opus-4-7")
        assert "WireError" in failed["error"]
        assert (row["model"], row["error"]) == ("minimax-m3", "")
        assert row["cost_usd"] > 0


@pytest.mark.parametrize("dialect", BOTH)
async def test_a_stream_of_which_nothing_is_out(beside: Open, dialect: Dialect) -> None:
    """The broken call came with its very first bytes. A sound one goes out."""
    async with beside(dialect) as way:
        for stream in (False, True):
            _, _, headers = await way.send(message(tools=[TOOL], stream=stream))
            assert headers["x-turnout-model"] == CHEAP
        assert way.home.completions() == []
        way.other.faults.append(flaw("unknown_tool", size=0))
        status, answer, headers = await way.send(message(tools=[TOOL], stream=True))
        assert status == 200
        assert headers["x-turnout-model"].startswith("anthropic/")
        assert b"Brush" not in answer
        assert answer.count(b"event: message_start") == answer.count(b"event: message_stop") == 1
        *_, row = await way.served.rows(3)
        assert row["attempts"][0]["error"] == "malformed tool call: unknown_tool"


@pytest.mark.parametrize("dialect", BOTH)
async def test_a_stream_that_is_out_and_a_session_that_leaves(
    beside: Open, dialect: Dialect
) -> None:
    """The call goes to the client; twice, and the session goes on elsewhere."""
    async with beside(dialect, token=0.01) as way:
        way.other.faults.append(flaw("unknown_tool", count=9))
        sent = message(tools=[TOOL], stream=True)
        for model in (CHEAP, CHEAP):
            _, answer, headers = await way.send(sent, SESSION)
            assert headers["x-turnout-model"] == model
            assert b'"Brush"' in answer
            assert answer.count(b"event: message_stop") == 1
            await way.served.rows()
        _, answer, headers = await way.send(sent, SESSION)
        assert headers["x-turnout-model"] != CHEAP
        *_, row = await way.served.rows(3)
        assert row["evidence"]["struggle"]["signals"]["call_malformed"] > 0
