"""Reasoning in an envelope: what comes out, and for whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.wire import envelope
from turnout.wire.anthropic.edit import splice
from turnout.wire.anthropic.request import read as read_anthropic
from turnout.wire.anthropic.request import write as write_anthropic
from turnout.wire.openai_chat.request import write as write_chat
from turnout.wire.request import Target
from turnout.wire.sealed import Kind, Sealed, decode, encode, is_sealed, maker, reads

ANY = st.text(max_size=30)


@given(st.builds(Sealed, st.sampled_from(["signature", "redacted", "encrypted"]), ANY, ANY, ANY))
def test_it_comes_out_as_it_went_in(sealed: Sealed) -> None:
    value = encode(sealed)
    assert is_sealed(value)
    assert decode(value) == sealed


FOREIGN = {
    "nothing": ("", False),
    "Anthropic's own": ("EqQBCgIYAhIM1gbcDa9GJwZA2b3h", False),
    "OpenAI's own": ("gAAAAABoISQ24OyVRYbkYfukdJoqdzWT", False),
    "a version to come": ("turnout_2_openai_QQ", True),
    "damaged": (encode(Sealed("encrypted", "gpt-5", "gAAA"))[:-6] + "_", True),
    "Gemini's": (envelope.encode(envelope.Envelope("gemini", "CiQB")), True),
    "cut to nothing": ("turnout_1_openai_", True),
}


@pytest.mark.parametrize(("value", "ours"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_none(value: str, ours: bool) -> None:
    assert is_sealed(value) == ours
    opened = decode(value)
    assert opened is None or not reads(opened, "gpt-5") or opened.data == "gAAA"[: len(opened.data)]


# minted by, as                                     read by                  can it?
READS: dict[str, tuple[str, Kind, str, bool]] = {
    "the same model": ("gpt-5", "encrypted", "gpt-5", True),
    "the family": ("gpt-5.1-2025-11-13", "encrypted", "openai/gpt-5-mini", True),
    "the family's older ones": ("gpt-5", "encrypted", "o3", True),
    "open weights are no family of it": ("gpt-5", "encrypted", "gpt-oss-120b", False),
    "another family": ("gpt-5", "encrypted", "grok-4", False),
    "nobody's family": ("llama-4", "encrypted", "qwen-3", False),
    "nobody's own": ("llama-4", "encrypted", "llama-4", True),
    "a dated name": ("claude-sonnet-4-5-20250929", "signature", "claude-sonnet-4-5", True),
    "a sibling's signature": ("claude-sonnet-4-5", "signature", "claude-opus-4-5", False),
}


@pytest.mark.parametrize(("by", "kind", "model", "can"), READS.values(), ids=READS)
def test_who_reads_it(by: str, kind: Kind, model: str, can: bool) -> None:
    assert reads(Sealed(kind, by, "x"), model) is can


def test_makers() -> None:
    names = ["gpt-4.1", "openai/o4-mini", "codex-mini-latest", "x-ai/grok-4", "Claude-3", "foo", ""]
    assert [maker(name) for name in names] == [
        "openai",
        "openai",
        "openai",
        "xai",
        "anthropic",
        "other",
        "other",
    ]


def history(signature: str) -> bytes:
    thinking = b'{"type":"thinking","thinking":"so","signature":"%b"}' % signature.encode()
    return (
        b'{"model":"claude-a","max_tokens":9,"messages":[{"role":"user","content":"hi"},'
        b'{"role":"assistant","content":[%b,{"type":"text","text":"a"}]},'
        b'{"role":"user","content":"and?"}]}' % thinking
    )


ENVELOPE = encode(Sealed("encrypted", "gpt-5", "gAAA", "rs_1"))


@pytest.mark.parametrize("model", ["claude-a", "claude-b"])
def test_an_envelope_never_reaches_anthropic(model: str) -> None:
    """Not even the model that the client asked for: another one answered in between."""
    written = splice(history(ENVELOPE), Target(model=model))
    assert b"thinking" not in written.body
    assert b"turnout_" not in written.body
    assert "thinking" in {change.what for change in written.changes}


def test_anthropics_own_signature_stays() -> None:
    sent = history("EqQBCgIYAhIM")
    assert splice(sent, Target(model="claude-a")).body == sent


@pytest.mark.parametrize("model", ["claude-a", "gpt-5"])
def test_an_envelope_is_left_out_of_translations(model: str) -> None:
    request = read_anthropic(history(ENVELOPE), "/v1/messages")
    for write in (write_anthropic, write_chat):
        assert b"turnout_" not in write(request, Target(model=model)).body
