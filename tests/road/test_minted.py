"""c12 end to end: providers that refuse every signature that this very model did not mint."""

import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from road.world import HOME_KEY, Pki, Serve, Served
from turnout.demo.conversation import blocks
from turnout.demo.provider import Fault, SimProvider
from turnout.demo.seen import Seen

A, B = "claude-opus-4-7", "claude-haiku-4-5"
TOOL = {"name": "Bash", "description": "Runs it.", "input_schema": {"type": "object"}}
BUDGET = {"type": "enabled", "budget_tokens": 2000}
HEADERS = {
    "content-type": "application/json",
    "x-api-key": HOME_KEY,
    "anthropic-version": "2023-06-01",
    "user-agent": "claude-cli/2.1.197",
    "x-claude-code-session-id": "session-1",
}

type Start = Callable[..., AbstractAsyncContextManager[Served]]


@dataclass
class Agent:
    """Asks for A, and gives back whatever it got, byte for byte."""

    home: SimProvider
    stream: bool = False
    thinking: dict[str, Any] = field(default_factory=lambda: BUDGET)
    messages: list[dict[str, Any]] = field(default_factory=list)
    last: bytes = b""

    def says(self, text: str) -> None:
        self.messages.append({"role": "user", "content": text})

    async def asks(self, served: Served, forced: str = "") -> tuple[int, str]:
        """One request. Runs the tools that it is told to. The status, and who answered."""
        body = {
            "messages": self.messages,
            "thinking": self.thinking,
            "model": A,
            "max_tokens": 9000,
            "tools": [TOOL],
            "stream": self.stream,
        }
        self.last = json.dumps(body, indent=1).encode()
        force = {"x-turnout-model": f"anthropic/{forced}"} if forced else {}
        async with served.session.post(
            f"https://localhost:{self.home.port}/v1/messages",
            data=io.BytesIO(self.last),
            headers={**HEADERS, **force},
            proxy=served.proxy,
            ssl=served.tls(),
        ) as answer:
            came = await answer.read()
            if answer.status == 200:
                self._hears(blocks(came) if self.stream else json.loads(came)["content"])
            return answer.status, answer.headers["x-turnout-model"]

    def _hears(self, content: list[Any]) -> None:
        self.messages.append({"role": "assistant", "content": content})
        ran = [
            {"type": "tool_result", "tool_use_id": block["id"], "content": "ok"}
            for block in content
            if block["type"] == "tool_use"
        ]
        if ran:
            self.messages.append({"role": "user", "content": ran})


def signatures(messages: list[Any]) -> list[str]:
    """Of the thinking in a history, in order."""
    said = [m["content"] for m in messages if m["role"] == "assistant"]
    return [b["signature"] for content in said for b in content if b["type"] == "thinking"]


def told(seen: Seen) -> dict[str, Any]:
    return dict(json.loads(seen.body))


@pytest.fixture
async def home(pki: Pki) -> AsyncIterator[SimProvider]:
    async with SimProvider("anthropic", ssl=pki.server, host="localhost", binds="home") as sim:
        yield sim


@pytest.fixture
def start(serve: Serve, home: SimProvider) -> Start:
    """`async with start() as served`, as often as one likes: home stays."""

    @asynccontextmanager
    async def started(policy: str = "") -> AsyncIterator[Served]:
        toml = f"""
[proxy]
intercept = ["localhost"]
[policy]
{policy}
[providers.anthropic]
base_url = "https://localhost:{home.port}/v1"
"""
        async with serve(toml, {"ANTHROPIC_API_KEY": "sk-ant-turnouts-own"}) as served:
            yield served

    return started


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_c12_a_b_a_b_and_a_restart_in_between(
    start: Start, home: SimProvider, stream: bool
) -> None:
    """Each model gets back its own thinking, always, and never the other's."""
    agent = Agent(home, stream=stream)
    async with start() as served:
        for model in (A, B, A):
            agent.says(f"Go on, {model}.")
            assert await agent.asks(served, model) == (200, f"anthropic/{model}")  # calls
            assert await agent.asks(served, model) == (200, f"anthropic/{model}")
        await served.rows(6)
    async with start() as served:
        for model in (B, A):
            agent.says(f"Go on, {model}.")
            assert await agent.asks(served, model) == (200, f"anthropic/{model}")
            assert await agent.asks(served, model) == (200, f"anthropic/{model}")
        rows = await served.rows(10)
    minted = signatures(agent.messages)
    assert len(minted) == 10
    of = {A: {*minted[:2]}, B: {*minted[2:4]}}
    assert not of[A] & of[B]
    for seen in home.completions():
        sent = told(seen)
        got = signatures(sent["messages"])
        assert set(got) <= of[sent["model"]]
        mine = [one for one in minted[: len(got) * 2 + 10] if one in of[sent["model"]]]
        assert got == mine[: len(got)]
    last = told(home.completions()[-1])
    assert signatures(last["messages"]) == [one for one in minted[:-1] if one in of[A]]
    assert len(last["messages"]) == len(agent.messages) - 1, "only blocks went, no message"
    changes = [{one["what"]: one["why"] for one in row["changes"]} for row in rows]
    assert all(change == {} for change in changes[:2]), "its own session so far"
    assert all(change["thinking"] == "another model signed it" for change in changes[4:])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_c12_back_in_the_middle_of_a_tool_loop(
    start: Start, home: SimProvider, stream: bool
) -> None:
    """B called the tool; A gets its result without B's thinking, and cannot begin to think."""
    agent = Agent(home, stream=stream)
    async with start() as served:
        agent.says("Look.")
        assert await agent.asks(served, B) == (200, f"anthropic/{B}")
        assert await agent.asks(served, A) == (200, f"anthropic/{A}")
        sent = told(home.completions()[-1])
        assert signatures(sent["messages"]) == []
        assert "thinking" not in sent
        agent.says("And now?")
        assert await agent.asks(served, A) == (200, f"anthropic/{A}")
        assert told(home.completions()[-1])["thinking"] == BUDGET, "a new turn thinks again"
        row = (await served.rows(3))[1]
        assert {one["why"] for one in row["changes"] if one["what"] == "thinking"} == {
            "another model signed it",
            "the tool loop in progress is without it now",
        }


async def test_c2_c12_a_session_of_its_own_is_never_touched(
    start: Start, home: SimProvider
) -> None:
    """Also while turnout remembers what others minted elsewhere."""
    other, agent = Agent(home), Agent(home)
    async with start() as served:
        other.says("Something else.")
        assert await other.asks(served, B) == (200, f"anthropic/{B}")
        for text in ("Look.", "And now?"):
            agent.says(text)
            for _ in range(2):
                assert await agent.asks(served, A) == (200, f"anthropic/{A}")
                assert home.completions()[-1].body == agent.last


async def test_c12_whatever_breaks_the_original_goes_home(start: Start, home: SimProvider) -> None:
    """Every one of ours fails: the client hears of that, not of a refusal of its history."""
    agent = Agent(home)
    async with start() as served:
        agent.says("Look.")
        for _ in range(2):
            assert await agent.asks(served, B) == (200, f"anthropic/{B}")
        agent.says("And now?")
        before = len(home.seen)
        home.faults.append(Fault("status", status=529, count=20))
        status, _ = await agent.asks(served)
        assert status in (503, 529)
        assert home.completions()[-1].body == agent.last, "the very last try is its own request"
        assert len(home.seen) > before + 1
        home.faults.clear()
        assert (await agent.asks(served, A))[0] == 200


async def test_c12_a_memory_that_is_gone(start: Start, home: SimProvider) -> None:
    """Without the log nobody knows whose the thinking is: A's provider refuses it, and teaches us.

    The client never sees the refusal: its request goes once more, without any thinking.
    """
    agent = Agent(home)
    async with start() as served:
        agent.says("Look.")
        for _ in range(2):
            assert await agent.asks(served, B) == (200, f"anthropic/{B}")
        folder = served.data
        await served.rows(2)
    for file in folder.glob("turnout.db*"):
        file.unlink()
    async with start('allow = ["anthropic/claude-opus-4-7"]') as served:
        for number, text in enumerate(("And now?", "And then?")):
            agent.says(text)
            before = len(home.seen)
            for _ in range(2):
                assert await agent.asks(served) == (200, f"anthropic/{A}")
            tries = len(home.seen) - before
            assert tries == (2 if number else 3), "refused once, known from then on"
        rows = await served.rows(4)
    assert [len(row["attempts"]) for row in rows] == [2, 1, 1, 1]
    assert rows[0]["attempts"][0]["status"] == 400
    assert all(one["changes"] for one in rows)
