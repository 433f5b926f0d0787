"""route: a decision as JSON, the candidates for people, and bodies that are none."""

import io
import json
import sys
from typing import Any

import pytest

from cli.conftest import Call
from turnout import history
from turnout.cli.route import guess

Capture = pytest.CaptureFixture[str]
TEXT = [{"role": "user", "content": "Rename the variable x to count in this function."}]
BODY = {"model": "claude-opus-4-8", "max_tokens": 200, "messages": TEXT}


@pytest.fixture(autouse=True)
def keys(data: Any, keyless: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-secret")


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    def give(body: Any) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))

    return give


def test_a_decision(call: Call, stdin: Any, capsys: Capture) -> None:
    stdin(BODY)
    assert call("route") == 0
    shown = capsys.readouterr()
    decision = json.loads(shown.out)
    assert decision["requested_model"] == "claude-opus-4-8"
    assert decision["provider"] and decision["model"] and decision["reason"]
    assert {"provider", "model", "quality", "cost_usd", "lost"} <= decision["candidates"][0].keys()
    assert decision["dialect"] == "anthropic"
    assert shown.err == "" and "sk-secret" not in shown.out


def test_explained(call: Call, stdin: Any, capsys: Capture) -> None:
    stdin(BODY)
    assert call("route", "--explain") == 0
    shown = capsys.readouterr()
    decision = json.loads(shown.out)
    chosen = f"{decision['provider']}/{decision['model']}"
    lines = [line.split() for line in shown.err.splitlines()]
    assert [line[-1] for line in lines if line[:1] == [chosen]] == ["chosen"]
    assert len(lines) == len(decision["candidates"]) + 2
    assert shown.err.splitlines()[-1] == f"reason: {decision['reason']}"


def test_nobody_is_called_and_nothing_is_logged(
    call: Call, stdin: Any, monkeypatch: pytest.MonkeyPatch, data: Any
) -> None:
    import socket

    def refuse(*_: Any) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    stdin(BODY)
    assert call("route") == 0
    with history.read(data / "turnout.db") as log:
        assert list(log.latest(1)) == []


def test_a_model_nobody_knows(call: Call, stdin: Any, capsys: Capture) -> None:
    stdin(BODY | {"model": "no-such-model"})
    assert call("route") == 0
    assert json.loads(capsys.readouterr().out)["reason"] == "unknown_model"


UNFAMILIAR = {
    "empty": "",
    "one emoji": "🚂",
    "Chinese": "请修复解析器中失败的测试",
    "German": "Warum schlägt dieser Test fehl, wenn ich die Konfiguration ändere?",
    "500 kB of Russian": "Почему падает этот тест? " * 12_000,
    "500 kB of one letter": "a" * 500_000,
}


@pytest.mark.parametrize("text", UNFAMILIAR.values(), ids=UNFAMILIAR)
def test_what_cannot_be_read_is_no_knowledge(
    call: Call, stdin: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """No evidence is claimed for anybody; the profile that asks for some keeps the request."""
    monkeypatch.setenv("TURNOUT_POLICY_PROFILE", "strict")
    stdin(BODY | {"model": "claude-opus-4-7", "messages": [{"role": "user", "content": text}]})
    assert call("route") == 0
    decision = json.loads(capsys.readouterr().out)
    assert (decision["provider"], decision["model"]) == ("anthropic", "claude-opus-4-7")
    assert {one["evidence"] for one in decision["candidates"]} <= {0.0, None}


@pytest.mark.parametrize("profile", ["strict", "parity", "thrift"])
@pytest.mark.parametrize("text", UNFAMILIAR.values(), ids=UNFAMILIAR)
def test_what_cannot_be_read_stays_where_it_was_sent(
    call: Call,
    stdin: Any,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    profile: str,
) -> None:
    """Whatever is asked for, the best or the middling: no guess stands in for it."""
    monkeypatch.setenv("TURNOUT_POLICY_PROFILE", profile)
    for model in ("claude-opus-4-8", "claude-sonnet-5", "claude-haiku-4-5"):
        stdin(BODY | {"model": model, "messages": [{"role": "user", "content": text}]})
        assert call("route") == 0
        decision = json.loads(capsys.readouterr().out)
        assert (decision["provider"], decision["model"]) == ("anthropic", model)
        assert decision["cluster_label"] == "could not be read"
        assert "class_share" not in decision["evidence"]


# body, dialect -> a word of what is said
UNREADABLE: dict[str, tuple[bytes, list[str], str]] = {
    "not JSON": (b"{", [], "anthropic"),
    "an array": (b"[1]", [], "array"),
    "not UTF-8": (b'{"model": "\xff"}', ["--dialect", "openai_chat"], "openai_chat"),
    "a word for a bool": (
        b'{"model": "m", "stream": "yes", "messages": []}',
        ["--dialect", "openai_chat"],
        "stream",
    ),
    "two models": (b'{"model": "a", "model": "b", "messages": []}', [], "model"),
}


@pytest.mark.parametrize(("body", "flags", "word"), UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_bodies_are_wrong_use(
    body: bytes, flags: list[str], word: str, call: Call, stdin: Any, capsys: Capture
) -> None:
    stdin(body)
    assert call("route", *flags) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("turnout: the body cannot be read: ")
    assert word in shown.err and "Traceback" not in shown.err


def test_no_body_is_wrong_use(call: Call, stdin: Any, capsys: Capture) -> None:
    stdin(b"")
    assert call("route") == 2
    assert "give it a request body: turnout route < body.json" in capsys.readouterr().err


def test_an_unknown_dialect_is_wrong_use(call: Call) -> None:
    assert call("route", "--dialect", "cohere") == 2


# body -> dialect
GUESSED: dict[str, tuple[Any, str]] = {
    "contents": ({"contents": []}, "gemini"),
    "input": ({"model": "gpt-5", "input": "x"}, "openai_responses"),
    "system": ({"model": "m", "system": "x", "messages": []}, "anthropic"),
    "a claude": ({"model": "claude-x", "messages": []}, "anthropic"),
    "anyone else": ({"model": "gpt-5", "messages": []}, "openai_chat"),
    "no object": ([1], "anthropic"),
}


@pytest.mark.parametrize(("body", "dialect"), GUESSED.values(), ids=GUESSED)
def test_guess(body: Any, dialect: str) -> None:
    assert guess(json.dumps(body).encode()) == dialect
