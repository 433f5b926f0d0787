"""Responses' usage object: input_tokens include the cache, output_tokens the reasoning.

https://platform.openai.com/docs/api-reference/responses/object
"""

from collections.abc import Mapping
from typing import Any

from turnout.wire.events import Usage
from turnout.wire.numbers import count

# without either, what was used is unknown: that is not the same as nothing
TOTALS = ("input_tokens", "output_tokens")
DETAILS = "input_tokens_details"
SEARCH = "web_search_call"


def find(response: Mapping[str, Any]) -> Usage | None:
    usage = response.get("usage")
    if not isinstance(usage, Mapping) or not any(type(usage.get(key)) is int for key in TOTALS):
        return None
    total, cached = count(usage, "input_tokens"), count(usage, DETAILS, "cached_tokens")
    written = count(usage, DETAILS, "cache_write_tokens")
    return Usage(
        fresh_input=max(total - cached - written, 0),
        cache_read=cached,
        cache_write_5m=written,
        output=count(usage, "output_tokens"),
        reasoning=count(usage, "output_tokens_details", "reasoning_tokens"),
        searches=_searches(response.get("output")),
    )


def _searches(output: object) -> int:
    """Calls of the provider's own search; its usage object leaves them out."""
    items = output if isinstance(output, list) else []
    return sum(isinstance(one, Mapping) and one.get("type") == SEARCH for one in items)


def write(usage: Usage) -> dict[str, Any]:
    written = usage.cache_write_5m + usage.cache_write_1h
    total = usage.fresh_input + usage.cache_read + written
    return {
        "input_tokens": total,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": written},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": total + usage.output,
    }
