import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.errors import WireError
from turnout.wire import splice

# body, edits                                                            -> body
EDITS: dict[str, tuple[str, dict[str, Any], str]] = {
    "nothing": (' { "a" : 1 } ', {}, ' { "a" : 1 } '),
    "replace": ('{"a":1, "b" : [2]\n}', {"replace": {"b": b'"x"'}}, '{"a":1, "b" : "x"\n}'),
    "replace the first": ('{ "a" : {"a":1} ,"b":2}', {"replace": {"a": b"0"}}, '{ "a" : 0 ,"b":2}'),
    "the key is not looked for inside": (
        '{"x":"\\"a\\":1","y":{"a":1},"a":2}',
        {"replace": {"a": b"3"}},
        '{"x":"\\"a\\":1","y":{"a":1},"a":3}',
    ),
    "a key in escapes": (
        '{"mod\\u0065l":"a"}',
        {"replace": {"model": b'"b"'}},
        '{"mod\\u0065l":"b"}',
    ),
    "remove the first": ('{ "a":1, "b":2 }', {"remove": ["a"]}, '{ "b":2 }'),
    "remove the middle": ('{"a":1, "b":2 , "c":3}', {"remove": ["b"]}, '{"a":1 , "c":3}'),
    "remove the last": ('{"a":1 ,\n "b":2 }', {"remove": ["b"]}, '{"a":1  }'),
    "remove the first two": ('{"a":1,"b":2,"c":3}', {"remove": ["a", "b"]}, '{"c":3}'),
    "remove the last two": ('{"a":1,"b":2,"c":3}', {"remove": ["b", "c"]}, '{"a":1}'),
    "remove all": ('{ "a":1, "b":2 }', {"remove": ["a", "b"]}, "{  }"),
    "remove what is not there": ('{"a":1}', {"remove": ["z"]}, '{"a":1}'),
    "insert": ('{"a":1}', {"insert": {"b": b"2"}}, '{"a":1,"b":2}'),
    "insert two": ('{"a":1}', {"insert": {"b": b"2", "c": b"3"}}, '{"a":1,"b":2,"c":3}'),
    "insert before white space": (
        '{\n  "a": 1\n}\n',
        {"insert": {"b": b"2"}},
        '{\n  "a": 1,"b":2\n}\n',
    ),
    "insert into nothing": ("{}", {"insert": {"b": b"2"}}, '{"b":2}'),
    "insert into blank nothing": (" { \n} ", {"insert": {"b": b"2"}}, ' { \n"b":2} '),
    "insert a key in need of escapes": ("{}", {"insert": {'"\n': b"2"}}, '{"\\"\\n":2}'),
    "remove all, insert": ('{ "a":1 }', {"remove": ["a"], "insert": {"b": b"2"}}, '{ "b":2 }'),
    "move to the end": ('{"a":1,"b":2}', {"remove": ["a"], "insert": {"a": b"1"}}, '{"b":2,"a":1}'),
    "all at once": (
        '{"a":1,"b":2,"c":3}',
        {"remove": ["a"], "replace": {"b": b"0"}, "insert": {"d": b"4"}},
        '{"b":0,"c":3,"d":4}',
    ),
}

BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": b"hello",
    "an array": b"[1]",
    "a string": b'"a"',
    "cut off": b'{"a":1',
    "more behind": b'{"a":1}}',
    "a comma too many": b'{"a":1,}',
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "invalid UTF-8 in a value": b'{"a":"\xff"}',
    "invalid UTF-8 deep inside": b'{"a":1,"b":[{"c":"\xc3("}]}',
    "half a surrogate pair": b'{"a":"\\ud83d x"}',
    "NaN": b'{"a":NaN}',
    "a raw control character": b'{"a":"\n"}',
    "too deep": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "too deep, objects": b'{"a":' * 100_000,
    "twice the same": b'{"a":1,"a":1}',
    "twice": b'{"a":1,"b":2,"a":3}',
    "twice in a row, longer": b'{"a":1,"a":[1,2,3]}',
    "twice, another key": b'{"a":1,"z":1,"z":2}',
    "twice, once in escapes": b'{"a":1,"\\u0061":2}',
    "twice, the first like the rest": b'{"a":{"q":[1],"b":1},"b":1,"a":"123456"}',
    "twice, the first hides the second": b'{"a":"x\\",\\"a\\":1","a":"y"}',
}


@pytest.mark.parametrize(("body", "edits", "edited"), EDITS.values(), ids=EDITS)
def test_edit(body: str, edits: dict[str, Any], edited: str) -> None:
    assert splice.edit(body.encode(), **edits) == edited.encode()


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_broken(body: bytes) -> None:
    with pytest.raises(WireError):
        splice.edit(body, replace={"a": b"2"})


def test_nothing_to_do_is_the_same_object() -> None:
    body = b"not even JSON"
    assert splice.edit(body) is body


def test_what_is_not_there_cannot_be_replaced() -> None:
    with pytest.raises(WireError, match="no b"):
        splice.edit(b'{"a":1}', replace={"b": b"2"})


def test_what_is_there_cannot_be_inserted() -> None:
    with pytest.raises(WireError, match="a is there"):
        splice.edit(b'{"a":1}', insert={"a": b"2"})


def test_elements_keep_their_bytes() -> None:
    items = splice.elements(b'[ {"a" : 1} , "x" ,[ ]]')
    assert items == [b'{"a" : 1}', b'"x"', b"[ ]"]
    assert splice.array(items) == b'[{"a" : 1},"x",[ ]]'
    with pytest.raises(WireError):
        splice.elements(b'{"a":1}')


BLANK = st.text(" \t\r\n", max_size=3)
# half a surrogate pair cannot be sent
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=6)


def dump(value: Any, ascii: bool, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=ascii, allow_nan=False, indent=indent)


@st.composite
def written(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    """An object, and its text in pieces: lead, key, value, lead, key, value ... close."""
    there, pieces = draw(OBJECTS), []
    for number, (name, value) in enumerate(there.items()):
        comma = draw(BLANK) + "," if number else "{"
        key = dump(name, draw(st.booleans()))
        pieces += [comma + draw(BLANK), key, draw(BLANK) + ":" + draw(BLANK)]
        pieces += [dump(value, draw(st.booleans()), draw(st.none() | st.just(1)))]
    head = draw(BLANK) + ("" if there else "{")
    return there, [head, *pieces, draw(BLANK) + "}" + draw(BLANK)]


@settings(deadline=None)
@given(written(), st.data())
def test_an_edit_is_a_dict_edit(
    text: tuple[dict[str, Any], list[str]], data: st.DataObject
) -> None:
    there, pieces = text
    body = "".join(pieces).encode()
    names = st.sampled_from(sorted(there)) if there else st.nothing()
    remove = data.draw(st.sets(names))
    replace = {name: data.draw(VALUES) for name in data.draw(st.sets(names)) - remove}
    insert = {n: v for n, v in data.draw(OBJECTS).items() if n not in there or n in remove}
    edited = splice.edit(
        body,
        replace={name: dump(value, True).encode() for name, value in replace.items()},
        insert={name: dump(value, True).encode() for name, value in insert.items()},
        remove=remove,
    )
    kept = {name: replace.get(name, value) for name, value in there.items() if name not in remove}
    assert list(json.loads(edited).items()) == list((kept | insert).items())
    assert body == "".join(pieces).encode()


@settings(deadline=None)
@given(written(), st.data())
def test_the_rest_is_identical(text: tuple[dict[str, Any], list[str]], data: st.DataObject) -> None:
    there, pieces = text
    replace = data.draw(st.sets(st.sampled_from(sorted(there)) if there else st.nothing()))
    wanted = list(pieces)
    for number, name in enumerate(there):
        if name in replace:
            wanted[4 * number + 4] = "0"
    edited = splice.edit("".join(pieces).encode(), replace=dict.fromkeys(replace, b"0"))
    assert edited == "".join(wanted).encode()


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text('{}[]",:\\u0a1 ', max_size=60).map(str.encode))
def test_only_wire_errors(body: bytes) -> None:
    """Whatever a client sends, it is edited or refused; what is edited was JSON without a doubt."""
    try:
        splice.edit(body, remove=("a",))
    except WireError:
        return
    assert isinstance(json.loads(body), dict)
