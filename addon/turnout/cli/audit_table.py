"""The table of `turnout audit`: a line for each group and one for all of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.table import Table

from turnout import figures
from turnout.cli.page import grid
from turnout.history import By, Group, Move
from turnout.why.moves import MOVES

WIDE = 118  # columns of a terminal; a narrower one gets fewer figures
WIDEST = 160


@dataclass(frozen=True, slots=True)
class Column:
    """`where`: which terminals get it. `seldom`: only when there are any."""

    title: str
    cell: Callable[[Group], str]
    where: Literal["all", "widest", "wide", "narrow"] = "all"
    seldom: Callable[[Group], int] | None = None


ROUTED = Column("routed", lambda g: figures.count(g.routed))
FIGURES = (
    Column("actions", lambda g: figures.count(g.actions)),
    Column("tokens", lambda g: figures.short(all_tokens(g)), "narrow"),
    Column("input", lambda g: figures.short(g.input_tokens), "wide"),
    Column("cache read", lambda g: figures.short(g.cache_read_tokens), "wide"),
    Column("cache write", lambda g: figures.short(g.cache_write_tokens), "wide"),
    Column("cached", lambda g: figures.percent(g.cache_hit_rate), "widest"),
    Column("output", lambda g: figures.short(g.output_tokens), "wide"),
    Column("cost", lambda g: figures.usd(g.cost_usd)),
    Column("as asked", lambda g: figures.usd(g.requested_usd), "wide"),
    Column("saved", lambda g: figures.usd(g.saved_usd)),
    Column("%", lambda g: figures.percent(g.saved_share)),
    Column("saved, left alone", lambda g: alone(g), "widest", lambda g: estimated(g)),
    Column("errors", lambda g: figures.count(g.errors)),
    Column("failovers", lambda g: figures.count(g.failovers), "wide", lambda g: g.failovers),
    Column("unpriced", lambda g: figures.count(g.unpriced), "wide", lambda g: g.unpriced),
)


def table(groups: Sequence[Group], whole: Group, by: By, *, width: int) -> Table:
    shown = [ROUTED] if by != "model" else []
    shown += [column for column in FIGURES if fits(column, whole, width)]
    found = Table(box=None, pad_edge=False, header_style="bold", footer_style="bold")
    found.show_footer = True
    found.padding = (0, 2 if width >= WIDE else 1, 0, 0)
    for n, title in enumerate(titles(by, width)):
        found.add_column(title, "" if n else "total", overflow="fold", min_width=8)
    for column in shown:
        found.add_column(column.title, column.cell(whole), justify="right", no_wrap=True)
    for group in groups:
        found.add_row(*names(group, by, width), *(column.cell(group) for column in shown))
    return found


def fits(column: Column, whole: Group, width: int) -> bool:
    hidden = {"narrow"} if width >= WIDE else {"wide"}
    hidden |= set() if width >= WIDEST else {"widest"}
    return column.where not in hidden and (column.seldom is None or column.seldom(whole) > 0)


def estimated(group: Group) -> int:
    """Actions for which it is known what the requested model would have cost by itself."""
    return group.actions - group.unpriced - group.unestimated


def alone(group: Group) -> str:
    """$1.20 ($0.80 to $1.90): against the requested model, left alone."""
    low, high = figures.usd(group.alone_saved_low_usd), figures.usd(group.alone_saved_high_usd)
    value = figures.usd(group.alone_saved_usd)
    return value if group.alone_saved_usd is None else f"{value} ({low} to {high})"


def moved(moves: Sequence[Move]) -> Table:
    """What each kind of move was expected to save, and what it cost."""
    found = grid("what happened", "actions", "expected to save", "cost", numbers=3)
    for one in moves:
        expected = "" if one.expected_usd is None else figures.usd(one.expected_usd)
        cost = "" if one.cost_usd is None else figures.usd(one.cost_usd)
        found.add_row(MOVES.get(one.name, one.name), figures.count(one.actions), expected, cost)
    return found


def titles(by: By, width: int) -> tuple[str, ...]:
    if by != "model":
        return (by,)
    return ("asked for", "served by") if width >= WIDE else ("asked for, served by",)


def names(group: Group, by: By, width: int) -> tuple[str, ...]:
    if by != "model":
        return (named(group.key),)
    asked, served = named(group.requested), named(group.served)
    return (asked, served) if width >= WIDE else (f"{asked}\n  {served}",)


def named(text: str) -> str:
    return figures.clean(text) or "(none)"


def all_tokens(group: Group) -> int | None:
    kinds = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
    known = [tokens for kind in kinds if (tokens := getattr(group, kind)) is not None]
    return sum(known) if known else None


def notes(whole: Group) -> Iterator[str]:
    """What the figures leave out."""
    if whole.unpriced:
        yield (
            f"{whole.unpriced:,} of {whole.actions:,} actions have no known cost; "
            "no dollar figure counts them."
        )
    if whole.alone_saved_usd is not None:
        more = "more" if whole.alone_saved_usd >= 0 else "less"
        bounds = (whole.alone_saved_low_usd, whole.alone_saved_high_usd)
        low, high = (figures.usd(usd) for usd in bounds)
        yield (
            f"Left alone, with its own tokens and cache, what was asked for would have cost"
            f" {figures.usd(abs(whole.alone_saved_usd))} {more} ({low} to {high})."
        )
    if whole.attempts_usd:
        yield f"{figures.usd(whole.attempts_usd)} of the cost is for answers that nobody got."
    if whole.uncompared:
        yield (
            f"Saved is over the {whole.actions - whole.uncompared:,} actions whose cost is known "
            "both for what served them and for what was asked for."
        )
