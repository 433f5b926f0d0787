"""Items of an answer's output while they are being written: what is said of each, in order.

https://platform.openai.com/docs/api-reference/responses-streaming

Every method gives (event without "response.", its fields); the writer adds numbers and ids.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from turnout.wire.calls import is_object
from turnout.wire.openai_responses import compaction
from turnout.wire.openai_responses.freeform import Bare
from turnout.wire.request import Tool

type Said = tuple[str, dict[str, Any]]


class Item(Protocol):
    """`item(status)`: the whole of it as it stands. `whole`: nothing can follow in it."""

    @property
    def whole(self) -> bool: ...
    def item(self, status: str) -> dict[str, Any]: ...
    def open(self) -> Iterator[Said]: ...
    def more(self, fragment: str) -> Iterator[Said]: ...
    def close(self, status: str) -> Iterator[Said]: ...


class MessageItem:
    """Text, in one part."""

    whole = False

    def __init__(self, id: str) -> None:
        self._id = id
        self._text: list[str] = []

    def item(self, status: str) -> dict[str, Any]:
        content = [self._part()] if self._text else []
        head = {"id": self._id, "type": "message", "status": status, "role": "assistant"}
        return head | {"content": content}

    def open(self) -> Iterator[Said]:
        yield "output_item.added", {"item": self.item("in_progress")}
        yield "content_part.added", {"content_index": 0, "part": self._part()}

    def more(self, fragment: str) -> Iterator[Said]:
        self._text.append(fragment)
        yield "output_text.delta", {"content_index": 0, "delta": fragment, "logprobs": []}

    def close(self, status: str) -> Iterator[Said]:
        part = self._part()
        yield "output_text.done", {"content_index": 0, "text": part["text"], "logprobs": []}
        yield "content_part.done", {"content_index": 0, "part": part}
        yield "output_item.done", {"item": self.item(status)}

    def _part(self) -> dict[str, Any]:
        text = "".join(self._text)
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


class ReasoningItem:
    """Thinking, as a summary of one part; `secret` is what its maker wants back."""

    whole = False

    def __init__(self, id: str) -> None:
        self._id = id
        self._text: list[str] = []
        self.secret: str | None = None

    def item(self, status: str) -> dict[str, Any]:
        del status  # only stored items have one
        summary = [self._part()] if self._text else []
        head = {"id": self._id, "type": "reasoning", "summary": summary}
        return head | {"encrypted_content": self.secret}

    def open(self) -> Iterator[Said]:
        yield "output_item.added", {"item": self.item("in_progress")}

    def more(self, fragment: str) -> Iterator[Said]:
        if not self._text:
            yield "reasoning_summary_part.added", {"summary_index": 0, "part": self._part()}
        self._text.append(fragment)
        yield "reasoning_summary_text.delta", {"summary_index": 0, "delta": fragment}

    def close(self, status: str) -> Iterator[Said]:
        if self._text:
            part = self._part()
            yield "reasoning_summary_text.done", {"summary_index": 0, "text": part["text"]}
            yield "reasoning_summary_part.done", {"summary_index": 0, "part": part}
        yield "output_item.done", {"item": self.item(status)}

    def _part(self) -> dict[str, Any]:
        return {"type": "summary_text", "text": "".join(self._text)}


class CompactionItem:
    """A summary, whole at once, which its client keeps unread."""

    whole = True

    def __init__(self, id: str, summary: str) -> None:
        self._item = {"id": id, "type": compaction.ITEM}
        self._item |= {"encrypted_content": compaction.sealed(summary)}

    def item(self, status: str) -> dict[str, Any]:
        del status  # it has none
        return self._item

    def open(self) -> Iterator[Said]:
        yield "output_item.added", {"item": self._item}

    def more(self, fragment: str) -> Iterator[Said]:
        raise TypeError(f"nothing follows a summary: {fragment!r}")

    def close(self, status: str) -> Iterator[Said]:
        yield "output_item.done", {"item": self.item(status)}


class FunctionItem:
    """A call of a function; `tool` is None for one that nobody offered."""

    def __init__(self, id: str, call_id: str, name: str, tool: Tool | None) -> None:
        self._head = {"id": id, "type": "function_call"}
        self._named = {"call_id": call_id} | client_name(name, tool)
        self._arguments: list[str] = []

    @property
    def whole(self) -> bool:
        return is_object("".join(self._arguments))

    def item(self, status: str) -> dict[str, Any]:
        arguments = "".join(self._arguments)
        return self._head | {"status": status, "arguments": arguments} | self._named

    def open(self) -> Iterator[Said]:
        yield "output_item.added", {"item": self.item("in_progress")}

    def more(self, fragment: str) -> Iterator[Said]:
        self._arguments.append(fragment)
        yield "function_call_arguments.delta", {"delta": fragment}

    def close(self, status: str) -> Iterator[Said]:
        if not self._arguments and status == "completed":
            self._arguments.append("{}")
        item = self.item(status)
        done = {"name": item["name"], "arguments": item["arguments"]}
        yield "function_call_arguments.done", done
        yield "output_item.done", {"item": item}


class CustomItem:
    """A call of a free-form tool, whose input comes as JSON and leaves bare."""

    def __init__(self, id: str, call_id: str, name: str, tool: Tool | None) -> None:
        self._head = {"id": id, "type": "custom_tool_call"}
        self._named = {"call_id": call_id} | client_name(name, tool)
        self._bare = Bare()
        self._input: list[str] = []
        self._json: list[str] = []

    @property
    def whole(self) -> bool:
        return is_object("".join(self._json))

    def item(self, status: str) -> dict[str, Any]:
        return self._head | {"status": status, "input": "".join(self._input)} | self._named

    def open(self) -> Iterator[Said]:
        yield "output_item.added", {"item": self.item("in_progress")}

    def more(self, fragment: str) -> Iterator[Said]:
        self._json.append(fragment)
        yield from self._say(self._bare.feed(fragment))

    def close(self, status: str) -> Iterator[Said]:
        yield from self._say(self._bare.finish())
        item = self.item(status)
        yield "custom_tool_call_input.done", {"input": item["input"]}
        yield "output_item.done", {"item": item}

    def _say(self, text: str) -> Iterator[Said]:
        if text:
            self._input.append(text)
            yield "custom_tool_call_input.delta", {"delta": text}


def client_name(name: str, tool: Tool | None) -> dict[str, str]:
    """As the client calls it."""
    if tool is None or not tool.namespace:
        return {"name": name}
    return {"name": tool.own_name, "namespace": tool.namespace}
