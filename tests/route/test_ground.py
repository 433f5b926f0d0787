"""What is remembered from one action to the next makes a choice quicker and changes none."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from route.models import CATALOG, Estimate, Scored
from turnout.errors import NoTargetError
from turnout.route.catalog import Catalog
from turnout.route.eligible import WHY_NOT, Case, shape, too_long
from turnout.route.ground import Grounds
from turnout.route.plan import Choice, Memory, Rules, choose
from turnout.route.price import Forecast, Wholes, expected_cost
from turnout.session.board import Board
from turnout.session.learned import Answer, Learned
from turnout.session.outlook import Outlook
from turnout.session.place import place
from turnout.wire.request import Ask, DialectName

BINDINGS = Catalog.load(CATALOG).bindings
ASKED = [one for one in BINDINGS if one.provider in ("anthropic", "openai") and one.routable]
SETS = (BINDINGS, BINDINGS[:200], BINDINGS[100:])
RULES = (Rules(), Rules(epsilon=0.06), Rules(epsilon=0.0, z=2.0), Rules(deny=("openrouter/*",)))
SPOKEN: tuple[dict[str, DialectName], ...] = (
    {one.provider: next(iter(one.host.dialects), "openai_chat") for one in BINDINGS},
    dict.fromkeys((one.provider for one in BINDINGS), "openai_chat"),
)
AT = 1_790_000_000.0


def scores(chance: Random) -> Scored:
    return Scored(
        {
            one.model.id: Estimate(chance.gauss(0.75, 0.05), chance.random() * 0.02)
            for one in BINDINGS
            if chance.random() < 0.9
        }
    )


def ask(chance: Random) -> Ask:
    rarely = {
        "images": True,
        "documents": True,
        "structured": True,
        "forced_tool": True,
        "server_tools": True,
        "effort": "none",
    }
    return Ask(
        dialect=chance.choice(("anthropic", "openai_chat")),
        model="asked",
        messages=chance.randrange(1, 40),
        input_tokens=chance.choice((0, 900, 30_000, 150_000, 260_000, 900_000)),
        max_tokens=chance.choice((None, 1, 1_024, 64_000)),
        tools=("Bash",) * chance.choice((0, 3, 140)),
        cache_ttl=chance.choice((None, "5m", "1h")),
        **{name: value for name, value in rarely.items() if chance.random() < 0.1},  # type: ignore[arg-type]
    )


def chosen(*args: Any, **kwargs: Any) -> Choice | str:
    try:
        return choose(*args, **kwargs)
    except NoTargetError as e:
        return str(e)


def test_a_choice_is_the_same_with_and_without_memory() -> None:
    """To the last bit of every candidate, whatever changes between two actions."""
    chance, memory, board = Random(5), Memory(), Board()
    scored = [scores(chance) for _ in range(2)]
    models = sorted({one.model.id for one in BINDINGS})
    alarms = (frozenset[str](), frozenset(chance.sample(models, 9)))
    hits = 0
    for n in range(150):
        asked, when = chance.choice(ASKED[:2]), AT + 977.0 * n
        request = replace(ask(chance), model=asked.id)
        args = (request, asked, chance.choice(SETS), chance.choice(SPOKEN), chance.choice(scored))
        rules, pinned = chance.choice(RULES[:3]), (asked.provider, asked.model.id)
        facts: dict[str, Any] = {
            "at": datetime.fromtimestamp(when, UTC),
            "alarmed": chance.choice(alarms),
        }
        here = Outlook(request, place(request, "s", ""), 9.0, when, facts["at"])
        foresees, before = chance.random() < 0.7, len(memory.grounds)
        plain, kept = (here, replace(here, tariffs=board)) if foresees else (None, None)
        pin = pinned if chance.random() < 0.5 else None
        without = chosen(*args, rules, pin, outlook=plain, **facts)
        assert chosen(*args, rules, pin, outlook=kept, memory=memory, **facts) == without
        hits += len(memory.grounds) == before
    assert hits > 40, "it remembered nothing"


class Told:
    """An Ask that notes what is read of it."""

    def __init__(self, real: Ask) -> None:
        self.real, self.read = real, set[str]()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self.real, name)


FULL = Ask(
    dialect="anthropic",
    model="m",
    input_tokens=9,
    max_tokens=9,
    tools=("t",),
    images=True,
    documents=True,
    structured=True,
    forced_tool=True,
    server_tools=True,
    effort="low",
)


def test_all_that_rules_out_a_binding_is_in_the_shape() -> None:
    """A new row of WHY_NOT that looks at something else has to be told of in `shape`."""
    looked, shaped = Told(FULL), Told(FULL)
    for _, wanted, cannot in WHY_NOT:
        if cannot is too_long:
            continue
        for one in BINDINGS:
            for same in (True, False):
                for dialect in ("anthropic", "openai_chat"):
                    assert wanted(looked) is not None  # type: ignore[arg-type]
                    cannot(Case(looked, one, dialect, same))  # type: ignore[arg-type]
    shape(shaped, {})  # type: ignore[arg-type]
    assert looked.read and looked.read <= shaped.read


@pytest.mark.parametrize("seed", range(8))
def test_whole_numbers_are_as_exact_as_decimals(seed: int) -> None:
    chance, wholes = Random(seed), Wholes()
    for n in range(12):
        when = datetime.fromtimestamp(AT + 3_607.0 * n, UTC)
        request = ask(chance)
        forecast = Forecast(request, when, wholes)
        for one in chance.sample(BINDINGS, 60):
            dollars = expected_cost(request, one, warm=False, at=when)
            assert forecast.cold(one) == (None if dollars is None else float(dollars))
            assert forecast.cold(one) == (None if dollars is None else float(dollars))


def test_many_at_once_cost_what_each_costs() -> None:
    """To the last bit; with tiers and hours, which move, a subscription, and what was learned."""
    chance, board, learned = Random(3), Board(), Learned()
    for one in chance.sample(BINDINGS, 200):
        facts = {"expected": 9e4 * chance.random(), "read": 5e4 * chance.random()}
        output = chance.uniform(50, 900)
        learned.tell(
            Answer(
                provider=one.provider,
                model=one.model.id,
                label="any",
                kind="main",
                output=output,
                **facts,
            )
        )
    for n in range(60):
        request, when = ask(chance), AT + 3_607.0 * n
        at = datetime.fromtimestamp(when, UTC)
        steps = chance.choice((1.0, 2.5, 40.0))
        known = {"learned": chance.choice((learned, Learned())), "covered": ("openrouter", 0.3)}
        where = place(request, "s", "")
        here = Outlook(request, where, steps, when, at, tariffs=board, **known)
        assert here.afresh_each(BINDINGS) == [here.afresh(one) for one in BINDINGS]


def test_memory_is_bounded() -> None:
    grounds, scored = Grounds(most=3), [Scored({}) for _ in range(9)]
    for one in scored:
        grounds.of(ASKED[0], BINDINGS[:2], one, RULES[0], frozenset())
    assert len(grounds) == 3
