"""What is remembered of messages makes translating quicker, and changes nothing."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.errors import UnsupportedError, WireError
from turnout.wire import memo
from turnout.wire.dialects import DIALECTS
from turnout.wire.memo import KEPT, Memo
from turnout.wire.request import DialectName, Image, Message, Request, Target, Text
from wire.conversations import anything, requests
from wire.vendors import PAIRS, PATHS, TARGET, few

pairs = pytest.mark.parametrize(("client", "provider"), PAIRS)


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    most = KEPT.most
    KEPT.clear()
    yield
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


def hello(text: str, model: str = "m") -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": text}]}).encode()


def test_one_byte_more_is_another_message() -> None:
    one, other = (said("openai_chat", "gemini", hello(text)) for text in ("Hello", "Hello "))
    assert one.body != other.body


def test_it_is_kept() -> None:
    """Else the other tests here would show nothing."""
    request = DIALECTS["openai_chat"].read_request(hello("Hello"), "/")
    again = DIALECTS["openai_chat"].read_request(hello("Hello"), "/")
    assert again.messages[0] is request.messages[0]


def test_targets_are_kept_apart() -> None:
    shown = Message("user", (Image("image/png", "iVBO"),))
    request = Request(model="m", messages=(shown,))
    for dialect in DIALECTS.values():
        assert b"iVBO" in dialect.write_request(request, TARGET).body
        with pytest.raises(UnsupportedError):
            dialect.write_request(request, Target(model="t", images=False))
        assert b"iVBO" in dialect.write_request(request, TARGET).body


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


def test_a_long_message_is_not_kept() -> None:
    said("openai_chat", "gemini", hello("x" * (memo.LONGEST + 1)))
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
    texts = [f"Hello {number % 50}" for number in range(400)]
    KEPT.most = 30 * memo.EACH  # so that it forgets all the time
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: said("openai_chat", "anthropic", hello(text)), texts))
    for text, one in zip(texts, found, strict=True):
        assert json.loads(one.body)["messages"][0]["content"][0]["text"] == text


@given(st.lists(st.text(max_size=5), max_size=5))
def test_opened(texts: list[str]) -> None:
    """Items as they were written; everything else decoded."""
    body = {"a": 1, "items": texts, "b": {"items": texts}}
    opened = memo.opened(json.dumps(body).encode(), "items")
    assert opened | {"items": [json.loads(item) for item in opened["items"]]} == body
    assert memo.opened(b'{"items": "text"}', "items") == {"items": "text"}


def test_what_is_known_of_makers_makes_no_difference_to_it() -> None:
    """Each request brings a knowledge of its own: what was kept is found all the same (c12)."""
    said = Message("user", (Text("Look."),)), Message("assistant", (Text("I do."),))
    asked = Request(model="m", messages=(*said, Message("user", (Text("And?"),))))
    sizes = []
    for known in (None, False, True):
        target = replace(TARGET, minted=lambda _, known=known: known, asked=known)
        for dialect in DIALECTS.values():
            dialect.write_request(asked, target)
        sizes.append(len(KEPT))
    assert sizes[0] > 0
    assert sizes == [sizes[0]] * 3
