"""scripts/clients_check.py finds what is wrong, so that its "ok" means something."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
FORCED = ("openrouter", "openai/gpt-5.4")
UNABLE = "openrouter/openai/gpt-5.4 is forced, but cannot serve this: native_only"


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def request(path: str = "/api/v1/chat/completions", model: str = FORCED[1], **headers: str) -> Any:
    ours = {"authorization": "Bearer sk-or-turnouts"}
    return {"path": path, "body": {"model": model}, "headers": ours | headers}


def own(path: str = "/v1/responses") -> Any:
    return request(path, "gpt-5", authorization="Bearer sk-dummy")


def row(**more: Any) -> Any:
    usual = {"id": "1", "kind": "main", "provider": FORCED[0], "reason": "forced", "status": 200}
    asked = {"requested_model": "claude-opus-4-8", "model": "gpt-5.4", "error": ""}
    return usual | asked | more


def home(error: str = UNABLE) -> Any:
    return row(provider="openai", reason="no_target", error=error)


# what reached the mock, what the log says -> a piece of what is wrong; "" when nothing is
CASES: dict[str, tuple[list[Any], list[Any], str]] = {
    "all is well": ([request()], [row()], ""),
    "nothing came": ([], [row()], "no completion reached the mock"),
    "the requested model": ([request(model="claude-opus-4-8")], [row()], "asked for 'claude-opus"),
    "the client's dialect": ([request("/v1/messages?beta=true")], [row()], "not the dialect"),
    "the client's key": ([request(authorization="Bearer sk-ant-x")], [row()], "not turnout's key"),
    "both keys": ([request(**{"x-api-key": "sk-ant-x"})], [row()], "not turnout's key"),
    "a key in the query": (
        [request("/api/v1/chat/completions?key=AIza")],
        [row()],
        "not turnout's key",
    ),
    "a row too few": ([request(), request()], [row()], "2 requests reached the mock, 1 are in"),
    "sent home": ([request()], [row(provider="anthropic", reason="stream")], "anthropic stream"),
    "an error": ([request()], [row(status=502, error="cut")], "502 cut"),
    "an error with status 200": ([request()], [row(error="cut")], "200 cut"),
    "no change": ([request()], [row(requested_model="gpt-5.4")], "no model was changed"),
}

# the same with requests that can only go home for `native_only`
HOME: dict[str, tuple[list[Any], list[Any], str]] = {
    "one went home": ([request(), own()], [row(), home()], ""),
    "none did": ([request()], [row()], "nothing went home for native_only"),
    "for another reason": (
        [request(), own()],
        [row(), home(), home("openai/gpt-5.4: n: two answers")],
        "openai n 200",
    ),
    "with turnout's key": ([request(), request()], [row(), home()], "0 arrived with the client's"),
    "all did": ([own()], [home()], "no completion reached the mock"),
}


@pytest.mark.parametrize(("requests", "log", "piece"), CASES.values(), ids=CASES)
def test_wrong(requests: list[Any], log: list[Any], piece: str) -> None:
    found = list(load("clients_check").wrong(requests, log, *FORCED))
    assert bool(found) == bool(piece)
    assert piece in "".join(found)


@pytest.mark.parametrize(("requests", "log", "piece"), HOME.values(), ids=HOME)
def test_what_goes_home(requests: list[Any], log: list[Any], piece: str) -> None:
    found = list(load("clients_check").wrong(requests, log, *FORCED, "native_only"))
    assert bool(found) == bool(piece)
    assert piece in "".join(found)


def test_geminis_model_is_in_the_path() -> None:
    asked = {
        "path": "/v1beta/models/gemini-3.5-flash:streamGenerateContent?alt=sse",
        "body": {"contents": []},
        "headers": {"x-goog-api-key": "AIza-turnouts"},
    }
    served = row(provider="google")
    assert not list(load("clients_check").wrong([asked], [served], "google", "gemini-3.5-flash"))


def test_the_matrix_says_what_failed() -> None:
    matrix = load("clients_matrix")
    lines = [
        "claude/anthropic\t\tok",
        "claude/chat\t\tok",
        "claude/gemini\t\tFAILED cut",
        "codex-compaction/chat\tnative_only\tok",
    ]
    assert matrix.table(matrix.read(lines)).splitlines()[2:] == [
        "| Claude Code 2.1.197 | tool | ✓ *itself* | ✓ | - | FAILED cut |",
        "| Codex 0.169.0, `-m gpt-5` | tool, compaction | - | ✓ `native_only` | - | - |",
    ]


def test_the_matrix_is_written_between_its_markers() -> None:
    matrix = load("clients_matrix")
    text = f"a\n{matrix.BEGIN}\nold\n{matrix.END}\nb"
    assert matrix.written(text, "new") == f"a\n{matrix.BEGIN}\nnew\n{matrix.END}\nb"
    with pytest.raises(SystemExit):
        matrix.written("no markers", "new")
