"""The messages of a request as the GenAI conventions write them, from any dialect.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-input-messages.json
"""

from typing import Any

import msgspec

from turnout.errors import WireError
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import Message, Part, Text, Thinking, ToolResult, ToolUse

# the one dialect that has the model in its path is read as if it were asked for this
PATH = "/v1beta/models/model:generateContent"


def asked(dialect: str, body: str) -> str:
    """JSON. A body that has no reading in neutral words is one part of text."""
    try:
        request = DIALECTS[dialect].read_request(body.encode(), PATH)  # type: ignore[index]
        said = [_message(one) for one in request.messages]
    except (WireError, KeyError):
        said = [{"role": "user", "parts": [{"type": "text", "content": body}]}]
    return msgspec.json.encode(said).decode()


def _message(message: Message) -> dict[str, Any]:
    return {"role": message.role, "parts": [_part(part) for part in message.parts]}


def _part(part: Part) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "text", "content": text}
        case Thinking(text=text):
            return {"type": "reasoning", "content": text}
        case ToolUse(id=id, name=name, input=arguments):
            return {"type": "tool_call", "id": id, "name": name, "arguments": arguments}
        case ToolResult(id=id, content=content):
            texts = [one.text for one in content if isinstance(one, Text)]
            return {"type": "tool_call_response", "id": id, "response": "".join(texts)}
        case _:  # an image or a document: that it was there, not its bytes
            return {"type": type(part).__name__.lower()}
