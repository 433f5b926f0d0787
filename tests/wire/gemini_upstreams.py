"""What Gemini sends, as chunks, and what it means, as events; and its grammar, as a judge."""

import json
from typing import Any

from turnout.wire import sse
from turnout.wire.envelope import Envelope, with_id
from turnout.wire.events import (
    Event,
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
from wire import grammar
from wire.upstreams import CUT

type Chunk = dict[str, Any]
type Row = tuple[list[Chunk], list[Event]]

PATH = "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"
G = Started("r1", "gemini-3.8-flash")


def chunk(*parts: Any, finish: str | None = None, usage: Any = None, **rest: Any) -> Chunk:
    content = {"role": "model", "parts": list(parts)}
    candidate = {"content": content, "index": 0} | ({"finishReason": finish} if finish else {})
    head = {"responseId": "r1", "modelVersion": "gemini-3.8-flash"}
    return {"candidates": [candidate]} | head | ({"usageMetadata": usage} if usage else {}) | rest


def text(said: str, **more: Any) -> Chunk:
    return {"text": said} | more


def call(name: str, args: Any = None, id: str = "", **more: Any) -> Chunk:
    made = ({"id": id} if id else {}) | {"name": name} | ({} if args is None else {"args": args})
    return {"functionCall": made} | more


def as_sse(chunks: list[Chunk]) -> bytes:
    return b"".join(sse.write(one) for one in chunks)


def as_array(chunks: list[Chunk]) -> bytes:
    """As Google writes it: indented, and with the commas on lines of their own."""
    return ("[" + "\n,\r\n".join(json.dumps(one, indent=2) for one in chunks) + "\n]\n").encode()


def signed(id: str, signature: str) -> str:
    return with_id(id, Envelope("gemini", signature))


USAGE = {
    "promptTokenCount": 1000,
    "cachedContentTokenCount": 800,
    "candidatesTokenCount": 20,
    "thoughtsTokenCount": 7,
    "totalTokenCount": 1027,
}
BLOCKED = {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "No."}

# what the upstream sends                                   -> what it means
GEMINI: dict[str, Row] = {
    "text": (
        [chunk(text("Hé")), chunk(text("y"), finish="STOP")],
        [G, Text("Hé"), Text("y"), Finished("end")],
    ),
    "brackets, quotes and escapes in a text": (
        [chunk(text('}]{["\\" ,\\'), text('"')), chunk(finish="STOP")],
        [G, Text('}]{["\\" ,\\'), Text('"'), Finished("end")],
    ),
    "c20 thoughts, then text": (
        [chunk(text("so", thought=True)), chunk(text("a"), finish="STOP")],
        [G, Thinking("so"), Text("a"), Finished("end")],
    ),
    "a signature on an empty text": (
        [chunk(text("a")), chunk(text("", thoughtSignature="AAA="), finish="STOP")],
        [G, Text("a"), Signature("turnout_1_gemini_QUFBPQ"), Finished("end")],
    ),
    "c17 a call, and STOP": (
        [chunk(call("ls", {"a": 1}, "t0"), finish="STOP")],
        [G, ToolCall(0, "t0", "ls"), ToolInput(0, '{"a": 1}'), Finished("tools")],
    ),
    "c16 two calls, the first signed": (
        [
            chunk(call("ls", {}, "t0", thoughtSignature="sig+/=")),
            chunk(call("rm", {"ü": None}, "t1")),
            chunk(text(""), finish="STOP"),
        ],
        [
            G,
            ToolCall(0, signed("t0", "sig+/="), "ls"),
            ToolInput(0, "{}"),
            ToolCall(1, "t1", "rm"),
            ToolInput(1, '{"ü": null}'),
            Finished("tools"),
        ],
    ),
    "c16 calls without ids": (
        [chunk(call("ls"), call("ls", {}, thoughtSignature="s"), finish="STOP")],
        [
            G,
            ToolCall(0, "call_nonce_0", "ls"),
            ToolInput(0, "{}"),
            ToolCall(1, signed("call_nonce_1", "s"), "ls"),
            ToolInput(1, "{}"),
            Finished("tools"),
        ],
    ),
    "c22 a call without a name": (
        [chunk(call("", {}, "t0"), call("ls", {}, "t1"), finish="STOP")],
        [
            G,
            ToolCall(0, "t1", "ls"),
            ToolInput(0, "{}"),
            Finished("tools", notes=("call_without_name",)),
        ],
    ),
    "c18 the limit": (
        [chunk(text("a"), finish="MAX_TOKENS")],
        [G, Text("a"), Finished("length")],
    ),
    "c19 safety": ([chunk(text("a"), finish="SAFETY")], [G, Text("a"), Finished("refusal")]),
    "c19 no content at all": (
        [{"candidates": [{"finishReason": "RECITATION", "index": 0}]}],
        [Started("", ""), Finished("refusal")],
    ),
    "c19 a blocked prompt": (
        [{"promptFeedback": BLOCKED, "responseId": "r1", "modelVersion": "gemini-3.8-flash"}],
        [G, Text("No."), Finished("refusal", notes=("blockReason:PROHIBITED_CONTENT",))],
    ),
    "c21 thoughts are output, the cache is not fresh": (
        [
            chunk(text("a"), usage={"promptTokenCount": 1000}),
            chunk(finish="STOP", usage=USAGE),
        ],
        [
            G,
            Text("a"),
            Usage(fresh_input=1000),
            Usage(200, 800, output=27, reasoning=7),
            Finished("end"),
        ],
    ),
    "c21 usage after the finish": (
        [chunk(text("a"), finish="STOP"), {"usageMetadata": USAGE}],
        [G, Text("a"), Usage(200, 800, output=27, reasoning=7), Finished("end")],
    ),
    "c21 usage that says nothing": (
        [chunk(text("a"), finish="STOP", usage={"trafficType": "ON_DEMAND"})],
        [G, Text("a"), Finished("end")],
    ),
    "c27 empty": ([chunk(finish="STOP")], [G, Finished("end")]),
    "a reason nobody knows": (
        [chunk(text("a"), finish="TIRED")],
        [G, Text("a"), Finished("end", notes=("finishReason:TIRED",))],
    ),
    "a malformed call": (
        [chunk(text("a")), chunk(finish="MALFORMED_FUNCTION_CALL")],
        [G, Text("a"), Failed("the upstream broke off: MALFORMED_FUNCTION_CALL")],
    ),
    "citations become links": (
        [
            {
                "candidates": [
                    {
                        "content": {"parts": [text("a")]},
                        "finishReason": "STOP",
                        "citationMetadata": {"citationSources": [{"uri": "https://x.test"}]},
                    }
                ]
            }
        ],
        [
            Started("", ""),
            Text("a"),
            Text("\n\n[https://x.test](https://x.test)"),
            Finished("end"),
        ],
    ),
    "only the first candidate counts": (
        [
            chunk(text("a"), finish="STOP")
            | {
                "candidates": [
                    *chunk(text("a"), finish="STOP")["candidates"],
                    {"index": 1, "content": {"parts": [text("b")]}, "finishReason": "SAFETY"},
                ]
            }
        ],
        [G, Text("a"), Finished("end")],
    ),
    "parts of other tools": (
        [chunk({"executableCode": {"code": "1"}}, text("a"), finish="STOP")],
        [G, Text("a"), Finished("end")],
    ),
    "c7 an error": (
        [{"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}],
        [Failed("slow down", 429)],
    ),
    "c7 an error in the stream": (
        [chunk(text("a")), {"error": {"code": 503, "message": "overloaded"}}, chunk(text("b"))],
        [G, Text("a"), Failed("overloaded", 503)],
    ),
    "c8 cut off": ([chunk(text("a"))], [G, Text("a"), CUT]),
    "c8 nothing": ([], [CUT]),
}

FINISHES = {"STOP", "MAX_TOKENS", "SAFETY"}
STATUS = {
    "INVALID_ARGUMENT", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "RESOURCE_EXHAUSTED",
    "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "UNIMPLEMENTED",
}  # fmt: skip


def chunks(data: bytes, *, sse: bool) -> list[Chunk]:
    """What a client that reads the frames in full gets."""
    if not sse:
        return list(json.loads(data))
    told = grammar.frames(data)
    assert all(frame.event == "message" for frame in told)
    return [json.loads(frame.data) for frame in told]


def check_gemini(data: bytes, *, sse: bool = True) -> None:
    """Answers of one candidate, a finishReason in the last and there only; or an error last."""
    said = chunks(data, sse=sse)
    if "error" in said[-1]:
        error = said.pop()["error"]
        assert error["status"] in STATUS
        assert error["message"]
    else:
        finished = said[-1]["candidates"][0]
        assert finished["finishReason"] in FINISHES
        check_usage(said[-1].get("usageMetadata"))
    reasons = [one["candidates"][0].get("finishReason") for one in said]
    assert reasons.count(None) >= len(said) - 1
    assert len({(one["responseId"], one["modelVersion"]) for one in said}) <= 1
    for one in said:
        (candidate,) = one["candidates"]
        assert candidate["index"] == 0
        assert candidate["content"]["role"] == "model"
        assert candidate["content"]["parts"]
        for part in candidate["content"]["parts"]:
            check_part(part)


def check_part(part: Chunk) -> None:
    assert len({"text", "functionCall"} & part.keys()) == 1
    if made := part.get("functionCall"):
        assert made["id"]
        assert made["name"]
        assert isinstance(made["args"], dict)


def check_usage(usage: Chunk | None) -> None:
    if usage:
        parts = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
        assert usage["totalTokenCount"] == sum(usage.get(name, 0) for name in parts)
        assert usage.get("cachedContentTokenCount", 0) <= usage["promptTokenCount"]


def sum_gemini(data: bytes, *, sse: bool = True) -> Chunk:
    """The texts, thoughts and calls; the reason and the usage, as a client would keep them."""
    parts = [
        part
        for one in chunks(data, sse=sse)
        for part in one.get("candidates", [{"content": {"parts": ()}}])[0]["content"]["parts"]
    ]
    last = chunks(data, sse=sse)[-1]
    return {
        "text": "".join(p.get("text", "") for p in parts if not p.get("thought")),
        "thoughts": "".join(p.get("text", "") for p in parts if p.get("thought")),
        "calls": [p["functionCall"] for p in parts if "functionCall" in p],
        "finish": last.get("candidates", [{}])[0].get("finishReason"),
        "usage": last.get("usageMetadata"),
    }
