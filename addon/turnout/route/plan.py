"""The choice: who can serve it, who is at parity with what was asked for, who of those is cheapest.

options ─ may it, can it? ─▶ at parity? ─▶ not dearer? ─▶ least score ─▶ fresh choice
fresh choice, pinned binding ─ what does the rest of the session cost? ─▶ order of attempts
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf

from turnout.errors import NoTargetError
from turnout.route.eligible import WHY_NOT, why_not
from turnout.route.ground import Ground, Grounds, Scored
from turnout.route.model import Binding
from turnout.route.price import Wholes, expected_cost
from turnout.route.rules import Rules, Weights
from turnout.route.weigh import Candidate, Field, Outlook, Standing, Weighed
from turnout.wire.request import Ask, DialectName

__all__ = ["Candidate", "Choice", "Rules", "Weights", "choose"]

KEPT = 40  # candidates in the record
UNABLE = frozenset({"denied", "not_allowed", *(reason for reason, _, _ in WHY_NOT)})
# what a pinned binding may lack and still be weighed against the fresh choice, in dollars
WEIGHABLE = frozenset({"", "above_requested", "price_unknown"})
# why a pinned binding lost, if it could serve -> why the session leaves it
LEFT = {
    "below_parity": "tier_upgrade",
    **dict.fromkeys(("alarm", "no_estimate", "little_evidence", "no_evidence"), "pin_inferior"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`order`: what to try, best first; empty means that the client's own request goes home.

    `reason`: cheapest_at_parity, requested_is_best, only_eligible, only_weak_tools, forced,
    unknown_model, no_evidence, price_unknown; of a session with a pin:

        pinned                           it stays, and nobody asked what that costs
        same_model                       the fresh choice is the pinned binding
        ev_negative, pricing_missing     it stays: a switch does not pay, or cannot be shown to
        ev_positive, cold_cache          it switches: that pays; the pin's cache was cold anyway
        tier_upgrade                     it switches: the pinned model is below parity for this
        pin_inferior                     it switches: too little is known of the pinned model for
                                         this, or it was seen to do worse than promised
        pin_unavailable                  it switches: no key, not allowed, or it cannot serve this

    subscription: what was asked for, as enough of it is left.

    `fresh_model`: what would have been chosen without the pin. `weighed`: the dollars of both.
    """

    order: tuple[Binding, ...]
    reason: str
    quality: float | None = None
    quality_requested: float | None = None
    candidates: tuple[Candidate, ...] = ()
    fresh_model: str = ""
    weighed: Weighed | None = None


class Memory:
    """What outlives a choice, so that the next one need not find it out anew."""

    def __init__(self) -> None:
        self.grounds, self.wholes = Grounds(), Wholes()


def choose(
    ask: Ask,
    requested: Binding | None,
    options: Sequence[Binding],
    dialects: Mapping[str, DialectName],
    scored: Scored,
    rules: Rules,
    pinned: tuple[str, str] | None = None,
    *,
    at: datetime | None = None,
    outlook: Outlook | None = None,
    alarmed: frozenset[str] = frozenset(),
    memory: Memory | None = None,
) -> Choice:
    """`options`: bindings there is a key for. `dialects`: provider -> what is spoken to it.

    `pinned`: (provider, model) the session is on. `at`: now, for prices that know the hour.
    `outlook`: what the rest of the session costs; without it a pin is kept while it can serve.
    `alarmed`: models that are not to be routed to, unless they were asked for.
    `memory`: of earlier choices; it changes how long this takes and nothing else.
    Raises NoTargetError when nothing that may be used can serve it.
    """
    if rules.force:
        return _forced(ask, requested, options, dialects, scored, rules)
    if requested is None:
        return Choice(order=(), reason="unknown_model")
    memory = memory or Memory()
    ground = memory.grounds.of(requested, options, scored, rules, alarmed)
    field = Field(ask, ground, dialects, at, outlook, memory.wholes)
    return _pick(field, ground, pinned, outlook)


def directly(choice: Choice, home: Binding) -> Choice:
    """What was asked for comes first, whatever it costs: a subscription covers it."""

    def is_home(one: Candidate) -> bool:
        return (one.provider, one.model) == (home.provider, home.model.id)

    plain = Candidate(provider=home.provider, model=home.model.id)
    mine = next((one for one in choice.candidates if is_home(one)), plain)
    others = [
        replace(one, lost=one.lost or "subscription") for one in choice.candidates if one != mine
    ]
    order = [one for one in choice.order if (one.provider, one.id) != (home.provider, home.id)]
    return replace(
        choice,
        order=(home, *order),
        reason="subscription",
        quality=choice.quality_requested,
        candidates=(replace(mine, lost=""), *others),
    )


def _pick(
    field: Field,
    ground: Ground,
    pinned: tuple[str, str] | None,
    outlook: Outlook | None,
) -> Choice:
    standings = [field.standing(one) for one in ground.near]
    only_weak = field.ask.tools and not _without_weak(field, standings)
    fresh = _best(field, standings)
    pin = ground.named(pinned) if pinned else None
    held = _held(field, pin)
    weighed = _weighed(held, fresh, outlook)
    kept = None if held is None or (weighed and weighed.switch) else held
    chosen = kept or fresh
    if chosen is None:
        raise NoTargetError(_nothing(field, [field.standing(one) for one in ground.may]))
    standings += _losers(field, ground.far, KEPT - sum(one.score is not None for one in standings))
    fits = sorted((one for one in standings if not one.lost), key=field.rank)
    if weighed:
        reason = weighed.reason
    elif kept:
        reason = "pinned"
    elif pinned:
        reason = _lost_pin(field, pin)
    else:
        reason = "only_weak_tools" if only_weak else _reason(field, chosen, standings)
    return Choice(
        order=_order(field, chosen.binding, fits),
        reason=reason,
        quality=chosen.quality,
        quality_requested=field.reference.quality if field.reference else None,
        candidates=_record(field, chosen, standings, pinned=bool(kept)),
        fresh_model=fresh.binding.model.id if fresh else "",
        weighed=weighed,
    )


def _without_weak(field: Field, standings: Sequence[Standing]) -> bool:
    """Those weak at tools lose, unless nobody else is left: that is told. Is there another?"""
    fits = [one for one in standings if not one.lost]
    weak = [one for one in fits if field.is_weak(one.binding)]
    if len(weak) == len(fits):
        return not weak
    for one in weak:
        one.lost = "weak_tools"
    field.shuns_weak = True
    return True


def _losers(field: Field, far: Sequence[Binding], count: int) -> Iterator[Standing]:
    """Best first, until there are `count` that could serve it: the record has no room for more."""
    for binding in far:
        if count <= 0:
            return
        standing = field.standing(binding)
        count -= standing.quality is not None
        yield standing


def _weighed(
    held: Standing | None, fresh: Standing | None, outlook: Outlook | None
) -> Weighed | None:
    if held is None or outlook is None:
        return None
    return outlook.weigh(held.binding, fresh.binding if fresh else held.binding)


def _best(field: Field, standings: Sequence[Standing]) -> Standing | None:
    """Where nothing can be compared, what was asked for."""
    fits = [one for one in standings if not one.lost]
    home = next((one for one in fits if field.is_home(one.binding)), None)
    if home and (field.reference is None or field.cost is None):
        return home
    return min(fits, key=field.rank, default=None)


def _held(field: Field, pin: Binding | None) -> Standing | None:
    """The pinned binding, its cache warm, while it can serve this at parity."""
    if pin is None:
        return None
    warm = field.standing(pin, warm=True)
    if field.shuns_weak and field.is_weak(pin):
        return None
    if warm.lost not in (WEIGHABLE if field.foresees else {""}):
        return None
    warm.lost = ""
    return warm


def _lost_pin(field: Field, pin: Binding | None) -> str:
    """Why a session leaves its pin whatever that costs."""
    lost = field.standing(pin, warm=True).lost if pin else ""
    return LEFT.get(lost, "pin_unavailable")


def _reason(field: Field, chosen: Standing, standings: Sequence[Standing]) -> str:
    able = [one for one in standings if one.lost not in UNABLE]
    if field.is_home(chosen.binding) and field.reference is None:
        return "no_evidence"
    if field.is_home(chosen.binding) and field.cost is None:
        return "price_unknown"
    if len(able) == 1:
        return "only_eligible"
    return "requested_is_best" if field.is_home(chosen.binding) else "cheapest_at_parity"


def _order(field: Field, chosen: Binding, fits: Sequence[Standing]) -> tuple[Binding, ...]:
    """The chosen one, the same model elsewhere, others at parity, at last what was asked for."""
    rest = [one.binding for one in fits if one.binding is not chosen]
    home = [binding for binding in rest if field.is_home(binding)]
    away = [binding for binding in rest if not field.is_home(binding)]
    same = [binding for binding in away if binding.model.id == chosen.model.id]
    others = [binding for binding in away if binding.model.id != chosen.model.id]
    return (chosen, *same, *others, *home)


def _record(
    field: Field, chosen: Standing, standings: Sequence[Standing], *, pinned: bool
) -> tuple[Candidate, ...]:
    """The chosen one, then by score, then by quality; those that cannot serve it come last."""

    def rank(one: Standing) -> tuple[float, float, str, str]:
        score = inf if one.score is None else one.score
        quality = -1.0 if one.quality is None else one.quality
        return (score, -quality, one.binding.model.id, one.binding.provider)

    others = sorted((one for one in standings if one.binding is not chosen.binding), key=rank)
    told = others[: KEPT - 1]
    for one in (chosen, *told):
        if one.cost is None and (one is chosen or one.quality is not None):
            one.cost = field.dollars(one.binding)
    return (chosen.candidate(), *(one.candidate(_outdone(one, chosen, pinned)) for one in told))


def _outdone(one: Standing, winner: Standing, pinned: bool) -> str:
    if pinned:
        return "pinned"
    return "tie" if one.score == winner.score else "score"


def _nothing(field: Field, standings: Sequence[Standing]) -> str:
    counts: dict[str, int] = {}
    for one in standings:
        counts[one.lost] = counts.get(one.lost, 0) + 1
    why = ", ".join(f"{count} {lost}" for lost, count in sorted(counts.items()))
    asked = f"{field.requested.provider}/{field.requested.id}"
    return f"none of {len(standings)} bindings can serve {asked} at parity: {why or 'no key'}"


def _forced(
    ask: Ask,
    requested: Binding | None,
    options: Sequence[Binding],
    dialects: Mapping[str, DialectName],
    scored: Scored,
    rules: Rules,
) -> Choice:
    """Nothing else is tried, and no parity asked; what it cannot carry it still cannot."""
    binding = next((one for one in options if rules.forces(one)), None)
    if binding is None:
        raise NoTargetError(f"{rules.force} is forced, but there is no key for it or no such model")
    if forbidden := rules.forbids(binding):
        raise NoTargetError(f"{rules.force} is forced, but {forbidden.replace('_', ' ')}")
    dialect = dialects.get(binding.provider)
    if lost := why_not(ask, binding, same_dialect=dialect == ask.dialect, dialect=dialect):
        raise NoTargetError(f"{rules.force} is forced, but cannot serve this: {lost}")
    found = scored.estimate(binding.model.id)
    reference = scored.estimate(requested.model.id) if requested else None
    dollars = expected_cost(ask, binding, warm=False)
    candidate = Candidate(
        provider=binding.provider,
        model=binding.model.id,
        quality=found.quality if found else None,
        evidence=found.evidence if found else None,
        cost_usd=None if dollars is None else float(dollars),
    )
    return Choice(
        order=(binding,),
        reason="forced",
        quality=candidate.quality,
        quality_requested=reference.quality if reference else None,
        candidates=(candidate,),
    )
