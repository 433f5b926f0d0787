"""The truth of a session on the requested model, against turnout's guess of it.

scene               who serves
served by another   a cheaper model from the first step to the last
switched            the requested model first, another from some step on
escalated           another first, the requested model from some step on
back and forth      drawn anew every few steps

"known" scenes: turnout has heard sessions of both models before, in the same client.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, sqrt
from random import Random

from simulation.knobs import BLOCK, LEAST, LEAST_OTHERS, LIFETIME_S, Knobs
from simulation.market import CATALOG
from simulation.sessions import Step, Task
from turnout.counterfactual import World
from turnout.route.catalog import Binding, Catalog
from turnout.route.price import cost
from turnout.session.cache_state import Prefix
from turnout.session.elsewhere import Action
from turnout.session.place import Place
from turnout.session.wordy import Words
from turnout.wire.events import Usage

# deciles of |mean log ratio of output tokens| of 105 pairs of models on the same tasks (aoc_agent
# in the shared labels): of whole runs, so that it holds their numbers of steps, too
WORDINESS = (0.02, 0.2, 0.34, 0.42, 0.61, 0.79, 0.99, 1.19, 1.4, 1.72, 2.28)
OWN_SD = 0.4  # of the same, from session to session of one pair: guess
STEP_SD = 0.6  # of one step's output, whoever writes it: guess
TEXT_SD = 0.08  # of the ratio of two tokenisers, from one session's text to another's: guess
HIT_RATES = (0.98, 0.9, 0.7)  # of automatic caches, a session has one of them: guess
WHOSE = ("claude-code", "main")
PAIRS = (
    (("anthropic", "claude-opus-4-7"), ("minimax", "MiniMax-M3")),
    (("anthropic", "claude-opus-4-7"), ("anthropic", "claude-haiku-4-5")),
    (("anthropic", "claude-sonnet-4-6"), ("google", "gemini-3-flash-preview")),
    (("anthropic", "claude-sonnet-4-6"), ("anthropic", "claude-haiku-4-5")),
    (("openai", "gpt-5.4"), ("google", "gemini-2.5-flash")),
    (("google", "gemini-2.5-pro"), ("openai", "gpt-5-mini")),
)

type Serves = Callable[[Random, int], bool]  # (chance, steps) -> at each step: another one?


@dataclass(slots=True)
class Life:
    """A model that lives through a session by itself. Tokens of the history are neutral."""

    binding: Binding
    ratio: float
    words: float
    hit: float
    history: float = 0.0
    held: float = 0.0
    at: float = -1e9

    def usage(self, step: Step, output: float, now: float, chance: Random) -> Usage:
        whole = (self.history + step.new) * self.ratio
        model = self.binding.model
        read = min(self.held, whole) if now - self.at <= LIFETIME_S else 0.0
        marked = model.cache == "explicit"
        if not marked:
            read = read // BLOCK * BLOCK if chance.random() < self.hit else 0.0
        kept = whole >= LEAST.get(model.id, LEAST_OTHERS)
        self.held, self.at = (whole if kept else 0.0), now
        rest, said = round(whole - read), round(output * self.ratio)
        if marked and kept:
            return Usage(cache_read=round(read), cache_write_5m=rest, output=said)
        return Usage(fresh_input=rest, cache_read=round(read), output=said)


@dataclass(frozen=True, slots=True)
class Result:
    """USD of one session: the truth, and what turnout says."""

    truth: float
    low: float
    usd: float
    high: float

    @property
    def held(self) -> bool:
        return self.low <= self.truth <= self.high


@dataclass
class Session:
    task: Task
    asked: Binding
    other: Binding
    chance: Random
    words: Words
    wordiness: float
    world: World = field(default_factory=World)

    def result(self, others: list[bool]) -> Result:
        """`others`: at each step, whether another model serves it."""
        truth, mine, theirs = self._lives()
        sums, now = [0.0, 0.0, 0.0, 0.0], 1e6
        for place, another in enumerate(others):
            step = self.task.step(place)
            now += step.gap
            output = step.output * exp(self.chance.gauss(0, STEP_SD))
            live = theirs if another else mine
            said = output if another else output * truth.words
            seen = live.usage(step, said, now, self.chance)
            alone, usage = said, seen  # as long as nothing else was there, it is what happened
            if another:
                alone = step.output * truth.words * exp(self.chance.gauss(0, STEP_SD))
            if any(others[: place + 1]):
                usage = truth.usage(step, alone, now, self.chance)
            else:
                truth.held, truth.at = mine.held, mine.at
            truth.history += step.new + alone
            sums[0] += float(cost(self.asked.price, usage) or 0)
            for life in (mine, theirs):
                life.history += step.new + said
            guess = self._guess(live, seen, now, place)
            for n, usd in enumerate(guess, 1):
                sums[n] += usd
        return Result(*sums)

    def _lives(self) -> tuple[Life, Life, Life]:
        chance = self.chance
        text, hit = exp(chance.gauss(0, TEXT_SD)), chance.choice(HIT_RATES)
        alike = self.asked.model.tokeniser == self.other.model.tokeniser != ""
        mine = self.asked.model.token_ratio * (1.0 if alike else text)
        words = exp(self.wordiness + chance.gauss(0, OWN_SD))
        return (
            Life(self.asked, mine, words, hit),
            Life(self.asked, mine, words, hit),
            Life(self.other, self.other.model.token_ratio, 1.0, hit),
        )

    def _guess(self, live: Life, seen: Usage, now: float, place: int) -> tuple[float, ...]:
        model = live.binding.model
        tokens = round((live.history) * 1.0)
        where = Place(
            key="k",
            session="s",
            agent="",
            asked=self.asked.model.id,
            prefix=Prefix(digest="d", messages=2 * place + 1, tokens=tokens),
            ttl="5m",
            dialect="anthropic",
        )
        self.words.heard(WHOSE, model.id, seen.output / model.token_ratio)
        action = Action(usage=seen, served=live.binding, place=where, at=now, ended=now)
        found = self.world.pay(action, self.asked, self.words, WHOSE)
        assert found
        return float(found.low), float(found.usd), float(found.high)


SCENES: dict[str, Callable[[Random, int], list[bool]]] = {
    "served by another": lambda _, n: [True] * n,
    "switched": lambda c, n: _turned(c, n, first=False),
    "escalated": lambda c, n: _turned(c, n, first=True),
    "back and forth": lambda c, n: _drawn(c, n),
}


def _turned(chance: Random, steps: int, *, first: bool) -> list[bool]:
    turn = chance.randrange(1, steps)
    return [first] * turn + [not first] * (steps - turn)


def _drawn(chance: Random, steps: int) -> list[bool]:
    found = [chance.random() < 0.5]
    while len(found) < steps:
        found.append(chance.random() < 0.5 if chance.random() < 0.25 else found[-1])
    return found


def scene(name: str, *, seed: int, sessions: int, known: bool) -> Iterator[Result]:
    catalog = Catalog.load(CATALOG)
    for n in range(sessions):
        chance = Random(f"{seed}/{name}/{n}")  # noqa: S311
        asked, other = (catalog.find(*pair) for pair in PAIRS[n % len(PAIRS)])
        assert asked and other
        names = (asked.model.id, other.model.id)
        wordiness, words = _wordiness(chance), Words()
        made = [
            Session(
                Task(seed, k, dict.fromkeys(names, True), {names[0]: 1.0}, Knobs()),
                asked,
                other,
                chance,
                words,
                wordiness,
            )
            for k in ((n, n + 1_000_000, n + 2_000_000, n + 3_000_000) if known else (n,))
        ]
        for k, before in enumerate(made[1:]):
            before.result([k % 2 == 0] * _steps(before.task))
        yield made[0].result(SCENES[name](chance, _steps(made[0].task)))


def _steps(task: Task) -> int:
    return max(3, round(task.length))


def _wordiness(chance: Random) -> float:
    """Drawn from the deciles, either way."""
    spot = chance.random() * (len(WORDINESS) - 1)
    low, high = list(pairwise(WORDINESS))[int(spot)]
    return chance.choice((-1, 1)) * (low + (high - low) * (spot % 1))


@dataclass(frozen=True, slots=True)
class Row:
    scene: str
    known: bool
    sessions: int
    coverage: float
    low: float
    high: float
    bias: float
    width: float


def row(name: str, *, seed: int, sessions: int, known: bool) -> Row:
    found = list(scene(name, seed=seed, sessions=sessions, known=known))
    share = sum(one.held for one in found) / len(found)
    truth = sum(one.truth for one in found)
    widths = sorted((one.high - one.low) / one.truth for one in found)
    return Row(
        scene=name,
        known=known,
        sessions=len(found),
        coverage=share,
        **dict(zip(("low", "high"), wilson(share, len(found)), strict=True)),
        bias=sum(one.usd for one in found) / truth - 1,
        width=widths[len(widths) // 2],
    )


def wilson(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """https://doi.org/10.1080/01621459.1927.10502953"""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - half, middle + half


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/simulate_money")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sessions", type=int, default=400)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = [
        row(name, seed=args.seed, sessions=args.sessions, known=known)
        for known in (False, True)
        for name in SCENES
    ]
    if args.json:
        json.dump([{n: getattr(r, n) for n in Row.__slots__} for r in rows], sys.stdout, indent=1)
        return
    print("| scene | both models heard | sessions | coverage (95 %) | sum, off by | median width |")
    print("|---|---|---|---|---|---|")
    for r in rows:
        print(
            f"| {r.scene} | {'yes' if r.known else 'no'} | {r.sessions} | {r.coverage:.1%}"
            f" ({r.low:.1%} to {r.high:.1%}) | {r.bias:+.1%} | {r.width:.0%} |"
        )


if __name__ == "__main__":
    main()
