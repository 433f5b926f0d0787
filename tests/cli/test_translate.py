"""translate: bytes on stdout, the changes and why on stderr, and sentences for what cannot be."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Call
from turnout.wire.dialects import DIALECTS
from wire import upstreams

Capture = pytest.CaptureFixture[str]
GOLDEN = Path(__file__).parents[1] / "golden" / "requests"
HELLO = {"role": "user", "content": "Hello"}
ASKED: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": [HELLO]}
STREAM = upstreams.whole(upstreams.ANTHROPIC["two calls around a text"][0])
COMPLETION = {
    "id": "c1",
    "model": "gpt-x",
    "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}],
}


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    def give(body: Any) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))

    return give


@pytest.fixture
def translate(call: Call, stdin: Any) -> Any:
    def run(body: Any, source: str, to: str, kind: str = "request", *more: str) -> int:
        stdin(body)
        return call("translate", "--from", source, "--to", to, "--kind", kind, *more)

    return run


def test_a_request_and_what_became_of_it(translate: Any, capsys: Capture) -> None:
    sent = (GOLDEN / "claude_code.anthropic.json").read_bytes()
    assert translate(sent, "anthropic", "openai_chat") == 0
    shown = capsys.readouterr()
    body = json.loads(shown.out)
    assert body["model"] == json.loads(sent)["model"]
    assert [message["role"] for message in body["messages"]][:2] == ["system", "user"]
    lines = shown.err.splitlines()
    assert "cache_control: " in shown.err and "tool_reference: " in shown.err
    assert all(": " in line for line in lines) and len(lines) == len(set(lines))


def test_the_same_request_in_the_same_dialect_is_the_same_bytes(
    translate: Any, capsys: Capture
) -> None:
    sent = json.dumps(ASKED | {"x": 1}, indent=3).encode()
    assert translate(sent, "openai_chat", "openai_chat") == 0
    assert capsys.readouterr() == (sent.decode(), "")


def test_another_model_of_the_catalogue(translate: Any, capsys: Capture) -> None:
    sent = json.dumps(ASKED, indent=3).encode()
    assert translate(sent, "anthropic", "anthropic", "request", "--model", "claude-haiku-4-5") == 0
    shown = capsys.readouterr()
    assert shown.out == sent.decode().replace('"m"', '"claude-haiku-4-5"')
    assert shown.err == "model: m was requested\n"


def test_a_provider_and_its_name_for_the_model(translate: Any, capsys: Capture) -> None:
    wanted = "openrouter/anthropic/claude-haiku-4.5"
    assert translate(ASKED, "anthropic", "openai_chat", "request", "--model", wanted) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "anthropic/claude-haiku-4.5"


def test_a_model_of_the_users_own(
    translate: Any, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    settings = home.parent / "turnout.toml"
    settings.write_text(
        '[providers.local]\nbase_url = "http://127.0.0.1:9/v1"\ndialect = "openai_chat"\n'
        'key = "none"\n[[providers.local.models]]\nid = "mine"\ninput = 0.0\noutput = 0.0\n'
    )
    assert translate(ASKED, "anthropic", "openai_chat", "request", "--model", "local/mine") == 0
    assert json.loads(capsys.readouterr().out)["model"] == "mine"
    assert translate(ASKED, "anthropic", "anthropic", "request", "--model", "mine") == 2
    assert "mine is not served in anthropic, but in openai_chat" in capsys.readouterr().err


def test_a_dialect_that_has_the_model_in_its_path(translate: Any, capsys: Capture) -> None:
    sent = (GOLDEN / "gemini_cli.gemini.json").read_bytes()
    assert translate(sent, "gemini", "anthropic") == 2
    assert "a body in gemini does not name its model: say --model" in capsys.readouterr().err
    assert translate(sent, "gemini", "anthropic", "request", "--model", "claude-haiku-4-5") == 0
    assert json.loads(capsys.readouterr().out)["model"] == "claude-haiku-4-5"
    assert translate(sent, "gemini", "gemini") == 0
    assert capsys.readouterr().out == sent.decode()


def test_c75_codex_to_anthropic(translate: Any, capsys: Capture) -> None:
    sent = (GOLDEN / "codex.openai_responses.json").read_bytes()
    assert translate(sent, "openai_responses", "anthropic") == 0
    shown = capsys.readouterr()
    assert {"apply_patch"} <= {tool["name"] for tool in json.loads(shown.out)["tools"]}
    assert "text.verbosity: said as a sentence" in shown.err


def test_json(translate: Any, capsys: Capture) -> None:
    body = ASKED | {"metadata": {"user_id": "ann"}}
    assert translate(body, "anthropic", "openai_chat", "request", "--json") == 0
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert document["body"]["messages"] == [HELLO]
    assert {"what", "why"} == document["changes"][0].keys()
    assert shown.err == ""


def test_an_answer(translate: Any, capsys: Capture) -> None:
    assert translate(COMPLETION, "openai_chat", "anthropic", "response") == 0
    shown = capsys.readouterr()
    body = json.loads(shown.out)
    assert (body["type"], body["model"], body["stop_reason"]) == ("message", "gpt-x", "end_turn")
    assert body["content"] == [{"type": "text", "text": "Hi"}]
    assert shown.err == ""


def test_what_was_mended_and_what_was_odd(translate: Any, capsys: Capture) -> None:
    call = {"id": "t0", "type": "function", "function": {"name": "ls", "arguments": '{"a":"b'}}
    choice = {"message": {"tool_calls": [call, {"id": "t1"}]}, "finish_reason": "tool_calls"}
    body = COMPLETION | {"choices": [choice]}
    assert translate(body, "openai_chat", "anthropic", "response") == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["content"][0]["input"] == {"a": "b"}
    assert shown.err.splitlines() == [
        "ls: json_repaired: answer mended",
        "call_without_name: what the upstream said was odd",
    ]


@pytest.mark.parametrize("to", DIALECTS)
def test_a_stream_in_every_dialect(to: str, translate: Any, capsys: Capture) -> None:
    assert translate(STREAM, "anthropic", to, "stream") == 0
    shown = capsys.readouterr()
    if to == "anthropic":
        assert shown.out == STREAM.decode()
    reader = DIALECTS[to].stream_reader()  # type: ignore[index]
    said = [event for data in (shown.out.encode(), b"") for event in reader.feed(data)]
    assert [event.name for event in said if isinstance(event, upstreams.ToolCall)] == ["ls", "rm"]
    assert said[-1] == upstreams.Finished("tools")


def test_a_stream_as_json(translate: Any, capsys: Capture) -> None:
    assert translate(STREAM, "anthropic", "openai_chat", "stream", "--json") == 0
    assert json.loads(capsys.readouterr().out)["body"].endswith("data: [DONE]\n\n")


def test_c8_a_cut_stream_is_told_as_the_client_would_be(translate: Any, capsys: Capture) -> None:
    cut = STREAM[: STREAM.index(b"event: message_delta")]
    assert translate(cut, "anthropic", "openai_chat", "stream") == 0
    shown = capsys.readouterr()
    assert "[DONE]" not in shown.out and '"error"' in shown.out
    assert shown.err.startswith("turnout: the answer ends in a failure: ")


def test_an_answer_of_another_dialect(translate: Any, capsys: Capture) -> None:
    assert translate(b'{"choices": []}', "anthropic", "openai_chat", "response") == 0
    assert "in a failure: anthropic: 'content' is missing\n" in capsys.readouterr().err


def test_an_error_of_the_upstream(translate: Any, capsys: Capture) -> None:
    error = DIALECTS["openai_chat"].write_error(429, "slow down")
    assert translate(error, "openai_chat", "anthropic", "response") == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["error"] == {"type": "rate_limit_error", "message": "slow down"}
    assert shown.err == "turnout: the answer ends in a failure: slow down\n"


BROKEN = b'data: {"choices": [1]}\n\n'
# body, kind, more -> a word of the one sentence on stderr
REFUSED: dict[str, tuple[Any, str, list[str], str]] = {
    "c36 what the other dialect has no word for": (
        ASKED | {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        "request",
        [],
        "openai_chat cannot carry this: server_tools",
    ),
    "c10 what the model cannot": (
        ASKED
        | {"messages": [{"role": "user", "content": [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                         "data": "iVBO"}}]}]},
        "request",
        ["--model", "deepseek-v3"],
        "cannot carry this: images",
    ),
    "nothing": (b"", "request", [], "give it a body"),
    "no JSON": (b"{", "request", [], "the request cannot be read"),
    "not UTF-8": (b'{"model":"\xff"}', "request", [], "the request cannot be read"),
    "an answer that is not UTF-8": (b'{"\xff"}', "response", [],
                                    "the response cannot be read: anthropic: it is not UTF-8 text"),
    "a stream that is no boolean": (ASKED | {"stream": 1}, "request", [], "stream"),
    "an answer that is a page": (b"<html>", "response", [], "the response cannot be read"),
    "an answer that is nothing": (b"", "response", [], "give it a body"),
    "a stream that is a page": (b"<html>", "stream", [], "no event of anthropic"),
    "a stream that is nothing": (b"", "stream", [], "give it a body"),
    "a stream of another dialect": (BROKEN, "stream", [], "the stream cannot be read"),
    "a model nobody knows": (ASKED, "request", ["--model", "claude-haiku-4-6x"], "did you mean"),
    "a model for an answer": (COMPLETION, "response", ["--model", "m"], "--model is for requests"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "kind", "more", "word"), REFUSED.values(), ids=REFUSED)
def test_refused_in_one_sentence(
    body: Any, kind: str, more: list[str], word: str, translate: Any, capsys: Capture
) -> None:
    assert translate(body, "anthropic", "openai_chat", kind, *more) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert word in shown.err and "Traceback" not in shown.err
    assert len([line for line in shown.err.splitlines() if line.startswith("turnout: ")]) <= 1


@pytest.mark.parametrize(
    ("source", "to", "kind"),
    [
        ("cohere", "anthropic", "request"),
        ("anthropic", "cohere", "request"),
        ("anthropic", "openai_chat", "pdf"),
    ],
)
def test_wrong_use(source: str, to: str, kind: str, translate: Any, capsys: Capture) -> None:
    assert translate(ASKED, source, to, kind) == 2
    assert "is not one of" in capsys.readouterr().err


def test_a_terminal_is_no_body(
    call: Call, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    assert call("translate", "--from", "anthropic", "--to", "openai_chat", "--kind", "request") == 2
    assert "< body.json" in capsys.readouterr().err


def test_a_person_at_a_terminal_sees_a_table(
    translate: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("turnout.cli.translate.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    sent = (GOLDEN / "claude_code.anthropic.json").read_bytes()
    assert translate(sent, "anthropic", "openai_chat") == 0
    head, *rows = capsys.readouterr().err.splitlines()
    assert head.split() == ["changed", "why"]
    assert [row.split()[0] for row in rows if not row.startswith(" ")][:2] == [
        "context_management",
        "system",
    ]
