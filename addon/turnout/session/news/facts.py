"""The facts of a conversation that evidence is read from, whichever dialect told them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """The model called a tool. `input`: JSON, or the free text of a tool that takes such."""

    id: str
    name: str
    input: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What a call came back with. `is_error`: the client says that it failed.

    `name` and `input` are its call's, empty when that was not among the new messages.
    """

    id: str
    text: str
    is_error: bool = False
    name: str = ""
    input: bytes = b""


@dataclass(frozen=True, slots=True)
class Human:
    """A person wrote this; not a client's reminder."""

    text: str


type Fact = Call | Result | Human


@dataclass(frozen=True, slots=True)
class News:
    """New facts in order. `messages`: how many there are now, to be passed as the next `since`.

    `rewritten`: the history is shorter than it was: trimmed, compacted, or another conversation.
    """

    facts: tuple[Fact, ...] = ()
    messages: int = 0
    rewritten: bool = False
