"""Signatures inside texts and ids: out as they went in, or refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.errors import UnsupportedError
from turnout.wire.envelope import Envelope, decode, encode, split_id, with_id

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
