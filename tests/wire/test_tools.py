"""Tool arguments: mended without loss, streamed where nothing needs mending."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.wire.events import Event, Failed, Finished, Text, ToolCall, ToolInput
from turnout.wire.tools import Check, Repair, repair
from wire.sequences import objects

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "ratio": {"type": "number"},
        "deep": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "where": {"$ref": "#/$defs/where"},
        "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "either": {"type": ["string", "number"]},
        "any": {},
    },
    "required": ["path"],
    "additionalProperties": False,
    "$defs": {
        "where": {
            "type": "object",
            "properties": {"line": {"type": "integer"}, "note": {"type": "string"}},
            "required": ["line"],
        }
    },
}

# what the model wrote                            -> what the client gets, what is noted
MENDED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "nothing to mend": ('{"path":"a","count":3}', '{"path":"a","count":3}', ()),
    "white space between members": ('{ "path" : "a" }', '{"path":"a"}', ()),
    "numbers as they were written": ('{"ratio":1.50,"any":1e5}', '{"ratio":1.50,"any":1e5}', ()),
    "c23 empty": ("", "{}", ()),
    "c23 blank": (" \n", "{}", ()),
    "c23 null": ("null", "{}", ()),
    "c23 cut in a string": ('{"path":"a', '{"path":"a"}', ("json_repaired",)),
    "c23 cut after a string": ('{"path":"a"', '{"path":"a"}', ("json_repaired",)),
    "c23 cut after a comma": ('{"path":"a",', '{"path":"a"}', ("json_repaired",)),
    "c23 cut in a key": ('{"path":"a","co', '{"path":"a"}', ("json_repaired",)),
    "c23 cut after a key": ('{"path":"a","count"', '{"path":"a"}', ("json_repaired",)),
    "c23 cut after a colon": ('{"path":"a","count":', '{"path":"a"}', ("json_repaired",)),
    "c23 cut in an escape": ('{"path":"a\\u00', '{"path":"a"}', ("json_repaired",)),
    "c23 cut in a list": ('{"tags":["a","b', '{"tags":["a","b"]}', ("json_repaired",)),
    "c23 cut after a list's comma": ('{"tags":["a",', '{"tags":["a"]}', ("json_repaired",)),
    "c23 cut in an object": (
        '{"where":{"line":3,"no',
        '{"where":{"line":3}}',
        ("json_repaired",),
    ),
    "c23 cut at the start": ("{", "{}", ("json_repaired",)),
    "c23 a comma too many": ('{"path":"a",}', '{"path":"a"}', ("json_repaired",)),
    "c23 a comma too many, in a list": ('{"tags":["a",]}', '{"tags":["a"]}', ("json_repaired",)),
    "c23 a comma too few": ('{"count":1 "path":"a"}', '{"count":1,"path":"a"}', ("json_repaired",)),
    "c23 a key without a value": ('{"count":,"path":"a"}', '{"path":"a"}', ("json_repaired",)),
    "c23 trailing garbage": ('{"path":"a"}}\n</tool>', '{"path":"a"}', ("json_repaired",)),
    "c23 fences": ('```json\n{"path":"a"}\n```', '{"path":"a"}', ("json_repaired",)),
    "c23 a sentence first": ('Sure: {"path":"a"}', '{"path":"a"}', ("json_repaired",)),
    "c23 an object in a string": (r'"{\"path\":\"a\"}"', '{"path":"a"}', ("json_repaired",)),
    "c23 a bare line break": ('{"path":"a\nb"}', r'{"path":"a\nb"}', ("json_repaired",)),
    "c23 an odd escape": (r'{"path":"\d"}', r'{"path":"\\d"}', ("json_repaired",)),
    "c23 quotes inside a string": (
        '{"path":"say "hi", "bob" now","count":1}',
        r'{"path":"say \"hi\", \"bob\" now","count":1}',
        ("json_repaired",),
    ),
    "c23 Python's words": ('{"deep":True}', '{"deep":true}', ("json_repaired",)),
    "c24 an empty optional one": ('{"text":"","path":"a"}', '{"path":"a"}', ("removed:text",)),
    "c24 a null optional one": ('{"path":"a","text":null}', '{"path":"a"}', ("removed:text",)),
    "c24 a required one that is empty": ('{"path":""}', '{"path":""}', ()),
    "c24 a required one that is null": ('{"path":null}', '{"path":null}', ()),
    "c24 nested": (
        '{"where":{"line":"3","note":""}}',
        '{"where":{"line":3}}',
        ("converted:line", "removed:note"),
    ),
    "an unknown key": ('{"path":"a","more":"x"}', '{"path":"a"}', ("removed:more",)),
    "a number in a string": ('{"count":"3"}', '{"count":3}', ("converted:count",)),
    "a number that is not written so": ('{"count":"03"}', '{"count":"03"}', ()),
    "a number with a blank": ('{"count":" 3"}', '{"count":" 3"}', ()),
    "a number in another notation": ('{"ratio":"1e3"}', '{"ratio":"1e3"}', ()),
    "quotes and brackets in a nested string": (
        r'{"any":{"a":"\"}]\\"}}',
        r'{"any":{"a":"\"}]\\"}}',
        (),
    ),
    "a fraction where a whole one is due": ('{"count":"1.5"}', '{"count":"1.5"}', ()),
    "a boolean in a string": ('{"deep":"True"}', '{"deep":true}', ("converted:deep",)),
    "a string that is a number": ('{"path":5}', '{"path":"5"}', ("converted:path",)),
    "a string that is a boolean": ('{"path":true}', '{"path":"true"}', ("converted:path",)),
    "a scalar where a list is due": ('{"tags":"a"}', '{"tags":["a"]}', ("converted:tags",)),
    "a list in a string": (r'{"tags":"[\"a\"]"}', '{"tags":["a"]}', ("converted:tags",)),
    "a quoted object": (r'{"where":"{\"line\":3}"}', '{"where":{"line":3}}', ("converted:where",)),
    "items of a list": ('{"tags":["a",5]}', '{"tags":["a","5"]}', ("converted:tags",)),
    "one of several types": ('{"either":5}', '{"either":5}', ()),
    "a branch beside null": ('{"maybe":"5"}', '{"maybe":5}', ("converted:maybe",)),
    "lossy": ('{"count":"many","tags":{"a":1}}', '{"count":"many","tags":{"a":1}}', ()),
}  # fmt: skip

# nothing can be saved, or not all of it
LOST = {
    "garbage": ("garbage", "{}"),
    "a list": ("[1]", "{}"),
    "a number": ("5", "{}"),
    "single quotes": ("{'path':'a'}", "{}"),
    "code": ("function() { return 1 }", "{}"),
    "a bare word": ('{"path":"a","count":lots}', '{"path":"a"}'),
    "a cut word": ('{"path":"a","deep":tru', '{"path":"a"}'),
    "NaN": ('{"path":"a","ratio":NaN}', '{"path":"a"}'),
    "overflow": ('{"path":"a","ratio":1e999}', '{"path":"a"}'),
    "words after a value": ('{"count":1 or 2,"path":"a"}', '{"count":1}'),
    "too deep": ('{"any":' + "[" * 100_000, "{}"),
}


@pytest.mark.parametrize(("wrote", "gets", "notes"), MENDED.values(), ids=MENDED)
def test_mended(wrote: str, gets: str, notes: tuple[str, ...]) -> None:
    got = repair(wrote, SCHEMA)
    assert (got.json, got.notes, got.ok) == (gets, notes, True)


@pytest.mark.parametrize(("wrote", "gets"), LOST.values(), ids=LOST)
def test_c23_lost(wrote: str, gets: str) -> None:
    got = repair(wrote, SCHEMA)
    assert (got.json, got.ok) == (gets, False)
    assert "not_json" in got.notes


def streamed(
    pieces: list[str], schema: dict[str, Any] | None = SCHEMA
) -> tuple[list[str], list[str]]:
    """What a client gets, and the notes."""
    notes: list[str] = []
    mend = Repair({} if schema is None else {"t": schema}, notes.append)
    events = [ToolCall(0, "id", "t"), *(ToolInput(0, piece) for piece in pieces), Finished("tools")]
    got = [mended for event in events for mended in mend.feed(event)]
    return [event.json for event in got if isinstance(event, ToolInput)], notes


@pytest.mark.parametrize("name", [*MENDED, *(name for name in LOST if name != "too deep")])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_cuts_do_not_matter(name: str, size: int) -> None:
    wrote = (MENDED | LOST)[name][0]
    pieces = [wrote[i : i + size] for i in range(0, len(wrote), size)]
    whole = repair(wrote, SCHEMA)
    got, notes = streamed(pieces)
    assert "".join(got) == whole.json
    assert [note.removeprefix("t: ") for note in notes] == list(whole.notes)


@pytest.mark.parametrize("name", MENDED)
def test_mending_twice_changes_nothing(name: str) -> None:
    once = repair(MENDED[name][0], SCHEMA)
    again = repair(once.json, SCHEMA)
    assert (again.json, again.notes) == (once.json, ())


def test_strings_go_out_as_they_come_and_the_rest_when_it_is_whole() -> None:
    pieces = ['{"path":"', "long ", "text", '","tags":[', '"a"', "]", ',"count":"', '5"', "}"]
    got, _ = streamed(pieces)
    assert got == ['{"path":"long ', "text", '"', ',"tags":["a"]', ',"count":5}']


def test_without_a_schema_only_the_json_is_mended() -> None:
    got, notes = streamed(['{"path":"","n":"5', '"'], None)
    assert "".join(got) == '{"path":"","n":"5"}'
    assert notes == ["t: unknown_tool", "t: json_repaired"]


def test_c25_an_unknown_tool_is_forwarded_and_flagged() -> None:
    notes: list[str] = []
    mend = Repair({"known": SCHEMA}, notes.append)
    events: list[Event] = [ToolCall(0, "id", "new"), ToolInput(0, '{"a":""}'), Finished("tools")]
    got = [mended for event in events for mended in mend.feed(event)]
    assert got == events
    assert notes == ["new: unknown_tool"]


def test_calls_are_mended_apart() -> None:
    mend = Repair({"t": SCHEMA}, lambda _: None)
    events: list[Event] = [
        ToolCall(0, "a", "t"),
        ToolInput(0, '{"path":"x'),
        ToolCall(1, "b", "t"),
        ToolInput(1, ""),
        Text("and"),
        ToolInput(0, 'y","text":""}'),
        Finished("tools"),
    ]
    got = [mended for event in events for mended in mend.feed(event)]
    assert got == [
        ToolCall(0, "a", "t"),
        ToolInput(0, '{"path":"x'),
        ToolCall(1, "b", "t"),
        Text("and"),
        ToolInput(0, 'y"}'),
        ToolInput(1, "{}"),
        Finished("tools"),
    ]


CALLED: dict[str, Any] = {"type": "object", "properties": {"path": {}}, "required": ["path"]}
# the call's name, its arguments, how the answer ended -> what no client can use
MALFORMED: dict[str, tuple[str, str, Finished, tuple[str, ...]]] = {
    "sound": ("t", '{"path":"x"}', Finished("tools"), ()),
    "mended": ("t", '```{"path":"x",}', Finished("tools"), ()),
    "no object": ("t", "path: x", Finished("tools"), ("t: not_json",)),
    "lost in the middle": ("t", '{"path":1, %}', Finished("tools"), ("t: not_json",)),
    "a required one missing": ("t", '{"way":"x"}', Finished("tools"), ("t: missing:path",)),
    "none at all": ("t", "", Finished("tools"), ("t: missing:path",)),
    "cut by the limit": ("t", '{"pa', Finished("length"), ()),
    "missing before the limit": ("t", "{}", Finished("length"), ("t: missing:path",)),
    "unknown": ("u", "{}", Finished("tools"), ("u: unknown_tool",)),
    "known but for its case": ("T", "{}", Finished("tools"), ()),
    "nameless": ("t", '{"path":1}', Finished("end", None, ("call_without_name",)),
                 ("call_without_name",)),
    "another oddity": ("t", '{"path":1}', Finished("end", None, ("finish_reason:x",)), ()),
}  # fmt: skip


@pytest.mark.parametrize(("name", "wrote", "end", "wrong"), MALFORMED.values(), ids=MALFORMED)
def test_what_no_client_can_use(
    name: str, wrote: str, end: Finished, wrong: tuple[str, ...]
) -> None:
    repair, check = Repair({"t": CALLED}, lambda _: None), Check(lambda: {"t": CALLED})
    for event in (ToolCall(0, "a", name), ToolInput(0, wrote), end):
        list(repair.feed(event))
        check.watch(event)
    assert repair.malformed == wrong
    mend = "t: json_repaired"  # nobody does that to what goes as it came
    assert tuple(one for one in check.malformed if one != mend) == wrong
    assert (mend in check.malformed) == ("```" in wrote or "%" in wrote)


def test_of_unknown_tools_only_the_json_is_checked() -> None:
    check = Check(lambda: None)
    for event in (ToolCall(0, "a", "u"), ToolInput(0, "{}"), Finished("tools")):
        check.watch(event)
    assert check.malformed == ()
    for event in (ToolCall(0, "a", "u"), ToolInput(0, "{,}"), Finished("tools")):
        check.watch(event)
    assert check.malformed


def test_a_failure_is_not_mended() -> None:
    mend = Repair({"t": SCHEMA}, lambda _: None)
    events: list[Event] = [ToolCall(0, "a", "t"), ToolInput(0, '{"path":"x'), Failed("cut")]
    assert [mended for event in events for mended in mend.feed(event)] == events


# fmt: off
BROKEN: list[Any] = [
    {"type": 5, "properties": []}, {"properties": {"a": 7}, "required": "a"}, {"$ref": "#"},
    {"$ref": "#/$defs/x", "$defs": {"x": {"$ref": "#/$defs/x"}}}, {"$ref": "elsewhere.json"},
    {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, [], "x", {"additionalProperties": False},
    {"properties": {"a": {"enum": "x" * 300_000, "type": "integer"}}},
]
# fmt: on


@pytest.mark.parametrize("schema", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_or_huge_schema_checks_nothing(schema: Any) -> None:
    assert repair('{"a":"1","b":{"c":[1]}}', schema).json == '{"a":"1","b":{"c":[1]}}'


@settings(deadline=None, max_examples=200)
@given(value=objects)
def test_a_valid_object_is_left_alone(value: dict[str, Any]) -> None:
    got = repair(json.dumps(value), None)
    assert json.loads(got.json) == value
    assert (got.notes, got.ok) == ((), True)


@settings(deadline=None, max_examples=200)
@given(
    text=st.text(st.sampled_from('{}[]",:\\ \n\tatruefalsn1.u0-"{"'), max_size=40),
    keys=st.booleans(),
)
def test_whatever_it_is_an_object_comes_out(text: str, keys: bool) -> None:
    text = '{"path":"' + text if keys else text
    got = repair(text, SCHEMA)
    assert isinstance(json.loads(got.json), dict)
    rng = random.Random(text)
    pieces = []
    while text:
        size = rng.randint(1, 6)
        pieces.append(text[:size])
        text = text[size:]
    assert "".join(streamed(pieces)[0]) == got.json


@settings(deadline=None, max_examples=100)
@given(value=objects, cut=st.integers(0, 200))
def test_a_cut_object_keeps_what_was_whole(value: dict[str, Any], cut: int) -> None:
    text = json.dumps(value)[:cut]
    got = json.loads(repair(text, None).json)
    assert set(got) <= set(value)
    assert all(got[key] == value[key] for key in list(got)[:-1])
