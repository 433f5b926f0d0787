"""Signatures inside texts and ids: out as they went in, or refused."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.errors import UnsupportedError
from turnout.wire.anthropic import edit as anthropic
from turnout.wire.envelope import Envelope, decode, encode, split_id, stripped, with_id
from turnout.wire.openai_chat import edit as chat
from turnout.wire.request import Target

SAFE = re.compile(r"[A-Za-z0-9_-]+")


@given(payload=st.text(), id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True))
def test_there_and_back(payload: str, id: str) -> None:
    sealed = Envelope("gemini", payload)
    assert SAFE.fullmatch(encode(sealed))
    assert decode(encode(sealed)) == sealed
    if "__turnout_" not in id:
        assert split_id(with_id(id, sealed)) == (id, sealed)


@pytest.mark.parametrize(
    "text", ["", "EqQBCg", "turnout", "turnout_1_", "turnout_1_G_x", "a turnout_1_g_"]
)
def test_what_is_no_envelope(text: str) -> None:
    assert decode(text) is None
    assert split_id(f"call_1__{text}") == (f"call_1__{text}", None)


@pytest.mark.parametrize(
    "text", ["turnout_2_gemini_QQ", "turnout_1_gemini_Q", "turnout_1_gemini__w"]
)
def test_what_cannot_be_opened_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedError, match="signature"):
        decode(text)
    with pytest.raises(UnsupportedError, match="signature"):
        split_id(f"call_1__{text}")


CARRIED = with_id("call_1", Envelope("gemini", "sig+/=" * 40))
HISTORY = {
    "anthropic": (
        anthropic.splice,
        b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"},'
        b'{"role":"assistant","content":[{"type":"tool_use","id":"ID","name":"f","input":{}}]},'
        b'{"role":"user","content":[{"type":"tool_result","tool_use_id":"ID","content":""}]}]}',
    ),
    "openai_chat": (
        chat.splice,
        b'{"model":"m", "messages":[{"role":"user","content":"a"},{"role":"assistant",'
        b'"tool_calls":[{"id":"ID","type":"function","function":{"name":"f","arguments":"{}"}}]},'
        b'{"role":"tool","tool_call_id":"ID","content":"say ID"}]}',
    ),
}


@pytest.mark.parametrize(("splice", "history"), HISTORY.values(), ids=HISTORY)
def test_a_client_that_comes_home_brings_plain_ids(splice: Any, history: bytes) -> None:
    """What Gemini signed in between is for Gemini: nobody at home would know it."""
    sent = history.replace(b'"ID"', f'"{CARRIED}"'.encode())
    written = splice(sent, Target(model="m"))
    assert written.body == history.replace(b'"ID"', b'"call_1"')
    assert [change.what for change in written.changes] == ["tool ids"]
    plain = history.replace(b'"ID"', b'"call_1"')
    assert splice(plain, Target(model="m")).body is plain


def test_only_ids_are_stripped() -> None:
    said = b'{"a":"turnout_1_gemini_x","b":"see x__turnout_1_gemini_x here","c":"__turnout_"}'
    assert stripped(said) is said or stripped(said) == said
