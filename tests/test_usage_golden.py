"""Usage objects as four providers send them, to the cent: against genai-prices, which reads and
prices them by itself, by time to live, tier and time of day.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import genai_prices
import pytest
from genai_prices.data import providers

from route.models import CATALOG
from turnout.account import Meter
from turnout.route.catalog import Catalog
from turnout.route.price import cost
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Usage
from turnout.wire.request import DialectName

NIGHT, DAY = (
    datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
    datetime(2026, 11, 23, 2, 30, tzinfo=UTC),
)
CATALOGUE = Catalog.load(CATALOG)
FLAVOURS = {"openai_chat": "chat", "openai_responses": "responses"}
THEIRS = {"moonshot": "moonshotai", "xai": "x-ai"}


def claude(**usage: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": "a"}]
    head = {"id": "msg_1", "type": "message", "role": "assistant", "content": content}
    return head | {"stop_reason": "end_turn", "usage": {"service_tier": "standard"} | usage}


def written(five: int, hour: int) -> dict[str, Any]:
    split = {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour}
    return {"cache_creation_input_tokens": five + hour, "cache_creation": split}


def chat(usage: Mapping[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": "a"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}


def chatted(prompt: int, output: int, cached: int = 0, reasoning: int = 0) -> dict[str, Any]:
    return chat(
        {
            "prompt_tokens": prompt,
            "completion_tokens": output,
            "total_tokens": prompt + output,
            "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": reasoning, "audio_tokens": 0},
        }
    )


def responded(tokens: int, output: int, cached: int = 0, reasoning: int = 0) -> dict[str, Any]:
    part = {"type": "output_text", "text": "a", "annotations": []}
    item = {"type": "message", "id": "m", "role": "assistant", "content": [part]}
    usage = {
        "input_tokens": tokens,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": tokens + output,
    }
    return {
        "id": "r",
        "object": "response",
        "status": "completed",
        "output": [item],
        "usage": usage,
    }


def gemini(prompt: int, answer: int, **more: Any) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": "a"}]}
    counts = {"promptTokenCount": prompt, "candidatesTokenCount": answer} | more
    thoughts = more.get("thoughtsTokenCount", 0)
    counts |= {"totalTokenCount": prompt + answer + thoughts}
    return {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
        "usageMetadata": counts,
    }


# name: provider, model, dialect, answer, when
type Case = tuple[str, str, DialectName, dict[str, Any], datetime]
ANSWERS: dict[str, Case] = {
    "plain": (
        "anthropic", "claude-opus-4-7", "anthropic",
        claude(input_tokens=2095, output_tokens=503), DAY),
    "c9 written for an hour, at twice the price": (
        "anthropic", "claude-opus-4-7", "anthropic",
        claude(input_tokens=3, **written(0, 21_000), cache_read_input_tokens=0, output_tokens=80),
        DAY),
    "written for both, read, thought": (
        "anthropic", "claude-sonnet-4-6", "anthropic",
        claude(
            input_tokens=8, **written(456, 1111), cache_read_input_tokens=123_000,
            output_tokens=900, output_tokens_details={"thinking_tokens": 640}),
        DAY),
    "above 200,000 tokens the whole costs more": (
        "anthropic", "claude-sonnet-4-5", "anthropic",
        claude(
            input_tokens=50_000, **written(1000, 2000), cache_read_input_tokens=180_000,
            output_tokens=700),
        DAY),
    "a small model with a tier of its own": (
        "anthropic", "claude-haiku-5-5", "anthropic",
        claude(input_tokens=101_000, **written(0, 0), cache_read_input_tokens=0, output_tokens=9),
        DAY),
    "three searches": (
        "anthropic", "claude-sonnet-4-6", "anthropic",
        claude(
            input_tokens=10_682, **written(0, 0), cache_read_input_tokens=0, output_tokens=511,
            server_tool_use={"web_search_requests": 3, "web_fetch_requests": 2}),
        DAY),
    "chat, cached and reasoned": (
        "openai", "gpt-5.4", "openai_chat", chatted(5000, 700, 4096, 512), DAY),
    "chat, long": ("openai", "gpt-5.4", "openai_chat", chatted(300_000, 700, 4096), DAY),
    "responses, cached": (
        "openai", "gpt-5.4", "openai_responses", responded(9000, 512, 8192, 448), DAY),
    "responses, long": (
        "openai", "gpt-5.5", "openai_responses", responded(290_000, 512, 8192), DAY),
    "gemini, cached, thoughts beside the answer": (
        "google", "gemini-2.5-pro", "gemini",
        gemini(12_000, 300, cachedContentTokenCount=8000, thoughtsTokenCount=900), DAY),
    "gemini, long": (
        "google", "gemini-2.5-pro", "gemini",
        gemini(210_000, 300, cachedContentTokenCount=8000, thoughtsTokenCount=900), DAY),
    "gemini, images in it cost as text": (
        "google", "gemini-2.5-flash", "gemini",
        gemini(
            1300, 90,
            promptTokensDetails=[{"modality": "IMAGE", "tokenCount": 258}]),
        DAY),
    "deepseek by day": (
        "deepseek", "deepseek-flash", "openai_chat",
        chat({
            "prompt_tokens": 9000, "completion_tokens": 400, "total_tokens": 9400,
            "prompt_cache_hit_tokens": 8000, "prompt_cache_miss_tokens": 1000,
            "prompt_tokens_details": {"cached_tokens": 8000}}),
        DAY),
    "deepseek off-peak": (
        "deepseek", "deepseek-flash", "openai_chat",
        chat({
            "prompt_tokens": 9000, "completion_tokens": 400, "total_tokens": 9400,
            "prompt_cache_hit_tokens": 8000, "prompt_cache_miss_tokens": 1000,
            "prompt_tokens_details": {"cached_tokens": 8000}}),
        NIGHT),
}  # fmt: skip


def read(dialect: DialectName, answer: Mapping[str, Any]) -> Usage | None:
    meter = Meter()
    for event in DIALECTS[dialect].read_answer(json.dumps(answer).encode()):
        meter.watch(event)
    return meter.usage


@pytest.mark.parametrize(
    ("provider", "id", "dialect", "answer", "at"), ANSWERS.values(), ids=ANSWERS
)
def test_to_the_cent(
    provider: str, id: str, dialect: DialectName, answer: dict[str, Any], at: datetime
) -> None:
    usage, found = read(dialect, {"model": id} | answer), CATALOGUE.find(provider, id)
    assert usage and found
    assert cost(found.price, usage, at=at) == theirs(provider, id, dialect, answer, at)


def theirs(provider: str, id: str, dialect: str, answer: dict[str, Any], at: datetime) -> Decimal:
    """They read the answer as well, and count searches themselves."""
    name = THEIRS.get(provider, provider)
    flavour = FLAVOURS.get(dialect, "default")
    found = genai_prices.extract_usage({"model": id} | answer, provider_id=name, api_flavor=flavour)
    priced = genai_prices.calc_price(found.usage, id, provider_id=name, genai_request_timestamp=at)
    return priced.total_price


GROUNDED = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": "a"}]},
            "finishReason": "STOP",
            "groundingMetadata": {"webSearchQueries": ["one", "two"]},
        }
    ],
}
CALL = {"type": "web_search_call", "id": "ws", "status": "completed"}
SEARCHED: dict[str, tuple[DialectName, dict[str, Any], int]] = {
    "gemini 2: by the prompt": (
        "gemini", gemini(50, 5) | GROUNDED | {"modelVersion": "gemini-2.5-flash"}, 1),
    "gemini 3: by the query": (
        "gemini", gemini(50, 5) | GROUNDED | {"modelVersion": "gemini-3.5-flash"}, 2),
    "responses: its calls": (
        "openai_responses", responded(50, 5) | {"output": [CALL, CALL, *responded(1, 1)["output"]]},
        2),
    "none": ("gemini", gemini(50, 5), 0),
}  # fmt: skip


@pytest.mark.parametrize(("dialect", "answer", "searches"), SEARCHED.values(), ids=SEARCHED)
def test_searches_are_counted(dialect: DialectName, answer: dict[str, Any], searches: int) -> None:
    """Where the usage object leaves them out, the answer itself tells."""
    usage = read(dialect, {"model": "x"} | answer)
    assert usage
    assert usage.searches == searches


APART = {
    "sound in chat": (
        "openai_chat",
        chat({
            "prompt_tokens": 50, "completion_tokens": 5,
            "prompt_tokens_details": {"audio_tokens": 40}}),
    ),
    "sound in gemini": (
        "gemini",
        gemini(50, 5, promptTokensDetails=[{"modality": "AUDIO", "tokenCount": 40}]),
    ),
    "an image that was made": (
        "gemini",
        gemini(50, 1290, candidatesTokensDetails=[{"modality": "IMAGE", "tokenCount": 1290}]),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("dialect", "answer"), APART.values(), ids=APART)
def test_what_is_no_text_has_no_price_here(dialect: DialectName, answer: dict[str, Any]) -> None:
    """Its own rate is not in the catalogue: unknown, not the price of text."""
    usage = read(dialect, answer)
    assert usage
    assert usage.apart > 0
    found = CATALOGUE.find("google", "gemini-2.5-flash")
    assert found
    assert cost(found.price, usage) is None


def test_a_search_of_unknown_price_is_unknown() -> None:
    found = CATALOGUE.find("openrouter", "anthropic/claude-sonnet-4.6")
    assert found
    assert cost(found.price, Usage(fresh_input=5)) is not None
    assert cost(found.price, Usage(fresh_input=5, searches=1)) is None


def test_searches_cost_what_others_say() -> None:
    """Every model for which both know the price of a search."""
    compared = 0
    names = {provider.id: provider for provider in providers}
    for binding in CATALOGUE.bindings:
        if binding.price is None or binding.price.searches is None:
            continue
        models = names[binding.provider].models
        known = next((m for m in models if m.id == binding.id), None)
        told = str(known.prices) if known else ""
        if "web searches K" in told:
            assert f"${binding.price.searches}/web searches K" in told, binding.id
            compared += 1
    assert compared > 30


# odd usage, in the events of one answer -> what holds in the end
FOLDED: dict[str, tuple[list[Usage], Usage]] = {
    "cumulative: the last one holds": (
        [Usage(5, output=1), Usage(5, output=40)],
        Usage(5, output=40),
    ),
    "input told at the start, 0 with the output": (
        [Usage(5, cache_read=90, output=1), Usage(output=40)],
        Usage(5, cache_read=90, output=40),
    ),
    "0 at the start, all at the end": ([Usage(), Usage(7, output=9)], Usage(7, output=9)),
    "what was read is told later": (
        [Usage(100, output=1), Usage(10, cache_read=90, output=9)],
        Usage(10, cache_read=90, output=9),
    ),
    "an end without output": ([Usage(5, output=3, reasoning=2), Usage(5)], Usage(5, 0, 0, 0, 3, 2)),
    "searches only grow": (
        [Usage(5, output=1, searches=2), Usage(5, output=3)],
        Usage(5, output=3, searches=2),
    ),
}


@pytest.mark.parametrize(("told", "holds"), FOLDED.values(), ids=FOLDED)
def test_usage_that_comes_in_pieces(told: list[Usage], holds: Usage) -> None:
    meter = Meter()
    for usage in told:
        meter.watch(usage)
    assert meter.usage == holds


def test_the_log_keeps_searches(tmp_path: Path) -> None:
    import decided

    assert decided.row(of_outcome={"usage": Usage(1, searches=3)})["web_searches"] == 3
