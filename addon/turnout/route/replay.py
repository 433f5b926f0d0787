"""Off-policy: what other knobs would have chosen, from the scores that a decision's row holds.

With the knobs that it was made with it gives `fresh_model` of the row: what was chosen, or what
would have been if the session had no pin. With others it is an estimate: who was below parity was
never scored, so that the dollars of this one action stand in for those of the rest of the session;
and a row has room for 40 candidates, the best by score and then by quality.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from turnout.route.rules import Weights

type Row = Mapping[str, Any]

FITTED = frozenset({"", "score", "tie", "pinned", "subscription"})
BY_KNOBS = frozenset({"below_parity", "little_evidence"})


@dataclass(frozen=True, slots=True)
class Knobs:
    """Of parity, as in route.rules.Rules."""

    epsilon: float
    z: float
    min_evidence: float = 0.0


def live(row: Row) -> Knobs:
    """Those that it was decided with. Raises LookupError where the row does not say."""
    said = row["evidence"]
    return Knobs(said["epsilon"], said["z"], said["min_evidence"])


def replayed(row: Row, knobs: Knobs, weights: Weights | None = None) -> str:
    """The model; "" where nothing could have been chosen. `row`: of the table `decisions`."""
    weights = weights or Weights()
    candidates: Sequence[Row] = row["candidates"]
    home = next((one for one in candidates if _is_home(one, row)), None)
    fits = [one for one in candidates if _fits(one, row, knobs, home)]
    if home in fits and (row["quality_requested"] is None or _cost(home) is None):
        return str(row["requested_model"])
    best = min(fits, key=lambda one: _rank(one, row, home, weights), default=None)
    return str(best["model"]) if best else ""


def _is_home(one: Row, row: Row) -> bool:
    asked = (row["evidence"].get("home"), row["requested_model"])
    return (one["provider"], one["model"]) == asked


def _fits(one: Row, row: Row, knobs: Knobs, home: Row | None) -> bool:
    if one["model"] == row["requested_model"]:
        return one["lost"] in FITTED
    if one["lost"] not in FITTED | BY_KNOBS or not _at_parity(one, row, knobs):
        return False
    return one["lost"] in FITTED or not _dearer(one, home)


def _at_parity(one: Row, row: Row, knobs: Knobs) -> bool:
    found, asked = one["quality"], row["quality_requested"]
    if found is None or asked is None or (one["evidence"] or 0.0) < knobs.min_evidence:
        return False
    return bool(found - asked >= -knobs.epsilon + knobs.z * (one["se"] or 0.0))


def _dearer(one: Row, home: Row | None) -> bool:
    """By this action; where that is not known it cannot be shown to be cheaper."""
    own, asked = _cost(one), _cost(home)
    return own is None or asked is None or own > asked


def _cost(one: Row | None) -> float | None:
    return None if one is None else one["cost_usd"]


def _rank(one: Row, row: Row, home: Row | None, weights: Weights) -> tuple[float, bool, str, str]:
    score = one["score"]
    if score is None:
        own, asked = _cost(one), _cost(home)
        ratio = own / asked if own is not None and asked else inf
        score = weights.cost * ratio + weights.latency + weights.verbosity
    return (score, not _is_home(one, row), one["model"], one["provider"])
