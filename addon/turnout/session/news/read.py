"""Reads only the messages after the last action's: time and memory do not grow with the history.

The messages before stay raw bytes; msgspec skips over them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import msgspec

from turnout.errors import reading
from turnout.session.news import anthropic, gemini, openai_chat, openai_responses
from turnout.session.news.facts import Call, Fact, News, Result
from turnout.wire.request import DialectName

MOST = 24  # new messages that are looked at, the latest: what is older has faded
HEAD, TAIL = 2_000, 6_000  # characters of a result: a command's first lines, a runner's last

type Raws = Sequence[msgspec.Raw]

# the messages of a body, and the facts of some of them
DIALECTS: dict[
    DialectName, tuple[Callable[[bytes], Raws], Callable[[Iterable[msgspec.Raw]], Iterator[Fact]]]
] = {
    "anthropic": (anthropic.messages, anthropic.facts),
    "openai_chat": (openai_chat.messages, openai_chat.facts),
    "openai_responses": (openai_responses.messages, openai_responses.facts),
    "gemini": (gemini.messages, gemini.facts),
}


def news(dialect: DialectName, body: bytes, since: int) -> News:
    """`since`: the messages there were at the last action, 0 at first. Raises WireError.

    Of a history that was rewritten only the last turn can be called new.
    """
    messages, facts = DIALECTS[dialect]
    with reading(dialect):
        raws = messages(body)
        rewritten = len(raws) < since
        start = len(raws) - 1 if rewritten else since
        found = facts(raws[max(start, len(raws) - MOST) :])
        return News(tuple(_joined(found)), len(raws), rewritten)


def _joined(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Results know their calls, and are no longer than need be."""
    calls: dict[str, Call] = {}
    for fact in facts:
        if isinstance(fact, Call):
            calls[fact.id] = fact
        elif isinstance(fact, Result):
            call = calls.get(fact.id, Call("", "", b""))
            text = _excerpt(fact.text)
            fact = replace(fact, text=text, name=call.name, input=call.input)
        yield fact


def _excerpt(text: str) -> str:
    if len(text) <= HEAD + TAIL:
        return text
    return f"{text[:HEAD]}\n...\n{text[-TAIL:]}"
