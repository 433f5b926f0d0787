"""What is remembered of messages makes translating quicker, and changes nothing."""

import json
import operator
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.errors import UnsupportedError, WireError
from turnout.wire import memo, steps
from turnout.wire.dialects import DIALECTS
from turnout.wire.memo import KEPT, Memo
from turnout.wire.request import (
    Change,
    DialectName,
    Image,
    Message,
    Request,
    Target,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from wire.conversations import anything, requests
from wire.vendors import PAIRS, PATHS, TARGET, few

pairs = pytest.mark.parametrize(("client", "provider"), PAIRS)


@pytest.fixture(autouse=True, params=[1, 3], ids=["row of 1", "row of 3"])
def row(request: pytest.FixtureRequest) -> Iterator[None]:
    """Short rows, so that short conversations are remembered as well."""
    most, length = KEPT.most, memo.ROW
    memo.ROW = steps.ROW = request.param
    KEPT.clear()
    yield
    memo.ROW = steps.ROW = length
    KEPT.most = most
    KEPT.clear()


def said(client: DialectName, provider: DialectName, body: bytes) -> Any:
    """What goes out and the changes, or why nothing does."""
    try:
        request = DIALECTS[client].read_request(body, PATHS[client])
        return DIALECTS[provider].write_request(request, TARGET)
    except WireError as e:
        return str(e)


def without_memory(client: DialectName, provider: DialectName, body: bytes) -> Any:
    most, KEPT.most = KEPT.most, 0
    KEPT.clear()
    try:
        return said(client, provider, body)
    finally:
        KEPT.most = most


@pairs
@few
@given(request=requests())
def test_the_same_goes_out(client: DialectName, provider: DialectName, request: Request) -> None:
    try:
        body = DIALECTS[client].write_request(request, TARGET).body
    except WireError:
        return
    wanted = without_memory(client, provider, body)
    assert len(KEPT) == 0
    assert said(client, provider, body) == wanted
    assert said(client, provider, body) == wanted


@pairs
@few
@given(body=anything())
def test_whatever_comes_in(client: DialectName, provider: DialectName, body: bytes) -> None:
    wanted = without_memory(client, provider, body)
    assert said(client, provider, body) == wanted
    assert said(client, provider, body) == wanted


def chat(*texts: str) -> bytes:
    """A person and an assistant in turn."""
    said = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]
    return json.dumps({"model": "m", "messages": said}).encode()


HI = Message("user", (Text("Hi"),))
HISTORY = [f"word {number}" for number in range(12)]


def test_one_byte_more_is_another_message() -> None:
    other = [*HISTORY[:4], HISTORY[4] + " ", *HISTORY[5:]]
    for texts in (HISTORY, other, HISTORY):
        sent = said("openai_chat", "gemini", chat(*texts, "Hello"))
        parts = [content["parts"][0]["text"] for content in json.loads(sent.body)["contents"]]
        assert parts == [*texts, "Hello"]


def test_it_is_kept() -> None:
    """Else the other tests here would show nothing."""
    first, again = (
        DIALECTS["openai_chat"].read_request(chat(*HISTORY, *more), "/")
        for more in (["Hello"], ["Hello", "and", "more"])
    )
    assert all(map(operator.is_, first.messages[:12], again.messages))
    before = len(KEPT)
    for request in (first, again):
        DIALECTS["anthropic"].write_request(request, TARGET)
    made = len(KEPT) - before
    DIALECTS["anthropic"].write_request(again, TARGET)
    assert len(KEPT) - before == made > 2


def asked(*said: Message, model: str = "m") -> Request:
    """With words before and after what is said, which are no part of a row."""
    more = (Message("assistant", (Text("well"),)), Message("user", (Text("bye"),)))
    return Request(model=model, messages=(HI, *said, *more * 2))


def test_targets_are_kept_apart() -> None:
    shown = Message("user", (Image("image/png", "iVBO"),))
    request = asked(*(Message("assistant", (Text("Show me."),)), shown) * 3)
    for dialect in DIALECTS.values():
        assert dialect.write_request(request, TARGET).body.count(b"iVBO") == 3
        with pytest.raises(UnsupportedError):
            dialect.write_request(request, Target(model="t", images=False))
        assert dialect.write_request(request, TARGET).body.count(b"iVBO") == 3


def test_whose_thoughts_they_are() -> None:
    thought = Message("assistant", (Thinking("hm", "sig"), Text("So.")))
    said = (thought, HI) * 3
    for model, count in (("t", 3), ("m", 0), ("t", 3)):
        sent = DIALECTS["anthropic"].write_request(asked(*said, model=model), TARGET).body
        assert sent.count(b'"sig"') == count


def test_what_is_known_by_now_decides() -> None:
    """Who made the thinking of a history may have been learned since it was last sent (c12)."""
    thought = Message("assistant", (Thinking("hm", "sig"), Text("So.")))
    request = asked(*(thought, HI) * 3)
    for known, count in ((True, 3), (False, 0), (None, 0), (True, 3)):
        target = replace(TARGET, minted=lambda _, known=known: known)
        sent = DIALECTS["anthropic"].write_request(request, target).body
        assert sent.count(b'"sig"') == count


def test_what_is_noted_is_noted_again() -> None:
    said = (Message("assistant", (Thinking("hm"), Text("So."))), HI) * 3
    wanted = [Change("thinking", "left out of the history")]
    for _ in range(2):
        assert wanted == [*DIALECTS["openai_chat"].write_request(asked(*said), TARGET).changes]
    tool = {"type": "tool_reference", "tool_name": "add"}
    shown = [{"role": "user", "content": [tool]}, {"role": "assistant", "content": "Good."}] * 4
    body = json.dumps({"model": "m", "messages": shown}).encode()
    first, again = (DIALECTS["anthropic"].read_request(body, "/").changes for _ in range(2))
    assert again == first != ()


def test_where_the_turn_begins() -> None:
    """Gemini wants its signatures in the turn in progress; the same steps are past in the next."""
    target = Target(model="gemini-3-pro")
    call = [Message("assistant", (ToolUse(f"c{i}", "add", "{}"),)) for i in range(6)]
    results = [Message("user", (ToolResult(f"c{i}", (Text("3"),)),)) for i in range(6)]
    steps_taken = [one for step in zip(call, results, strict=True) for one in step]
    late = [Message("assistant", (Text("Done."),)), Message("user", (Text("And now?"),))]
    for said, count in ((steps_taken, 6), ([*steps_taken, *late], 0), (steps_taken, 6)):
        request = Request(model="m", messages=(HI, *said))
        sent = DIALECTS["gemini"].write_request(request, target).body
        assert sent.count(b'"thoughtSignature"') == count


def test_an_id_that_comes_again() -> None:
    """Upstreams that number the calls of each answer from 0: rows depend on each other then."""
    call = Message("assistant", (ToolUse("call_0", "add", "{}"),))
    result = Message("user", (ToolResult("call_0", (Text("3"),)),))
    turns = (call, result) * 6
    request = Request(model="m", messages=(Message("user", (Text("go"),)), *turns))
    for _ in range(2):
        sent = json.loads(DIALECTS["openai_chat"].write_request(request, TARGET).body)["messages"]
        ids = [message["tool_calls"][0]["id"] for message in sent if "tool_calls" in message]
        assert len(set(ids)) == 6
        assert ids == [message["tool_call_id"] for message in sent if "tool_call_id" in message]


def test_marks_of_the_history_count() -> None:
    """Four at most: none is added to them."""
    said = (Message("assistant", (Text("a"),)), Message("user", (Text("b", cache="1h"),))) * 4
    sent = DIALECTS["anthropic"].write_request(asked(*said), TARGET).body
    assert sent.count(b'"cache_control"') == 4


def test_models_and_names_are_kept_apart() -> None:
    """Whose reasoning it is, and what a tool is called, an item alone does not say."""
    thought = {"type": "reasoning", "summary": [], "encrypted_content": "x", "id": "rs_1"}
    call = {"type": "function_call", "call_id": "c", "namespace": "a", "name": "b"}
    taken = {"type": "function", "name": "a__b", "parameters": {"type": "object"}}
    inside = {"type": "namespace", "name": "a", "tools": [taken | {"name": "b"}]}

    def parts(model: str, *tools: dict[str, Any]) -> Any:
        body = {"model": model, "input": [thought, call], "tools": tools}
        request = DIALECTS["openai_responses"].read_request(json.dumps(body).encode(), "/")
        return request.messages[0].parts

    (mine, first), (other, second) = parts("gpt-5", inside), parts("grok-4", taken, inside)
    assert mine.signature != other.signature
    assert (first.name, second.name != "a__b") == ("a__b", True)
    assert parts("gpt-5", inside) == (mine, first)


def test_long_messages_are_not_kept() -> None:
    long = ["x" * (memo.LONGEST + 1)] * 9
    assert len(json.loads(said("openai_chat", "gemini", chat(*long)).body)["contents"]) == 9
    assert len(KEPT) == 0


def test_it_is_bounded() -> None:
    kept = Memo(most=40 * (memo.EACH + 100))
    for number in range(1000):
        kept.put(number, "x", 100)
        assert kept.get(0, 100) == "x"  # what is asked for stays
        assert len(kept) <= 41
    assert kept.get(1, 100) is None
    kept.put("large", "x", 1 << 20)
    assert kept.get("large", 1 << 20) is None


def test_threads_share_it() -> None:
    KEPT.most = 30 * memo.EACH  # so that it forgets all the time
    histories = [[f"{number % 50} {text}" for text in HISTORY] for number in range(400)]
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda texts: said("openai_chat", "anthropic", chat(*texts, "x")), histories)
        )
    for texts, one in zip(histories, found, strict=True):
        sent = json.loads(one.body)["messages"]
        assert [message["content"][0]["text"] for message in sent] == [*texts, "x"]


@given(st.lists(st.text(max_size=5), max_size=5))
def test_opened(texts: list[str]) -> None:
    """Items as they were written; everything else decoded."""
    body = {"a": 1, "items": texts, "b": {"items": texts}}
    opened = memo.opened(json.dumps(body).encode(), "items")
    assert opened | {"items": [json.loads(bytes(item)) for item in opened["items"]]} == body
    assert memo.opened(b'{"items": "text"}', "items") == {"items": "text"}


def test_what_is_known_of_makers_makes_no_difference_to_it() -> None:
    """Each request brings a knowledge of its own: what was kept is found all the same (c12)."""
    said = Message("user", (Text("Look."),)), Message("assistant", (Text("I do."),))
    asked = Request(model="m", messages=(*said * 4, Message("user", (Text("And?"),))))
    sizes = []
    for known in (None, False, True):
        target = replace(TARGET, minted=lambda _, known=known: known, asked=known)
        for dialect in DIALECTS.values():
            dialect.write_request(asked, target)
        sizes.append(len(KEPT))
    assert sizes[0] > 0
    assert sizes == [sizes[0]] * 3
