"""The scripted agent: real HTTPS through a proxy that it knows by nothing but two settings.

It asks, runs the tools it is told to run, and tells what came back, one action after the other.
"""

import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from turnout.demo.conversation import CLIENTS, ClaudeCode, Conversation, Sending
from turnout.demo.provider import SimProvider
from turnout.demo.story import Step, Story, Task
from turnout.errors import TurnoutError

OK, OVERLOADED = 200, 529


@dataclass(frozen=True, slots=True)
class Action:
    """One request and its answer. `ms`: until its last byte. `decision`: turnout's id, or ""."""

    number: int
    task: Task
    sending: Sending
    status: int
    ms: float
    decision: str
    body: bytes
    streamed: bool


class AgentError(TurnoutError):
    """The agent did not get an answer that it can use."""


@asynccontextmanager
async def agent(
    story: Story, *, proxy: str, ca: Path, sims: Sequence[SimProvider] = ()
) -> AsyncIterator["Agent"]:
    """`proxy`: http://host:port. `ca`: all that is trusted. `sims`: who is told to fail."""
    tls = ssl.create_default_context(cafile=ca)
    async with aiohttp.ClientSession() as http:
        yield Agent(story, http, proxy=proxy, tls=tls, sims=sims)


class Agent:
    """Made by `agent`."""

    def __init__(
        self,
        story: Story,
        http: aiohttp.ClientSession,
        *,
        proxy: str,
        tls: ssl.SSLContext,
        sims: Sequence[SimProvider],
    ) -> None:
        self._story, self._http, self._sims = story, http, sims
        self._proxy, self._tls = proxy, tls
        self._conversations: dict[str, Conversation] = {}
        self._count = 0

    async def work(self) -> AsyncIterator[Action]:
        """Every action of the story."""
        for task in self._story.tasks:
            async for action in self._task(task):
                yield action

    async def _task(self, task: Task) -> AsyncIterator[Action]:
        conversation = self._conversation(task)
        if task.title and isinstance(conversation, ClaudeCode):
            yield await self._send(conversation.titled(task), task)
        conversation.asked(task)
        for step in task.steps:
            self._spoil(step)
            action = await self._send(conversation.next(task), task)
            yield action
            if action.status == OVERLOADED:  # as real agents do
                action = await self._send(conversation.next(task), task)
                yield action
            if action.status != OK:
                raise AgentError(f"{action.status} {action.body[:500].decode(errors='replace')}")
            understood = conversation.answered(action.body, streamed=action.streamed)
            if len(understood.calls) != len(step.results):
                raise AgentError(f"{task.human!r}: the model left the script: {understood.calls}")
            conversation.ran(understood, step.results, error=step.error)

    def _conversation(self, task: Task) -> Conversation:
        new = CLIENTS[task.client]
        return self._conversations.setdefault(task.session, new(self._story, task.session))

    def _spoil(self, step: Step) -> None:
        """A fault is shared: whoever is asked first fails, the next one does well."""
        faults = step.faults()
        for sim in self._sims:
            sim.faults[:] = faults

    async def _send(self, sending: Sending, task: Task) -> Action:
        self._count += 1
        began = time.monotonic()
        async with self._http.post(
            sending.url,
            data=sending.body,
            headers=sending.headers,
            proxy=self._proxy,
            ssl=self._tls,
        ) as answer:
            body = await answer.read()
        return Action(
            number=self._count,
            task=task,
            sending=sending,
            status=answer.status,
            ms=(time.monotonic() - began) * 1000,
            decision=answer.headers.get("x-turnout-decision", ""),
            body=body,
            streamed="event-stream" in answer.headers.get("content-type", ""),
        )
