"""The demo's conversations, straight to a strict simulator: both sides keep to the script."""

import json
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from turnout.demo.conversation import CLIENTS, ClaudeCode, Conversation, Sending, blocks
from turnout.demo.provider import SimProvider
from turnout.demo.story import Task, read

STORY = read()
HOMES = {"claude-code": "anthropic", "openai-sdk": "openai_chat"}


async def send(
    http: aiohttp.ClientSession, sim: SimProvider, sending: Sending
) -> tuple[bytes, bool]:
    path = urlsplit(sending.url).path.removeprefix("/api")
    async with http.post(sim.url + path, data=sending.body, headers=sending.headers) as answer:
        body = await answer.read()
        assert answer.status == 200, body
        return body, "event-stream" in answer.headers["content-type"]


async def play(task: Task, conversation: Conversation, sim: SimProvider) -> list[Any]:
    """The names of the tools that were called at each step."""
    called = []
    conversation.asked(task)
    async with aiohttp.ClientSession() as http:
        for step in task.steps:
            body, streamed = await send(http, sim, conversation.next(task))
            assert streamed == task.stream
            understood = conversation.answered(body, streamed=streamed)
            called.append([name for _, name in understood.calls])
            conversation.ran(understood, step.results, error=step.error)
    return called


@pytest.mark.parametrize("session", dict.fromkeys(task.session for task in STORY.tasks))
async def test_every_session_goes_to_its_end(session: str) -> None:
    tasks = [task for task in STORY.tasks if task.session == session]
    conversation = CLIENTS[tasks[0].client](STORY, session)
    async with SimProvider(HOMES[tasks[0].client], plays=STORY.plays()) as sim:
        for task in tasks:
            called = await play(task, conversation, sim)
            assert called == [[call.name for call in step.turn.calls] for step in task.steps]
            assert called[-1] == []


async def test_its_prompt_is_read_from_the_cache() -> None:
    task = STORY.tasks[0]
    async with SimProvider("anthropic", plays=STORY.plays()) as sim:
        await play(task, ClaudeCode(STORY, task.session), sim)
        usages = [json.loads(starts(seen.sent.body))["message"]["usage"] for seen in sim.seen]
    reads = [usage["cache_read_input_tokens"] for usage in usages]
    assert reads[0] == 0
    assert all(later > 3000 for later in reads[1:])
    assert reads == sorted(reads)


def starts(stream: bytes) -> bytes:
    return stream.split(b"data: ", 2)[1].split(b"\n")[0]


async def test_a_title_is_an_object_with_a_title() -> None:
    task = STORY.tasks[0]
    assert task.title
    conversation = ClaudeCode(STORY, task.session)
    async with SimProvider("anthropic") as sim, aiohttp.ClientSession() as http:
        body, _ = await send(http, sim, conversation.titled(task))
    (block,) = blocks(body)
    assert json.loads(block["text"])["title"]


def test_a_stream_without_an_end_is_no_message() -> None:
    with pytest.raises(ValueError, match="broke off"):
        blocks(b'data: {"type":"ping"}\n\n')


def test_only_the_billing_line_and_the_mark_differ_between_two_bodies() -> None:
    task = STORY.tasks[0]
    conversation = ClaudeCode(STORY, task.session)
    conversation.asked(task)
    first, second = (json.loads(conversation.next(task).body) for _ in range(2))
    assert first["system"][0] != second["system"][0]
    first["system"][0] = second["system"][0]
    assert first == second


def test_about_twenty_actions_and_one_fault() -> None:
    steps = [step for task in STORY.tasks for step in task.steps]
    titles = sum(task.title for task in STORY.tasks)
    assert 18 <= len(steps) + titles <= 24
    assert sum(step.fault is not None for step in steps) == 1


def test_story_ids_are_the_same_each_time() -> None:
    bodies = []
    for story in (STORY, read()):
        conversation = ClaudeCode(story, "ledger")
        conversation.asked(story.tasks[0])
        bodies.append(conversation.next(story.tasks[0]).body)
    assert bodies[0] == bodies[1]
