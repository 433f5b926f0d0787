"""What providers take for a search of their own: USD per thousand, by provider and beginning of id.

https://platform.claude.com/docs/en/about-claude/pricing#web-search-tool
https://ai.google.dev/gemini-api/docs/pricing
https://openai.com/api/pricing; tests compare every row with genai-prices
"""

from dataclasses import replace
from decimal import Decimal

from turnout.route.model import Price

SEARCHES = (
    ("anthropic", "claude-", Decimal(10)),
    ("google", "gemini-2.", Decimal(35)),  # for a prompt that searches, however often
    ("google", "gemini-3", Decimal(14)),
    ("openai", "gpt-", Decimal(10)),
)


def priced(provider: str, id: str, price: Price | None) -> Price | None:
    found = (usd for name, begin, usd in SEARCHES if name == provider and id.startswith(begin))
    return replace(price, searches=next(found, None)) if price else None
