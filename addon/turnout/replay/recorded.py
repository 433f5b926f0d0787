"""What readers of recordings give: an action as it was, or why a part of a file is none.

Recorded   arrival, what its answer used, who served it, when it began and ended
Skipped    one word; how many of each there were is told at the end
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from turnout.trip import Arrival
from turnout.wire.events import Usage
from turnout.wire.request import Ask, DialectName

type Read = Iterator["Recorded | Skipped"]
Reason = Literal[
    "not_a_completion",
    "no_answer",
    "no_usage",
    "unreadable",
    "cut",
    "told_twice",
    "too_large",
    "unknown_model",
    "not_made_by_a_model",
]


@dataclass(frozen=True, slots=True)
class Skipped:
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a transcript or the log tells of a request whose bytes are gone.

    `kind`: "" where it has to be found out. `cluster`: in `bundle`, None where it has to be scored;
    `label`: what it was called there.
    """

    ask: Ask
    session: str
    client: str
    kind: str = ""
    agent: str = ""
    project: str = ""
    cluster: int | None = None
    bundle: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """`arrival.at`, `ended`: epoch seconds. `served`: provider and model, where it was not home."""

    arrival: Arrival
    dialect: DialectName
    usage: Usage | None
    ended: float
    status: int | None = 200
    told: Told | None = None
    served: tuple[str, str] | None = None


# a request that nobody will send: any credential will do
HEADERS = (("authorization", "Bearer recorded"), ("x-api-key", "recorded"))


def arrival(home: str, at: float) -> Arrival:
    return Arrival(method="POST", url="", path="", headers=HEADERS, raw=b"", home=home, at=at)


@dataclass(slots=True)
class History:
    """A conversation as a transcript tells it, up to the next request."""

    humans: list[str] = field(default_factory=list)
    messages: int = 0
    tools: set[str] = field(default_factory=set)
    after_tool: bool = False
    images: bool = False
    thoughts: bool = False

    def human(self, text: str) -> None:
        self.humans.append(text)
        self.after_tool = False

    def ask(self, dialect: DialectName, model: str, usage: Usage | None, **facts: object) -> Ask:
        """`input_tokens` as the provider counted them: the bytes are gone."""
        first = self.humans[0] if self.humans else ""
        return Ask(
            dialect=dialect,
            model=model,
            stream=True,
            humans=tuple(reversed(self.humans[-4:])),
            first_human=first,
            input_tokens=total(usage),
            messages=self.messages,
            tools=tuple(sorted(self.tools)) or ("unknown",),
            images=self.images,
            signed_thinking=self.thoughts,
            last_is_tool_result=self.after_tool,
            **facts,  # type: ignore[arg-type]
        )


def total(usage: Usage | None) -> int:
    if usage is None:
        return 0
    written = usage.cache_write_5m + usage.cache_write_1h
    return usage.fresh_input + usage.cache_read + written
