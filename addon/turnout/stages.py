"""The named stages of the road, and the one place where a test can make a stage fail.

    TURNOUT_FAULT=embed:raise          the stage raises
    TURNOUT_FAULT=embed:sleep:2        the stage takes two seconds longer
    TURNOUT_FAULT=embed:raise,log:raise

Whatever a stage raises becomes a StageError; the client's own request then goes home.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, get_args

from turnout.errors import ConfigError, StageError, TurnoutError

log = logging.getLogger(__name__)

Stage = Literal[
    "recognise",
    "read",
    "features",
    "embed",
    "score",
    "plan",
    "translate",
    "connect",
    "account",
    "log",
]
STAGES: tuple[Stage, ...] = get_args(Stage)

type Fault = Callable[[], None]


class Stages:
    """`with stages("embed"): ...` names what is being done; faults are for tests only."""

    def __init__(self, faults: Mapping[str, Fault] | None = None) -> None:
        self.faults: dict[str, Fault] = dict(faults or {})

    @contextmanager
    def __call__(self, stage: Stage) -> Iterator[None]:
        try:
            if fault := self.faults.get(stage):
                fault()
            yield
        except TurnoutError:
            raise
        except Exception as e:
            raise StageError(stage, e) from e


@contextmanager
def unharmed(what: str) -> Iterator[None]:
    """For what a request can do without: whatever it raises is told in the log, and that is all."""
    try:
        yield
    except Exception as e:
        log.exception("%s: %r", what, e)


class InjectedError(Exception):
    """Raised by a fault that a test asked for."""


def parse(text: str) -> dict[str, Fault]:
    """`stage:raise` or `stage:sleep:SECONDS`, joined by commas."""
    return dict(_fault(item) for item in text.split(",") if item.strip())


def _fault(item: str) -> tuple[str, Fault]:
    stage, _, action = item.strip().partition(":")
    if stage not in STAGES:
        raise ConfigError(f"TURNOUT_FAULT: no stage {stage!r}; there are {', '.join(STAGES)}")
    kind, _, seconds = action.partition(":")
    if kind == "raise":
        return stage, _raise
    if kind == "sleep":
        return stage, lambda: time.sleep(float(seconds))
    raise ConfigError(f"TURNOUT_FAULT: {item!r} is neither STAGE:raise nor STAGE:sleep:SECONDS")


def _raise() -> None:
    raise InjectedError("injected for a test")
