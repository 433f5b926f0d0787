"""The routing mark (c88): taken out of every history, put into every answer, valid both times."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.errors import WireError
from turnout.wire import mark_out, splice
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Event, Finished, Started, Text, Thinking, ToolCall, ToolInput, Usage
from turnout.wire.mark import MarkedWriter, Marking, mark, marked
from turnout.wire.mark_in import unmarked
from turnout.wire.request import DialectName, Message, Request, Role
from turnout.wire.request import Text as Said
from wire import request_grammar
from wire import responses_upstreams as responses
from wire.gemini_upstreams import as_sse, call, chunk, text
from wire.upstreams import HINTS
from wire.vendors import CHECKS, NAMES, few, read, written

MARK = mark("openrouter", "minimax/m3")
BODY: dict[DialectName, tuple[str, str, str]] = {  # conversation, parts, the assistant's role
    "anthropic": ("messages", "content", "assistant"),
    "openai_chat": ("messages", "content", "assistant"),
    "openai_responses": ("input", "content", "assistant"),
    "gemini": ("contents", "parts", "model"),
}


def in_blocks(body: dict[str, Any]) -> dict[str, Any]:
    """Anthropic takes a string for one block of text."""
    for message in body["messages"]:
        if isinstance(message["content"], str):
            message["content"] = [{"type": "text", "text": message["content"]}]
    return body


VALID: dict[DialectName, Callable[[dict[str, Any]], None]] = {
    "anthropic": lambda body: request_grammar.check_anthropic(in_blocks(body)),
    "openai_chat": request_grammar.check_chat,
    "openai_responses": request_grammar.check_responses,
    "gemini": request_grammar.check_gemini,
}
dialects = pytest.mark.parametrize("name", NAMES, ids=[f"c88 {name}" for name in NAMES])


def part(name: DialectName, said: str, role: str) -> dict[str, Any]:
    if name == "gemini":
        return {"text": said}
    kind = {"openai_responses": "output_text" if role == "assistant" else "input_text"}
    return {"type": kind.get(name, "text"), "text": said}


def body(name: DialectName, *turns: tuple[str, Any]) -> bytes:
    """With odd white space. A turn's content: a string, or a list of texts and of other parts."""
    conversation, parts, ours = BODY[name]
    messages = []
    for role, said in turns:
        made = [part(name, s, role) if isinstance(s, str) else s for s in said]
        content = made if isinstance(said, list) or name == "gemini" else said
        if name == "gemini" and isinstance(said, str):
            content = [part(name, said, role)]
        kind = {"type": "message"} if name == "openai_responses" else {}
        messages.append({**kind, "role": ours if role == "assistant" else role, parts: content})
    return json.dumps(
        {"x": [1, 2], conversation: messages, "model": "m", "max_tokens": 9}, indent=1
    ).encode()


type Turns = list[tuple[str, Any]]
HI: tuple[str, Any] = ("user", "Hi")
ON: tuple[str, Any] = ("user", "Go on")

# what comes back from the client -> what is left of it
FORMS: dict[str, tuple[Turns, Turns]] = {
    "string": ([HI, ("assistant", MARK + "Yes."), ON], [HI, ("assistant", "Yes."), ON]),
    "array": ([HI, ("assistant", [MARK + "Yes."]), ON], [HI, ("assistant", ["Yes."]), ON]),
    "later block": (
        [HI, ("assistant", ["One.", MARK + "Two."]), ON],
        [HI, ("assistant", ["One.", "Two."]), ON],
    ),
    "without its blank line": (
        [HI, ("assistant", MARK.strip() + "Yes."), ON],
        [HI, ("assistant", "Yes."), ON],
    ),
    "the answer's own line breaks stay": (
        [HI, ("assistant", MARK + "\n\nYes."), ON],
        [HI, ("assistant", "\n\nYes."), ON],
    ),
    "two": (
        [HI, ("assistant", MARK + "A"), ON, ("assistant", mark("a", "b") + "B"), ON],
        [HI, ("assistant", "A"), ON, ("assistant", "B"), ON],
    ),
    "echo": (
        [("user", f"You said: {MARK}Yes. Why?"), ("assistant", "So."), ON],
        [("user", "You said: Yes. Why?"), ("assistant", "So."), ON],
    ),
    "echo in an array": (
        [("user", [f"> {MARK}Yes.", "Why?"]), ("assistant", "So."), ON],
        [("user", ["> Yes.", "Why?"]), ("assistant", "So."), ON],
    ),
    "a block of its own": (
        [HI, ("assistant", [MARK, "Yes."]), ON],
        [HI, ("assistant", ["Yes."]), ON],
    ),
    "the last block": (
        [HI, ("assistant", ["Yes.", MARK.strip()]), ON],
        [HI, ("assistant", ["Yes."]), ON],
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=[f"c88 {form}" for form in FORMS])
@dialects
def test_history_is_cleaned(name: DialectName, form: tuple[Turns, Turns]) -> None:
    """A client without marks would have sent the same."""
    came, left = form
    found = unmarked(body(name, *came), name)
    assert json.loads(found.body) == json.loads(body(name, *left))
    assert [change.what for change in found.changes] == [BODY[name][0]]
    VALID[name](json.loads(found.body))
    echo = "So." in str(came)  # who answered is told by answers only
    assert found.last == ("" if echo else "a/b" if "a/b" in str(came) else "openrouter/minimax/m3")


@dialects
def test_only_the_mark_is_cut_out(name: DialectName) -> None:
    turns = FORMS["two"]
    found = unmarked(body(name, *turns[0]), name)
    assert found.body == body(name, *turns[1])
    assert found.last == "a/b"


said_by_models = st.text(min_size=1).filter(lambda said: said.strip() and "turnout" not in said)


@dialects
@few
@given(said=st.lists(st.tuples(said_by_models, st.booleans()), min_size=1), ascii=st.booleans())
def test_any_text_comes_back_as_it_was(
    name: DialectName, said: list[tuple[str, bool]], ascii: bool
) -> None:
    """To the byte, whatever a model says after the mark and however the client writes its JSON."""
    plain = [turn for text, _ in said for turn in (HI, ("assistant", text))]
    came = [turn for text, on in said for turn in (HI, ("assistant", MARK * on + text))]
    wanted, sent = (
        json.dumps(json.loads(body(name, *turns)), ensure_ascii=ascii).encode()
        for turns in (plain, came)
    )
    assert unmarked(sent, name).body == wanted


@dialects
def test_without_a_mark_nothing_is_changed(name: DialectName) -> None:
    came = body(name, HI, ("assistant", "Yes: [turnout: is a thing] turnout:"), ON)
    found = unmarked(came, name)
    assert (found.body, found.changes, found.last) == (came, (), "")


@dialects
def test_a_message_of_nothing_else_goes(name: DialectName) -> None:
    """Where roles have to alternate its neighbours become one."""
    found = unmarked(body(name, HI, ("assistant", MARK.strip()), ON), name)
    conversation, parts, _ = BODY[name]
    messages = json.loads(found.body)[conversation]
    VALID[name](json.loads(found.body))
    assert {m["role"] for m in messages} == {"user"}
    texts = [p["text"] if isinstance(p, dict) else p for m in messages for p in _listed(m[parts])]
    assert texts == ["Hi", "Go on"]
    assert len(messages) == (1 if name in ("anthropic", "gemini") else 2)
    DIALECTS[name].peek(found.body, "/v1beta/models/m:generateContent")


def _listed(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [content]


def test_c88_calls_keep_their_message() -> None:
    """In Chat calls stand beside the text, elsewhere after it."""
    calls = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    message = {"role": "assistant", "content": MARK, "tool_calls": calls}
    result = {"role": "tool", "tool_call_id": "c", "content": MARK + "of a tool"}
    came = json.dumps({"messages": [message, result]}).encode()
    left = json.loads(unmarked(came, "openai_chat").body)["messages"]
    assert left == [message | {"content": None}, result]
    use = {"type": "tool_use", "id": "c", "name": "f", "input": {"text": MARK}}
    came = body("anthropic", HI, ("assistant", [MARK, use]))
    assert json.loads(unmarked(came, "anthropic").body)["messages"][1]["content"] == [use]


# where system text stands                with the mark in it       what is left, None: nothing
SYSTEMS: dict[str, tuple[DialectName, str, Any, Any]] = {
    "a text": ("anthropic", "system", f"Before: {MARK}Yes.", "Before: Yes."),
    "blocks": (
        "anthropic", "system",
        [{"type": "text", "text": MARK}, {"type": "text", "text": f"{MARK}Yes."}],
        [{"type": "text", "text": "Yes."}],
    ),
    "only the mark": ("anthropic", "system", MARK, None),
    "only blocks of it": ("anthropic", "system", [{"type": "text", "text": MARK}], None),
    "instructions": ("openai_responses", "instructions", f"{MARK}Yes.", "Yes."),
    "a content": ("gemini", "systemInstruction", {"parts": [{"text": f"{MARK}Yes."}]},
                  {"parts": [{"text": "Yes."}]}),
    "in snake case": ("gemini", "system_instruction",
                      {"role": "system", "parts": [{"text": MARK}, {"text": "Yes."}]},
                      {"role": "system", "parts": [{"text": "Yes."}]}),
    "a content of it": ("gemini", "systemInstruction", {"parts": [{"text": MARK}]}, None),
    "a bare text": ("gemini", "systemInstruction", f"{MARK}Yes.", "Yes."),
    "other words": ("anthropic", "system", "turnout: [a/b] is ours", "turnout: [a/b] is ours"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "member", "said", "left"), SYSTEMS.values(), ids=[f"c88 {one}" for one in SYSTEMS]
)
def test_c88_system_text_beside_the_conversation(
    name: DialectName, member: str, said: Any, left: Any
) -> None:
    """It says nothing of who answered last: whoever wrote it there only quotes."""
    sent = json.dumps({member: said} | json.loads(body(name, HI)), indent=1).encode()
    found = unmarked(sent, name)
    there = json.loads(found.body)
    assert there.get(member) == left
    assert {**there, member: said} == json.loads(sent), "nothing else"
    assert found.last == ""
    assert [change.what for change in found.changes] == ([member] if said != left else [])


ESCAPED = rb"[\u0074urnout: a\u002fb] turnout:"
UNCLEAN: dict[str, tuple[DialectName, bytes]] = {
    "escaped": ("anthropic", body("anthropic", ("assistant", "@")).replace(b"@", ESCAPED)),
    "a sealed thought": (
        "anthropic",
        body("anthropic", HI, ("assistant", [{"type": "thinking", "thinking": MARK}, "Yes."])),
    ),
    "Gemini's thought": (
        "gemini",
        body("gemini", HI, ("assistant", [{"text": MARK, "thought": True}, "Yes."])),
    ),
    "a thought of Responses": (
        "openai_responses",
        json.dumps({"input": [{"type": "reasoning", "summary": [{"text": MARK}]}]}).encode(),
    ),
    "a thought alone": (
        "openai_responses",
        json.dumps(
            {"input": [{"type": "reasoning"}, {"role": "assistant", "content": MARK}]}
        ).encode(),
    ),
    "the user says nothing else": ("openai_chat", body("openai_chat", ("user", MARK))),
    "a bare string": ("openai_responses", json.dumps({"input": MARK}).encode()),
    "no JSON": ("openai_chat", b'{"messages": [turnout: a/b]'),
}


@pytest.mark.parametrize("case", UNCLEAN.values(), ids=[f"c88 {case}" for case in UNCLEAN])
def test_what_cannot_be_cleaned_is_told(case: tuple[DialectName, bytes]) -> None:
    with pytest.raises(WireError):
        unmarked(case[1], case[0])


# -- answers

START = Started("id_1", "m")
CALL = [ToolCall(0, "t0", "ls"), ToolInput(0, '{"a": 1}')]
END = [Usage(fresh_input=3, output=2), Finished("end")]
ANSWERS: dict[str, list[Event]] = {
    "text": [START, Text("One"), Text(" two."), *END],
    "a thought before": [START, Thinking("hm"), Text("One"), Text(" two."), *END],
    "a call after": [START, Text("One"), Text(" two."), *CALL, END[0], Finished("tools")],
    "nothing but a call": [START, *CALL, END[0], Finished("tools")],
}
answers = pytest.mark.parametrize("said", ANSWERS.values(), ids=[f"c88 {said}" for said in ANSWERS])


def spoken(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def means(events: list[Event]) -> str:
    return MARK + spoken(events) if spoken(events) else ""


@answers
@dialects
def test_a_stream_in_its_own_dialect(name: DialectName, said: list[Event]) -> None:
    """Frame by frame, and nothing is different but for the mark."""
    came = written(DIALECTS[name], said)
    frames = mark_out.Frames(name, MARK)
    sent = b"".join(frames(frame + b"\n\n") for frame in came.removesuffix(b"\n\n").split(b"\n\n"))
    CHECKS[name](sent)
    assert spoken(read(DIALECTS[name], sent)) == means(said)
    assert sent.replace(json.dumps(MARK)[1:-1].encode(), b"") == came
    assert mark_out.Frames(name, MARK)(came) == sent


@answers
@dialects
def test_a_whole_answer_in_its_own_dialect(name: DialectName, said: list[Event]) -> None:
    came = DIALECTS[name].write_answer(said, HINTS)
    sent = mark_out.whole(came, name, MARK)
    assert spoken([*DIALECTS[name].read_answer(sent)]) == means(said)
    assert sent.replace(json.dumps(MARK)[1:-1].encode(), b"") == came


@answers
@dialects
def test_a_translated_answer(name: DialectName, said: list[Event]) -> None:
    dialect = DIALECTS[name]
    writer = MarkedWriter(dialect.stream_writer(HINTS), MARK)
    sent = b"".join(piece for event in said for piece in writer.feed(event))
    CHECKS[name](sent)
    assert spoken(read(dialect, sent)) == means(said)
    whole = dialect.write_answer(marked(said, MARK), HINTS)
    assert spoken([*dialect.read_answer(whole)]) == means(said)


def test_c88_responses_says_it_in_every_event() -> None:
    """The second message has none; the end of a real vendor's stream repeats the first."""
    items = [
        {"id": "rs_0", "type": "reasoning", "summary": []},
        {"id": "message_1", "type": "message", "content": [responses.part(0, "One")]},
    ]
    came = b"".join(
        [
            responses.CREATED,
            responses.message(1, "One"),
            responses.message(2, "Two"),
            responses.end(output=items),
        ]
    )
    sent = mark_out.Frames("openai_responses", MARK)(came).decode()
    escaped = json.dumps(MARK)[1:-1]
    assert sent.count(escaped) == 5
    assert sent.count(f"{escaped}One") == 5
    assert sent.replace(escaped, "").encode() == came


def test_c88_a_signed_text_of_gemini_keeps_its_signature() -> None:
    came = as_sse([chunk(text("hm", thought=True)), chunk(text("One", thoughtSignature="s"))])
    sent = mark_out.Frames("gemini", MARK)(came)
    assert sent == came.replace(b'"One"', json.dumps(MARK + "One").encode())
    calls = as_sse([chunk(call("f"), finish="STOP")])
    assert mark_out.Frames("gemini", MARK)(calls) == calls


STRANGE = [
    b"",
    b": ping\n\n",
    b"data: {\n\n",
    b"data: [1]\n\n",
    b"data: [DONE]\n\n",
    b'data: {"a":1}',
]


@pytest.mark.parametrize("came", STRANGE, ids=str)
@dialects
def test_what_cannot_be_read_passes(name: DialectName, came: bytes) -> None:
    assert mark_out.Frames(name, MARK)(came) == came
    assert mark_out.whole(came, name, MARK) == came


# -- when

ROLES: dict[str, tuple[str, list[Role], bool]] = {  # last, roles -> is there a mark
    "the first": ("", ["user"], True),
    "the first, after a system message": ("", ["system", "user"], True),
    "begun, and nobody knows who answered": ("", ["user", "assistant", "user"], False),
    "the same again": ("a/b", ["user", "assistant", "user"], False),
    "the first again": ("a/b", ["user"], False),
    "a change": ("a/c", ["user", "assistant", "user"], True),
    "a prefill": ("a/c", ["user", "assistant"], False),
    "a system message last": ("", ["user", "system"], True),
}


@pytest.mark.parametrize("case", ROLES.values(), ids=[f"c88 {case}" for case in ROLES])
def test_when_there_is_a_mark(case: tuple[str, list[Role], bool]) -> None:
    last, roles, there = case
    messages = tuple(Message(role, (Said("x"),)) for role in roles)
    told = Marking(last).text("a", "b", lambda: Request(model="m", messages=messages))
    assert told == ("[turnout: a/b]\n\n" if there else "")


def test_c88_a_request_that_cannot_be_read_has_no_mark() -> None:
    def broken() -> Request:
        raise WireError("native")

    assert Marking().text("a", "b", broken) == ""


@pytest.mark.parametrize("new", [(b"", b"2", b""), (b"", b"", b""), (b"9", b"", b"3")], ids=str)
def test_items_of_an_array(new: tuple[bytes, ...]) -> None:
    left = splice.items(b"[ 1 ,2\n, 3 ]", new)
    assert json.loads(left) == [int(item) for item in new if item]
    assert splice.items(b"[ 1 ,2 ]", [b"1", b"2"]) == b"[ 1 ,2 ]"
