"""The figures as text, as Markdown, and as plots where matplotlib is there."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from simulation.cached import Lost
from simulation.measure import OCCUR, Detector, Row
from turnout.session.evidence import SIGNALS

ABOUT = (
    "`scripts/simulate --out artifacts/reports`. Measured: who solved which task, and the bills of",
    "one model alone. Documented: prices, caches. Guessed: how sessions go, how failing shows",
    "(`scripts/simulation/knobs.py`, `sessions.py`). So the detector's figures say what turnout's",
    "weights make of those guesses; on trajectories of real agents they have not been measured.",
    "Every model of a pool stays at parity: leaving one that is below it now is not in here.",
)

CACHED = (
    "## When forgetting the session costs more than the requested model",
    "",
    "100 tasks. Bills against the requested model. `naive` comes back to the same host, and finds",
    "its cache of five minutes again: it pays for the prefix once per model, and a cheap model's",
    "uncached input may cost less than a dear one's cached, so it need not cost more. `naive, any",
    "host` takes one of four hosts with caches of their own, as load balancing does.",
)
LOST = (
    "## What a lost cache costs: the simulator against users' reports",
    "",
    "100 tasks. Bills of one model alone, times its own bill with its cache, by the share of steps",
    "whose prefix is not found. Users report three to five times the quota at half (a proxy that",
    "wrote JSON in another order).",
)
SPREAD = "The same, by the number of hosts that the steps are spread over:"

type Changes = list[tuple[str, Detector, dict[str, Row]]]


@dataclass(slots=True)
class Report:
    """`bills`: by suite and pool. `points`: thresholds of the score, and the detector there."""

    seed: int
    tasks: dict[str, int] = field(default_factory=dict)
    bills: dict[str, list[Row]] = field(default_factory=dict)
    measured: dict[str, dict[str, float]] = field(default_factory=dict)
    detectors: dict[str, Detector] = field(default_factory=dict)
    points: dict[str, list[tuple[float, Detector]]] = field(default_factory=dict)
    cached: dict[str, dict[str, Row]] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    changes: Changes = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    def markdown(self) -> str:
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterable[str]:
        yield f"# Sessions, simulated (seed {self.seed})"
        yield ""
        yield from (*ABOUT, "")
        yield "Bill, and points of success: against the requested model. ± one standard error."
        for name, rows in self.bills.items():
            yield from ("", f"## {name}, {self.tasks[name]} sessions", "", *table(_bill_rows(rows)))
        yield from ("", "## Bills of one model alone: simulated and as measured", "")
        yield from table(
            [["model", "simulated", "measured"]]
            + [
                [m, f"${u['simulated']:.3f}", f"${u['measured']:.3f}"]
                for m, u in self.measured.items()
            ]
        )
        yield from ("", *CACHED, "", *table(_cached_rows(self.cached)))
        yield from ("", *LOST, "", *table(_lost_rows(self.lost, "rewritten")))
        yield from ("", SPREAD, "", *table(_lost_rows(self.lost, "hosts")))
        yield from ("", "## The evidence as a detector of sessions that fail", "")
        for name, found in self.detectors.items():
            shares = f"{found.hit:.0%} of failing sessions, {found.false:.0%} of others"
            yield f"{name}: it escalates {shares}."
        for name, points in self.points.items():
            yield from ("", f"{name}, by the highest score of a session:", "")
            rows = [[f"{s:.2f}", f"{d.hit:.0%}", f"{d.false:.0%}"] for s, d in points]
            yield from table([["score", "caught", "false alarms"], *rows])
        if self.changes:
            silent = ", ".join(name for name in SIGNALS if name not in OCCUR)
            yield from ("", "## What the figures hang on", "")
            yield from (f"Signals that no simulated session shows: {silent}.", "")
            yield from table(_change_rows(self.changes))


def _bill_rows(rows: Sequence[Row]) -> list[list[str]]:
    head = ["way", "USD a session", "bill", "solved", "points", "escalated"]
    return [head] + [
        [
            row.name,
            f"{row.usd:.3f}",
            f"{row.share:.1%} ± {row.share_se:.1%}",
            f"{row.solved:.1%}",
            f"{row.points:+.1f} ± {row.points_se:.1f}",
            f"{row.escalated:.0%}",
        ]
        for row in rows
    ]


def _cached_rows(cached: dict[str, dict[str, Row]]) -> list[list[str]]:
    names = ("naive", "naive, any host", "pinned", "economics")
    return [["sessions", *names]] + [
        [name, *(f"{rows[n].share:.0%} ± {rows[n].share_se:.0%}" for n in names)]
        for name, rows in cached.items()
    ]


def _lost_rows(lost: Sequence[Lost], what: str) -> list[list[str]]:
    heads = [["model", *(getattr(one, what))] for one in lost[:1]]
    return heads + [
        [one.model, *(f"{times:.2f}" for times in getattr(one, what).values())] for one in lost
    ]


def _change_rows(changes: Changes) -> list[list[str]]:
    names = ("naive, any host", "cheapest + evidence", "economics + evidence")
    head = ["changed", "caught", "false", *(f"{n}: bill, points" for n in names)]
    return [head] + [
        [
            name,
            f"{found.hit:.0%}",
            f"{found.false:.0%}",
            *(f"{rows[n].share:.0%}, {rows[n].points:+.1f}" for n in names),
        ]
        for name, found, rows in changes
    ]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Markdown that also reads well as text."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def plot(report: Report, folder: Path) -> list[Path]:
    """Nothing where matplotlib cannot be imported."""
    try:
        import matplotlib as mpl

        mpl.use("svg")
        mpl.rcParams["svg.hashsalt"] = "turnout"  # the same figures, the same bytes
        from matplotlib import pyplot
    except ImportError:
        return []
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.2))
    for name, rows in report.bills.items():
        axes[0].scatter([100 * r.share for r in rows], [100 * r.solved for r in rows], label=name)
        for row in rows:
            axes[0].annotate(row.name, (100 * row.share, 100 * row.solved), fontsize=7)
    axes[0].set(xlabel="bill, % of the requested model's", ylabel="solved, %")
    axes[0].legend(fontsize=7)
    for name, points in report.points.items():
        axes[1].plot(
            [100 * d.false for _, d in points], [100 * d.hit for _, d in points], label=name
        )
    axes[1].set(xlabel="false alarms, %", ylabel="failing sessions caught, %")
    axes[1].legend(fontsize=7)
    figure.tight_layout()
    path = folder / "simulation.svg"
    figure.savefig(path, metadata={"Date": None})
    return [path]
