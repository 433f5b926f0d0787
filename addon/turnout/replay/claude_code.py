"""Transcripts of Claude Code: JSON Lines below ~/.claude/projects, one file a session.

A line is a block of a message. All lines of one answer bear its id and repeat its usage, a resumed
session repeats its history in a new file: an answer is counted once, with the usage told last.
The system prompt and the tools are not in them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, BinaryIO

from turnout.replay.lines import Line, blocks, lines, mapping, seconds, text
from turnout.replay.recorded import History, Read, Recorded, Skipped, Told, arrival
from turnout.wire.anthropic import usage as tokens
from turnout.wire.events import Usage
from turnout.wire.request import CacheTtl

SYNTHETIC = "<synthetic>"  # the client's own words in place of an answer


@dataclass(slots=True)
class Thread:
    """The main conversation of a session, or one of its sub-agents'."""

    history: History = field(default_factory=History)
    asked: float = 0.0
    open: "Answer | None" = None


@dataclass(slots=True)
class Answer:
    """An answer whose lines are still coming."""

    id: str
    line: Line
    history: History
    asked: float
    usage: dict[str, Any] = field(default_factory=dict)
    ended: float = 0.0


class Reader:
    """One for all files, so that what two of them tell is counted once."""

    def __init__(self) -> None:
        self._told: set[bytes] = set()

    def read(self, file: BinaryIO, seen: Callable[[int], None]) -> Read:
        threads: dict[str, Thread] = {}
        for line in lines(file, seen):
            if isinstance(line, Skipped):
                yield line
                continue
            try:
                yield from self._line(line, threads)
            except (TypeError, ValueError, AttributeError, LookupError):
                yield Skipped("unreadable")
        for thread in threads.values():
            yield from self._close(thread)

    def _line(self, line: Line, threads: dict[str, Thread]) -> Read:
        kind = line.get("type")
        if kind not in ("user", "assistant") or line.get("isMeta"):
            return
        thread = threads.setdefault(_thread(line), Thread())
        at = seconds(line.get("timestamp")) or thread.asked
        if kind == "user":
            yield from self._close(thread)
            _heard(thread, line, at)
        else:
            yield from self._said(thread, line, at)

    def _said(self, thread: Thread, line: Line, at: float) -> Read:
        message = mapping(line.get("message"))
        if message.get("model") == SYNTHETIC:
            yield Skipped("not_made_by_a_model")
            return
        named = str(message.get("id") or line.get("uuid") or "")
        if thread.open is None or thread.open.id != named:
            yield from self._close(thread)
            before = _copy(thread.history)
            thread.open = Answer(named, line, before, thread.asked or at)
            thread.history.messages += 1
        thread.open.usage |= mapping(message.get("usage"))
        thread.open.ended = thread.asked = at
        for block in blocks(message.get("content")):
            thread.history.thoughts |= block.get("type") == "thinking"
            if block.get("type") == "tool_use":
                thread.history.tools.add(str(block.get("name")))

    def _close(self, thread: Thread) -> Iterator[Recorded | Skipped]:
        answer, thread.open = thread.open, None
        if answer is None:
            return
        key = blake2b(answer.id.encode(), digest_size=10).digest()
        if answer.id and key in self._told:
            yield Skipped("told_twice")
            return
        self._told.add(key)
        yield _recorded(answer)


def _thread(line: Line) -> str:
    agent = line.get("agentId") or (line.get("isSidechain") and "sidechain") or ""
    return f"{line.get('sessionId')}|{agent}"


def _heard(thread: Thread, line: Line, at: float) -> None:
    content = blocks(mapping(line.get("message")).get("content"))
    results = [b for b in content if b.get("type") == "tool_result"]
    words = "\n".join(filter(None, (text(b) for b in content if b.get("type") == "text")))
    thread.history.images |= any(b.get("type") == "image" for b in content)
    thread.history.messages += 1
    thread.asked = at
    if words:
        thread.history.human(words)
    thread.history.after_tool = bool(results) and not words


def _recorded(answer: Answer) -> Recorded:
    line = answer.line
    usage = tokens.read(answer.usage) if answer.usage else None
    model = str(mapping(line.get("message")).get("model") or "")
    ask = answer.history.ask(
        "anthropic", model, usage, cache_ttl=_ttl(usage), sub_agent=bool(line.get("isSidechain"))
    )
    told = Told(
        ask=ask,
        session=str(line.get("sessionId") or ""),
        client="claude-code",
        agent=str(line.get("agentId") or ("sidechain" if line.get("isSidechain") else "")),
        project=str(line.get("cwd") or "").rpartition("/")[2],
    )
    return Recorded(
        arrival=arrival("anthropic", answer.asked),
        dialect="anthropic",
        usage=usage,
        ended=answer.ended,
        told=told,
    )


def _ttl(usage: Usage | None) -> CacheTtl:
    return "1h" if usage and usage.cache_write_1h > usage.cache_write_5m else "5m"


def _copy(history: History) -> History:
    return History(
        humans=[*history.humans[:1], *history.humans[1:][-4:]],
        messages=history.messages,
        tools=set(history.tools),
        after_tool=history.after_tool,
        images=history.images,
        thoughts=history.thoughts,
    )
