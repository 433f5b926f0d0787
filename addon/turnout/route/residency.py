"""Whose law a provider stands under and what it does with prompts, as it says itself.

`region`: of the company one contracts with, and of where it says it keeps data. Where a model
computes may be elsewhere (Anthropic's default, for one, is any geography).
`retention`, of what plain completions send: none (not stored), kept (for a time, against abuse or
for the service; not trained on), train (may be trained on unless one objects).
"" is not known: not said, or depends on the account, or on whom it is passed on to. What is not
known counts as forbidden when a rule denies a region or a retention. Read in November 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Residency:
    region: str
    retention: str
    source: str


RESIDENCY: Mapping[str, Residency] = {
    "anthropic": Residency("us", "kept", "platform.claude.com/docs/manage-claude/data-residency"),
    "openai": Residency("us", "kept", "developers.openai.com/api/docs/guides/your-data"),
    # keys without billing: prompts are used to improve products; a key does not say which it is
    "google": Residency("us", "", "ai.google.dev/gemini-api/docs/zdr"),
    # whoever serves the model has rules of its own
    "openrouter": Residency("", "", "openrouter.ai/docs"),
    "deepseek": Residency("cn", "train", "platform.deepseek.com: privacy policy of 2026-02-10"),
    # a company of Singapore that does not say where it keeps data (as of llmabacus.com, 2026-06)
    "moonshot": Residency("", "train", "llmabacus.com/en/chinese-llm-api-trust"),
    "zai": Residency("sg", "none", "llmabacus.com/en/chinese-llm-api-trust"),
    "alibaba": Residency("sg", "kept", "alibabacloud.com/help/en/model-studio/regions"),
    # the free plan is trained on; a key does not say which plan it is of
    "mistral": Residency("eu", "", "docs.mistral.ai/inference/regional-inference"),
    "xai": Residency("us", "kept", "docs.x.ai/docs/faq/security"),
    "groq": Residency("us", "none", "console.groq.com/docs/your-data"),
    "together": Residency("us", "", "docs.together.ai"),
    "fireworks": Residency(
        "us", "none", "docs.fireworks.ai/guides/security_compliance/data_handling"
    ),
}
UNKNOWN = Residency("", "", "")
OWN = Residency("local", "none", "")  # this machine, or one of a private network
