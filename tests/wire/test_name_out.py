"""Another model's name in an answer of the client's dialect: one string is new, nothing else."""

import pytest

from turnout.wire.name_out import Touch, renamed
from turnout.wire.request import DialectName

SAYS_IT = rb'\"model\":\"m\" "'
# whole answers and events; the name in them is "m" with odd spelling
NAMED: dict[str, tuple[DialectName, bytes]] = {
    "a: whole": (
        "anthropic",
        b'{ "id":"x", "model" : "\\u006d","content":[{"text":"%b}]}' % SAYS_IT,
    ),
    "a: begin": ("anthropic", b'{"type":"message_start","message":{"id":"x", "model":"\\u006d"}}'),
    "c": ("openai_chat", b'{"choices":[{"delta":{"content":"%b}}],"model":"\\u006d" }' % SAYS_IT),
    "r: whole": ("openai_responses", b'{"object":"response","model": "\\u006d","output":[]}'),
    "r: event": ("openai_responses", b'{"response":{"x":[1, 2],"model": "\\u006d"},"type":"t"}'),
    "g": ("gemini", b'{"candidates":[],"modelVersion" :"\\u006d"}'),
}


@pytest.mark.parametrize(("dialect", "raw"), NAMED.values(), ids=NAMED)
def test_it_is_named(dialect: DialectName, raw: bytes) -> None:
    wanted = raw.replace(b'"\\u006d"', b'"a\\"sked"')
    assert renamed(raw, dialect, 'a"sked') == wanted
    assert Touch(dialect, model='a"sked').whole(raw) == wanted
    frames = Touch(dialect, model='a"sked').frames()
    assert frames
    for data in (b"data: %b\n\n", b"event: x\r\ndata:%b\r\n\r\n", b"data: %b\n\ndata: [DONE]\n\n"):
        assert frames(data % raw) == data % wanted


# what names no model, or is none of ours to read
STAYS: dict[str, tuple[DialectName, bytes]] = {
    "no name": ("anthropic", b'{"type":"content_block_delta","delta":{"text":"%b}}' % SAYS_IT),
    "not a string": ("openai_chat", b'{"model":null}'),
    "no object": ("openai_chat", b'["model"]'),
    "no JSON": ("gemini", b'{"modelVersion":"m"'),
    "twice": ("gemini", b'{"modelVersion":"m","modelVersion":"n"}'),
    "somewhere else": ("openai_responses", b'{"response":{"output":[{"model":"m"}]}}'),
    "no bytes": ("anthropic", b""),
    "not UTF-8": ("anthropic", b'{"model":"\xff"}'),
}


@pytest.mark.parametrize(("dialect", "raw"), STAYS.values(), ids=STAYS)
def test_it_stays(dialect: DialectName, raw: bytes) -> None:
    assert renamed(raw, dialect, "asked") is raw
    frames = Touch(dialect, model="asked").frames()
    assert frames
    assert frames(b"data: %b\n\n" % raw) == b"data: %b\n\n" % raw


def test_nothing_to_write() -> None:
    touch = Touch("anthropic")
    assert not touch
    assert touch.frames() is None
    assert touch.whole(b"any") == b"any"


def test_with_a_mark_besides() -> None:
    raw = b'{"choices":[{"delta":{"content":"Yes."}}],"model":"m"}'
    touch = Touch("openai_chat", "[turnout: a/b]\n\n", "asked")
    frames = touch.frames()
    assert frames
    wanted = b'{"choices":[{"delta":{"content":"[turnout: a/b]\\n\\nYes."}}],"model":"asked"}'
    assert frames(b"data: %b\n\n" % raw) == b"data: %b\n\n" % wanted
    again = b'data: {"choices":[{"delta":{"content":"!"}}],"model":"m"}\n\n'
    assert frames(again) == again.replace(b'"m"', b'"asked"'), "a mark once, a name everywhere"
