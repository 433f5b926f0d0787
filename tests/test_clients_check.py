"""scripts/clients_check.py finds what is wrong, so that its "ok" means something."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).parents[1] / "scripts" / "clients_check.py"
FORCED = ("openrouter", "openai/gpt-5.4")


def load() -> Any:
    spec = importlib.util.spec_from_file_location("clients_check", PATH)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def request(path: str = "/api/v1/chat/completions", model: str = FORCED[1], **headers: str) -> Any:
    ours = {"authorization": "Bearer sk-or-turnouts"}
    return {"path": path, "body": {"model": model}, "headers": ours | headers}


def row(**more: Any) -> Any:
    usual = {"id": "1", "provider": FORCED[0], "reason": "forced", "status": 200, "error": ""}
    return {**usual, "requested_model": "claude-opus-4-8", "model": "gpt-5.4", **more}


# what reached the mock, what the log says -> a piece of what is wrong; "" when nothing is
CASES: dict[str, tuple[list[Any], list[Any], str]] = {
    "all is well": ([request()], [row()], ""),
    "nothing came": ([], [row()], "no completion reached the mock"),
    "the requested model": ([request(model="claude-opus-4-8")], [row()], "asked for 'claude-opus"),
    "the client's dialect": ([request("/v1/messages?beta=true")], [row()], "not the dialect"),
    "the client's key": ([request(authorization="Bearer sk-ant-x")], [row()], "not turnout's key"),
    "both keys": ([request(**{"x-api-key": "sk-ant-x"})], [row()], "not turnout's key"),
    "a row too few": ([request(), request()], [row()], "2 requests reached the mock, 1 are in"),
    "sent home": ([request()], [row(provider="anthropic", reason="stream")], "anthropic stream"),
    "an error": ([request()], [row(status=502, error="cut")], "502 cut"),
    "no change": ([request()], [row(requested_model="gpt-5.4")], "no model was changed"),
}


@pytest.mark.parametrize(("requests", "log", "piece"), CASES.values(), ids=CASES)
def test_wrong(requests: list[Any], log: list[Any], piece: str) -> None:
    found = list(load().wrong(requests, log, *FORCED))
    assert bool(found) == bool(piece)
    assert piece in "".join(found)
