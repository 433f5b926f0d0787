"""c12: opaque thinking goes back to whoever minted it, and to nobody else."""

import json
from dataclasses import replace
from typing import Any

import pytest

from turnout.signers import opaque
from turnout.wire.anthropic.edit import splice
from turnout.wire.dialect import Hints
from turnout.wire.dialects import DIALECTS
from turnout.wire.gemini import edit as gemini
from turnout.wire.gemini.signature import FOREIGN
from turnout.wire.openai_chat import edit as openai_chat
from turnout.wire.openai_chat.stream_reader import StreamReader as ChatReader
from turnout.wire.openai_responses import edit as openai_responses
from turnout.wire.request import Target

type Block = dict[str, Any]


def thought(by: str, text: str = "hm") -> Block:
    return {"type": "thinking", "thinking": text, "signature": f"{by}-{text}"}


def hidden(by: str) -> Block:
    return {"type": "redacted_thinking", "data": f"{by}-hidden"}


OK = {"type": "text", "text": "ok"}
CALL = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"a": 1}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "done"}
HI = {"role": "user", "content": "hi"}
ANSWERED = {"role": "user", "content": [RESULT]}
CLEAR = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}


def assistant(*blocks: Block) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def target(model: str, *, asked: bool, **more: Any) -> Target:
    """As at a turnout that remembers what "b" and "c" minted; what "a" did nobody wrote down."""

    def minted(data: str) -> bool | None:
        by = data.partition("-")[0]
        return None if by == "a" else by == model

    return Target(model=model, minted=minted, asked=asked, **more)


A, B = target("a", asked=True), target("b", asked=False)
MIXED = [
    HI, assistant(thought("a"), OK), HI, assistant(thought("b"), OK), HI,
    assistant(hidden("a"), OK), HI, assistant(hidden("b"), thought("c"), OK), HI,
]  # fmt: skip
# the conversation of a client that asks for "a"         to    what it is told
HISTORIES: dict[str, tuple[list[Any], Target, list[Any]]] = {
    "c12 back at the asked model": (
        [HI, assistant(thought("b"), OK), HI], A,
        [HI, assistant(OK), HI],
    ),
    "c12 its sibling again": (
        [HI, assistant(thought("b"), OK), HI], B,
        [HI, assistant(thought("b"), OK), HI],
    ),
    "c12 a, b, a, b at a": (
        MIXED, A,
        [HI, assistant(thought("a"), OK), HI, assistant(OK), HI,
         assistant(hidden("a"), OK), HI, assistant(OK), HI],
    ),
    "c12 a, b, a, b at b": (
        MIXED, B,
        [HI, assistant(OK), HI, assistant(thought("b"), OK), HI,
         assistant(OK), HI, assistant(hidden("b"), OK), HI],
    ),
    "c12 a message that becomes empty goes": (
        [HI, assistant(thought("b")), HI], A,
        [HI, HI],
    ),
    "c12 the same model at another provider": (
        [HI, assistant(thought("a"), thought("b"), OK), HI], target("a", asked=False),
        [HI, assistant(OK), HI],
    ),
}  # fmt: skip


def body(messages: list[Any], **more: Any) -> dict[str, Any]:
    return {"model": "a", "max_tokens": 9000, "messages": messages, **more}


def told(sent: dict[str, Any], at: Target) -> tuple[dict[str, Any], set[tuple[str, str]]]:
    written = splice(json.dumps(sent, indent=1).encode(), at)
    return json.loads(written.body), {(one.what, one.why) for one in written.changes}


@pytest.mark.parametrize(("messages", "at", "wanted"), HISTORIES.values(), ids=HISTORIES)
def test_c12_whose_thinking(messages: list[Any], at: Target, wanted: list[Any]) -> None:
    got, changes = told(body(messages), at)
    assert got["messages"] == wanted
    assert (("thinking", "another model signed it") in changes) is (messages != wanted)


def test_c12_what_is_left_keeps_its_bytes() -> None:
    mine = b'{ "signature" : "b-\\u0041", "thinking":"hm","type": "thinking" }'
    theirs = b'{"type":"thinking","thinking":"","signature":"c-x"}'
    sent = (
        b'{ "model":"a","max_tokens":9,"messages": [{"role":"user","content":"hi"},'
        b'{"content" : [%b,%b , {"type":"text","text":"\\u0041"}],"role":"assistant"},'
        b'{"role":"user","content":"hi"}]}' % (theirs, mine)
    )
    written = splice(sent, B).body
    assert mine in written
    assert theirs not in written
    back = splice(sent, target("c", asked=False)).body
    assert theirs in back
    assert mine not in back


@pytest.mark.parametrize("messages", [MIXED[:3], [HI, assistant(hidden("a"), OK, CALL), ANSWERED]])
def test_c2_c12_a_session_that_was_never_anybody_elses_is_not_touched(messages: list[Any]) -> None:
    sent = json.dumps(body(messages, thinking={"type": "enabled", "budget_tokens": 2000})).encode()
    written = splice(sent, A)
    assert written.body is sent
    assert written.changes == ()


BUDGET = {"thinking": {"type": "enabled", "budget_tokens": 2000}}
ADAPTIVE = {"thinking": {"type": "adaptive"}}
LOOP = [HI, assistant(thought("b"), CALL), ANSWERED]
NEXT = {"tool_use_id": "t2"}
# the tool loop in progress                              asked with      to       thinks on
LOOPS: dict[str, tuple[list[Any], dict[str, Any], Target, bool]] = {
    "c12 the sibling began it": (LOOP, BUDGET, A, False),
    "c12 an adaptive model begins where it likes": (LOOP, ADAPTIVE, A, True),
    "c12 the sibling goes on": (
        LOOP, BUDGET, target("b", asked=False, reasoning="budget"), True,
    ),
    "c12 the asked model came back in it and thought": (
        [*LOOP, assistant(thought("a"), CALL | {"id": "t2"}),
         {"role": "user", "content": [RESULT | NEXT]}], BUDGET, A, True,
    ),
    "c12 the sibling came in between": (
        [HI, assistant(thought("a"), CALL), ANSWERED,
         assistant(thought("b"), CALL | {"id": "t2"}),
         {"role": "user", "content": [RESULT | NEXT]}], BUDGET, A, False,
    ),
    "c12 a person spoke since": ([*LOOP, assistant(OK), HI], BUDGET, A, True),
    "c12 nobody signed it": ([HI, assistant(thought("b") | {"signature": ""}, CALL), ANSWERED],
                             BUDGET, A, False),
    "the client's own loop without thinking is its own": (
        [HI, assistant(CALL, thought("b")), ANSWERED], BUDGET, A, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("messages", "asked", "at", "thinks"), LOOPS.values(), ids=LOOPS)
def test_c12_a_tool_loop_in_progress(
    messages: list[Any], asked: dict[str, Any], at: Target, thinks: bool
) -> None:
    """Manual thinking cannot begin inside a loop: a turn that lost its own goes on without."""
    got, changes = told(body(messages, **asked, context_management=CLEAR), at)
    assert got.get("thinking") == (asked["thinking"] if thinks else None)
    assert ("context_management" in got) is thinks, "clearing is refused where nothing thinks"
    assert any(what == "thinking" and "loop" in why for what, why in changes) is not thinks


def test_c12_without_a_memory_the_model_alone_counts() -> None:
    """`turnout translate`, and whoever knows no session."""
    sent = body(MIXED)
    assert told(sent, Target(model="a"))[0]["messages"] == MIXED
    assert "signature" not in json.dumps(told(sent, Target(model="b"))[0])


# -- Responses: encrypted reasoning of a family, at one provider

R_HI = {"type": "message", "role": "user", "content": "hi"}
R_CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
R_DONE = {"type": "function_call_output", "call_id": "c1", "output": "ok"}


def secret(by: str) -> Block:
    return {"type": "reasoning", "id": f"rs_{by}", "summary": [], "encrypted_content": f"{by}-x"}


def responses(model: str, *, asked: bool, **more: Any) -> Target:
    """Knows what "azure" and "grok" made; "openai" was asked, and nobody wrote that down."""

    def minted(data: str) -> bool | None:
        by = data.partition("-")[0]
        return None if by == "openai" else by == model.partition("/")[0]

    name = model.rpartition("/")[2]
    return Target(model=name, minted=minted, asked=asked, reasoning="effort", **more)


LOOP_OF = {by: [R_HI, secret(by), R_CALL, R_DONE] for by in ("openai", "azure")}
WITHOUT = [R_HI, R_CALL, R_DONE]
# the input of a client that asks for gpt-5      to                               what it sees
INPUTS: dict[str, tuple[list[Any], Target, list[Any]]] = {
    "c12 c73 another provider's goes": (
        LOOP_OF["azure"], responses("openai/gpt-5", asked=True), WITHOUT,
    ),
    "c12 c73 its own stays": (
        LOOP_OF["openai"], responses("openai/gpt-5", asked=True), LOOP_OF["openai"],
    ),
    "c12 c73 inside the family it stays": (
        LOOP_OF["openai"], responses("openai/gpt-5-mini", asked=True), LOOP_OF["openai"],
    ),
    "c12 c73 the same model at another provider": (
        LOOP_OF["openai"], responses("azure/gpt-5", asked=False), WITHOUT,
    ),
    "c12 c73 back at the other provider": (
        LOOP_OF["azure"], responses("azure/gpt-5", asked=False), LOOP_OF["azure"],
    ),
    "c12 c73 a model that does not reason": (
        LOOP_OF["openai"], replace(responses("openai/gpt-4.1", asked=True), reasoning="none"),
        WITHOUT,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("items", "at", "wanted"), INPUTS.values(), ids=INPUTS)
def test_c12_whose_encrypted_reasoning(items: list[Any], at: Target, wanted: list[Any]) -> None:
    sent = {"model": "gpt-5", "input": items, "store": False}
    written = openai_responses.splice(json.dumps(sent).encode(), at)
    assert json.loads(written.body)["input"] == wanted
    assert any(one.what == "reasoning" for one in written.changes) is (items != wanted)


# -- Gemini: signatures on parts


def g_said(*parts: Block, role: str = "model") -> Block:
    return {"role": role, "parts": list(parts)}


def g_call(by: str = "", name: str = "f", key: str = "thoughtSignature") -> Block:
    signed = {key: by if by == FOREIGN else f"{by}-{name}"} if by else {}
    return {"functionCall": {"name": name, "args": {}}, **signed}


def g_text(text: str, by: str) -> Block:
    return {"text": text, "thoughtSignature": f"{by}-t"}


G_HI = g_said({"text": "hi"}, role="user")
G_DONE = g_said({"functionResponse": {"name": "f", "response": {}}}, role="user")
NEW_A, NEW_B = target("a", asked=True), target("b", asked=False)
PRO_A, PRO_B = replace(NEW_A, model="gemini-3-a"), replace(NEW_B, model="gemini-3-b")
OLD_A = replace(NEW_A, model="gemini-2.5-a")
# the contents                                         to     it sees
CONTENTS: dict[str, tuple[list[Any], Target, list[Any]]] = {
    "c12 its own": (
        [G_HI, g_said(g_call("a")), G_DONE], PRO_A, [G_HI, g_said(g_call("a")), G_DONE],
    ),
    "c12 the sibling's, in the turn in progress": (
        [G_HI, g_said(g_call("b"), g_call(name="g")), G_DONE], PRO_A,
        [G_HI, g_said(g_call(FOREIGN), g_call(name="g")), G_DONE],
    ),
    "c12 the sibling's, in snake case": (
        [G_HI, g_said(g_call("b", key="thought_signature")), G_DONE], PRO_A,
        [G_HI, g_said(g_call(FOREIGN, key="thought_signature")), G_DONE],
    ),
    "c12 the sibling's, in a turn before": (
        [G_HI, g_said(g_call("b")), G_DONE, g_said(g_text("ok", "b")), G_HI], PRO_A,
        [G_HI, g_said(g_call()), G_DONE, g_said({"text": "ok"}), G_HI],
    ),
    "c12 a model that wants none": (
        [G_HI, g_said(g_call("b")), G_DONE], OLD_A, [G_HI, g_said(g_call()), G_DONE],
    ),
    "c12 the sibling goes on": (
        [G_HI, g_said(g_call("b")), G_DONE], PRO_B, [G_HI, g_said(g_call("b")), G_DONE],
    ),
    "c12 to the sibling": (
        [G_HI, g_said(g_call("a")), G_DONE], PRO_B, [G_HI, g_said(g_call(FOREIGN)), G_DONE],
    ),
    "c12 both in one turn": (
        [G_HI, g_said(g_call("a")), G_DONE, g_said(g_call("b")), G_DONE], PRO_A,
        [G_HI, g_said(g_call("a")), G_DONE, g_said(g_call(FOREIGN)), G_DONE],
    ),
    "c12 an empty text that only bore it": (
        [G_HI, g_said({"text": "ok"}, g_text("", "b")), G_HI, g_said(g_text("", "b")), G_HI],
        PRO_A, [G_HI, g_said({"text": "ok"}), G_HI, G_HI],
    ),
    "c12 foreign calls are marked already": (
        [G_HI, g_said(g_call(FOREIGN)), G_DONE], PRO_A, [G_HI, g_said(g_call(FOREIGN)), G_DONE],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("contents", "at", "wanted"), CONTENTS.values(), ids=CONTENTS)
def test_c12_whose_thought_signature(contents: list[Any], at: Target, wanted: list[Any]) -> None:
    sent = json.dumps({"contents": contents, "tools": []}, indent=1).encode()
    for write in (gemini.mend, gemini.splice):
        written = write(sent, at)
        assert json.loads(written.body)["contents"] == wanted
        if contents == wanted:
            assert written.body == sent
        assert bool(written.changes) is (contents != wanted)


def test_c2_c12_gemini_without_a_memory_is_not_even_read() -> None:
    sent = b"not even JSON"
    assert gemini.mend(sent, Target(model="gemini-3-a", asked=True)).body is sent


# -- Chat: OpenRouter's reasoning_details


def detail(by: str, name: str = "signature") -> Block:
    return {"type": "reasoning.text", "text": "hm", name: f"{by}-x"}


def answered(*details: Block, **more: Any) -> Block:
    kept = {"reasoning_details": list(details)} if details else {}
    return {"role": "assistant", "content": "ok", **kept, **more}


# the conversation                                        to     it sees
CHATS: dict[str, tuple[list[Any], Target, list[Any]]] = {
    "c12 its own": ([HI, answered(detail("a")), HI], A, [HI, answered(detail("a")), HI]),
    "c12 the sibling's": ([HI, answered(detail("b", "data")), HI], A, [HI, answered(), HI]),
    "c12 one message of two": (
        [HI, answered(detail("a")), HI, answered(detail("a"), detail("b")), HI], A,
        [HI, answered(detail("a")), HI, answered(), HI],
    ),
    "c12 plain words are anybody's": (
        [HI, answered(detail("b"), reasoning="hm"), HI], A, [HI, answered(reasoning="hm"), HI],
    ),
    "c12 the sibling again": (
        [HI, answered(detail("a")), HI, answered(detail("b"), reasoning="hm"), HI], B,
        [HI, answered(), HI, answered(detail("b")), HI],
    ),
    "c12 the same model at another provider": (
        [HI, answered(detail("a")), HI], target("a", asked=False), [HI, answered(), HI],
    ),
    "c12 of no shape that we know": (
        [HI, answered({"type": "reasoning.text", "text": "hm"}), HI], A,
        [HI, answered({"type": "reasoning.text", "text": "hm"}), HI],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("messages", "at", "wanted"), CHATS.values(), ids=CHATS)
def test_c12_whose_reasoning_details(messages: list[Any], at: Target, wanted: list[Any]) -> None:
    sent = json.dumps({"model": "a", "messages": messages}, indent=1).encode()
    written = openai_chat.splice(sent, at)
    assert json.loads(written.body)["messages"] == wanted
    if messages == wanted:
        assert written.body == sent
    assert any(one.what == "reasoning" for one in written.changes) is (messages != wanted)


@pytest.mark.parametrize("streamed", [False, True])
def test_c12_what_reasoning_details_carry(streamed: bool) -> None:
    """It is heard by who remembers it, and written for nobody else."""
    said = answered(detail("b"), detail("c", "data"), {"type": "reasoning.summary"})
    choice = {"index": 0, "delta" if streamed else "message": said, "finish_reason": "stop"}
    chunk = {"id": "i", "model": "m", "choices": [choice]}
    events = list(ChatReader().read(chunk))
    assert [opaque(event) for event in events if opaque(event)] == ["b-x", "c-x"]
    for dialect in DIALECTS.values():
        writer = dialect.stream_writer(Hints(id="i", model="m"))
        out = b"".join(piece for event in events for piece in writer.feed(event))
        assert b"b-x" not in out
        assert b"turnout_1_" not in out
        assert b"thinking" not in out


@pytest.mark.parametrize("details", ["x", [1], {"a": 1}, [{"signature": 1}], None])
def test_reasoning_details_of_no_shape(details: Any) -> None:
    chunk = {"choices": [{"delta": {"reasoning_details": details}, "finish_reason": "stop"}]}
    assert not [event for event in ChatReader().read(chunk) if opaque(event)]
    sent = json.dumps({"model": "a", "messages": [HI, answered(reasoning_details=details)]})
    assert openai_chat.splice(sent.encode(), A).body == sent.encode()
