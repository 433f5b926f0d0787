"""What the record keeps of the economics: two sums, and the terms that they are made of."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from turnout.route.plan import Choice
from turnout.session.economics import Sum, Weighed
from turnout.session.outlook import Outlook

DIGITS = 8  # of a dollar


def columns(choice: Choice, outlook: Outlook) -> dict[str, float | None]:
    """Without a pin there is nothing to stay on: `switch_usd` is the session, begun cold."""
    if choice.weighed:
        return {"stay_usd": choice.weighed.stay_usd, "switch_usd": choice.weighed.switch_usd}
    first = outlook.afresh(choice.order[0]) if choice.order else None
    return {"stay_usd": None, "switch_usd": first}


def evidence(choice: Choice, outlook: Outlook) -> dict[str, Any]:
    """Under one name: `session`. Dollars over the steps expected, tokens of this step."""
    traffic, pin = outlook.traffic, outlook.place.pin
    told: dict[str, Any] = {
        "step": outlook.place.step,
        "steps_expected": round(traffic.steps, 2),
        "prefix_tokens": round(traffic.prefix),
        "new_tokens": round(traffic.new),
        "output_tokens": round(traffic.output),
    }
    if pin:
        cached = outlook.side(outlook.pinned).cached if outlook.pinned else 0.0
        told |= {"pinned": "/".join(pin.binding), "cached_tokens": round(cached)}
    if isinstance(choice.weighed, Weighed):
        told |= weighed(choice.weighed)
    return {"session": told}


def weighed(found: Weighed) -> Mapping[str, Any]:
    """Both sides of the verdict; a side with an unknown price is left out."""
    sides = {"stay": found.stay, "switch": found.other}
    terms = {name: _terms(side) for name, side in sides.items() if side}
    return {"switched": found.switch, "margin_usd": round(found.margin_usd, DIGITS)} | terms


def _terms(side: Sum) -> dict[str, float]:
    return {name: round(usd, DIGITS) for name, usd in asdict(side).items()}
