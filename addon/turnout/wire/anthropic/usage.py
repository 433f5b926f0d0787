"""Anthropic's usage object: input_tokens leave the cache out, output_tokens include thinking.

https://docs.anthropic.com/en/api/messages#response-usage
"""

from collections.abc import Mapping
from typing import Any

from turnout.wire.events import Usage
from turnout.wire.numbers import count


def read(usage: Mapping[str, Any]) -> Usage:
    """Cache writes without a split by time to live are 5 minute writes, the default."""
    one_hour = count(usage, "cache_creation", "ephemeral_1h_input_tokens")
    split = one_hour + count(usage, "cache_creation", "ephemeral_5m_input_tokens")
    return Usage(
        fresh_input=count(usage, "input_tokens"),
        cache_read=count(usage, "cache_read_input_tokens"),
        cache_write_5m=max(count(usage, "cache_creation_input_tokens"), split) - one_hour,
        cache_write_1h=one_hour,
        output=count(usage, "output_tokens"),
        reasoning=count(usage, "output_tokens_details", "thinking_tokens"),
        searches=count(usage, "server_tool_use", "web_search_requests"),
    )


def write(usage: Usage) -> dict[str, Any]:
    writes = usage.cache_write_5m + usage.cache_write_1h
    fields: dict[str, Any] = {
        "input_tokens": usage.fresh_input,
        "cache_creation_input_tokens": writes,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }
    if writes:
        fields["cache_creation"] = {
            "ephemeral_5m_input_tokens": usage.cache_write_5m,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        }
    if usage.reasoning:
        fields["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return fields
