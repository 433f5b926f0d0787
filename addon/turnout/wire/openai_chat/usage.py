"""Chat Completions' usage object, in its vendors' spellings. prompt_tokens include the cache.

https://platform.openai.com/docs/api-reference/chat/object
"""

from collections.abc import Mapping
from typing import Any

from turnout.wire.events import Usage
from turnout.wire.numbers import count

# where a vendor keeps the number, the most usual first
CACHE_READ = (
    ("prompt_tokens_details", "cached_tokens"),
    ("input_tokens_details", "cached_tokens"),
    ("prompt_cache_hit_tokens",),  # DeepSeek
    ("cached_tokens",),  # Moonshot
    ("cache_read_input_tokens",),
)
CACHE_WRITE = (
    ("prompt_tokens_details", "cache_write_tokens"),
    ("prompt_tokens_details", "cache_creation_tokens"),
    ("cache_creation_input_tokens",),
)
REASONING = (("completion_tokens_details", "reasoning_tokens"), ("reasoning_tokens",))
SEARCHES = (("server_tool_use", "web_search_requests"), ("num_search_queries",))
APART = (
    ("prompt_tokens_details", "audio_tokens"),
    ("completion_tokens_details", "audio_tokens"),
    ("completion_tokens_details", "image_tokens"),
)
# without either, what was used is unknown: that is not the same as nothing
TOTALS = ("prompt_tokens", "completion_tokens")


def find(chunk: Mapping[str, Any], choices: list[dict[str, Any]]) -> Usage | None:
    """The usage of a chunk or an answer, wherever its vendor puts it; None when there is none."""
    groq = chunk.get("x_groq") or {}
    for holder in (chunk, groq, *choices):
        if (usage := holder.get("usage")) and any(type(usage.get(key)) is int for key in TOTALS):
            return read(usage)
    return None


def read(usage: Mapping[str, Any]) -> Usage:
    prompt, output = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    cached, written = _first(usage, CACHE_READ), _first(usage, CACHE_WRITE)
    reasoning = _first(usage, REASONING)
    if reasoning and count(usage, "total_tokens") == prompt + output + reasoning:
        output += reasoning  # xAI counts reasoning beside the completion
    return Usage(
        fresh_input=max(prompt - cached - written, 0),
        cache_read=cached,
        cache_write_5m=written,
        output=output,
        reasoning=reasoning,
        searches=_first(usage, SEARCHES),
        apart=sum(count(usage, *path) for path in APART),
    )


def write(usage: Usage) -> dict[str, Any]:
    written = usage.cache_write_5m + usage.cache_write_1h
    prompt = usage.fresh_input + usage.cache_read + written
    details = {"cached_tokens": usage.cache_read} | (
        {"cache_write_tokens": written} if written else {}
    )
    return {
        "prompt_tokens": prompt,
        "completion_tokens": usage.output,
        "total_tokens": prompt + usage.output,
        "prompt_tokens_details": details,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _first(usage: Mapping[str, Any], paths: tuple[tuple[str, ...], ...]) -> int:
    return next((found for path in paths if (found := count(usage, *path))), 0)
