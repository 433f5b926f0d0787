"""anthropic-beta, fitted to the model that will read the request."""

import json
from dataclasses import replace
from typing import Any

import pytest

from turnout import betas
from turnout.attempts import Composer
from turnout.betas import LONG_CONTEXT
from turnout.config import load
from turnout.guard.keys import Keys
from turnout.options import imagined
from turnout.paths import artifacts_dir
from turnout.route.catalog import Catalog
from turnout.stages import Stages
from turnout.trip import Attempt, Headers
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import DialectName

KEYS = {"ANTHROPIC_API_KEY": "ours", "OPENAI_API_KEY": "ours"}
CONFIG = load([], environ=KEYS)
CATALOG = Catalog.load(artifacts_dir() / "catalog.json")
OTHER = "interleaved-thinking-2025-05-14"
LONG = "word " * 120_000  # 150,000 tokens by our estimate
PATHS = {"anthropic": "/messages", "openai_chat": "/chat/completions"}


def composed(
    model: str,
    to: str,
    *said: str,
    text: str = "hi",
    dialect: DialectName = "anthropic",
    **more: Any,
) -> Attempt:
    """The attempt with `to` for a client that asks for `model`, with these betas."""
    messages = [{"role": "user", "content": text}]
    body = json.dumps({"model": model, "max_tokens": 9, "messages": messages, **more}).encode()
    headers = {"anthropic-beta": ",".join(said)} if said else {}
    arrival = imagined(CONFIG, body, dialect, headers, PATHS[dialect])
    binding = CATALOG.find("anthropic", to)
    assert binding
    ask = DIALECTS[dialect].peek(body, arrival.path)
    keys = Keys(CONFIG.providers.values(), KEYS)
    rest = (False, CONFIG.providers, keys, Stages(), ask)
    (attempt,) = Composer(arrival, body, DIALECTS[dialect], *rest).attempts((binding,))
    return attempt


def beta(attempt: Attempt) -> list[str]:
    said = [value for name, value in attempt.headers if name.lower() == "anthropic-beta"]
    return ",".join(said).split(",") if said else []


# requested, target, betas that were sent, text  ->  betas that go on
CASES: dict[str, tuple[str, str, tuple[str, ...], str, list[str]]] = {
    "c69 marked, its own model": (
        "claude-opus-4-8[1m]", "claude-opus-4-8", (OTHER,), "hi", [OTHER, LONG_CONTEXT]),
    "c69 marked, and the client sent the beta": (
        "claude-opus-4-8[1m]", "claude-opus-4-8", (LONG_CONTEXT, OTHER), "hi",
        [LONG_CONTEXT, OTHER]),
    "c69 marked, another model that can": (
        "claude-opus-4-8[1m]", "claude-sonnet-5", (), "hi", [LONG_CONTEXT]),
    "c69 marked, another model that sells a longer one": (
        "claude-opus-4-8[1m]", "claude-sonnet-4-5", (), "hi", [LONG_CONTEXT]),
    "c69 marked, another model that cannot": (
        "claude-opus-4-8[1m]", "claude-haiku-4-5", (OTHER,), "hi", [OTHER]),
    "c69 the beta alone, another model that can": (
        "claude-opus-4-8", "claude-sonnet-5", (LONG_CONTEXT,), "hi", [LONG_CONTEXT]),
    "c69 the beta alone, another model that cannot": (
        "claude-opus-4-8", "claude-haiku-4-5", (LONG_CONTEXT,), "hi", []),
    "c69 large, another model that can": (
        "claude-opus-4-8", "claude-sonnet-5", (), LONG, [LONG_CONTEXT]),
    "c69 large, another model that cannot": ("claude-opus-4-8", "claude-haiku-4-5", (), LONG, []),
    "c69 neither": ("claude-opus-4-8", "claude-sonnet-5", (OTHER,), "hi", [OTHER]),
    "its own request stays as it is": (
        "claude-opus-4-8", "claude-opus-4-8", (OTHER,), LONG, [OTHER]),
    "its own request, whatever it says": (
        "claude-haiku-4-5", "claude-haiku-4-5", (LONG_CONTEXT,), "hi", [LONG_CONTEXT]),
}  # fmt: skip


@pytest.mark.parametrize(("model", "to", "said", "text", "left"), CASES.values(), ids=CASES)
def test_long_context(
    model: str, to: str, said: tuple[str, ...], text: str, left: list[str]
) -> None:
    attempt = composed(model, to, *said, text=text)
    assert beta(attempt) == left
    assert json.loads(attempt.body)["model"] == to
    told = [change.what for change in attempt.changes if change.what == betas.HEADER]
    assert told == ([betas.HEADER] if left != [*said] else [])


@pytest.mark.parametrize(("text", "left"), [(LONG, [LONG_CONTEXT]), ("hi", [])])
def test_c69_from_another_dialect(text: str, left: list[str]) -> None:
    attempt = composed("gpt-5.4", "claude-sonnet-5", text=text, dialect="openai_chat")
    assert attempt.dialect is DIALECTS["anthropic"]
    assert beta(attempt) == left


def test_c68_what_the_body_no_longer_says_has_no_beta() -> None:
    said = ("context-management-2025-06-27", "effort-2025-11-24", OTHER)
    config = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    attempt = composed("claude-opus-4-8", "claude-haiku-4-5", *said, context_management=config)
    assert beta(attempt) == [said[1], OTHER]
    assert b"context_management" not in attempt.body
    assert "context_management" in [change.what for change in attempt.changes]


def test_a_header_that_comes_twice() -> None:
    twice: Headers = (("Anthropic-Beta", "a-1"), ("anthropic-beta", f"{LONG_CONTEXT},b-2"))
    assert betas.fitted(twice, (), longer=False)[0] == (
        ("Anthropic-Beta", "a-1"),
        (twice[1][0], "b-2"),
    )
    assert betas.fitted(twice, (), longer=True) == (twice, ())
    left, _ = betas.fitted((twice[0], ("x", "y"), ("anthropic-beta", "b-2")), (), longer=True)
    assert left == (("x", "y"), ("anthropic-beta", f"a-1,b-2,{LONG_CONTEXT}"))


def test_another_host_is_not_asked_for_it() -> None:
    """Who serves Anthropic's models elsewhere may know no betas."""
    binding = CATALOG.find("anthropic", "claude-sonnet-5")
    assert binding
    assert binding.long_context
    assert not replace(binding, model=replace(binding.model, vendor="deepseek")).long_context
