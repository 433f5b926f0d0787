"""What the rest of a session costs on any binding: what was observed, put into the economics."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from math import isnan

import numpy as np

from turnout.route.model import Binding, Rates
from turnout.route.price import PER_TOKEN, TYPICAL_OUTPUT, rates_at
from turnout.session import economics
from turnout.session.board import Board
from turnout.session.cache_state import Cached
from turnout.session.economics import Knobs, Side, Sum, Tariff, Traffic, Weighed
from turnout.session.learned import Learned, believed
from turnout.session.place import Place
from turnout.wire.request import Ask

TYPICAL_STEP = 1500.0  # tokens that a step adds to the history, a guess until two were seen
DOUBT = 4.0  # the estimate of a request's tokens is corrected by at most this factor


@dataclass(frozen=True)
class Outlook:
    """One action's view of its session. `steps`: expected, with this one. `at`: now, epoch seconds.

    `when`: the same, for prices that know the hour. `pinned`: the binding of the pin. `tariffs`:
    what is remembered of earlier actions. `learned`: what is known of the models by now. `covered`:
    a provider that a subscription pays, and the share of its list price that it is worth.
    """

    ask: Ask
    place: Place
    steps: float
    at: float
    when: datetime | None = None
    knobs: Knobs = field(default_factory=Knobs)
    pinned: Binding | None = None
    tariffs: Board = field(default_factory=Board)
    learned: Learned = field(default_factory=Learned)
    covered: tuple[str, float] = ("", 1.0)

    def weigh(self, pinned: Binding, fresh: Binding) -> Weighed:
        """Stay on the pinned one or switch to the fresh choice."""
        mine = self.side(pinned)
        if pinned is fresh or (pinned.provider, pinned.id) == (fresh.provider, fresh.id):
            return economics.unchanged(mine, self.traffic)
        lost = self.ask.signed_thinking and pinned.model.id != fresh.model.id
        return economics.weigh(mine, self.side(fresh), self.traffic, self.knobs, thoughts=lost)

    def rest(self, binding: Binding) -> Sum | None:
        """The rest of the session there, from what its cache is known to hold."""
        return economics.total(self.side(binding), self.traffic)

    def afresh(self, binding: Binding) -> float | None:
        """USD of the rest of the session there as if nothing were in any cache."""
        found = economics.total(self._side(binding, None), self.traffic)
        return found.total if found else None

    def afresh_each(self, bindings: tuple[Binding, ...]) -> list[float | None]:
        """The same for many bindings at once."""
        key = (id(bindings), self.place.ttl, self.place.dialect)
        tariffs = self.tariffs.of(key, bindings, self._rates, self._tariff)
        if self.learned.knows:
            keys = [(one.provider, one.model.id) for one in bindings]
            tariffs = tariffs.trusted(np.array([self.learned.faith(one) for one in keys]))
        verbosity = np.array([self._verbosity(one.model.id) for one in bindings])
        factor = np.array([self.share(one) for one in bindings])
        found = economics.afresh(tariffs, self.traffic, verbosity=verbosity, factor=factor)
        return [None if isnan(usd) else usd for usd in found.tolist()]

    def share(self, binding: Binding) -> float:
        """Of the list price that is really paid."""
        provider, factor = self.covered
        return factor if binding.provider == provider else 1.0

    def against(self, one: Binding, other: Binding) -> tuple[float, float]:
        """How slow and how wordy one is, against the other; 1 where nobody has seen it."""
        learned = self.learned
        if not learned.knows or one is other:
            return 1.0, 1.0
        slower = learned.slower(_key(one), _key(other), self._output)
        wordier = learned.verbosity(one.model.id) / learned.verbosity(other.model.id)
        return slower, wordier

    def side(self, binding: Binding) -> Side:
        return self._side(binding, self._cached(binding.provider, binding.model.id))

    @cached_property
    def traffic(self) -> Traffic:
        """From the last answer's usage where there is one, else estimated from the request."""
        known = self._observed
        if known is None:
            whole, prefix = float(self.ask.input_tokens), 0.0
        else:
            entry, ratio = known
            seen = entry.total / ratio
            off = min(max(seen / max(entry.prefix.tokens, 1), 1 / DOUBT), DOUBT)
            whole = self.ask.input_tokens * off
            prefix = min(seen, whole)
        return Traffic(
            prefix=prefix,
            new=whole - prefix,
            each=self._each,
            output=self._output,
            steps=max(self.steps, 1.0),
            growth=self._each,
        )

    @property
    def _each(self) -> float:
        known = self._observed
        growth = known[0].growth if known else None
        return TYPICAL_STEP if growth is None or known is None else growth / known[1]

    @property
    def _output(self) -> float:
        most = self.ask.max_tokens or TYPICAL_OUTPUT
        known = self._observed
        if known is None:
            return float(min(most, TYPICAL_OUTPUT))
        return min(known[0].output / known[0].answers / known[1], float(most))

    @cached_property
    def _observed(self) -> tuple[Cached, float] | None:
        """The pinned binding's last answer with this beginning, and its tokeniser's ratio."""
        pinned = self.pinned
        found = self._cached(pinned.provider, pinned.model.id) if pinned else None
        return (found, pinned.model.token_ratio) if found and pinned else None

    def _cached(self, provider: str, model: str) -> Cached | None:
        pin = self.place.pin
        return pin.cached(provider, model, self.place.prefix.digest) if pin else None

    def _side(self, binding: Binding, seen: Cached | None) -> Side:
        held = seen.holds(self.place.prefix, self.at) if seen else 0.0
        return Side(
            tariff=self._tariff(binding, self._faith(binding, seen)),
            cached=held if self.place.keeps(binding) else 0.0,
            ratio=binding.model.token_ratio,
            verbosity=self._verbosity(binding.model.id),
            factor=self.share(binding),
        )

    def _faith(self, binding: Binding, seen: Cached | None) -> float:
        """Of other sessions, and of this one as far as it can tell by now."""
        prior = self.learned.faith(_key(binding))
        return believed(seen.expected, seen.read, prior) if seen else prior

    def _verbosity(self, model: str) -> float:
        """Against the pinned model's where its own output was seen, else against all."""
        found = self.learned.verbosity(model)
        known = self.pinned if self._observed else None
        return found / self.learned.verbosity(known.model.id) if known else found

    def _tariff(self, binding: Binding, faith: float = 1.0) -> Tariff | None:
        rates = self._rates(binding)
        return tariff(rates, self._write(binding), faith) if rates else None

    def _rates(self, binding: Binding) -> Rates | None:
        if binding.price is None:
            return None
        tokens = round(self.ask.input_tokens * binding.model.token_ratio)
        return rates_at(binding.price, tokens, self.when)

    def _write(self, binding: Binding) -> str:
        """The rate that bills what is new: "" when nothing is kept."""
        if not self.place.keeps(binding):
            return ""
        marks = self.place.marks(binding)
        return "input" if marks is None else f"cache_write_{marks}"


def _key(binding: Binding) -> tuple[str, str]:
    return binding.provider, binding.model.id


def tariff(rates: Rates, write: str, faith: float = 1.0) -> Tariff | None:
    """`write`: the rate of new input, "" when no cache is used. Unknown cache rates are input's.

    `faith`: share of a warm prefix that is really read; the rest is written again.
    """
    if rates.input is None or rates.output is None:
        return None
    writes = _usd(getattr(rates, write, None) if write else None, rates.input)
    reads = _usd(rates.cache_read if write else None, rates.input)
    return Tariff(
        read=faith * reads + (1 - faith) * writes,
        write=writes,
        output=_usd(rates.output, rates.output),
    )


def _usd(rate: Decimal | None, otherwise: Decimal) -> float:
    return float((otherwise if rate is None else rate) * PER_TOKEN)
