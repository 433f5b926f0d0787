"""The routing mark: who answered, as the first words of an answer's text. Off unless asked for.

    [turnout: provider/model]

It is the beginning of the first text and never a block of its own, so thoughts stay in front and an
answer of nothing but tool calls has none. mark_out.py writes it into an answer's bytes,
mark_in.py takes it out of what a client sends back.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from turnout.errors import WireError
from turnout.wire.dialect import StreamWriter
from turnout.wire.events import Event, Text
from turnout.wire.request import Request

HINT = b"turnout:"  # in every body that has a mark in it
# as JSON writes it; some encoders escape the slash
WRITTEN = re.compile(
    rb'\[turnout: ([^\s\[\]\\"/]+(?:\\?/[^\s\[\]\\"/]+)+)\](?:(?:\\r)?\\n){0,2}', re.ASCII
)
READ = re.compile(r'\[turnout: [^\s\[\]\\"/]+(?:/[^\s\[\]\\"/]+)+\]', re.ASCII)


def mark(provider: str, model: str) -> str:
    return f"[turnout: {provider}/{model}]\n\n"


@dataclass(frozen=True, slots=True)
class Marking:
    """What a request allows. `last`: provider/model of who answered before, "" for nobody."""

    last: str = ""

    def text(self, provider: str, model: str, request: Callable[[], Request]) -> str:
        """ "" where the answer has no mark.

        An answer that goes on with words of the client's (a prefill) has none: they are one text.
        """
        name = f"{provider}/{model}"
        if name == self.last or not READ.fullmatch(f"[turnout: {name}]"):
            return ""
        try:
            roles = [message.role for message in request().messages]
        except WireError:
            return ""  # what cannot be read might want anything
        fits = roles[-1:] != ["assistant"] and (self.last or "assistant" not in roles)
        return mark(provider, model) if fits else ""


class Marked:
    """Puts the mark before the first text of an answer."""

    def __init__(self, mark: str) -> None:
        self._mark = mark

    def __call__(self, event: Event) -> Event:
        if not self._mark or not isinstance(event, Text) or not event.text:
            return event
        said, self._mark = self._mark + event.text, ""
        return Text(said)


def marked(events: Iterable[Event], mark: str) -> Iterator[Event]:
    return map(Marked(mark), events)


class MarkedWriter:
    """After whoever watches: neither the log nor a cache sees the mark."""

    def __init__(self, writer: StreamWriter, mark: str) -> None:
        self._writer, self._marked = writer, Marked(mark)

    def feed(self, event: Event) -> Iterable[bytes]:
        return self._writer.feed(self._marked(event))
