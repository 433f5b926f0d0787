"""The parts of `turnout why`: who asked, what for, who could have served it, what happened."""

from collections.abc import Iterator, Mapping
from typing import Any

from turnout import figures
from turnout.figures import clean
from turnout.record import JSON_COLUMNS
from turnout.why.page import Line, Told, grid, told

type Row = Mapping[str, Any]

ASKER = ("session", "kind", "dialect", "project", "tenant")
SHOWN = 60  # characters of a damaged column


def who(row: Row) -> Iterator[Line]:
    yield told("decision", f"{row['id']}, {figures.moment(row['at'])}")
    known = [f"{name} {row[name]}" for name in ASKER if row[name]]
    yield told("asked by", ", ".join([str(row["client"] or "an unknown client"), *known]))


def what(row: Row) -> Iterator[Line]:
    served = "/".join(filter(None, (row["provider"], row["model"])))
    yield told("asked for", row["requested_model"] or figures.UNKNOWN)
    yield told("served by", served or figures.UNKNOWN)
    yield told("because", because(row["reason"]) or figures.UNKNOWN)
    if past := _past(row["evidence"], row["reason"]):
        yield told("answer", past)
    if row["fresh_model"] and row["fresh_model"] != row["model"]:
        yield told("unpinned", row["fresh_model"])
    if row["error"]:
        yield told("error", row["error"])


def _past(evidence: Any, reason: str | None) -> str:
    """Whose answer it is, for one that needed no model."""
    facts = evidence.get(reason) if isinstance(evidence, dict) else None
    if not isinstance(facts, dict) or "of" not in facts:
        return ""
    cost = facts.get("cost_usd")
    paid = f", which cost ${cost:.6f}" if isinstance(cost, int | float) else ""
    return f"of {clean(str(facts['of']))}, {facts.get('age_s')} s old{paid}"


# reasons of a session with a pin, in plain words
MEANS = {
    "same_model": "it is on the model that would be chosen afresh",
    "ev_negative": "a switch does not pay",
    "ev_positive": "a switch pays, its warm cache counted",
    "cold_cache": "its cache is cold, so a switch pays",
    "pricing_missing": "a price is unknown, so nothing is switched",
    "tier_upgrade": "the model it was on is below parity for this",
    "escalated": "the session shows that the model it was on fails at this",
    "struggles_on_strongest": "it fails at this, and there is no stronger model to go to",
    "loop_stopped": "the agent made the same call again and again, and turnout ended its turn",
    "subscription": "a subscription covers what was asked for",
    "subscription_unknown": "nothing is known yet of how much of the subscription is used",
    "pin_inferior": "the model it was on is not known to be at parity for this, or did worse",
    "pin_unavailable": "the model it was on cannot be used for this",
    "exact_cache": "the same request was answered before",
    "semantic_cache": "a question that means the same was answered before",
}


def because(reason: str | None) -> str:
    """ev_negative -> ev negative: a switch does not pay"""
    meaning = MEANS.get(reason or "")
    return f"{words(reason)}: {meaning}" if meaning else words(reason)


def words(name: str | None) -> str:
    """cheapest_at_parity -> cheapest at parity"""
    return (name or "").replace("_", " ")


def quality(row: Row) -> Iterator[Line]:
    if row["cluster"] is not None:
        label = f", {row['cluster_label']}" if row["cluster_label"] else ""
        found = f"{row['cluster']}{label} (bundle {row['bundle'] or 'unknown'})"
        yield told("cluster", found + kinship(row["evidence"]))
    mine, theirs = row["quality"], row["quality_requested"]
    if mine is not None and theirs is not None:
        side = "below" if mine < theirs else "above"
        found = f"{mine:.3f} expected, {abs(mine - theirs):.3f} {side} the {theirs:.3f} asked for"
        yield told("quality", found + allowed(row["evidence"]))
    elif mine is not None:
        yield told("quality", f"{mine:.3f} expected; of what was asked for it is unknown")


def kinship(evidence: Any) -> str:
    """How sure the head is of the class, and how much the text is of a learned kind at all."""
    if not isinstance(evidence, dict):
        return ""
    share, known = (evidence.get(name) for name in ("class_share", "familiarity"))
    told = f"; the head gives it {share:.0%}" if isinstance(share, int | float) else ""
    if isinstance(known, int | float):
        told += f"; {known:.0%} like what was learned from, the rest counts as of any kind"
    return told


def allowed(evidence: Any) -> str:
    epsilon = evidence.get("epsilon") if isinstance(evidence, dict) else None
    return f"; epsilon is {epsilon:.3f}" if isinstance(epsilon, int | float) else ""


def candidates(row: Row) -> Iterator[Told]:
    found = rows_of(row, "candidates")
    if not found:
        return
    table = grid("candidate", "quality", "expected cost", "score", "outcome", numbers=3)
    for one in found:
        name = f"{one.get('provider')}/{one.get('model')}"
        lost = f"lost: {words(one['lost'])}" if one.get("lost") else "chosen"
        cells = (
            name,
            estimate(one),
            figures.usd(one.get("cost_usd")),
            decimal(one.get("score")),
            lost,
        )
        table.add_row(*map(clean, cells))
    yield table


def estimate(one: Mapping[str, Any]) -> str:
    """0.871 ± 0.012"""
    se = one.get("se")
    return decimal(one.get("quality")) + (f" ± {se:.3f}" if isinstance(se, float) else "")


def decimal(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "-"


def evidence(row: Row) -> Iterator[Line]:
    found = row["evidence"]
    if isinstance(found, dict):
        plain = {name: value for name, value in found.items() if not isinstance(value, dict)}
        if plain:
            yield told("evidence", ", ".join(f"{name} {value}" for name, value in plain.items()))


def changes(row: Row) -> Iterator[Line]:
    for n, one in enumerate(rows_of(row, "changes")):
        yield told("" if n else "changed", f"{one.get('what')}: {one.get('why')}")


def attempts(row: Row) -> Iterator[Line]:
    for n, one in enumerate(rows_of(row, "attempts"), 1):
        status = "no answer" if one.get("status") is None else str(one["status"])
        parts = [f"{one.get('provider')}/{one.get('model')}", status, figures.ms(one.get("ms"))]
        parts += [str(one["error"])] if one.get("error") else []
        yield told("" if n > 1 else "attempts", f"{n}. {', '.join(parts)}")
    if row["status"] is not None:
        stop = f", stopped: {row['stop_reason']}" if row["stop_reason"] else ""
        yield told("answer", f"{row['status']}{stop}")


def times(row: Row) -> Iterator[Line]:
    first, last = figures.ms(row["ttft_ms"]), figures.ms(row["total_ms"])
    decided = figures.ms(row["route_ms"])
    yield told("time", f"decided {decided}, first byte {first}, last byte {last}")


def rows_of(row: Row, column: str) -> list[Mapping[str, Any]]:
    """The objects in a JSON column; a damaged one has none."""
    value = row[column]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def damaged(row: Row) -> Iterator[Line]:
    for name in JSON_COLUMNS:
        if isinstance(row[name], str):
            yield told("damaged", f"{name} is not JSON: {row[name][:SHOWN]}")
