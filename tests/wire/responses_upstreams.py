"""What upstreams of the Responses dialect send, as bytes, and what it means, as events."""

from typing import Any

from turnout.wire import sse
from turnout.wire.events import (
    Failed,
    Finished,
    Signature,
    Started,
    Text,
    Thinking,
    ToolCall,
    ToolInput,
    Usage,
)
from turnout.wire.sealed import Sealed, encode
from wire.upstreams import CUT, DONE, LS, RM, Row

R = Started("resp_1", "gpt-5.1-2025-11-13")
USAGE = {
    "input_tokens": 1000,
    "input_tokens_details": {"cached_tokens": 800},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 7},
    "total_tokens": 1020,
}


def seal(data: str, id: str = "rs_1") -> Signature:
    return Signature(encode(Sealed("encrypted", "gpt-5.1-2025-11-13", data, id)))


def event(kind: str, **fields: Any) -> bytes:
    name = f"response.{kind}"
    return sse.write({"type": name, "sequence_number": 0, **fields}, event=name)


def response(status: str = "in_progress", **fields: Any) -> dict[str, Any]:
    head = {"id": "resp_1", "object": "response", "model": "gpt-5.1-2025-11-13", "status": status}
    return head | {"output": [], "error": None, "incomplete_details": None} | fields


CREATED = event("created", response=response()) + event("in_progress", response=response())


def end(status: str = "completed", **fields: Any) -> bytes:
    return event(status, response=response(status, **fields))


def added(index: int, kind: str, **fields: Any) -> bytes:
    item = {"id": f"{kind}_{index}", "type": kind, "status": "in_progress"} | fields
    return event("output_item.added", output_index=index, item=item)


def done(index: int, kind: str, **fields: Any) -> bytes:
    item = {"id": f"{kind}_{index}", "type": kind, "status": "completed"} | fields
    return event("output_item.done", output_index=index, item=item)


def part(index: int, text: str = "", **fields: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []} | fields


def delta(index: int, text: str, at: int = 0, kind: str = "output_text") -> bytes:
    return event(f"{kind}.delta", output_index=index, content_index=at, delta=text)


def message(index: int, *texts: str, **fields: Any) -> bytes:
    """A message as it is streamed, in all its events."""
    whole = "".join(texts)
    at = {"output_index": index, "content_index": 0, "item_id": f"message_{index}"}
    return b"".join(
        [
            added(index, "message", role="assistant", content=[]),
            event("content_part.added", part=part(index), **at),
            *(delta(index, text) for text in texts),
            event("output_text.done", text=whole, **at),
            event("content_part.done", part=part(index, whole), **at),
            done(index, "message", role="assistant", content=[part(index, whole, **fields)]),
        ]
    )


def named(call_id: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"call_id": call_id, "name": name, **fields}


def arguments(index: int, text: str, phase: str = "delta") -> bytes:
    key = "delta" if phase == "delta" else "arguments"
    return event(f"function_call_arguments.{phase}", output_index=index, **{key: text})


def call(index: int, call_id: str, name: str, *fragments: str) -> bytes:
    whole = "".join(fragments)
    return b"".join(
        [
            added(index, "function_call", arguments="", **named(call_id, name)),
            *(arguments(index, fragment) for fragment in fragments),
            arguments(index, whole, "done"),
            done(index, "function_call", arguments=whole, **named(call_id, name)),
        ]
    )


def summary(index: int, text: str, at: int = 0, phase: str = "delta") -> bytes:
    key = "delta" if phase == "delta" else "text"
    kind = f"reasoning_summary_text.{phase}"
    return event(kind, output_index=index, summary_index=at, **{key: text})


LINK = {"type": "url_citation", "url": "https://x.test", "title": "X"}
A_MESSAGE = {"type": "message", "id": "message_0", "content": [part(0, "a")]}
A_CALL = {"type": "function_call", "id": "fc", "call_id": "t0", "name": "ls", "arguments": "{}"}

# what the upstream sends                                   -> what it means
RESPONSES: dict[str, Row] = {
    "c15 text": (
        [CREATED, message(0, "Hé", "y"), end(usage=USAGE)],
        [R, Text("Hé"), Text("y"), Usage(200, 800, output=20, reasoning=7), Finished("end")],
    ),
    "c16 two calls, interleaved": (
        [
            CREATED,
            added(0, "function_call", arguments="", **named("t0", "ls")),
            arguments(0, '{"a":'),
            added(1, "function_call", arguments="", **named("t1", "rm")),
            arguments(1, '{"b"'),
            arguments(0, "1}"),
            arguments(1, ":2}"),
            done(0, "function_call", arguments='{"a":1}', **named("t0", "ls")),
            done(1, "function_call", arguments='{"b":2}', **named("t1", "rm")),
            end(),
        ],
        [
            R,
            LS,
            ToolInput(0, '{"a":'),
            RM,
            ToolInput(1, '{"b"'),
            ToolInput(0, "1}"),
            ToolInput(1, ":2}"),
            Finished("tools"),
        ],
    ),
    "c16 a text, then two calls": (
        [
            CREATED,
            message(0, "hm"),
            call(1, "t0", "ls", '{"a"', ":1}"),
            call(2, "t1", "rm", "{}"),
            end(),
        ],
        [
            R,
            Text("hm"),
            LS,
            ToolInput(0, '{"a"'),
            ToolInput(0, ":1}"),
            RM,
            ToolInput(1, "{}"),
            Finished("tools"),
        ],
    ),
    "c18 the limit": (
        [
            CREATED,
            message(0, "a"),
            end("incomplete", incomplete_details={"reason": "max_output_tokens"}),
        ],
        [R, Text("a"), Finished("length")],
    ),
    "c18 the limit cuts a call": (
        [
            CREATED,
            added(0, "function_call", arguments="", **named("t0", "ls")),
            arguments(0, '{"a":"b'),
            end("incomplete", incomplete_details={"reason": "max_output_tokens"}),
        ],
        [R, LS, ToolInput(0, '{"a":"b'), Finished("length")],
    ),
    "c19 a content filter": (
        [
            CREATED,
            message(0, "a"),
            end("incomplete", incomplete_details={"reason": "content_filter"}),
        ],
        [R, Text("a"), Finished("refusal")],
    ),
    "c19 a refusal": (
        [
            CREATED,
            added(0, "message", role="assistant", content=[]),
            delta(0, "I can", kind="refusal"),
            delta(0, "not", kind="refusal"),
            done(0, "message", content=[{"type": "refusal", "refusal": "I cannot"}]),
            end(),
        ],
        [R, Text("I can"), Text("not"), Finished("refusal")],
    ),
    "c20 a summary in two parts, sealed": (
        [
            CREATED,
            added(0, "reasoning", id="rs_1", summary=[]),
            summary(0, "so", 0),
            summary(0, "so", 0, "done"),
            summary(0, "then", 1),
            summary(0, "then", 1, "done"),
            done(0, "reasoning", id="rs_1", summary=[], encrypted_content="gAAA:x=="),
            message(1, "a"),
            end(),
        ],
        [R, Thinking("so"), Thinking("\n\nthen"), seal("gAAA:x=="), Text("a"), Finished("end")],
    ),
    "c20 the thoughts of an open model": (
        [
            CREATED,
            added(0, "reasoning", summary=[]),
            delta(0, "so", kind="reasoning_text"),
            done(0, "reasoning", summary=[], content=[{"type": "reasoning_text", "text": "so"}]),
            message(1, "a"),
            end(),
        ],
        [R, Thinking("so"), Text("a"), Finished("end")],
    ),
    "c20 sealed reasoning without a summary": (
        [
            CREATED,
            added(0, "reasoning", id="rs_1", summary=[]),
            done(0, "reasoning", id="rs_1", summary=[], encrypted_content="gAAA"),
            call(1, "t0", "ls", "{}"),
            end(),
        ],
        [R, seal("gAAA"), LS, ToolInput(0, "{}"), Finished("tools")],
    ),
    "c22 a call without a name is dropped": (
        [
            CREATED,
            added(0, "function_call", arguments="", call_id="t9"),
            arguments(0, "{}"),
            done(0, "function_call", arguments="{}", call_id="t9"),
            call(1, "t0", "ls", "{}"),
            end(),
        ],
        [R, LS, ToolInput(0, "{}"), Finished("tools", notes=("call_without_name",))],
    ),
    "c27 empty": ([CREATED, end()], [R, Finished("end")]),
    "c74 items only in their done events": (
        [
            CREATED,
            done(
                0,
                "reasoning",
                id="rs_1",
                summary=[{"type": "summary_text", "text": "so"}],
                encrypted_content="gAAA",
            ),
            done(1, "message", content=[part(1, "a"), part(1, "b")]),
            done(2, "function_call", arguments='{"a":1}', **named("t0", "ls")),
            event("completed", response={"id": "resp_1"}),
        ],
        [
            R,
            Thinking("so"),
            seal("gAAA"),
            Text("a"),
            Text("\n"),
            Text("b"),
            LS,
            ToolInput(0, '{"a":1}'),
            Finished("tools"),
        ],
    ),
    "c74 items only in the last event": (
        [CREATED, end(output=[A_MESSAGE, A_CALL], usage=USAGE)],
        [
            R,
            Text("a"),
            LS,
            ToolInput(0, "{}"),
            Usage(200, 800, output=20, reasoning=7),
            Finished("tools"),
        ],
    ),
    "c74 all of it in the last event": (
        [end(output=[A_MESSAGE])],
        [R, Text("a"), Finished("end")],
    ),
    "c74 texts and arguments only in their done events": (
        [
            CREATED,
            added(0, "message", content=[]),
            event("output_text.done", output_index=0, content_index=0, text="a"),
            done(0, "message", content=[part(0, "a")]),
            added(1, "function_call", arguments="", **named("t0", "ls")),
            arguments(1, '{"a":1}', "done"),
            done(1, "function_call", arguments='{"a":1}', **named("t0", "ls")),
            end(output=[A_MESSAGE]),
        ],
        [R, Text("a"), LS, ToolInput(0, '{"a":1}'), Finished("tools")],
    ),
    "c74 no indices, only ids": (
        [
            CREATED,
            event("output_item.added", item={"id": "m", "type": "message"}),
            event("output_text.delta", item_id="m", delta="a"),
            event("output_item.done", item={"id": "m", "type": "message", "content": []}),
            end(output=[{"id": "m", "type": "message", "content": [part(0, "a")]}]),
        ],
        [R, Text("a"), Finished("end")],
    ),
    "c74 deltas without an announcement": (
        [CREATED, delta(0, "a"), delta(0, "b"), end()],
        [R, Text("a"), Text("b"), Finished("end")],
    ),
    "c74 failed": (
        [
            CREATED,
            message(0, "a"),
            end("failed", error={"code": "rate_limit_exceeded", "message": "slow down"}),
        ],
        [R, Text("a"), Failed("slow down", 429)],
    ),
    "c74 failed, and nobody says why": (
        [CREATED, end("failed")],
        [R, Failed("the upstream reported an error", 502)],
    ),
    "c74 incomplete for another reason": (
        [CREATED, end("incomplete", incomplete_details={"reason": "steered"})],
        [R, Failed("the upstream broke off: steered")],
    ),
    "c74 an error event": (
        [
            CREATED,
            sse.write({"type": "error", "code": "server_error", "message": "oh no"}, "error"),
        ],
        [R, Failed("oh no", 500)],
    ),
    "c74 an error object": (
        [sse.write({"error": {"message": "busy", "type": "server_is_overloaded"}})],
        [Failed("busy", 503)],
    ),
    "c74 cancelled": (
        [CREATED, event("cancelled", response=response("cancelled"))],
        [R, Failed("the upstream cancelled the answer")],
    ),
    "c8 cut off": ([CREATED, message(0, "a")], [R, Text("a"), CUT]),
    "c8 [DONE] is no end": ([CREATED, message(0, "a"), DONE], [R, Text("a"), CUT]),
    "c8 nothing": ([], [CUT]),
    "unknown events and items, [DONE] after the end": (
        [
            CREATED,
            event("some_news", of="2030"),
            event("queued", response=response("queued")),
            added(0, "hologram"),
            event("hologram.delta", output_index=0, delta="x"),
            done(0, "hologram"),
            added(1, "web_search_call"),
            done(1, "web_search_call"),
            message(2, "a"),
            end(),
            DONE,
        ],
        [R, Text("a"), Finished("end")],
    ),
    "two messages, one after another": (
        [CREATED, message(0, "a"), message(1, "b"), end()],
        [R, Text("a"), Text("\n"), Text("b"), Finished("end")],
    ),
    "citations become links": (
        [CREATED, message(0, "a", annotations=[LINK]), end()],
        [R, Text("a"), Text("\n\n[X](https://x.test)"), Finished("end")],
    ),
    "a free-form call, in a namespace": (
        [
            CREATED,
            added(0, "custom_tool_call", input="", **named("t0", "patch", namespace="fs")),
            event("custom_tool_call_input.delta", output_index=0, delta='say "'),
            event("custom_tool_call_input.delta", output_index=0, delta="hi\n"),
            event("custom_tool_call_input.done", output_index=0, input='say "hi\n'),
            done(0, "custom_tool_call", input='say "hi\n', **named("t0", "patch", namespace="fs")),
            end(),
        ],
        [
            R,
            ToolCall(0, "t0", "fs__patch"),
            ToolInput(0, '{"input": "say \\"'),
            ToolInput(0, "hi\\n"),
            ToolInput(0, '"}'),
            Finished("tools"),
        ],
    ),
    "c16 no ids": (
        [
            CREATED,
            done(0, "function_call", arguments="{}", name="ls"),
            done(1, "function_call", arguments="{}", name="rm"),
            end(),
        ],
        [
            R,
            ToolCall(0, "call_nonce_0", "ls"),
            ToolInput(0, "{}"),
            ToolCall(1, "call_nonce_1", "rm"),
            ToolInput(1, "{}"),
            Finished("tools"),
        ],
    ),
    "nulls everywhere": (
        [
            CREATED,
            event("output_item.added", output_index=0, item=None),
            done(0, "message", content=None),
            done(1, "reasoning", summary=None, content=None, encrypted_content=None),
            event("output_text.delta", output_index=2, delta=None),
            event("completed", response=response("completed", output=None, usage=None)),
        ],
        [R, Finished("end")],
    ),
    "odd usage": (
        [CREATED, end(usage={"input_tokens": None, "output_tokens": "2"})],
        [R, Finished("end")],
    ),
}
