"""Whole sessions, priced step by step by a simulator that knows nothing of the economics."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from turnout.session.economics import Knobs, Side, Tariff, Traffic, Weighed, total, weigh

M = 1e-6
money = st.floats(0.01, 60.0)


@st.composite
def sides(draw: st.DrawFn) -> Side:
    """Writing costs no less than reading; anything else is possible."""
    read = draw(money)
    tariff = Tariff(read=read * M, write=(read + draw(money)) * M, output=draw(money) * M)
    return Side(tariff=tariff, ratio=draw(st.floats(0.5, 2.0)), verbosity=draw(st.floats(0.3, 3)))


@dataclass
class Session:
    """A prefix and the models' caches of it; each step it `grows` by `new` tokens, or not."""

    models: list[Side]
    prefix: float
    new: float
    output: float
    steps: int
    grows: bool = True
    cached: list[float] = field(default_factory=list)
    bill: float = 0.0
    premiums: float = 0.0  # what switches cost more in their own step

    def step(self, model: int) -> None:
        """Its price: what the cache holds is read, the rest is written, the answer is said."""
        side = self.models[model]
        assert side.tariff
        whole = (self.prefix + self.new) * side.ratio
        read = min(self.cached[model], self.prefix * side.ratio)
        said = self.output * side.ratio * side.verbosity * side.tariff.output
        self.bill += read * side.tariff.read + (whole - read) * side.tariff.write + said
        self.prefix += self.new if self.grows else 0.0
        self.cached[model] = self.prefix * side.ratio
        self.steps -= 1

    def weigh(self, pin: int, fresh: int) -> Weighed:
        traffic = Traffic(
            prefix=self.prefix,
            new=self.new,
            each=self.new,
            output=self.output,
            steps=self.steps,
            growth=self.new if self.grows else 0.0,
        )
        one, other = (replace(self.models[m], cached=self.cached[m]) for m in (pin, fresh))
        return weigh(one, other, traffic, Knobs())

    def choose(self, pin: int) -> int:
        """The economics, against each other model in turn."""
        for fresh in range(len(self.models)):
            if fresh != pin:
                found = self.weigh(pin, fresh)
                if found.switch:
                    assert found.stay and found.other
                    self.premiums += max(0.0, found.other.now - found.stay.now)
                    return fresh
        return pin


@st.composite
def sessions(draw: st.DrawFn, *, grows: bool = True) -> Session:
    models = draw(st.lists(sides(), min_size=2, max_size=3))
    prefix = draw(st.floats(0, 200_000))
    warm = prefix * models[0].ratio if draw(st.booleans()) else 0.0
    return Session(
        models=models,
        prefix=prefix,
        new=draw(st.floats(1, 20_000)),
        output=draw(st.floats(1, 5_000)),
        steps=draw(st.integers(1, 25)),
        grows=grows,
        cached=[warm, *[0.0] * (len(models) - 1)],
    )


def never(session: Session, steps: int) -> float:
    """The bill of staying on the first model."""
    alone = replace(session, cached=list(session.cached))
    for _ in range(steps):
        alone.step(0)
    return alone.bill


@given(sessions())
def test_cost_never_exceeds_never_switch(session: Session) -> None:
    """When it goes as expected, whatever the prices, tokenisers, caches and lengths."""
    staying, pin = never(session, session.steps), 0
    while session.steps:
        pin = session.choose(pin)
        session.step(pin)
    assert session.bill <= staying * (1 + 1e-9)


@given(sessions(grows=False), st.integers(1, 25))
def test_a_session_that_ends_early_loses_the_premium_at_most(session: Session, end: int) -> None:
    """The regret of a switch that did not have the time to pay is what it cost in its own step."""
    end = min(end, session.steps)
    staying, pin = never(session, end), 0
    for _ in range(end):
        pin = session.choose(pin)
        session.step(pin)
    assert session.bill <= (staying + session.premiums) * (1 + 1e-9)


@given(sides(), sides(), st.floats(0, 300_000), st.floats(0, 1), st.integers(1, 40))
def test_never_a_switch_when_both_sums_say_otherwise(
    pinned: Side, fresh: Side, prefix: float, warm: float, steps: int
) -> None:
    """The sums are added up here one step after another."""
    traffic = Traffic(prefix=prefix, new=900, each=700, output=400, steps=steps, growth=700)
    pinned = replace(pinned, cached=prefix * pinned.ratio * warm)
    stay, switch = added(pinned, traffic), added(fresh, traffic)
    found = weigh(pinned, fresh, traffic, Knobs())
    near = abs(stay - switch - Knobs().margin(stay)) < 1e-9
    assert near or found.switch == (stay - switch > Knobs().margin(stay))
    if switch >= stay:
        assert not found.switch


def added(side: Side, traffic: Traffic) -> float:
    assert side.tariff
    rate, ratio = side.tariff, side.ratio
    said = traffic.output * ratio * side.verbosity * rate.output
    read = min(side.cached, traffic.prefix * ratio)
    bill = read * rate.read + ((traffic.prefix + traffic.new) * ratio - read) * rate.write + said
    prefix = traffic.prefix
    for _ in range(int(traffic.steps) - 1):
        prefix += traffic.growth
        bill += prefix * ratio * rate.read + traffic.each * ratio * rate.write + said
    return bill


@given(sides(), st.floats(0, 300_000), st.floats(1, 50))
def test_a_longer_session_costs_more(side: Side, prefix: float, steps: float) -> None:
    traffic = Traffic(prefix=prefix, new=10, each=10, output=10, steps=steps)
    short, long = total(side, traffic), total(side, replace(traffic, steps=steps + 1))
    assert short and long
    assert short.total < long.total
