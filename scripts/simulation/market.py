"""Bindings of the real catalogue, and what their caches do to the bill of a step."""

from dataclasses import dataclass, field
from pathlib import Path

from simulation.knobs import BLOCK, LEAST, LEAST_OTHERS, LIFETIME_S, OUTPUT, Knobs
from simulation.sessions import Step
from turnout.route.catalog import Binding, Catalog
from turnout.route.price import cost, rates_for
from turnout.session.economics import Side
from turnout.session.learned import believed
from turnout.session.outlook import tariff
from turnout.wire.events import Usage

CATALOG = Path(__file__).parents[2] / "artifacts" / "catalog.json"
HOMES = {
    "claude-opus-4-7": ("anthropic", "claude-opus-4-7"),
    "minimax-m3": ("minimax", "MiniMax-M3"),
    "gemini-3-flash-preview": ("google", "gemini-3-flash-preview"),
    "gpt-5.4": ("openai", "gpt-5.4"),
    "gemini-3.1-pro-preview": ("google", "gemini-3.1-pro-preview"),
}


def market() -> dict[str, Binding]:
    catalog = Catalog.load(CATALOG)
    found = {model: catalog.find(*home) for model, home in HOMES.items()}
    return {model: binding for model, binding in found.items() if binding}


@dataclass(slots=True)
class Cache:
    """One binding's, for one session: own tokens of its longest prefix, and its last use."""

    tokens: float = 0.0
    at: float = -1e9
    expected: float = 0.0  # sums of what should have been read, and was
    read: float = 0.0

    def held(self, now: float) -> float:
        return self.tokens if now - self.at <= LIFETIME_S else 0.0

    @property
    def faith(self) -> float:
        return believed(self.expected, self.read, 1.0)


@dataclass(slots=True)
class Ledger:
    """The bill of one session. `history`: tokens so far, of ratio 1."""

    bindings: dict[str, Binding]
    knobs: Knobs
    history: float = 0.0
    now: float = 0.0
    usd: float = 0.0
    caches: dict[tuple[str, int], Cache] = field(default_factory=dict)

    def pay(
        self, model: str, step: Step, *, hit: bool, host: int = 0, changed: bool = False
    ) -> None:
        """One step. `hit`: an automatic cache that should hit does.

        `host`: each keeps a cache of its own. `changed`: the bytes of the prefix are new, as when a
        proxy writes the body again in another order; nobody has them.
        """
        binding, place = self.bindings[model], (model, host)
        ratio, cache = binding.model.token_ratio, self.caches.setdefault(place, Cache())
        whole = (self.history + step.new) * ratio
        explicit = binding.model.cache == "explicit"
        expected = read = 0.0 if changed else min(cache.held(self.now), whole)
        if not explicit:
            read = read // BLOCK * BLOCK if hit else 0.0
        kept = whole if whole >= LEAST.get(model, LEAST_OTHERS) else 0.0
        output = round(step.output * ratio * OUTPUT[model])
        rest = round(whole - read)
        usage = (
            Usage(cache_read=round(read), cache_write_5m=rest, output=output)
            if explicit and kept
            else Usage(cache_read=round(read), fresh_input=rest, output=output)
        )
        self.usd += float(cost(binding.price, usage) or 0)
        sums = (cache.expected + expected, cache.read + read)
        self.caches[place] = Cache(kept, self.now, *sums)
        self.history += step.new + step.output

    def side(self, model: str, *, warm: bool = True) -> Side:
        """As turnout's economics sees it."""
        binding = self.bindings[model]
        assert binding.price
        write = "cache_write_5m" if binding.model.cache == "explicit" else "input"
        rates = rates_for(binding.price, Usage(fresh_input=round(self.history)))
        cache = self.caches.get((model, 0), Cache()) if warm else Cache()
        return Side(
            tariff=tariff(rates, write, cache.faith),
            cached=cache.held(self.now),
            ratio=binding.model.token_ratio,
        )
