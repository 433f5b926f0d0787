"""The providers turnout knows without being told: each needs only its key in the environment.

Facts from each provider's own documentation (`docs`). `env`: the variables that may hold the key,
the first that is set wins. `hosts`: where its clients go, the host of `base_url` first. `also`:
further dialects at the same base URL.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from turnout.wire.request import DialectName


@dataclass(frozen=True, slots=True)
class Builtin:
    base_url: str
    dialect: DialectName
    env: tuple[str, ...]
    hosts: tuple[str, ...]
    docs: str
    also: tuple[DialectName, ...] = ()


BUILTIN: Mapping[str, Builtin] = {
    "anthropic": Builtin(
        "https://api.anthropic.com/v1",
        "anthropic",
        ("ANTHROPIC_API_KEY",),
        ("api.anthropic.com",),
        "https://docs.claude.com/en/api/overview",
    ),
    "openai": Builtin(
        "https://api.openai.com/v1",
        "openai_chat",
        ("OPENAI_API_KEY",),
        ("api.openai.com",),
        "https://platform.openai.com/docs/api-reference",
        also=("openai_responses",),
    ),
    "google": Builtin(
        "https://generativelanguage.googleapis.com/v1beta",
        "gemini",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        ("generativelanguage.googleapis.com",),
        "https://ai.google.dev/api",
    ),
    "openrouter": Builtin(
        "https://openrouter.ai/api/v1",
        "openai_chat",
        ("OPENROUTER_API_KEY",),
        ("openrouter.ai",),
        "https://openrouter.ai/docs",
    ),
    "deepseek": Builtin(
        "https://api.deepseek.com/v1",
        "openai_chat",
        ("DEEPSEEK_API_KEY",),
        ("api.deepseek.com",),
        "https://api-docs.deepseek.com",
    ),
    "moonshot": Builtin(
        "https://api.moonshot.ai/v1",
        "openai_chat",
        ("MOONSHOT_API_KEY",),
        ("api.moonshot.ai",),
        "https://platform.moonshot.ai/docs",
    ),
    "zai": Builtin(
        "https://api.z.ai/api/paas/v4",
        "openai_chat",
        ("ZAI_API_KEY",),
        ("api.z.ai",),
        "https://docs.z.ai",
    ),
    "alibaba": Builtin(
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "openai_chat",
        ("DASHSCOPE_API_KEY",),
        ("dashscope-intl.aliyuncs.com",),
        "https://www.alibabacloud.com/help/en/model-studio",
    ),
    "mistral": Builtin(
        "https://api.mistral.ai/v1",
        "openai_chat",
        ("MISTRAL_API_KEY",),
        ("api.mistral.ai",),
        "https://docs.mistral.ai/api",
    ),
    "xai": Builtin(
        "https://api.x.ai/v1",
        "openai_chat",
        ("XAI_API_KEY",),
        ("api.x.ai",),
        "https://docs.x.ai/docs",
    ),
    "groq": Builtin(
        "https://api.groq.com/openai/v1",
        "openai_chat",
        ("GROQ_API_KEY",),
        ("api.groq.com",),
        "https://console.groq.com/docs",
    ),
    "together": Builtin(
        "https://api.together.xyz/v1",
        "openai_chat",
        ("TOGETHER_API_KEY",),
        ("api.together.xyz",),
        "https://docs.together.ai",
    ),
    "fireworks": Builtin(
        "https://api.fireworks.ai/inference/v1",
        "openai_chat",
        ("FIREWORKS_API_KEY",),
        ("api.fireworks.ai",),
        "https://docs.fireworks.ai",
    ),
}

# as scripts/start names them
KEY_VARIABLES: tuple[str, ...] = tuple(name for known in BUILTIN.values() for name in known.env)

# whose request it is when only the dialect is known
HOMES: Mapping[DialectName, str] = {
    "anthropic": "anthropic",
    "openai_chat": "openai",
    "openai_responses": "openai",
    "gemini": "google",
}
