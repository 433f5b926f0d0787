"""What the simulated clients put on the wire: a coding agent, a program with the OpenAI SDK.

Only the shapes are those of real clients; the words are ours.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from turnout.demo.sse import dump
from turnout.demo.story import Story, Task

type Json = dict[str, Any]

HOME_MODEL = "claude-haiku-4-5"  # for titles
TITLE = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
TITLE_ORDER = "Generate a concise, sentence-case title for this conversation."
SPACE = uuid.UUID("7e57ab1e-0000-4000-8000-000000000000")  # for ids that are the same each time


@dataclass(frozen=True, slots=True)
class Sending:
    """One request as a client makes it."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    model: str
    what: str


@dataclass(frozen=True, slots=True)
class Understood:
    """What a client understood of an answer. `calls`: (id, name) of each tool it shall run."""

    message: Any = field(repr=False)
    calls: tuple[tuple[str, str], ...] = ()


class Conversation(Protocol):
    """The history of one client and how it goes on."""

    def asked(self, task: Task) -> None: ...
    def next(self, task: Task) -> Sending: ...
    def answered(self, body: bytes, *, streamed: bool) -> Understood: ...
    def ran(self, heard: Understood, results: tuple[str, ...], *, error: bool) -> None: ...


class ClaudeCode:
    """Messages with cache marks, a billing line that changes, deferred thinking, tools."""

    URL = "https://api.anthropic.com/v1/messages?beta=true"

    def __init__(self, story: Story, session: str) -> None:
        self._id = str(uuid.uuid5(SPACE, session))
        self._story = story
        self._messages: list[Json] = []
        self._sent = 0

    def titled(self, task: Task) -> Sending:
        body = {
            "model": HOME_MODEL,
            "messages": [{"role": "user", "content": task.human}],
            "system": [*self._identity(), {"type": "text", "text": TITLE_ORDER}],
            "metadata": self._metadata(),
            "max_tokens": 32000,
            "temperature": 1,
            "thinking": {"type": "disabled"},
            "output_config": {"format": {"type": "json_schema", "schema": TITLE}},
            "stream": True,
        }
        return self._sending(body, "title")

    def asked(self, task: Task) -> None:
        self._messages.append({"role": "user", "content": [{"type": "text", "text": task.human}]})

    def next(self, task: Task) -> Sending:
        body = {
            "model": task.model,
            "messages": _marked(self._messages),
            "system": [*self._identity(), *self._system()],
            "tools": list(self._tools()),
            "metadata": self._metadata(),
            "max_tokens": 64000,
            "thinking": {"type": "adaptive"},
            "output_config": {"effort": "high"},
            "stream": task.stream,
        }
        last = self._messages[-1]["content"][0]["type"]
        return self._sending(body, "tools" if last == "tool_result" else "ask")

    def answered(self, body: bytes, *, streamed: bool) -> Understood:
        content = blocks(body) if streamed else json.loads(body)["content"]
        calls = tuple((b["id"], b["name"]) for b in content if b["type"] == "tool_use")
        return Understood({"role": "assistant", "content": content}, calls)

    def ran(self, heard: Understood, results: tuple[str, ...], *, error: bool) -> None:
        self._messages.append(heard.message)
        said = [
            {"type": "tool_result", "tool_use_id": call, "content": text, "is_error": error}
            for (call, _), text in zip(heard.calls, results, strict=True)
        ]
        if said:
            self._messages.append({"role": "user", "content": said})

    def _identity(self) -> list[Json]:
        self._sent += 1
        cch = f"{self._sent * 2654435761 % (1 << 20):05x}"
        line = f"x-anthropic-billing-header: cc_version=2.1.197.sim; cch={cch};"
        return [{"type": "text", "text": line}, {"type": "text", "text": "A coding agent's CLI."}]

    def _system(self) -> Iterator[Json]:
        mark = {"type": "ephemeral"}
        yield {"type": "text", "text": self._story.instructions, "cache_control": mark}
        yield {"type": "text", "text": repository(), "cache_control": mark}

    def _tools(self) -> Iterator[Json]:
        for name, tool in self._story.tools.items():
            yield {
                "name": name,
                "description": tool["description"],
                "input_schema": tool["schema"],
            }

    def _metadata(self) -> Json:
        user = {"device_id": "0" * 64, "account_uuid": "", "session_id": self._id}
        return {"user_id": json.dumps(user)}

    def _sending(self, body: Json, what: str) -> Sending:
        headers = {
            "user-agent": "claude-cli/2.1.197 (external, sdk-cli)",
            "x-app": "cli",
            "x-claude-code-session-id": self._id,
            "x-api-key": "sk-ant-the-demos-own",
            "anthropic-version": "2023-06-01",
            "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14",
            "content-type": "application/json",
        }
        return Sending(self.URL, headers, dump(body), body["model"], what)


class OpenAISdk:
    """Chat Completions, one question at a time."""

    URL = "https://openrouter.ai/api/v1/chat/completions"

    def __init__(self, story: Story, session: str) -> None:
        self._messages: list[Json] = []

    def asked(self, task: Task) -> None:
        self._messages.append({"role": "user", "content": task.human})

    def next(self, task: Task) -> Sending:
        body: Json = {"model": task.model, "messages": self._messages}
        if task.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        headers = {
            "user-agent": "OpenAI/Python 3.54.0",
            "authorization": "Bearer sk-or-the-demos-own",
            "content-type": "application/json",
        }
        return Sending(self.URL, headers, dump(body), task.model, "ask")

    def answered(self, body: bytes, *, streamed: bool) -> Understood:
        if not streamed:
            return Understood(json.loads(body)["choices"][0]["message"])
        chunks = [json.loads(data) for data in datas(body) if data != b"[DONE]"]
        deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
        text = "".join(delta.get("content") or "" for delta in deltas)
        return Understood({"role": "assistant", "content": text})

    def ran(self, heard: Understood, results: tuple[str, ...], *, error: bool) -> None:
        self._messages.append(heard.message)


CLIENTS: dict[str, Callable[[Story, str], Conversation]] = {
    "claude-code": ClaudeCode,
    "openai-sdk": OpenAISdk,
}


def _marked(messages: list[Json]) -> list[Json]:
    """With the cache mark on the last block of the last message only, as the client moves it."""
    *rest, last = messages
    *before, block = last["content"]
    return [
        *rest,
        {**last, "content": [*before, {**block, "cache_control": {"type": "ephemeral"}}]},
    ]


def datas(stream: bytes) -> list[bytes]:
    lines = stream.replace(b"\r\n", b"\n").split(b"\n")
    return [line[6:] for line in lines if line.startswith(b"data: ")]


# delta type -> (its field, the block's field)
DELTAS = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
    "input_json_delta": ("partial_json", "input"),
}


def blocks(stream: bytes) -> list[Json]:
    """The content of a streamed message. Raises ValueError when it did not end well."""
    content: list[Json] = []
    ended = False
    for event in map(json.loads, datas(stream)):
        if event["type"] == "content_block_start":
            block = event["content_block"]
            content.append(block | ({"input": ""} if block["type"] == "tool_use" else {}))
        elif event["type"] == "content_block_delta" and event["delta"]["type"] in DELTAS:
            theirs, ours = DELTAS[event["delta"]["type"]]
            content[event["index"]][ours] += event["delta"][theirs]
        ended = event["type"] == "message_stop"
    if not ended:
        raise ValueError(f"the stream broke off: {stream[-200:]!r}")
    return [b | {"input": json.loads(b["input"])} if "input" in b else b for b in content]


def repository() -> str:
    """What a coding agent tells of the repository it is in: the bulk of its system text."""
    areas = ("store", "refunds", "periods", "money", "report", "statement", "cli", "mail", "audit")
    verbs = ("load", "save", "check", "split", "merge", "format", "parse", "round", "total")
    lines = [
        f"ledger/{area}.py:{verb}_{noun}(path, *, zone, at) -> {noun.title()}"
        for area in areas
        for verb in verbs
        for noun in ("invoice", "payment", "period")
    ]
    return "Repository map:\n" + "\n".join(lines)
