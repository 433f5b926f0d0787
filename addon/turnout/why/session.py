"""The part of `turnout why` about the rest of the session: staying, switching, and their terms."""

from collections.abc import Iterator, Mapping
from typing import Any

from turnout import figures
from turnout.why.page import Grid, Told, grid, told

type Row = Mapping[str, Any]
type Terms = Mapping[str, Any]

# a term of both sums: its line
TERMS = {
    "now": "this step",
    "later": "the later ones",
    "reads": "  reading the cache",
    "writes": "  writing to it",
    "output": "  answers",
    "handover": "  lost by switching",
}


def session(row: Row) -> Iterator[Told]:
    """Also for rows whose evidence says nothing: then it is the two sums alone."""
    yield from subscription(_terms(row["evidence"], "subscription"))
    found = _terms(row["evidence"], "session")
    stay, switch = _terms(found, "stay"), _terms(found, "switch")
    if stay and switch:
        yield told("session", sentence(row, found, stay, switch))
        if row["reason"] != "same_model":
            yield told("", basis(found))
            yield sums(stay, switch)
    elif row["stay_usd"] is not None:
        both = f"{figures.usd(row['stay_usd'])} staying, {figures.usd(row['switch_usd'])} switching"
        yield told("session", f"the rest of it costs {both}")
    elif row["switch_usd"] is not None:
        steps = over(found)
        yield told("session", f"it begins here; {figures.usd(row['switch_usd'])} expected{steps}")


def subscription(found: Terms) -> Iterator[Told]:
    """The dollars of its provider are list prices, discounted by how much of it is left."""
    if not found:
        return
    used, factor = _number(found, "used"), _number(found, "factor")
    yield told("plan", f"{used:.0%} of it is used: a token counts {factor:.0%} of its list price")


def sentence(row: Row, found: Terms, stay: Terms, switch: Terms) -> str:
    """stayed: switching would cost $0.41 now and save $0.06 over the 4 steps expected"""
    if row["reason"] == "same_model":
        usd = figures.usd(row["stay_usd"])
        return f"the fresh choice is where it is; {usd} expected{over(found)}"
    switched = bool(found.get("switched"))
    first = effect(_number(switch, "now") - _number(stay, "now"), done=switched)
    rest = effect(_number(switch, "later") - _number(stay, "later"), done=switched)
    verb = "switched: switching" if switched else "stayed: switching would"
    return f"{verb} {first} now and {rest}{over(found)}"


def effect(usd: float, *, done: bool) -> str:
    """0.41 -> cost $0.41; -0.06 -> save $0.06"""
    return f"{'cost' if usd >= 0 else 'save'}{'s' if done else ''} {figures.usd(abs(usd))}"


def over(found: Terms) -> str:
    steps = found.get("steps_expected")
    if not isinstance(steps, int | float):
        return ""
    count = f"{steps:.0f}" if steps >= 2 else f"{steps:.1f}"
    return f" over the {count} steps expected" if steps > 1 else " in the one step expected"


def basis(found: Terms) -> str:
    """What the sums rest on."""
    cached, prefix = found.get("cached_tokens"), found.get("prefix_tokens")
    words = [
        f"{figures.count(cached)} of {figures.count(prefix)} tokens before are in its cache",
        f"{figures.count(found.get('new_tokens'))} are new",
        f"a switch must save more than {figures.usd(found.get('margin_usd'))}",
    ]
    return "; ".join(words)


def sums(stay: Terms, switch: Terms) -> Grid:
    table = grid("rest of the session", "staying", "switching", numbers=2)
    for name, line in TERMS.items():
        mine, other = _number(stay, name), _number(switch, name)
        if mine or other:
            table.add_row(line, figures.usd(mine), figures.usd(other))
    whole = [_number(side, "now") + _number(side, "later") for side in (stay, switch)]
    table.add_row("total", *map(figures.usd, whole))
    return table


def _terms(found: Any, name: str) -> Terms:
    value = found.get(name) if isinstance(found, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _number(terms: Terms, name: str) -> float:
    value = terms.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
