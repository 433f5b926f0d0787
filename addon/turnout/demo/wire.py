"""What a simulated provider has to know of a dialect. One file each: anthropic.py,
openai.py, responses.py, gemini.py."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from turnout.demo.cache import PrefixCache, Prompt
from turnout.demo.faults import Shapes
from turnout.demo.speech import Heard, Turn

type Body = Mapping[str, Any]


class RefusedError(Exception):
    """The provider will not answer this: an HTTP status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said, by whom, and what it took. `number` makes ids unique and repeatable.

    `by`: what its opaque reasoning is bound to, "" for nothing.
    """

    number: int
    model: str
    turn: Turn
    prompt: Prompt
    output: int
    reasoning: int
    wants_usage: bool = True
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """`check` raises RefusedError for what the real provider refuses; `needs` is a header.

    Its second argument is what opaque reasoning in the body has to be bound to.

    `placed`: the body with what the path says (`model`, `stream`, `array`) among its keys.
    """

    completion: str  # path below /v1, a glob
    check: Callable[[Body, str], None]
    key: Callable[[Mapping[str, str]], str]
    hear: Callable[[Body], Heard]
    prompt: Callable[[PrefixCache, Heard], Prompt]
    whole: Callable[[Answer], bytes]
    events: Callable[[Answer], list[bytes]]
    shapes: Shapes
    models: Callable[[Sequence[str]], bytes]
    unknown_model: Callable[[str], RefusedError]
    headers: Callable[[int], Mapping[str, str]]
    needs: str = ""
    placed: Callable[[Body, str], Body] = lambda body, _: body


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())
