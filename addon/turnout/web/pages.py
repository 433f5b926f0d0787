"""Templates to pages: HTML is escaped everywhere, nothing is said in a template but layout."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from turnout import figures
from turnout.why import parts
from turnout.why.moves import MOVES
from turnout.why.page import Grid, Told

HERE = Path(__file__).parent
# a page: its name in the navigation
NAVIGATION = {
    "/ui/": "Overview",
    "/ui/decisions": "Decisions",
    "/ui/sessions": "Sessions",
    "/ui/quality": "Quality",
    "/ui/models": "Models",
    "/ui/providers": "Providers",
    "/ui/connect": "Connect",
}

# a table of a decision, by its first column: what it shows
CAPTIONS = {
    "candidate": "Who could have served it, and why they did not",
    "tokens": "What it cost, line by line",
    "rest of the session": "What the rest of the session is expected to cost",
}

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def clock(at: float) -> str:
    """Epoch seconds -> 07-05 12:00:00, in UTC as everything else here."""
    found = figures.utc(at)
    return f"{found:%m-%d %H:%M:%S}" if found else "unknown"


def share(part: float | None, whole: float | None) -> str:
    return figures.percent(part / whole if part is not None and whole else None)


def capitalize_first(text: str) -> str:
    """Names further on keep their case."""
    return text[:1].upper() + text[1:]


def served(row: Any) -> str:
    return "/".join(filter(None, (row["provider"], row["model"]))) or figures.UNKNOWN


@dataclass(slots=True)
class Block:
    """What is shown as one: a table, or lines by their label."""

    grid: Grid | None = None
    lines: list[tuple[str, list[str]]] = field(default_factory=list)


def blocks(told: Iterable[Told]) -> list[Block]:
    found: list[Block] = []
    for one in told:
        if isinstance(one, Grid):
            found.append(Block(grid=one))
            continue
        if not found or found[-1].grid:
            found.append(Block())
        lines = found[-1].lines
        if one.label or not lines:
            lines.append((one.label, [one.words]))
        else:
            lines[-1][1].append(one.words)
    return found


_templates.filters |= {
    "blocks": blocks,
    "capitalize_first": capitalize_first,
    "usd": figures.usd,
    "exactly": figures.exactly,
    "count": figures.count,
    "short": figures.short,
    "ms": figures.ms,
    "percent": figures.percent,
    "moment": figures.moment,
    "clock": clock,
    "served": served,
    "because": parts.because,
    "words": parts.words,
    "part": lambda text: quote(str(text), safe=""),  # of a URL
}
_templates.globals |= {
    "share": share,
    "navigation": NAVIGATION,
    "captions": CAPTIONS,
    "MOVES": MOVES,
}


async def page(name: str, code: int = 200, **facts: Any) -> web.Response:
    """Beside the event loop: a long table takes some milliseconds."""
    template = _templates.get_template(name)
    text = await asyncio.to_thread(template.render, facts)
    return web.Response(text=text, content_type="text/html", status=code)
