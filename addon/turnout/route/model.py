"""What is known of models, of those who serve them, and of prices.

    Model    what it can do, wherever it runs          claude-haiku-4-5
    Host     what a provider's machinery allows        openrouter
    Binding  a model as one provider serves it         openrouter, anthropic/claude-haiku-4.5

Sizes in tokens, prices in USD per million tokens. A price that is None is unknown, never 0.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from turnout.wire.request import DialectName, Effort

USUAL_CONTEXT = 200_000  # tokens, of Anthropic's models


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """A provider that takes no fee for writing to its cache has the rate of input there."""

    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier(Rates):
    """Bills the whole request when all its input together is above `above` tokens."""

    above: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """ISO weekdays (Monday is 1), and spans of minutes of the day [from, to), UTC."""

    weekdays: tuple[int, ...]
    minutes: tuple[tuple[int, int], ...]

    def __contains__(self, at: datetime) -> bool:
        at = at.astimezone(UTC)
        minute = at.hour * 60 + at.minute
        return at.isoweekday() in self.weekdays and any(a <= minute < b for a, b in self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class OffPeak(Rates):
    """Public holidays, on which some providers are off-peak as well, are not known here."""

    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Price(Rates):
    """`searches`: USD per thousand of the provider's own searches."""

    searches: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    off_peak: OffPeak | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What it can do wherever it runs. What no source states counts as "cannot".

    `home`: its vendor's own provider. `forced_tools`: it can be made to call a tool. `samplers`: it
    takes temperature and its kin. `stop`: how many stop sequences it takes. `thinks`: it reasons at
    all; `reasoning`: how a client may say how much. `tokeniser`: "" when unknown; `token_ratio`:
    tokens for the same text, relative to the others. `weak_tools`: it takes tools, but published
    scores say that it is bad at calling them, or at going on with them for long. `sources`: of the
    catalogue's, those that know it; `price_sources`: how many state its price.
    """

    id: str
    vendor: str = ""
    name: str = ""
    home: str = ""
    status: Literal["listed", "deprecated", "removed"] = "listed"
    tier: Literal["core", "legacy", "local"] = "core"
    released: str = ""
    open_weights: bool = False
    context_window: int | None = None
    max_input: int | None = None
    max_output: int | None = None
    images: bool = False
    documents: bool = False
    audio: bool = False
    tools: bool = True
    weak_tools: bool = False
    parallel_tools: bool = False
    forced_tools: bool = True
    structured: bool = True
    samplers: bool = True
    prefill: bool = False
    mid_system: bool = False
    schema_refs: bool = False
    stop: int = 4
    thinks: bool = False
    reasoning: Literal["none", "effort", "budget", "adaptive"] = "none"
    efforts: tuple[Effort, ...] = ()
    reasoning_required: bool = False
    replays_reasoning: bool = False
    cache: Literal["automatic", "explicit"] = "automatic"
    tokeniser: str = ""
    token_ratio: float = 1.0
    sources: tuple[str, ...] = ()
    price_sources: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What a provider's machinery allows. `dialects`: its own first.

    `image_urls`, `documents`: the dialects in which it fetches images by URL, and takes PDF.
    `max_tools`: the most in one request. `top_k`, `cache_key`: it takes `top_k`, `prompt_cache_key`
    in OpenAI's dialect. `region`, `retention`: see residency.py; "" when unknown.
    """

    name: str = ""
    dialects: tuple[DialectName, ...] = ()
    image_urls: tuple[DialectName, ...] = ()
    documents: tuple[DialectName, ...] = ()
    max_tools: int | None = None
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    top_k: bool = False
    cache_key: bool = False
    region: str = ""
    retention: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """A model as one provider serves it; `id` is its name there.

    Not `routable`: known so that it can be priced, never chosen by itself. `chat_tools`: when it
    takes tools in Chat Completions.
    """

    provider: str
    id: str
    model: Model
    price: Price | None = None
    host: Host = Host()
    aliases: tuple[str, ...] = ()
    routable: bool = True
    chat_tools: Literal["always", "effort_none", "never"] = "always"

    @property
    def long_context(self) -> bool:
        """Anthropic: it has one that clients ask for, beyond 200,000 tokens."""
        tiers = self.price.tiers if self.price else ()
        sold = any(tier.above >= USUAL_CONTEXT for tier in tiers)
        longer = (self.model.context_window or 0) > USUAL_CONTEXT
        return self.model.vendor == "anthropic" and (longer or sold)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.id, *self.aliases)
