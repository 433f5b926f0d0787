"""The figures for a person."""

from rich.console import Console
from rich.table import Table

from benchmark.figures import DIRECT, EMPTY, GOAL, ROUTED, Figures, Latency


def show(figures: Figures, console: Console) -> None:
    console.print(" · ".join(f"{name} {value}" for name, value in figures.machine.items()))
    for one in figures.latency:
        console.print(_latency(one))
    console.print(_rest(figures))


def _latency(one: Latency) -> Table:
    what = "to the first byte" if one.mode == "streamed" else "to the last byte"
    table = Table(title=f"{one.mode} answers, {one.concurrency} at once: ms {what}")
    table.add_column("client ->")
    for name in ("median", "p95", "added", f"x {EMPTY}", "p95 x", "added x"):
        table.add_column(name, justify="right")
    for name, took in one.took.items():
        ratios = ["", "", ""]
        if name not in (DIRECT, EMPTY):
            found = (one.ratio(name), one.ratio_p95(name), one.ratio_added(name))
            ratios = [f"{ratio:.2f}" for ratio in found]
        added = "" if name == DIRECT else f"{one.added(name):+.2f}"
        style = "bold" if name == ROUTED else ""
        table.add_row(name, f"{took.median:.2f}", f"{took.p95:.2f}", added, *ratios, style=style)
    verdict = "reached" if one.ratio() <= GOAL else "missed"
    table.caption = f"goal: {ROUTED} at most {GOAL} x {EMPTY}: {verdict}"
    return table


def _rest(figures: Figures) -> Table:
    table = Table("", "", "median", "p95")
    for name, took in figures.route_ms.items():
        table.add_row("deciding, ms", name, f"{took.median:.2f}", f"{took.p95:.2f}")
    for name, took in figures.short_ms.items():
        told = f"{name}: {figures.handshakes[name]} upstream handshakes"
        label = f"{figures.clients} short-lived clients, ms"
        table.add_row(label, told, f"{took.median:.2f}", f"{took.p95:.2f}")
    for label, values in (
        ("start, s", figures.start_s),
        ("resident memory, MiB", figures.rss_mb),
        ("a request of 1.2 MB, ms", figures.reading_ms),
    ):
        for name, value in values.items():
            table.add_row(label, name, f"{value:g}", "")
    return table
