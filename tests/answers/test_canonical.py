"""When two requests are the same, and which may be answered from the past at all (c84)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from answers.plans import ASKED, plan
from turnout.answers import canonical
from turnout.config.settings import Cache
from turnout.errors import TurnoutError
from turnout.trip import Plan
from turnout.wire.request import DialectName

ON, ALWAYS = Cache(exact=True), Cache(exact="always")
PIXEL = "iVBORw0KGgo="
TOOL = {"name": "f", "description": "", "input_schema": {"type": "object"}}
BILLING = "x-anthropic-billing-header: cc_version=2.1; cch="


def key(of: Plan, rules: Cache = ON) -> str:
    try:
        return canonical.key(of, rules)
    except TurnoutError:
        return ""


def body(dialect: DialectName, **more: Any) -> bytes:
    return json.dumps({**ASKED[dialect], **more}).encode()


@pytest.mark.parametrize("dialect", ASKED)
def test_c84_the_same_request(dialect: DialectName) -> None:
    """Another order and other white space are no other request."""
    said = ASKED[dialect]
    other = json.dumps(dict(reversed(said.items())), indent=3).encode()
    assert key(plan(dialect)) == key(plan(dialect, other)) != ""


# dialect, what is said besides; the same to any model
SAME: dict[str, tuple[DialectName, dict[str, Any]]] = {
    "streamed": ("anthropic", {"stream": True}),
    "another user": ("anthropic", {"metadata": {"user_id": "u2"}}),
    "a cache mark": ("anthropic", {"cache_control": {"type": "ephemeral"}}),
    "a cache mark inside": (
        "anthropic",
        {
            "system": "Be kind.",
            "messages": [
                {"role": "user", "content": "Hello?", "cache_control": {"type": "ephemeral"}}
            ],
        },
    ),
    "streamed, with usage": (
        "openai_chat",
        {"stream": True, "stream_options": {"include_usage": True}},
    ),
    "a key of a cache": ("openai_chat", {"prompt_cache_key": "k", "user": "u", "store": True}),
    "an item's id": (
        "openai_responses",
        {"input": [{**ASKED["openai_responses"]["input"][0], "id": "msg_9"}]},
    ),
    "labels": ("gemini", {"labels": {"team": "a"}}),
}


@pytest.mark.parametrize(("dialect", "more"), SAME.values(), ids=SAME)
def test_c84_what_no_answer_depends_on(dialect: DialectName, more: dict[str, Any]) -> None:
    document = {**ASKED[dialect], **more}
    assert canonical.canonical(json.dumps(document).encode(), dialect) == canonical.canonical(
        body(dialect), dialect
    )


def test_c84_the_billing_line() -> None:
    """It differs in every body of Claude Code, as a text of its own or as a first line."""
    for system in (
        lambda n: [
            {"type": "text", "text": f"{BILLING}{n};"},
            {"type": "text", "text": "Be kind."},
        ],
        lambda n: f"{BILLING}{n};\nBe kind.",
    ):
        keys = {key(plan(body=body("anthropic", system=system(n)))) for n in range(3)}
        assert len(keys) == 1 and "" not in keys


OTHER: dict[str, tuple[DialectName, dict[str, Any]]] = {
    "another model": ("anthropic", {"model": "claude-haiku-4-5"}),
    "another system": ("anthropic", {"system": "Be rude."}),
    "another limit": ("anthropic", {"max_tokens": 10}),
    "another stop": ("anthropic", {"stop_sequences": ["x"]}),
    "another verbosity": ("openai_chat", {"verbosity": "low"}),
    "another seed": ("openai_chat", {"seed": 1}),
    "another format": ("openai_chat", {"response_format": {"type": "json_object"}}),
    "another safety": (
        "gemini",
        {"safetySettings": [{"category": "x", "threshold": "BLOCK_NONE"}]},
    ),
}


@pytest.mark.parametrize(("dialect", "more"), OTHER.values(), ids=OTHER)
def test_c84_what_an_answer_may_depend_on(dialect: DialectName, more: dict[str, Any]) -> None:
    assert key(plan(dialect, body(dialect, **more))) != key(plan(dialect))


WHOSE: dict[str, Callable[[], Plan]] = {
    "another tenant": lambda: plan(tenant="b"),
    "another client": lambda: plan(key="sk-2"),
    "another home": lambda: plan(home="away"),
    "another model asked for": lambda: plan(requested_model="x"),
    "forced": lambda: plan(reason="forced", provider="p", model="m"),
    "another profile": lambda: plan(evidence={"profile": "thrift"}),
    "another version": lambda: plan(headers={"anthropic-version": "2029-01-01"}),
    "a beta": lambda: plan(headers={"anthropic-beta": "x"}),
    "a cookie": lambda: plan(headers={"cookie": "session=1"}),
}


@pytest.mark.parametrize("of", WHOSE.values(), ids=WHOSE)
def test_c84_nobody_elses_answer(of: Callable[[], Plan]) -> None:
    assert key(of()) not in ("", key(plan()))


def test_the_key_in_a_query_counts() -> None:
    path = "/v1beta/models/gemini-4-pro:generateContent?key="
    one, two = (key(plan("gemini", path=path + k, key="")) for k in "ab")
    assert one != two


def said(*content: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(content)}]}


def image(**source: str) -> dict[str, Any]:
    return {"type": "image", "source": source}


NEVER: dict[str, tuple[DialectName, dict[str, Any]]] = {
    "warm": ("anthropic", {"temperature": 0.1}),
    "tools": ("anthropic", {"tools": [TOOL]}),
    "tools in the input": (
        "openai_responses",
        {
            "input": [
                {"type": "additional_tools", "tools": [{"type": "function", "name": "f"}]},
                *ASKED["openai_responses"]["input"],
            ]
        },
    ),
    "a server's tool": ("anthropic", {"tools": [{"type": "web_search_20250305", "name": "w"}]}),
    "a search": ("openai_chat", {"web_search_options": {}}),
    "two answers": ("openai_chat", {"n": 2}),
    "a picture by URL": ("anthropic", said(image(type="url", url="https://x.test/a.png"))),
    "a call in the history": (
        "anthropic",
        {
            "messages": [
                {"role": "user", "content": "Hello?"},
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}],
                },
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]},
            ]
        },
    ),
    "sealed thoughts": (
        "anthropic",
        {
            "messages": [
                {"role": "user", "content": "Hello?"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "hm", "signature": "EqQB"},
                        {"type": "text", "text": "Hi."},
                    ],
                },
                {"role": "user", "content": "And?"},
            ]
        },
    ),
    "stored at OpenAI": ("openai_responses", {"store": True}),
    "perhaps stored at OpenAI": ("openai_responses", {"store": None}),
    "the rest is elsewhere": ("openai_responses", {"previous_response_id": "r"}),
    "a kept prefix": ("gemini", {"cachedContent": "cachedContents/1"}),
    "a field nobody knows": ("anthropic", {"telepathy": True}),
}


@pytest.mark.parametrize(("dialect", "more"), NEVER.values(), ids=NEVER)
def test_c84_never_answered_from_the_past(dialect: DialectName, more: dict[str, Any]) -> None:
    assert key(plan(dialect, body(dialect, **more))) == ""


def test_pictures_are_fine() -> None:
    picture = image(type="base64", media_type="image/png", data=PIXEL)
    other = image(type="base64", media_type="image/png", data=PIXEL[::-1])
    one, two = (key(plan(body=body("anthropic", **said(p)))) for p in (picture, other))
    assert "" not in (one, two) and one != two


def test_always_means_any_temperature() -> None:
    warm = plan(body=body("anthropic", temperature=1))
    silent = plan(body=json.dumps(ASKED["anthropic"] | {"temperature": None}).encode())
    assert (key(warm), key(silent)) == ("", "")
    assert "" not in (key(warm, ALWAYS), key(silent, ALWAYS))
    assert key(plan(body=body("anthropic", tools=[TOOL])), ALWAYS) == ""


def test_a_client_may_say_no() -> None:
    assert key(plan(headers={"X-Turnout-Cache": "OFF"})) == ""


@pytest.mark.parametrize("dialect", ASKED)
def test_the_question_of_a_first_turn(dialect: DialectName) -> None:
    found = canonical.question(body(dialect), dialect)
    assert found is not None
    assert found[1] == "Hello?"
    assert b"Hello?" not in found[0] and b"Be kind." in found[0]


def test_a_later_turn_has_no_question() -> None:
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    assert canonical.question(body("anthropic", messages=turns), "anthropic") is None
    two = said({"type": "text", "text": "a"}, {"type": "text", "text": "b"})
    assert canonical.question(body("anthropic", **two), "anthropic") is None
