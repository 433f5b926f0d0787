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
}

type Start = Callable[..., AbstractAsyncContextManager[Served]]


@dataclass
class Agent:
    """Asks for A, and gives back whatever it got, byte for byte."""

    home: SimProvider
    stream: bool = False
    session: str = "session-1"
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
            headers={**HEADERS, "x-claude-code-session-id": self.session, **force},
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


async def takes_turns(served: Served, agent: Agent, *models: str) -> None:
    for model in models:
        agent.says(f"Go on, {model}.")
        for _ in range(2):  # it calls, and ends
            assert await agent.asks(served, model) == (200, f"anthropic/{model}")


async def test_c12_a_b_a_b_and_a_restart_in_between(start: Start, home: SimProvider) -> None:
    """Each model gets back its own thinking, always, and never the other's."""
    agents = [Agent(home, stream=stream, session=f"s{stream}") for stream in (False, True)]
    async with start() as served:
        for agent in agents:
            await takes_turns(served, agent, A, B, A)
        await served.rows(12)
    async with start() as served:
        for agent in agents:
            before = len(home.seen)
            await takes_turns(served, agent, B, A)
            _judge(agent, home.seen[before:], (await served.rows(4))[1:])


def _judge(agent: Agent, seen: list[Seen], rows: list[dict[str, Any]]) -> None:
    minted = signatures(agent.messages)
    assert len(minted) == 10
    of = {A: minted[0], B: minted[2]}
    assert of[A] != of[B]
    for one in map(told, seen):
        got = signatures(one["messages"])
        before = minted[: sum(m["role"] == "assistant" for m in one["messages"])]
        assert got == [by for by in before if by == of[one["model"]]]
        assert got
    last = told(seen[-1])
    assert len(last["messages"]) == len(agent.messages) - 1, "only blocks went, no message"
    changes = [{one["what"]: one["why"] for one in row["changes"]} for row in rows]
    assert all(change["thinking"] == "another model signed it" for change in changes)


async def test_c12_one_road(start: Start, home: SimProvider) -> None:
    async with start() as served:
        for stream in (False, True):
            await _in_a_loop(served, Agent(home, stream=stream, session=f"loop {stream}"))
        await _of_its_own(served, Agent(home, session="its own"))
        await _broken(served, Agent(home, session="broken"))


async def _in_a_loop(served: Served, agent: Agent) -> None:
    """B called the tool; A gets its result without B's thinking, and cannot begin to think."""
    agent.says("Look.")
    assert await agent.asks(served, B) == (200, f"anthropic/{B}")
    assert await agent.asks(served, A) == (200, f"anthropic/{A}")
    sent = told(agent.home.completions()[-1])
    assert signatures(sent["messages"]) == []
    assert "thinking" not in sent
    agent.says("And now?")
    assert await agent.asks(served, A) == (200, f"anthropic/{A}")
    assert told(agent.home.completions()[-1])["thinking"] == BUDGET, "a new turn thinks again"
    row = (await served.rows(3))[1]
    assert {one["why"] for one in row["changes"] if one["what"] == "thinking"} == {
        "another model signed it",
        "the tool loop in progress is without it now",
    }


async def _of_its_own(served: Served, agent: Agent) -> None:
    """c2: not touched, also while turnout remembers what others minted elsewhere."""
    for text in ("Look.", "And now?"):
        agent.says(text)
        for _ in range(2):
            assert await agent.asks(served, A) == (200, f"anthropic/{A}")
            assert agent.home.completions()[-1].body == agent.last


async def _broken(served: Served, agent: Agent) -> None:
    """Every one of ours fails: the client hears of that, not of a refusal of its history."""
    home = agent.home
    await takes_turns(served, agent, B)
    agent.says("And now?")
    before = len(home.seen)
    home.faults.append(Fault("status", status=529, count=20))
    status, _ = await agent.asks(served)
    assert status in (503, 529)
    assert len(home.seen) > before + 1
    assert home.completions()[-1].body == agent.last, "the very last try is its own request"
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
