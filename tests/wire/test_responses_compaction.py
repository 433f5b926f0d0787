"""c65, c75: a conversation summed up by a model that is not OpenAI's, and read again later."""

import json
from typing import Any

import pytest

from turnout.errors import UnsupportedError
from turnout.wire.dialect import Hints
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Event, Failed, Finished, Started, Text, Thinking, ToolCall, Usage
from turnout.wire.openai_responses import DIALECT, compaction
from turnout.wire.request import DialectName, Request, Target
from wire import grammar_responses

PATH = "/v1/responses"
TRIGGER = {"type": "compaction_trigger"}
LS = {"type": "function", "name": "ls", "parameters": {"type": "object", "properties": {}}}
HI = {"type": "message", "role": "user", "content": "Mend the parser."}
CALL = {"type": "function_call", "call_id": "c1", "name": "ls", "arguments": "{}"}
DONE = {"type": "function_call_output", "call_id": "c1", "output": "parser.py"}
SUMMARY = "They want the parser mended. “ls” said parser.py."
OURS = {"type": "compaction", "id": "cmp_1", "encrypted_content": compaction.sealed(SUMMARY)}
FOREIGN = {"type": "compaction", "encrypted_content": "gAAAAAB"}


def sent(*items: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"model": "gpt-5", "input": items, "tools": [LS], **more}).encode()


def asked(*items: dict[str, Any], **more: Any) -> Request:
    return DIALECT.read_request(sent(*items, **more), PATH)


def test_c65_the_wish_is_said_in_words() -> None:
    request = asked(HI, CALL, DONE, TRIGGER, tool_choice="auto", text={"format": {"type": "text"}})
    assert request.compaction
    assert [part.text for part in request.messages[-1].parts] == [compaction.ORDER]
    assert request.tool_choice and request.tool_choice.kind == "none"
    assert [tool.name for tool in request.tools] == ["ls"]  # the history speaks of it
    assert not asked(HI).compaction


@pytest.mark.parametrize("dialect", ["anthropic", "openai_chat", "gemini"])
def test_c65_every_dialect_can_be_asked(dialect: DialectName) -> None:
    target = Target(model="t", reasoning="none")
    body = DIALECTS[dialect].write_request(asked(HI, CALL, DONE, TRIGGER), target).body
    assert compaction.ORDER.encode() in body
    assert b"compaction_trigger" not in body


# events of the model, and the summary that the client gets, or None where it is told of a failure
ANSWERS: dict[str, tuple[list[Event], str | None]] = {
    "text": ([Text("They "), Text("want."), Finished("end")], "They want."),
    "thinking is nobody's": ([Thinking("hm"), Text("They."), Finished("stop")], "They."),
    "usage in between": (
        [Usage(output=1), Text("They."), Usage(output=2), Finished("end")],
        "They.",
    ),
    "cut": ([Text("They "), Finished("length")], None),
    "empty": ([Finished("end")], None),
    "white space": ([Text(" \n"), Finished("end")], None),
    "a call instead": ([ToolCall(0, "c", "ls"), Finished("tools")], None),
    "refused": ([Text("No."), Finished("refusal")], None),
    "broken": ([Text("They "), Failed("it broke")], None),
}


@pytest.mark.parametrize(("events", "summary"), ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("whole", [False, True], ids=["c65 streamed", "c65 whole"])
def test_the_answer_is_one_item(events: list[Event], summary: str | None, whole: bool) -> None:
    said = [Started("a", "t"), *events]
    hints = Hints(id="1", model="t", request=asked(HI, TRIGGER))
    if whole:
        response = json.loads(DIALECT.write_answer(said, hints))
    else:
        writer = DIALECT.stream_writer(hints)
        data = b"".join(piece for event in said for piece in writer.feed(event))
        grammar_responses.check(data)
        response = grammar_responses.final(data)
    if summary is None:
        assert response.get("status", "failed") == "failed"
        assert response["error"]["message"]
        return
    (item,) = response["output"]
    assert item["type"] == "compaction"
    assert compaction.opened(item["encrypted_content"]) == compaction.LEAD + summary


def test_other_requests_are_answered_as_ever() -> None:
    hints = Hints(id="1", model="t", request=asked(HI))
    said = [Started("a", "t"), Text("Done."), Finished("end")]
    assert json.loads(DIALECT.write_answer(said, hints))["output"][0]["type"] == "message"


def test_c75_a_summary_of_ours_is_opened_again() -> None:
    first, second = asked(OURS, HI).messages
    assert [part.text for part in first.parts] == [compaction.LEAD + SUMMARY]
    assert (first.role, second.role) == ("user", "user")
    body = DIALECT.splice(sent(OURS, HI), Target(model="gpt-5")).body
    item, rest = json.loads(body)["input"]
    assert item["content"] == [{"type": "input_text", "text": compaction.LEAD + SUMMARY}]
    assert rest == HI
    assert not DIALECT.peek(sent(OURS, HI), PATH).server_tools


def test_c75_openais_own_summary_is_for_openai() -> None:
    with pytest.raises(UnsupportedError, match="native_only"):
        asked(FOREIGN, HI)
    body = sent(FOREIGN, HI)
    assert DIALECT.splice(body, Target(model="gpt-5")).body == body
    assert DIALECT.peek(body, PATH).server_tools


# what else is in the request -> can it be asked for in words?
SUMMABLE: dict[str, tuple[bytes, bool]] = {
    "c65 nothing": (sent(HI, TRIGGER), True),
    "c65 a summary of ours": (sent(OURS, HI, TRIGGER), True),
    "c65 OpenAI's own summary": (sent(FOREIGN, HI, TRIGGER), False),
    "c65 a search": (sent(HI, TRIGGER, tools=[{"type": "file_search"}]), False),
    "c65 a response that OpenAI keeps": (sent(HI, TRIGGER, previous_response_id="r"), False),
    "c65 the trigger is not the last item": (sent(TRIGGER, HI), False),
}


@pytest.mark.parametrize(("body", "summable"), SUMMABLE.values(), ids=SUMMABLE)
def test_summable(body: bytes, summable: bool) -> None:
    ask = DIALECT.peek(body, PATH)
    assert ask.summable is summable
    assert ask.server_tools  # its vendor's own, wherever that can be had
    if not summable:
        with pytest.raises(UnsupportedError):
            DIALECT.read_request(body, PATH)


def test_c65_another_vendors_responses_is_not_asked_in_openais_way() -> None:
    with pytest.raises(UnsupportedError, match="native_only"):
        DIALECT.splice(sent(HI, TRIGGER), Target(model="grok-4"))
    assert DIALECT.splice(sent(HI, TRIGGER), Target(model="gpt-5-mini")).body


@pytest.mark.parametrize("secret", [None, "", "x", "turnout_9_summary_eA", "turnout_1_openai_eA"])
def test_no_summary_of_ours(secret: str | None) -> None:
    assert compaction.opened(secret) is None
