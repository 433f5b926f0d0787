"""What upstreams send, as bytes, and what it means, as events. The tests of answers share it."""

import json
from typing import Any

from turnout.wire import sse
from turnout.wire.dialect import Hints
from turnout.wire.events import (
    Event,
    Failed,
    Finished,
    Redacted,
    Signature,
    Started,
    Text,
    Thinking,
    ToolCall,
    ToolInput,
    Usage,
)

HINTS = Hints(id="answer_1", model="served-model", input_tokens=77, created=1700000000)
CUT = Failed("the upstream closed before the answer was finished")
DONE = b"data: [DONE]\n\n"
C = Started("c1", "m")
A = Started("msg_1", "claude")

type Row = tuple[list[bytes], list[Event]]


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **rest: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return sse.write({"id": "c1", "model": "m", "choices": choices} | rest)


def tool(index: int | None, arguments: Any = "", id: str = "", name: str = "") -> dict[str, Any]:
    function = ({"name": name} if name else {}) | {"arguments": arguments}
    place = {} if index is None else {"index": index}
    return {"tool_calls": [place | ({"id": id} if id else {}) | {"function": function}]}


def frame(kind: str, **fields: Any) -> bytes:
    return sse.write({"type": kind, **fields}, event=kind)


def start(**usage: Any) -> bytes:
    message = {"id": "msg_1", "model": "claude", "content": [], "usage": usage or None}
    return frame("message_start", message=message)


def block(index: int, kind: str, *deltas: dict[str, Any], **fields: Any) -> bytes:
    opened = frame("content_block_start", index=index, content_block={"type": kind, **fields})
    middle = [frame("content_block_delta", index=index, delta=delta) for delta in deltas]
    return opened + b"".join(middle) + frame("content_block_stop", index=index)


def text(value: str) -> dict[str, Any]:
    return {"type": "text_delta", "text": value}


def fragment(value: str) -> dict[str, Any]:
    return {"type": "input_json_delta", "partial_json": value}


def stop(reason: str | None, sequence: str | None = None, **usage: Any) -> bytes:
    delta = {"stop_reason": reason, "stop_sequence": sequence}
    return frame("message_delta", delta=delta, usage=usage) + frame("message_stop")


OPENAI_USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 20,
    "total_tokens": 1020,
    "prompt_tokens_details": {"cached_tokens": 800},
    "completion_tokens_details": {"reasoning_tokens": 7},
}
LINK = {"type": "url_citation", "url_citation": {"url": "https://x.test", "title": "X"}}
LS, RM = ToolCall(0, "t0", "ls"), ToolCall(1, "t1", "rm")

# what the upstream sends                                   -> what it means
CHAT: dict[str, Row] = {
    "c15 text": (
        [chunk({"role": "assistant", "content": "Hé"}), chunk({"content": "y"}, "stop"), DONE],
        [C, Text("Hé"), Text("y"), Finished("end")],
    ),
    "c16 two calls, interleaved by index": (
        [
            chunk(tool(0, '{"a":', "t0", "ls")),
            chunk(tool(1, "", "t1", "rm")),
            chunk(tool(1, '{"b"')),
            chunk(tool(0, "1}")),
            chunk(tool(1, ":2}"), "tool_calls"),
            DONE,
        ],
        [
            C,
            LS,
            ToolInput(0, '{"a":'),
            RM,
            ToolInput(1, '{"b"'),
            ToolInput(0, "1}"),
            ToolInput(1, ":2}"),
            Finished("tools"),
        ],
    ),
    "c16 two calls, one after another": (
        [
            chunk(tool(0, "", "t0", "ls")),
            chunk(tool(0, '{"a":1}')),
            chunk(tool(1, "{}", "t1", "rm"), "tool_calls"),
            DONE,
        ],
        [C, LS, ToolInput(0, '{"a":1}'), RM, ToolInput(1, "{}"), Finished("tools")],
    ),
    "c17 finish stop, but calls": (
        [chunk({"content": "hm"}), chunk(tool(0, "{}", "t0", "ls"), "stop"), DONE],
        [C, Text("hm"), LS, ToolInput(0, "{}"), Finished("tools")],
    ),
    "c17 the limit after a whole call": (
        [chunk(tool(0, "{}", "t0", "ls"), "length"), DONE],
        [C, LS, ToolInput(0, "{}"), Finished("tools")],
    ),
    "c18 the limit": (
        [chunk({"content": "a"}, "length"), DONE],
        [C, Text("a"), Finished("length")],
    ),
    "c18 the limit cuts a call": (
        [chunk(tool(0, '{"a":"b', "t0", "ls"), "length"), DONE],
        [C, LS, ToolInput(0, '{"a":"b'), Finished("length")],
    ),
    "c18 the limit cuts the second call": (
        [
            chunk(tool(0, "{}", "t0", "ls")),
            chunk(tool(1, '{"a"', "t1", "rm"), "length"),
            DONE,
        ],
        [C, LS, ToolInput(0, "{}"), RM, ToolInput(1, '{"a"'), Finished("length")],
    ),
    "c19 content filter": (
        [chunk({"content": "a"}, "content_filter"), DONE],
        [C, Text("a"), Finished("refusal")],
    ),
    "c19 a refusal field": (
        [chunk({"refusal": "I can"}), chunk({"refusal": "not"}, "stop"), DONE],
        [C, Text("I can"), Text("not"), Finished("refusal")],
    ),
    "c20 reasoning_content, then text": (
        [
            chunk({"content": None, "reasoning_content": "so"}),
            chunk({"content": "a", "reasoning_content": None}, "stop"),
            DONE,
        ],
        [C, Thinking("so"), Text("a"), Finished("end")],
    ),
    "c20 reasoning, by its other name": (
        [chunk({"reasoning": "so", "content": ""}), chunk({"content": "a"}, "stop"), DONE],
        [C, Thinking("so"), Text("a"), Finished("end")],
    ),
    "c20 reasoning under both names counts once": (
        [chunk({"reasoning": "so", "reasoning_content": "so"}), chunk({}, "stop"), DONE],
        [C, Thinking("so"), Finished("end")],
    ),
    "c20 content in parts": (
        [
            chunk({"content": [{"type": "thinking", "thinking": [{"text": "so"}]}]}),
            chunk({"content": [{"type": "text", "text": "a"}, "b"]}, "stop"),
            DONE,
        ],
        [C, Thinking("so"), Text("a"), Text("b"), Finished("end")],
    ),
    "c21 cached tokens are not fresh": (
        [chunk({"content": "a"}, "stop"), chunk(usage=OPENAI_USAGE), DONE],
        [C, Text("a"), Usage(200, 800, output=20, reasoning=7), Finished("end")],
    ),
    "c21 cache writes are not fresh": (
        [
            chunk(
                {},
                "stop",
                usage={
                    "prompt_tokens": 100,
                    "completion_tokens": 1,
                    "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 50},
                },
            ),
            DONE,
        ],
        [C, Usage(20, 30, 50, output=1), Finished("end")],
    ),
    "c21 other names for cached tokens": (
        [
            chunk({}, "stop", usage={"prompt_tokens": 9, "prompt_cache_hit_tokens": 4}),
            DONE,
        ],
        [C, Usage(5, 4), Finished("end")],
    ),
    "c21 reasoning beside the completion is output": (
        [
            chunk(
                {},
                "stop",
                usage={
                    "prompt_tokens": 9,
                    "completion_tokens": 2,
                    "total_tokens": 111,
                    "completion_tokens_details": {"reasoning_tokens": 100},
                },
            ),
            DONE,
        ],
        [C, Usage(9, output=102, reasoning=100), Finished("end")],
    ),
    "c21 odd usage": (
        [
            chunk({"content": "a"}, usage=None),
            chunk({}, "stop", usage={"prompt_tokens": None, "completion_tokens": "2"}),
            DONE,
        ],
        [C, Text("a"), Finished("end")],
    ),
    "c21 usage in every chunk": (
        [
            chunk({"content": "a"}, usage={"prompt_tokens": 3, "completion_tokens": 1}),
            chunk({"content": "b"}, usage={"prompt_tokens": 3, "completion_tokens": 2}),
            chunk({}, "stop", usage={"prompt_tokens": 3, "completion_tokens": 2}),
            DONE,
        ],
        [C, Text("a"), Usage(3, output=1), Text("b"), Usage(3, output=2), Finished("end")],
    ),
    "c21 usage inside x_groq": (
        [chunk({}, "stop", x_groq={"usage": {"prompt_tokens": 3}}), DONE],
        [C, Usage(3), Finished("end")],
    ),
    "c22 a call without a name is dropped": (
        [
            chunk(tool(0, "{}", "t9")),
            chunk(tool(1, '{"a":1}', "t0", "ls")),
            chunk(tool(2, "{}", "t1", "rm"), "tool_calls"),
            DONE,
        ],
        [
            C,
            LS,
            ToolInput(0, '{"a":1}'),
            RM,
            ToolInput(1, "{}"),
            Finished("tools", notes=("call_without_name",)),
        ],
    ),
    "c22 the only call has no name": (
        [chunk(tool(0, "{}", "t9"), "tool_calls"), DONE],
        [C, Finished("end", notes=("call_without_name", "tools_without_call"))],
    ),
    "c22 the name comes late": (
        [chunk(tool(0, '{"a"', "t0")), chunk(tool(0, ":1}", name="ls"), "tool_calls"), DONE],
        [C, LS, ToolInput(0, '{"a":1}'), Finished("tools")],
    ),
    "c16 head and arguments repeat their id and name": (
        [
            chunk(tool(0, '{"a"', "t0", "ls")),
            chunk(tool(0, ":1}", "t0", "ls"), "tool_calls"),
            DONE,
        ],
        [C, LS, ToolInput(0, '{"a"'), ToolInput(0, ":1}"), Finished("tools")],
    ),
    "c16 all calls have index 0": (
        [chunk(tool(0, "{}", "t0", "ls")), chunk(tool(0, "{}", "t1", "rm"), "tool_calls"), DONE],
        [C, LS, ToolInput(0, "{}"), RM, ToolInput(1, "{}"), Finished("tools")],
    ),
    "c16 no index at all": (
        [
            chunk(tool(None, '{"a"', "t0", "ls")),
            chunk(tool(None, ":1}")),
            chunk(tool(None, "{}", "t1", "rm"), "tool_calls"),
            DONE,
        ],
        [
            C,
            LS,
            ToolInput(0, '{"a"'),
            ToolInput(0, ":1}"),
            RM,
            ToolInput(1, "{}"),
            Finished("tools"),
        ],
    ),
    "c16 neither index nor id": (
        [
            chunk(tool(None, "{}", name="ls")),
            chunk(tool(None, '{"a":1}', name="ls")),
            chunk(tool(None, name="rm"), "tool_calls"),
            DONE,
        ],
        [
            C,
            ToolCall(0, "call_nonce_0", "ls"),
            ToolInput(0, "{}"),
            ToolCall(1, "call_nonce_1", "ls"),
            ToolInput(1, '{"a":1}'),
            ToolCall(2, "call_nonce_2", "rm"),
            Finished("tools"),
        ],
    ),
    "c16 no ids, and one twice": (
        [
            chunk(tool(0, "{}", name="ls")),
            chunk(tool(1, "{}", "x", "rm")),
            chunk(tool(2, "{}", "x", "rm"), "tool_calls"),
            DONE,
        ],
        [
            C,
            ToolCall(0, "call_nonce_0", "ls"),
            ToolInput(0, "{}"),
            ToolCall(1, "x", "rm"),
            ToolInput(1, "{}"),
            ToolCall(2, "call_nonce_2", "rm"),
            ToolInput(2, "{}"),
            Finished("tools"),
        ],
    ),
    "c16 odd ids stay": (
        [chunk(tool(0, "{}", "functions.Bash:0/1", "Bash"), "tool_calls"), DONE],
        [C, ToolCall(0, "functions.Bash:0/1", "Bash"), ToolInput(0, "{}"), Finished("tools")],
    ),
    "c23 arguments as an object": (
        [chunk(tool(0, {"a": 1}, "t0", "ls"), "tool_calls"), DONE],
        [C, LS, ToolInput(0, '{"a": 1}'), Finished("tools")],
    ),
    "c27 empty, with a finish": ([chunk({}, "stop"), DONE], [C, Finished("end")]),
    "c27 tool_calls without a call": (
        [chunk({"content": "a"}, "tool_calls"), DONE],
        [C, Text("a"), Finished("end", notes=("tools_without_call",))],
    ),
    "c8 finish, but no [DONE]": (
        [chunk({"content": "a"}, "stop")],
        [C, Text("a"), Finished("end")],
    ),
    "c8 cut off": ([chunk({"content": "a"})], [C, Text("a"), CUT]),
    "c8 cut off in a frame": (
        [chunk({"content": "a"}), b'data: {"choices'],
        [C, Text("a"), Failed("openai_chat")],
    ),
    "c8 [DONE] without a finish": ([chunk({"content": "a"}), DONE], [C, Text("a"), CUT]),
    "c8 only [DONE]": ([DONE], [CUT]),
    "c8 nothing": ([], [CUT]),
    "c7 an error in the stream": (
        [chunk({"content": "a"}), sse.write({"error": {"message": "slow down", "code": 429}})],
        [C, Text("a"), Failed("slow down", 429)],
    ),
    "c7 an error by its word": (
        [sse.write({"error": {"message": "busy", "type": "server_is_overloaded"}})],
        [Failed("busy", 503)],
    ),
    "c7 an error that is a sentence": ([sse.write({"error": "oh no"})], [Failed("oh no", 502)]),
    "c7 an error without its envelope": (
        [sse.write({"object": "error", "message": "too long", "code": 400})],
        [Failed("too long", 400)],
    ),
    "c7 an error in the choice": (
        [sse.write({"choices": [{"index": 0, "error": {"message": "no", "code": 502}}]})],
        [Failed("no", 502)],
    ),
    "c7 finish error": (
        [chunk({"content": "a"}, "error"), DONE],
        [C, Text("a"), Failed("the upstream broke off: error")],
    ),
    "c7 nothing follows a failure": (
        [sse.write({"error": "oh no"}), chunk({"content": "a"}, "stop"), DONE],
        [Failed("oh no", 502)],
    ),
    "an unknown finish_reason": (
        [chunk({"content": "a"}, "eos_token"), DONE],
        [C, Text("a"), Finished("end", notes=("finish_reason:eos_token",))],
    ),
    "comments, pings, empty data, filters first": (
        [
            b": keepalive\n\n",
            b"data:\n\n",
            b'event: ping\ndata: {"type": "ping"}\n\n',
            sse.write({"id": "", "model": "", "choices": [], "prompt_filter_results": []}),
            chunk({"content": "a"}, "stop"),
            DONE,
        ],
        [C, Text("a"), Finished("end")],
    ),
    "nulls everywhere": (
        [
            chunk(
                {
                    "role": None,
                    "content": None,
                    "tool_calls": None,
                    "refusal": None,
                    "function_call": None,
                    "annotations": None,
                }
            ),
            chunk(None),
            sse.write({"id": "c1", "model": "m", "choices": None}),
            sse.write({"id": "c1", "choices": [{"index": 0, "delta": None}]}),
            chunk({"content": "a"}, "stop", error=None),
            DONE,
        ],
        [C, Text("a"), Finished("end")],
    ),
    "only the first choice counts": (
        [
            sse.write(
                {
                    "id": "c1",
                    "model": "m",
                    "choices": [
                        {"index": 1, "delta": {"content": "b"}, "finish_reason": "length"},
                        {"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"},
                    ],
                }
            ),
            DONE,
        ],
        [C, Text("a"), Finished("end")],
    ),
    "citations become links": (
        [chunk({"content": "a", "annotations": [LINK]}), chunk({"annotations": [LINK]}, "stop")],
        [C, Text("a"), Text("\n\n[X](https://x.test)"), Finished("end")],
    ),
}

ANTHROPIC: dict[str, Row] = {
    "text": (
        [
            start(input_tokens=3, output_tokens=1),
            block(0, "text", text("Hé"), text("y"), text=""),
            stop("end_turn", output_tokens=5),
        ],
        [A, Usage(3, output=1), Text("Hé"), Text("y"), Usage(3, output=5), Finished("end")],
    ),
    "no event names, ping, unknown events, blocks and deltas": (
        [
            sse.write({"type": "message_start", "message": {"id": "msg_1", "model": "claude"}}),
            frame("ping"),
            frame("some_news", of="2030"),
            block(0, "hologram", {"type": "hologram_delta", "light": 1}),
            block(1, "server_tool_use", fragment('{"q":1}'), id="s", name="web_search", input={}),
            block(2, "web_search_tool_result", tool_use_id="s", content=[]),
            block(3, "text", text("a"), {"type": "citations_delta", "citation": {}}, text=""),
            stop("end_turn"),
            DONE,
        ],
        [A, Text("a"), Finished("end")],
    ),
    "c72 the cache has its own tokens": (
        [
            start(
                input_tokens=10,
                cache_read_input_tokens=20,
                cache_creation_input_tokens=70,
                cache_creation={"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 40},
                output_tokens=1,
            ),
            stop("end_turn", output_tokens=9, output_tokens_details={"thinking_tokens": 4}),
        ],
        [
            A,
            Usage(10, 20, 30, 40, 1),
            Usage(10, 20, 30, 40, 9, 4),
            Finished("end"),
        ],
    ),
    "c72 flat cache creation is for 5 minutes": (
        [start(input_tokens=1, cache_creation_input_tokens=7), stop("end_turn")],
        [A, Usage(1, cache_write_5m=7), Finished("end")],
    ),
    "c72 the last usage wins": (
        [
            start(input_tokens=500, output_tokens=0),
            stop("end_turn", input_tokens=3, cache_read_input_tokens=497, output_tokens=2),
        ],
        [A, Usage(500), Usage(3, 497, output=2), Finished("end")],
    ),
    "thinking, signed and sealed": (
        [
            start(),
            block(
                0,
                "thinking",
                {"type": "thinking_delta", "thinking": "so"},
                {"type": "signature_delta", "signature": "sig"},
                thinking="",
                signature="",
            ),
            block(1, "redacted_thinking", data="xyz"),
            block(2, "text", text("a"), text=""),
            stop("end_turn"),
        ],
        [A, Thinking("so"), Signature("sig"), Redacted("xyz"), Text("a"), Finished("end")],
    ),
    "two calls around a text": (
        [
            start(),
            block(0, "tool_use", fragment('{"a"'), fragment(":1}"), id="t0", name="ls", input={}),
            block(1, "text", text("and"), text=""),
            block(2, "tool_use", fragment(""), id="t1", name="rm", input={}),
            stop("tool_use"),
        ],
        [
            A,
            LS,
            ToolInput(0, '{"a"'),
            ToolInput(0, ":1}"),
            Text("and"),
            RM,
            ToolInput(1, "{}"),
            Finished("tools"),
        ],
    ),
    "a call whose input is in its start": (
        [start(), block(0, "tool_use", id="t0", name="ls", input={"a": 1}), stop("tool_use")],
        [A, LS, ToolInput(0, '{"a":1}'), Finished("tools")],
    ),
    "c22 a call without a name": (
        [
            start(),
            block(0, "tool_use", fragment("{}"), id="t9", input={}),
            block(1, "tool_use", fragment("{}"), id="t0", name="ls", input={}),
            stop("tool_use"),
        ],
        [A, LS, ToolInput(0, "{}"), Finished("tools", notes=("call_without_name",))],
    ),
    "c17 end_turn, but a call": (
        [start(), block(0, "tool_use", fragment("{}"), id="t0", name="ls"), stop("end_turn")],
        [A, LS, ToolInput(0, "{}"), Finished("tools")],
    ),
    "two blocks of text": (
        [start(), block(0, "text", text="a"), block(1, "text", text("b")), stop("end_turn")],
        [A, Text("a"), Text("\n"), Text("b"), Finished("end")],
    ),
    "a stop sequence": (
        [start(), block(0, "text", text("a")), stop("stop_sequence", "END")],
        [A, Text("a"), Finished("stop", "END")],
    ),
    "the limit": ([start(), stop("max_tokens")], [A, Finished("length")]),
    "the window is full": (
        [start(), stop("model_context_window_exceeded")],
        [A, Finished("length")],
    ),
    "a refusal": ([start(), stop("refusal")], [A, Finished("refusal")]),
    "a pause": ([start(), stop("pause_turn")], [A, Finished("pause")]),
    "an unknown stop reason": (
        [start(), stop("bored")],
        [A, Finished("end", notes=("stop_reason:bored",))],
    ),
    "c27 empty": ([start(), stop("end_turn")], [A, Finished("end")]),
    "c8 cut before message_stop": (
        [start(), block(0, "text", text("a")), stop("end_turn").partition(b"event: message_s")[0]],
        [A, Text("a"), CUT],
    ),
    "c8 cut off": ([start(), block(0, "text", text("a"))], [A, Text("a"), CUT]),
    "c8 nothing": ([], [CUT]),
    "c8 no stop reason": (
        [start(), stop(None)],
        [A, Failed("the upstream ended without a stop reason")],
    ),
    "c7 overloaded": (
        [start(), frame("error", error={"type": "overloaded_error", "message": "Overloaded"})],
        [A, Failed("Overloaded", 529)],
    ),
    "c7 rate limit": (
        [frame("error", error={"type": "rate_limit_error", "message": "slow"})],
        [Failed("slow", 429)],
    ),
    "c7 an error named by its event only": (
        [b'event: error\ndata: {"error": {"type": "api_error", "message": "x"}}\n\n'],
        [Failed("x", 500)],
    ),
}


def whole(sent: list[bytes]) -> bytes:
    return b"".join(sent)


def same(got: list[Event], means: list[Event]) -> bool:
    """Equal, but for the details of what Python says about broken JSON."""
    if means and isinstance(means[-1], Failed) and means[-1].message == "openai_chat":
        last = got[-1]
        cut = isinstance(last, Failed) and last.message.startswith("openai_chat: ")
        return cut and got[:-1] == means[:-1]
    return got == means


def loads(data: bytes) -> Any:
    return json.loads(data)
