"""pin and pins: what a person says and sees of sessions."""

import json
from typing import Any

import pytest

from cli.conftest import Call
from pretend import Pretended

Capture = pytest.CaptureFixture[str]

PINS: list[dict[str, Any]] = [
    {
        "session": "s1",
        "agent": "a7",
        "asked": "claude-opus-4-8",
        "provider": "openrouter",
        "model": "minimax-m3",
        "forced": False,
        "steps": 12,
        "age_s": 31.4,
        "cached_tokens": 48_211,
    },
    {
        "session": "*",
        "agent": "",
        "asked": "",
        "provider": "groq",
        "model": "llama",
        "forced": True,
        "steps": 0,
        "age_s": 4_000.0,
        "cached_tokens": 0,
    },
]


def test_pin(call: Call, running: Pretended, capsys: Capture) -> None:
    assert call("pin", "groq/llama") == 0
    told = capsys.readouterr().err
    assert "every session goes to groq/llama" in told and "key" not in told
    assert call("pin", "groq/llama", "--session", "s1") == 0
    assert "session s1 goes to groq/llama" in capsys.readouterr().err
    assert running.pinned == [("groq/llama", ""), ("groq/llama", "s1")]


def test_a_pin_without_a_key_says_whom_it_is_for(
    call: Call, running: Pretended, capsys: Capture
) -> None:
    running.facts["providers"] = ["openrouter"]
    assert call("pin", "groq/llama") == 0
    told = capsys.readouterr().err
    assert "it has no key for groq: only clients that bring their own go there" in told


def test_a_near_miss_is_refused_with_suggestions(
    call: Call, running: Pretended, capsys: Capture
) -> None:
    assert call("pin", "groq/lama") == 2
    assert capsys.readouterr().err == "turnout: no such model; did you mean groq/llama?\n"
    assert running.pinned == []


def test_pins(call: Call, running: Pretended, capsys: Capture) -> None:
    running.pins = PINS
    assert call("pins") == 0
    lines = capsys.readouterr().out.splitlines()
    told = ["s1 a7", "12", "48,211", "31 s", "claude-opus-4-8", "openrouter/minimax-m3"]
    assert [word for word in told if word not in lines[1]] == []
    assert "every session" in lines[2] and "groq/llama (by hand)" in lines[2]


def test_pins_as_json(call: Call, running: Pretended, capsys: Capture) -> None:
    running.pins = PINS
    assert call("pins", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"pins": PINS}


def test_no_pins(call: Call, running: Pretended, capsys: Capture) -> None:
    assert call("pins") == 0
    assert capsys.readouterr() == ("", "no session is pinned\n")


def test_clear(call: Call, running: Pretended, capsys: Capture) -> None:
    running.pins = PINS
    assert call("pins", "clear") == 0
    assert capsys.readouterr().err == "2 pins dropped\n"
    assert running.pins == []


@pytest.mark.parametrize("command", [("pins",), ("pins", "clear"), ("pin", "x/y")], ids=" ".join)
def test_nothing_runs(call: Call, command: tuple[str, ...], capsys: Capture) -> None:
    assert call(*command) == 1
    assert "no turnout is running" in capsys.readouterr().err
