"""What is translated: long requests and an answer, said in any dialect by its own writer."""

import base64
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace

from turnout.wire.dialect import Hints
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Event, Finished, Started, Text, Thinking, ToolCall, ToolInput, Usage
from turnout.wire.request import (
    DialectName,
    Image,
    Message,
    Part,
    Request,
    Target,
    Tool,
    ToolResult,
    ToolUse,
)
from turnout.wire.request import Text as Said

PATHS: Mapping[DialectName, str] = {
    "anthropic": "/v1/messages",
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "gemini": "/v1beta/models/asked:generateContent",
}
TARGETS: Mapping[DialectName, Target] = {
    "anthropic": Target(model="t", documents=True, reasoning="adaptive"),
    "openai_chat": Target(model="t", documents=True, reasoning="effort"),
    "openai_responses": Target(model="t", documents=True, reasoning="effort"),
    "gemini": Target(model="gemini-3-t", documents=True, reasoning="effort"),
}
LINE = "src/parser.py:17: error: expected an indented block\n"
SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "description": "What to write to."},
        "content": {"type": "string"},
        "mode": {"type": "string", "enum": ["create", "append"]},
    },
    "required": ["path", "content"],
}
TOOLS = tuple(Tool(f"Write{n}", "Writes a file. " * 40, SCHEMA) for n in range(20))
IMAGE_SIZE = 1_000_000  # characters of base64


def session(size: int, step: int) -> Request:
    """An agent's session of `size` bytes, each tool having said `step` of them."""
    messages = [Message("user", (Said("Mend the parser."),))]
    for number in range(size // step):
        messages += _step(f"call_{number:05}", LINE * (step // len(LINE)))
    return _asked(*messages)


def further(request: Request, steps: int) -> Request:
    """The same session some small steps later."""
    said = (message for number in range(steps) for message in _step(f"call_later_{number}", LINE))
    return replace(request, messages=(*request.messages, *said))


def _step(id: str, output: str) -> list[Message]:
    call = ToolUse(id, "Write0", '{"path":"a.py","content":"x = 1"}')
    result = ToolResult(id, (Said(f"{output}{id}"),))
    return [Message("assistant", (Said("I will look."), call)), Message("user", (result,))]


def images(size: int) -> Request:
    """Screenshots, as tools return them."""
    bits = random.Random(1).randbytes(IMAGE_SIZE * 3 // 4)  # noqa: S311
    picture = Image("image/png", base64.b64encode(bits).decode())
    messages = [Message("user", (Said("What do you see?"),))]
    for number in range(max(1, size // IMAGE_SIZE)):
        call = ToolUse(f"call_{number}", "Write0", '{"path":"a.png","content":""}')
        result: Part = ToolResult(call.id, (Said("taken"), picture))
        messages += [Message("assistant", (call,)), Message("user", (result,))]
    return _asked(*messages)


def _asked(*messages: Message) -> Request:
    system = (Said("You are a coding agent. " * 100),)
    return Request(
        model="asked", system=system, messages=messages, tools=TOOLS, max_tokens=1024, stream=True
    )


def body(request: Request, dialect: DialectName) -> bytes:
    return DIALECTS[dialect].write_request(request, TARGETS[dialect]).body


def answer(words: int) -> Iterator[Event]:
    """Thinking, text and a call, a word or a fragment of arguments an event."""
    yield Started("a1", "t")
    yield from (Thinking(f"thought {n} ") for n in range(words // 4))
    yield from (Text(f"word {n} ") for n in range(words))
    yield ToolCall(0, "call_1", "Write0")
    yield ToolInput(0, '{"path":"a.py","content":"')
    yield from (ToolInput(0, f"line {n}\\n") for n in range(words // 2))
    yield ToolInput(0, '"}')
    yield Usage(fresh_input=1000, output=words)
    yield Finished("tools")


def frames(words: int, dialect: DialectName) -> list[bytes]:
    """The answer as a provider of this dialect streams it."""
    writer = DIALECTS[dialect].stream_writer(Hints(id="a1", model="t"))
    return [piece for event in answer(words) for piece in writer.feed(event)]
