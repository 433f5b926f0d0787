"""The grammars of the two vendors' answers, as judges: AssertionError at the first breach.

They know nothing of the writers. `sum_*` adds up a stream as the vendors' own clients do.
"""

import json
from typing import Any

from turnout.wire import sse

ERRORS = {
    "invalid_request_error", "authentication_error", "permission_error", "not_found_error",
    "request_too_large", "rate_limit_error", "overloaded_error", "api_error",
}  # fmt: skip
STOPS = {"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal"}
FINISHES = {"stop", "length", "tool_calls", "content_filter"}
DELTAS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
    "input_json_delta": "tool_use",
}


def frames(data: bytes) -> list[sse.Frame]:
    reader = sse.FrameReader()
    return [frame for piece in (data, b"") for frame in reader.feed(piece)]


def check_anthropic(data: bytes) -> None:
    """message_start ( block_start delta* block_stop )* message_delta message_stop; or an error."""
    told = frames(data)
    events = [json.loads(frame.data) for frame in told]
    assert [frame.event for frame in told] == [event["type"] for event in events]
    if events[-1]["type"] == "error":
        assert events.pop()["error"]["type"] in ERRORS
        if not events:
            return
        blocks = Blocks(events[1:])
    else:
        delta, end = events[-2:]
        assert (delta["type"], end["type"]) == ("message_delta", "message_stop")
        assert delta["delta"]["stop_reason"] in STOPS
        check_usage(delta["usage"])
        blocks = Blocks(events[1:-2])
        assert not blocks.open, "a block is left open"
        called = "tool_use" in blocks.kinds
        assert delta["delta"]["stop_reason"] in (
            {"tool_use", "max_tokens", "refusal"} if called else STOPS - {"tool_use"}
        )
    first = events[0]
    assert first["type"] == "message_start"
    assert first["message"]["id"]
    assert first["message"]["content"] == []
    check_usage(first["message"]["usage"])


def check_usage(usage: dict[str, Any]) -> None:
    assert usage["input_tokens"] >= 0
    assert usage["output_tokens"] >= 0


class Blocks:
    """Checks the middle of an Anthropic stream."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.kinds: list[str] = []
        self.open: list[int] = []
        for event in events:
            getattr(self, event["type"])(event)

    def content_block_start(self, event: dict[str, Any]) -> None:
        kind = event["content_block"]["type"]
        assert event["index"] == len(self.kinds)
        assert all(self.kinds[index] == "tool_use" for index in self.open), "prose is left open"
        if kind == "tool_use":
            assert event["content_block"]["input"] == {}
            assert event["content_block"]["id"]
            assert event["content_block"]["name"]
        self.kinds.append(kind)
        self.open.append(event["index"])

    def content_block_delta(self, event: dict[str, Any]) -> None:
        assert event["index"] in self.open
        assert self.kinds[event["index"]] == DELTAS[event["delta"]["type"]]

    def content_block_stop(self, event: dict[str, Any]) -> None:
        self.open.remove(event["index"])


def check_chat(data: bytes, *, usage: bool) -> None:
    """role ( content | reasoning_content | tool_calls )* finish usage? [DONE], or an error last."""
    told = frames(data)
    assert all(frame.event == "message" for frame in told)
    if told[-1].data == "[DONE]":
        chunks = [json.loads(frame.data) for frame in told[:-1]]
        if not chunks[-1]["choices"]:
            assert usage
            check_chat_usage(chunks.pop()["usage"])
        *middle, last = [chunk["choices"][0] for chunk in chunks]
        assert last["delta"] == {}
        assert last["finish_reason"] in FINISHES
        called = any("tool_calls" in choice["delta"] for choice in middle)
        assert (last["finish_reason"] in {"tool_calls", "length", "content_filter"}) >= called
        assert called or last["finish_reason"] != "tool_calls"
    else:
        *chunks, error = [json.loads(frame.data) for frame in told]
        assert error["error"]["message"]
        middle = [chunk["choices"][0] for chunk in chunks]
    assert len({(chunk["id"], chunk["model"], chunk["created"]) for chunk in chunks}) <= 1
    check_deltas([choice["delta"] for choice in middle])


def check_chat_usage(usage: dict[str, Any]) -> None:
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens_details"]["cached_tokens"] <= usage["prompt_tokens"]


def check_deltas(deltas: list[dict[str, Any]]) -> None:
    assert [index for index, delta in enumerate(deltas) if "role" in delta] == [0][: len(deltas)]
    begun = 0
    for call in (call for delta in deltas for call in delta.get("tool_calls", ())):
        if "id" in call:
            assert call["index"] == begun
            assert call["id"]
            assert call["function"]["name"]
            begun += 1
        assert call["index"] < begun


def sum_anthropic(data: bytes) -> dict[str, Any]:
    message: dict[str, Any] = {}
    inputs: dict[int, str] = {}
    for event in (json.loads(frame.data) for frame in frames(data)):
        if event["type"] == "message_start":
            message = event["message"]
        elif event["type"] == "content_block_start":
            message["content"].append(event["content_block"])
        elif event["type"] == "content_block_delta":
            block, delta = message["content"][event["index"]], event["delta"]
            if delta["type"] == "input_json_delta":
                index = event["index"]
                inputs[index] = inputs.get(index, "") + delta["partial_json"]
                continue
            key = delta["type"].removesuffix("_delta")
            block[key] += delta[key]
        elif event["type"] == "message_delta":
            message |= event["delta"] | {"usage": message["usage"] | event["usage"]}
    for index, text in inputs.items():
        message["content"][index]["input"] = json.loads(text)
    return message


def sum_chat(data: bytes) -> dict[str, Any]:
    """The message, the finish reason and the usage."""
    message: dict[str, Any] = {}
    calls: dict[int, dict[str, Any]] = {}
    finish, usage = None, None
    for frame in frames(data):
        if frame.data == "[DONE]":
            break
        chunk = json.loads(frame.data)
        usage = chunk.get("usage") or usage
        for choice in chunk["choices"]:
            finish = choice["finish_reason"] or finish
            for key in ("role", "content", "reasoning_content"):
                if key in choice["delta"]:
                    message[key] = message.get(key, "") + choice["delta"][key]
            for call in choice["delta"].get("tool_calls", ()):
                known = calls.setdefault(call["index"], {"arguments": ""})
                known |= {key: call[key] for key in ("id", "type") if key in call}
                known["arguments"] += call["function"]["arguments"]
                if name := call["function"].get("name"):
                    known["name"] = name
    return {"message": message, "calls": list(calls.values()), "finish": finish, "usage": usage}
