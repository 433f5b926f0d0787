"""The script of the demo, read from story.toml: tasks, the model's turns, the tools' results."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from turnout.demo.faults import Fault
from turnout.demo.speech import Call, Turn

PATH = Path(__file__).with_name("story.toml")
Client = Literal["claude-code", "openai-sdk"]


@dataclass(frozen=True, slots=True)
class Step:
    """A turn of the model, and what its tools bring. `fault`: what a provider does wrong first."""

    turn: Turn
    results: tuple[str, ...] = ()
    error: bool = False
    fault: Mapping[str, Any] | None = None

    def faults(self) -> list[Fault]:
        return [Fault(**self.fault)] if self.fault else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a human asks. Tasks of one `session` share a conversation; `title`: it needs a name."""

    session: str
    human: str
    steps: tuple[Step, ...]
    title: bool = False
    client: Client = "claude-code"
    model: str = "claude-opus-4-8"
    stream: bool = True


@dataclass(frozen=True, slots=True)
class Story:
    instructions: str
    tools: Mapping[str, Mapping[str, Any]] = field(repr=False)
    tasks: tuple[Task, ...]

    def plays(self) -> dict[str, Sequence[Turn]]:
        """What the simulated models say."""
        return {task.human: [step.turn for step in task.steps] for task in self.tasks}


def read(path: Path = PATH) -> Story:
    found = tomllib.loads(path.read_text())
    tools = {name: _schema(tool) for name, tool in found["tools"].items()}
    tasks = tuple(_task(task) for task in found["tasks"])
    return Story(found["client"]["instructions"].strip(), tools, tasks)


def _schema(tool: Mapping[str, Any]) -> dict[str, Any]:
    parts = {name: {"type": kind} for name, kind in tool["properties"].items()}
    schema = {"type": "object", "properties": parts, "required": tool["required"]}
    return {"description": tool["description"], "schema": schema}


def _task(task: dict[str, Any]) -> Task:
    steps = tuple(_step(step) for step in task.pop("steps"))
    return Task(steps=steps, **task)


def _step(step: Mapping[str, Any]) -> Step:
    calls = tuple(Call(**call) for call in step.get("calls", ()))
    turn = Turn(text=step.get("text", ""), thinking=step.get("thinking", ""), calls=calls)
    results = tuple(step.get("results", ()))
    return Step(turn, results, step.get("error", False), step.get("fault"))
