import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.wire.envelope import Envelope, with_id
from turnout.wire.ids import tool_id

STAYS = ["toolu_01A", "call_abc-9", "x", "a" * 64]
MENDED = {
    "an upstream's own form": "functions.Bash:0",
    "with a slash": "functions.Bash:0/1",
    "empty": "",
    "65 characters": "a" * 65,
    "a line break at the end": "toolu_01A\n",
    "not ASCII": "tööl",
    "half a surrogate pair": "a\ud800",
}


@pytest.mark.parametrize("id", STAYS)
def test_a_fine_id_stays(id: str) -> None:
    assert tool_id(id) == id


@pytest.mark.parametrize("id", MENDED.values(), ids=MENDED)
def test_an_odd_id_is_mended(id: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", tool_id(id))
    assert tool_id(id) != id


def test_the_head_stays_readable() -> None:
    assert tool_id("functions.Bash:0/1").startswith("functions_Bash_0_1--")


@pytest.mark.parametrize("id", [*STAYS, *MENDED.values()])
def test_a_signature_that_an_id_carries_is_taken_out(id: str) -> None:
    assert tool_id(with_id(id, Envelope("gemini", "s" * 2000))) == tool_id(id)


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_ids_are_never_joined(one: str, other: str) -> None:
    assert (tool_id(one) == tool_id(other)) == (one == other)


@given(st.text(max_size=80))
def test_a_mended_id_cannot_be_forged(id: str) -> None:
    """An id that looks like the mend of another is mended itself."""
    mended = tool_id(id)
    assert mended == id or tool_id(mended) != mended
