"""Which models can ever be routed to with these keys and rules, and why others cannot.

A model wins a cluster when some other model that may be asked for has it as the cheapest at parity.

    denied, not_allowed    the rules
    no_key                 no provider of it has a key here
    not_routable           it is known to be priced, never chosen by itself
    price_unknown          it cannot be shown to be cheaper
    no_estimate            the bundle does not know it
    little_evidence        the profile asks for more labels than it has
    dominated              in every cluster something at least as cheap is at parity before it
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnout.bundles import parity
from turnout.bundles.dial import told_of
from turnout.bundles.facts import blended
from turnout.route.bundle import Bundle, Profile
from turnout.route.catalog import Binding
from turnout.route.rules import Rules


@dataclass(frozen=True, slots=True)
class Standing:
    """`wins`: share of the clusters, 0..1, `classes` their numbers. `why`: the reason when that is
    none, else "". `by`: who dominates it."""

    model: str
    wins: float
    why: str
    by: str = ""
    classes: tuple[int, ...] = ()


def standings(
    bindings: Iterable[Binding], keyed: Iterable[str], bundle: Bundle, rules: Rules
) -> list[Standing]:
    """One a model of `bindings`, by name. `keyed`: providers there is a key for. Any model of the
    catalogue may be asked for: its client brings the key."""
    kept, known = list(bindings), set(keyed)
    every = {one.model.id: _list(one.model.id, kept) for one in kept}
    why = {name: _barred([b for b in kept if b.model.id == name], known, rules) for name in every}
    why |= {name: "no_estimate" for name in every if not why[name] and name not in bundle.models}
    usable = {
        name: min(_dollars(b for b in kept if b.model.id == name and b.provider in known))
        for name in every
        if not why[name]
    }
    asked = {name: price for name, price in every.items() if price and name in bundle.models}
    wins, rivals = _wins(bundle, rules, usable, asked)
    return [
        Standing(name, *_verdict(name, why[name], wins, rivals, bundle, rules))
        for name in sorted(every)
    ]


def _list(model: str, bindings: Sequence[Binding]) -> float | None:
    return min(_dollars(b for b in bindings if b.model.id == model), default=None)


def _dollars(bindings: Iterable[Binding]) -> list[float]:
    return [d for b in bindings if b.routable and (d := blended(b.price)) is not None]


def _barred(bindings: Sequence[Binding], keyed: set[str], rules: Rules) -> str:
    """Of one model: "" when some binding of it may be used."""
    own = [one for one in bindings if one.provider in keyed]
    if not own:
        return "no_key"
    may = [one for one in own if not rules.forbids(one)]
    if not may:
        return rules.forbids(own[0])
    routable = [one for one in may if one.routable]
    if not routable:
        return "not_routable"
    return "" if _dollars(routable) else "price_unknown"


def _wins(
    bundle: Bundle,
    rules: Rules,
    usable: Mapping[str, float],
    asked: Mapping[str, float | None],
) -> tuple[dict[str, NDArray[np.bool_]], dict[str, str]]:
    """Model -> (clusters,) does it win there for anybody; and who wins most in its stead."""
    names = [*usable, *(name for name in asked if name not in usable)]
    price = np.array([usable.get(name, np.nan) for name in names])
    found = told_of(bundle, names)
    profile = Profile(rules.epsilon, rules.z, rules.min_evidence)
    won = np.zeros((len(bundle.labels), len(names)), bool)
    for home, name in enumerate(names):
        own = price.copy()
        own[home] = usable.get(name, asked.get(name) or np.nan)
        fits = parity.able(found, own, home, profile)
        chosen = parity.cheapest(fits, own, home)
        rows = np.flatnonzero(chosen != home)
        won[rows, chosen[rows]] = True
    winners = {name: won[:, i] for i, name in enumerate(names)}
    best = max(usable, key=lambda name: (int(winners[name].sum()), name), default="")
    return winners, dict.fromkeys(names, best)


def _verdict(
    name: str,
    why: str,
    wins: Mapping[str, NDArray[np.bool_]],
    rivals: Mapping[str, str],
    bundle: Bundle,
    rules: Rules,
) -> tuple[float, str, str, tuple[int, ...]]:
    if why:
        return 0.0, why, "", ()
    share = float(wins[name].mean())
    if share:
        return share, "", "", tuple(np.flatnonzero(wins[name]).tolist())
    if not (bundle.evidence[:, bundle.models[name]] >= rules.min_evidence).any():
        return 0.0, "little_evidence", "", ()
    return 0.0, "dominated", rivals.get(name, ""), ()


def line(found: Sequence[Standing]) -> str:
    """One sentence for the start of `serve`."""
    able = sorted((one for one in found if one.wins), key=lambda one: (-one.wins, one.model))
    if not able:
        return "with these keys and rules no model can win: every request goes home"
    best = ", ".join(f"{one.model} ({one.wins:.0%})" for one in able[:5])
    more = f" and {len(able) - 5} more" if len(able) > 5 else ""
    return f"{len(able)} of {len(found)} models can win some class of task: {best}{more}"
