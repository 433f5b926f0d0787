"""Gemini's usage: promptTokenCount includes the cache, candidatesTokenCount leaves thoughts out.

https://ai.google.dev/api/generate-content#UsageMetadata
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from turnout.wire.events import Usage
from turnout.wire.numbers import count

# without one of them, what was used is unknown: that is not the same as nothing
TOTALS = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")


def find(chunk: Mapping[str, Any]) -> Usage | None:
    usage = chunk.get("usageMetadata")
    if not isinstance(usage, Mapping) or not any(type(usage.get(key)) is int for key in TOTALS):
        return None
    return replace(read(usage), searches=_searches(chunk))


def _searches(chunk: Mapping[str, Any]) -> int:
    """Gemini 2 bills a prompt that searches, later ones each query.

    https://ai.google.dev/gemini-api/docs/google-search#pricing
    """
    candidates = chunk.get("candidates")
    found = [c.get("groundingMetadata") for c in candidates or () if isinstance(c, Mapping)]
    asked = [g.get("webSearchQueries") for g in found if isinstance(g, Mapping)]
    queries = sum(len(some) for some in asked if isinstance(some, list))
    once = str(chunk.get("modelVersion", "")).startswith("gemini-2")
    return min(queries, 1) if once else queries


def read(usage: Mapping[str, Any]) -> Usage:
    cached, thoughts = count(usage, "cachedContentTokenCount"), count(usage, "thoughtsTokenCount")
    prompt = count(usage, "promptTokenCount") + count(usage, "toolUsePromptTokenCount")
    return Usage(
        fresh_input=max(prompt - cached, 0),
        cache_read=cached,
        output=count(usage, "candidatesTokenCount") + thoughts,
        reasoning=thoughts,
        apart=_apart(usage, "promptTokensDetails", {"AUDIO"})
        + _apart(usage, "candidatesTokensDetails", {"AUDIO", "IMAGE"}),
    )


def _apart(usage: Mapping[str, Any], where: str, kinds: set[str]) -> int:
    """Tokens that are not priced as text: [{"modality": "AUDIO", "tokenCount": 12}, ...]"""
    details = usage.get(where)
    parts = details if isinstance(details, list) else []
    return sum(count(p, "tokenCount") for p in parts if _kind(p) in kinds)


def _kind(part: object) -> object:
    return part.get("modality") if isinstance(part, Mapping) else None


def write(usage: Usage) -> dict[str, Any]:
    prompt = usage.fresh_input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h
    thoughts = min(usage.reasoning, usage.output)
    optional = {"cachedContentTokenCount": usage.cache_read, "thoughtsTokenCount": thoughts}
    return {
        "promptTokenCount": prompt,
        "candidatesTokenCount": usage.output - thoughts,
        "totalTokenCount": prompt + usage.output,
        **{name: tokens for name, tokens in optional.items() if tokens},
    }
