"""The grammar of a Responses stream, as a judge: AssertionError at the first breach.

It knows nothing of the writer. `final` is the answer as the vendor's client reads it.
"""

import json
from typing import Any

from wire.grammar import frames

STATUS = {"completed", "incomplete", "failed"}
TEXTS = {
    "output_text": ("content_index", "text"),
    "reasoning_summary_text": ("summary_index", "text"),
    "function_call_arguments": (None, "arguments"),
    "custom_tool_call_input": (None, "input"),
}
ITEMS = {
    "message": {"output_text"},
    "reasoning": {"reasoning_summary_text"},
    "function_call": {"function_call_arguments"},
    "custom_tool_call": {"custom_tool_call_input"},
}
PREFIX = {
    "message": "msg_",
    "reasoning": "rs_",
    "function_call": "fc_",
    "custom_tool_call": "ctc_",
    "compaction": "cmp_",
}


def payloads(data: bytes) -> list[dict[str, Any]]:
    told = frames(data)
    events: list[dict[str, Any]] = [json.loads(frame.data) for frame in told]
    assert [frame.event for frame in told] == [event["type"] for event in events]
    return events


def check(data: bytes) -> None:
    """created in_progress ( item.added ... item.done )* completed | incomplete | failed"""
    events = payloads(data)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    *middle, last = events
    status = last["type"].removeprefix("response.")
    assert status in STATUS
    check_response(last["response"], status)
    if status == "failed":
        assert last["response"]["error"]["message"]
        if not middle:
            return
    heads, body = middle[:2], middle[2:]
    assert [event["type"] for event in heads] == ["response.created", "response.in_progress"]
    for event in heads:
        check_response(event["response"], "in_progress")
        assert event["response"]["output"] == []
    assert len({event["response"]["id"] for event in (*heads, last)}) == 1
    output = Output(body)
    assert status == "failed" or not output.open, "an item is left open"
    assert last["response"]["output"] == [output.done[index] for index in sorted(output.done)]
    why = (last["response"]["incomplete_details"] or {}).get("reason")
    assert (why is not None) == (status == "incomplete")


def check_response(response: dict[str, Any], status: str) -> None:
    assert response["id"]
    assert response["object"] == "response"
    assert response["status"] == status
    if usage := response["usage"]:
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        assert usage["input_tokens_details"]["cached_tokens"] <= usage["input_tokens"]
        assert usage["output_tokens_details"]["reasoning_tokens"] >= 0


class Output:
    """Checks the middle of a stream. `texts`: deltas so far, by item, event and part."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.open: dict[int, dict[str, Any]] = {}
        self.done: dict[int, dict[str, Any]] = {}
        self.parts: set[tuple[int, int]] = set()
        self.texts: dict[tuple[int, str, Any], str] = {}
        self.ids: set[str] = set()
        for event in events:
            self.take(event["type"].removeprefix("response."), event)

    def take(self, kind: str, event: dict[str, Any]) -> None:
        index = event["output_index"]
        if kind == "output_item.added":
            self.added(index, event["item"])
            return
        item = self.open[index]
        if kind == "output_item.done":
            self.finished(index, event["item"])
        elif kind.endswith(("_part.added", "_part.done")):
            self.part(kind, index, event)
        else:
            name, _, phase = kind.rpartition(".")
            assert name in ITEMS[item["type"]]
            assert event["item_id"] == item["id"]
            self.text(name, phase, index, event)

    def added(self, index: int, item: dict[str, Any]) -> None:
        assert index == len(self.open) + len(self.done)
        prose = [one for one in self.open.values() if one["type"] in ("message", "reasoning")]
        assert not prose, "prose is left open"
        assert item["id"].startswith(PREFIX[item["type"]])
        assert item["id"] not in self.ids
        assert not item.get("arguments") and not item.get("input") and not item.get("content")
        if "call" in item["type"]:
            assert item["call_id"] and item["name"]
        self.ids.add(item["id"])
        self.open[index] = item

    def part(self, kind: str, index: int, event: dict[str, Any]) -> None:
        at = event["summary_index"] if kind.startswith("reasoning") else event["content_index"]
        name = "reasoning_summary_text" if kind.startswith("reasoning") else "output_text"
        if kind.endswith("added"):
            assert (index, at) not in self.parts
            assert event["part"]["text"] == ""
            self.parts.add((index, at))
            self.texts[index, name, at] = ""
        else:
            self.parts.remove((index, at))
            assert event["part"]["text"] == self.texts[index, name, at]

    def text(self, name: str, phase: str, index: int, event: dict[str, Any]) -> None:
        place, whole = TEXTS[name]
        at = event[place] if place else None
        assert place is None or (index, at) in self.parts
        key = index, name, at
        if phase == "delta":
            self.texts[key] = self.texts.get(key, "") + event["delta"]
            return
        assert phase == "done"
        said = self.texts.get(key, "")
        assert event[whole] == said or (name == "function_call_arguments" and not said)

    def finished(self, index: int, item: dict[str, Any]) -> None:
        begun = self.open.pop(index)
        assert not any(at == index for at, _ in self.parts)
        for key in ("id", "type", "call_id", "name", "namespace"):
            assert begun.get(key) == item.get(key)
        assert item.get("status") != "in_progress"
        self.done[index] = item


def final(data: bytes) -> dict[str, Any]:
    last = payloads(data)[-1]
    response: dict[str, Any] = last["response"]
    return response


def said(data: bytes) -> list[tuple[Any, ...]]:
    """The output in short: (type, text), or (type, name, input)."""
    return [short(item) for item in final(data)["output"]]


def short(item: dict[str, Any]) -> tuple[Any, ...]:
    match item["type"]:
        case "message":
            return "message", "".join(part["text"] for part in item["content"])
        case "reasoning":
            return "reasoning", "".join(part["text"] for part in item["summary"])
        case "function_call":
            return "function_call", item["name"], json.loads(item["arguments"])
        case kind:
            return kind, item["name"], item["input"]
