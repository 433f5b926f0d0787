"""`turnout demo`: the whole road on loopback. Only the providers and the agent are simulated."""

import asyncio
import contextlib
import json
import signal
import textwrap
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from turnout import figures, history
from turnout.cli import audit, page
from turnout.demo.agent import OK, Action, agent
from turnout.demo.sandbox import Sandbox, sandbox
from turnout.demo.story import Story, read
from turnout.errors import TurnoutError

LOG_S = 5.0  # the log may lag behind by half a second
STILL_S = 0.05
WIDTH = 100
INDENT = 33  # columns before the models
TERMINATED = 128 + signal.SIGTERM

NEXT = """
Now with your own agent:
  export ANTHROPIC_API_KEY=...     or OPENROUTER_API_KEY, OPENAI_API_KEY, ...: one or several
  turnout run -- claude            any agent, unmodified, for this one command
  turnout serve                    a proxy that stays up; `turnout audit` shows what it saved"""


@click.command()
@click.option("--keep", is_flag=True, help="Keep the data directory, and say where it is.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def demo(keep: bool, as_json: bool) -> int:
    """Simulated providers and agent through the real proxy. No keys, no network, 20 seconds."""
    console = Console(stderr=True, highlight=False, markup=False) if as_json else page.console()
    try:
        rows = asyncio.run(_demo(Show(console), keep=keep, as_json=as_json))
    except asyncio.CancelledError:
        return TERMINATED
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    return 0


async def _demo(show: "Show", *, keep: bool, as_json: bool) -> dict[str, Any]:
    _end_on_sigterm()
    began, at, story = time.monotonic(), time.time(), read()
    show.opening()
    async with sandbox(story, keep=keep) as box:
        show.started(box, time.monotonic() - began)
        with history.read(box.running.db) as log:
            await _play(story, box, log, show)
            groups = log.audit(at, "model")
            actions = list(log.since(0))
        if not as_json:
            show.closing(groups, at, time.monotonic() - began)
        if keep:
            show.kept(box)
    return {"actions": actions, **audit.document(groups, at, "model")}


async def _play(story: Story, box: Sandbox, log: history.Reader, show: "Show") -> None:
    """Every action of the story; told when the log has its row, which lags a little."""
    sims = (box.anthropic, box.openrouter)
    waiting: deque[Action] = deque()
    async with agent(story, proxy=box.running.proxy, ca=box.running.ca, sims=sims) as worker:
        async for action in worker.work():
            waiting.append(action)
            _tell(waiting, log, show)
    deadline = time.monotonic() + LOG_S
    while waiting:
        if time.monotonic() > deadline:
            raise TurnoutError(f"action {waiting[0].number} is not in the log")
        await asyncio.sleep(STILL_S)
        _tell(waiting, log, show)


def _tell(waiting: deque[Action], log: history.Reader, show: "Show") -> None:
    """The agent sends one request after the other, so the n-th row is its n-th action."""
    rows = list(log.since(0))
    while waiting and waiting[0].number <= len(rows):
        action = waiting.popleft()
        show.action(action, rows[action.number - 1])


def _end_on_sigterm() -> None:
    """So that a killed demo cleans up, too."""
    task = asyncio.current_task()
    if task:
        with contextlib.suppress(NotImplementedError):  # Windows has no such signal
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


@dataclass(slots=True)
class Show:
    """What a person sees."""

    console: Console
    _task: str = field(default="", init=False)
    _label: str = field(default="", init=False)

    def _print(self, *parts: str | tuple[str, str]) -> None:
        self.console.print(Text.assemble(*parts), no_wrap=True, overflow="ellipsis", crop=True)

    def opening(self) -> None:
        self._print(("turnout demo", "bold"), "  no keys, no network")
        self._print("Simulated: two providers and an agent. Real: the proxy, its TLS, the routing.")
        self._print("Starting turnout ...")

    def started(self, box: Sandbox, seconds: float) -> None:
        self._print(f"Proxy on {box.running.proxy} after {seconds:.1f} s; the agent begins.")

    def action(self, action: Action, row: Mapping[str, Any]) -> None:
        """What failed before it; number, kind, cost, time, asked for -> served by, why."""
        self._heading(action, figures.clean(row["cluster_label"] or ""))
        for tried in row["attempts"] or ():
            if tried["error"]:
                failed = f"{tried['error']} from {tried['provider']}/{tried['model']}"
                self._print(" " * INDENT, (f"{figures.clean(failed)}: the next one", "yellow"))
        served = _served(row)
        self._print(
            f"{action.number:3} {action.sending.what:6}",
            f"{figures.usd(row['cost_usd']):>11} {action.ms:6,.0f} ms  ",
            f"{row['requested_model']} → ",
            (served, "green" if served != row["requested_model"] else ""),
            f"  {row['reason']}",
            ("" if row["status"] == OK else f"  status {row['status']}", "red"),
        )

    def _heading(self, action: Action, label: str) -> None:
        """The task where a new one begins, and its class where another one is seen."""
        if action.task.human != self._task:
            self._task, self._label = action.task.human, ""
            said = textwrap.shorten(self._task, WIDTH - len(action.task.client) - 4)
            self._print()
            self._print((f"{action.task.client}: ", "bold"), (said, "italic"))
        if label != self._label:
            self._label = label
            self._print(" " * INDENT, (f"task class: {label}", "dim"))

    def closing(self, groups: Sequence[history.Group], at: float, seconds: float) -> None:
        self._print()
        audit.show(groups, at, "model")
        whole = history.total(groups)
        self._print()
        self._print(
            (f"{figures.usd(whole.cost_usd)} instead of ", "bold"),
            (f"{figures.usd(whole.requested_usd)}", "bold"),
            f" for {whole.actions} actions, in {seconds:.1f} s.",
        )
        self._print("Prices are the catalogue's; the answers and their tokens are simulated.")
        self.console.print(NEXT)

    def kept(self, box: Sandbox) -> None:
        self._print()
        self.console.print(f"Kept: TURNOUT_DATA={box.data} turnout audit", soft_wrap=True)


def _served(row: Mapping[str, Any]) -> str:
    """provider/model; the bare model when it is the one that was asked for."""
    if row["model"] in ("", row["requested_model"]):
        return str(row["requested_model"])
    return f"{row['provider']}/{row['model']}"
