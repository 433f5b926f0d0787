"""Requests of every dialect, as clients send them and damaged: what is translated is in order."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as altered

from turnout.errors import UnsupportedError, WireError
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import DialectName, Message, Request, Text, ToolResult, ToolUse
from wire import conversations
from wire.damage import damaged
from wire.request_grammar import CHECKS
from wire.vendors import NAMES, PAIRS, PATHS, TARGET, bodies, few, pair, translations

BODIES: dict[DialectName, list[bytes]] = {
    name: [body for dialect, body in bodies() if dialect == name] for name in NAMES
}
TRANSLATED = {name: (to, body) for name, to, body in translations()}
pairs = pytest.mark.parametrize(("source", "to"), PAIRS, ids=map(pair, PAIRS))


def ordered(request: Request, to: DialectName) -> None:
    CHECKS[to](json.loads(DIALECTS[to].write_request(request, TARGET).body))


@pytest.mark.parametrize("name", TRANSLATED)
def test_what_golden_clients_say(name: str) -> None:
    to, body = TRANSLATED[name]
    CHECKS[to](json.loads(body))


@pairs
@few
@given(data=st.data())
def test_what_is_damaged(source: DialectName, to: DialectName, data: st.DataObject) -> None:
    body = data.draw(damaged(BODIES[source]))
    with suppress(WireError):
        request = DIALECTS[source].read_request(body, PATHS[source])
        ordered(request, to)


@pytest.mark.parametrize("to", NAMES)
@few
@given(request=conversations.requests(), data=st.data())
def test_histories_that_were_cut(to: DialectName, request: Request, data: st.DataObject) -> None:
    """Clients cut their history where they like: calls without results, results without calls."""
    kept = data.draw(st.lists(st.sampled_from(request.messages), min_size=1, max_size=5))
    with suppress(UnsupportedError):
        ordered(replace(request, messages=tuple(kept)), to)


CALL, CAME = ToolUse("functions.add:0/1", "add", "{}"), Text("1")
HELLO = Message("user", (Text("Hello"),))


def said(*parts: Any) -> Message:
    return Message("assistant", parts)


def results(*ids: str) -> Message:
    return Message("user", tuple(ToolResult(known, (CAME,)) for known in ids))


LONG = "x" * 200
# what clients really send, or might
ODD: dict[str, tuple[Message, ...]] = {
    "an id of an odd alphabet": (HELLO, said(CALL), results(CALL.id)),
    "a long id": (HELLO, said(altered(CALL, id=LONG)), results(LONG)),
    "two long ids that begin alike": (
        HELLO,
        said(altered(CALL, id=LONG + "1"), altered(CALL, id=LONG + "2")),
        results(LONG + "1", LONG + "2"),
    ),
    "an id twice in one turn": (HELLO, said(CALL, CALL), results(CALL.id, CALL.id)),
    "an id twice, one result": (HELLO, said(CALL, CALL), results(CALL.id)),
    "an id again in the next turn": (
        HELLO,
        said(CALL),
        results(CALL.id),
        said(CALL),
        results(CALL.id),
    ),
    "no id": (HELLO, said(altered(CALL, id="")), results("")),
    "a call without its result": (HELLO, said(CALL), HELLO),
    "a call without its result, at the end": (HELLO, said(CALL)),
    "a result without its call": (HELLO, results("gone")),
    "a result before its call": (HELLO, results(CALL.id), said(CALL), HELLO),
    "two results of one call": (HELLO, said(CALL), results(CALL.id, CALL.id)),
    "results in another order": (
        HELLO,
        said(altered(CALL, id="a"), altered(CALL, id="b")),
        results("b", "a"),
    ),
    "results in two messages": (
        HELLO,
        said(altered(CALL, id="a"), altered(CALL, id="b")),
        results("a"),
        results("b"),
    ),
    "a word of the user between call and result": (HELLO, said(CALL), HELLO, results(CALL.id)),
    "a system message between call and result": (
        HELLO,
        said(CALL),
        Message("system", (Text("Be brief."),)),
        results(CALL.id),
    ),
    "empty texts everywhere": (
        Message("user", (Text(""), Text("Hello"), Text(" "))),
        said(Text(""), CALL),
        Message("user", (ToolResult(CALL.id, (Text(""),)), Text(""))),
    ),
    "an empty message": (HELLO, said(), Message("user", ()), HELLO),
    "the assistant begins": (said(Text("Hi")), HELLO),
    "the assistant twice": (HELLO, said(Text("a")), said(Text("b")), HELLO),
    "arguments that are no object": (HELLO, said(altered(CALL, input="[1]")), results(CALL.id)),
    "arguments that are cut": (HELLO, said(altered(CALL, input='{"a":')), results(CALL.id)),
    "no arguments": (HELLO, said(altered(CALL, input="")), results(CALL.id)),
}


@pytest.mark.parametrize("to", NAMES)
@pytest.mark.parametrize("messages", ODD.values(), ids=ODD)
def test_odd_histories(messages: tuple[Message, ...], to: DialectName) -> None:
    """In order, or refused with a reason; never another error, never out of order."""
    request = Request(model="s", messages=messages, tools=conversations.TOOLS, max_tokens=9)
    with suppress(UnsupportedError):
        ordered(request, to)


@pytest.mark.parametrize("to", NAMES)
def test_half_a_surrogate_pair_is_not_translated(to: DialectName) -> None:
    """UTF-8 has no word for it: the client's own bytes, an escape, go to its own model."""
    half = Request(model="s", messages=(Message("user", (Text("\ud83d"),)),), max_tokens=9)
    with pytest.raises(WireError):
        DIALECTS[to].write_request(half, TARGET)
