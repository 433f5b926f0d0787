"""What update_catalog.py knows besides its data: providers, words of the sources, settled facts."""

import re
from collections.abc import Iterator
from typing import Any

type Row = dict[str, Any]


class ContradictionError(Exception):
    """The facts do not agree with each other, or say something that is not known here."""


def agree(fact: bool, what: str) -> None:
    if not fact:
        raise ContradictionError(what)


# -- facts about providers, from their own documentation

CHAT, RESPONSES, MESSAGES, GEMINI = "openai_chat", "openai_responses", "anthropic", "gemini"

# dialects: the provider's own first; image_urls, documents: the dialects in which it fetches images
# by URL and takes PDF; max_tools: the most in one request; top_k, cache_key: it takes `top_k`,
# `prompt_cache_key` in OpenAI's dialect
PROVIDERS: dict[str, Row] = {
    "anthropic": {"dialects": [MESSAGES], "image_urls": [MESSAGES], "documents": [MESSAGES]},
    "openai": {
        "dialects": [CHAT, RESPONSES],
        "image_urls": [CHAT, RESPONSES],
        "documents": [CHAT, RESPONSES],
        "max_tools": 128,
        "max_tokens_name": "max_completion_tokens",
        "cache_key": True,
    },
    "google": {"dialects": [GEMINI, CHAT], "documents": [GEMINI]},
    "openrouter": {
        "dialects": [CHAT],
        "image_urls": [CHAT],
        "documents": [CHAT],
        "top_k": True,
    },
    "deepseek": {"dialects": [CHAT, MESSAGES], "max_tools": 128},
    "moonshot": {"dialects": [CHAT, MESSAGES], "max_tools": 128, "cache_key": True},
    "zai": {"dialects": [CHAT, MESSAGES], "image_urls": [CHAT]},
    "alibaba": {"dialects": [CHAT, MESSAGES], "image_urls": [CHAT], "top_k": True},
    "mistral": {"dialects": [CHAT], "image_urls": [CHAT], "cache_key": True},
    "xai": {"dialects": [CHAT, RESPONSES, MESSAGES], "image_urls": [CHAT]},
    "minimax": {"dialects": [MESSAGES, CHAT]},
    "meta": {"dialects": [RESPONSES]},
    "xiaomi": {"dialects": [CHAT, MESSAGES]},
    "groq": {"dialects": [CHAT], "image_urls": [CHAT], "max_tools": 128},
    "together": {"dialects": [CHAT], "image_urls": [CHAT], "top_k": True},
    "fireworks": {"dialects": [CHAT], "image_urls": [CHAT], "top_k": True},
    "cerebras": {"dialects": [CHAT]},
    "novita": {"dialects": [CHAT], "top_k": True},
    "baseten": {"dialects": [CHAT], "top_k": True},
}

# a vendor's own provider, and the names its sources give to it
HOMES: dict[str, tuple[str, tuple[str, ...]]] = {
    "anthropic": ("anthropic", ("anthropic",)),
    "openai": ("openai", ("openai",)),
    "google": ("google", ("google", "gemini")),
    "deepseek": ("deepseek", ("deepseek",)),
    "moonshotai": ("moonshot", ("moonshotai", "moonshot")),
    "zai": ("zai", ("zai",)),
    "qwen": ("alibaba", ("alibaba", "dashscope", "qwen-token-plan")),
    "mistral": ("mistral", ("mistral",)),
    "xai": ("xai", ("x-ai", "xai")),
    "minimax": ("minimax", ("minimax",)),
    "meta": ("meta", ("meta",)),
    "xiaomi": ("xiaomi", ("xiaomi",)),
}
SOURCE_NAMES = {"moonshotai": "moonshot", "x-ai": "xai"}
# Weak at tools or at agent loops: below this on any of these, in per cent (start values). By
# benchmark_cells.csv: Berkeley function calling v4 (Apache-2.0), tau-bench and tau2-bench (MIT),
# Terminal-Bench as collected by Epoch AI (CC BY 4.0). A model that nobody measured is not weak.
WEAK_BELOW = {
    "bfcl_v4_overall": 40.0,
    "tau1_retail": 60.0,
    "tau2_retail": 60.0,
    "terminal_bench_1": 20.0,
    "terminal_bench_2.0": 20.0,
}
# plans and clouds that need more than a key
NOT_PROVIDERS = frozenset({"github-copilot", "azure"})
# what a provider's ids begin with where the sources leave it out
ID_PREFIX = {"fireworks": "accounts/fireworks/models/"}

WIRE_FORMATS = {
    "anthropic-messages": MESSAGES,
    "openai-chat-completions": CHAT,
    "openai-compat": CHAT,
    "openai-responses": RESPONSES,
    "google-generativelanguage": GEMINI,
}

# what the prose of capabilities.reasoning.param lets a client say
REASONING: dict[str | None, str] = {
    None: "none",
    'thinking:{type:"enabled",budget_tokens>=1024}': "budget",
    'thinking:{type:"adaptive"} + output_config.effort '
    "(budget_tokens still accepted, deprecated)": "adaptive",
    'thinking:{type:"adaptive"} + output_config.effort ; '
    'thinking.type="enabled"+budget_tokens returns 400': "adaptive",
    "reasoning_effort (chat) / reasoning.effort (responses)": "effort",
    "reasoning.effort / reasoning_effort": "effort",
    "reasoning_effort": "effort",
    "reasoning_effort (none|high) / prompt_mode=reasoning": "effort",
    "thinking:{type:enabled|disabled} + reasoning_effort": "effort",
    "enable_thinking + thinking_budget / reasoning_effort": "effort",
    "thinkingConfig.thinkingLevel": "effort",
    "thinkingConfig.thinkingBudget (int, 0..)": "budget",
    # on or off, in a field of the vendor's own: no word of the four dialects says it
    "thinking:{type:enabled|disabled}": "none",
    "enable_thinking + thinking_budget": "none",
    "model choice": "none",
    "model choice deepseek-reasoner/deepseek-chat or thinking:{type}": "none",
    "always-on interleaved thinking (M2.x); thinking:{type} on M3": "none",
}
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

# vendors whose reasoning models refuse `stop`; how many stop sequences the others take
NO_STOP_WHEN_REASONING = frozenset({"openai", "xai"})
STOPS = {"google": 5}
# a vendor's models whose schemas may refer to themselves
TAKES_REFS = frozenset({"anthropic", "openai"})

# notes of the sources that are facts for us: (pattern, field, value)
QUIRKS: tuple[tuple[str, str, Any], ...] = (
    (r"reasoning_content of earlier assistant turns must be sent back", "replays_reasoning", True),
    (r"^New tokenizer \(Claude 4\.7 and later\)", "tokeniser", "claude-4.7"),
    (r"^New tokenizer .* about 30% more tokens", "token_ratio", 1.3),
    (r"Chat Completions .* only with reasoning_effort none", "chat_tools", "effort_none"),
    (r"function tools need the Responses API", "chat_tools", "never"),
)
SERVED_AS = re.compile(r"requests for this id are now served by .*\((\S+)\)")

# -- what was looked into

# (model, field) -> (what holds, why)
SETTLED: dict[tuple[str, str], tuple[Any, str]] = {
    ("deepseek-v3.2", "max_output"): (None, "163,840 is more than its window of 128,000"),
    ("deepseek-v3.1", "status"): (
        "removed",
        "so is its successor, and those after it are redirected",
    ),
}
# model -> (input tokens above which no two sources agree on a price, why)
UNKNOWN_ABOVE: dict[str, tuple[int, str]] = {
    "qwen3.6-plus": (256_000, "hosts have a dearer tier there, no source has the vendor's own"),
    "qwen3.7-plus": (256_000, "hosts have a dearer tier there, no source has the vendor's own"),
    "grok-4-fast": (128_000, "some sources have a dearer tier there"),
    "grok-code-fast-1": (200_000, "one source has a tier ten times as dear, the others none"),
}
# where a model has a name -> the first word of that source
KNOWN_BY = {
    "genai_prices": "genai-prices",
    "litellm": "litellm",
    "models_dev": "models.dev",
    "pi_ai": "pi-ai",
}
STATUS = {
    "listed": "listed",
    "deprecated": "deprecated",
    "removed": "removed",
    # the newer of the two sources
    "listed by pi-ai Nov 2026; models.dev history says deprecated": "listed",
}
# weights published by the vendor, where the source leaves it open
OPEN = re.compile(r"gpt-oss-|deepseek-|llama-|qwen3-(235b|coder-next)")
# moonshot refuses other samplers than its own for kimi-k2.5; its later models are not stated
OPEN_WITHOUT_SAMPLERS = frozenset({"moonshotai"})

RATES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


def settled(m: Row, field: str) -> Any:
    return SETTLED[m["id"], field][0] if (m["id"], field) in SETTLED else m[field]


def status(m: Row) -> str:
    return STATUS[settled(m, "status")]


def is_open(m: Row) -> bool:
    return m["open_weights"] is True or (m["open_weights"] is None and bool(OPEN.match(m["id"])))


def quirks(m: Row) -> Iterator[tuple[str, Any]]:
    for quirk in m["quirks"] or ():
        for pattern, field, value in QUIRKS:
            if re.search(pattern, quirk["note"]):
                yield field, value
