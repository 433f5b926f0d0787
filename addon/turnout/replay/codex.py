"""Rollouts of Codex: JSON Lines below ~/.codex/sessions, one file a session.

    session_meta     {id, cwd}                          turn_context    {model, cwd}
    response_item    a message, a call, its output      event_msg       token_count: one action

`last_token_usage` is of one action; the same count may be told again, which its total shows.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from turnout.replay.lines import Line, blocks, lines, mapping, seconds, text
from turnout.replay.recorded import History, Read, Recorded, Skipped, Told, arrival
from turnout.wire.events import Usage
from turnout.wire.numbers import count

INJECTED = ("<environment_context>", "<user_instructions>", "<permissions")


@dataclass(slots=True)
class Session:
    id: str = ""
    project: str = ""
    model: str = ""
    asked: float = 0.0
    total: int = -1
    history: History = field(default_factory=History)


class Reader:
    def read(self, file: BinaryIO, seen: Callable[[int], None]) -> Read:
        session = Session()
        for line in lines(file, seen):
            if isinstance(line, Skipped):
                yield line
                continue
            try:
                yield from _line(line, session)
            except (TypeError, ValueError, AttributeError, LookupError):
                yield Skipped("unreadable")


def _line(line: Line, session: Session) -> Read:
    payload = mapping(line.get("payload"))
    at = seconds(line.get("timestamp")) or session.asked
    match line.get("type"):
        case "session_meta":
            session.id = str(payload.get("id") or "")
            session.project = str(payload.get("cwd") or "").rpartition("/")[2]
        case "turn_context":
            session.model = str(payload.get("model") or session.model)
        case "response_item":
            _item(payload, session, at)
        case "event_msg" if payload.get("type") == "token_count":
            yield from _counted(mapping(payload.get("info")), session, at)
        case _:
            pass


def _item(item: dict[str, Any], session: Session, at: float) -> None:
    history = session.history
    match item.get("type"):
        case "message" if item.get("role") == "user":
            words = "\n".join(filter(None, map(text, blocks(item.get("content")))))
            history.messages += 1
            if words and not words.startswith(INJECTED):
                history.human(words)
                session.asked = at
        case "function_call" | "custom_tool_call" | "local_shell_call":
            history.tools.add(str(item.get("name") or "shell"))
            history.messages += 1
        case "function_call_output" | "custom_tool_call_output":
            history.messages += 1
            history.after_tool = True
            session.asked = at
        case _:
            pass


def _counted(info: dict[str, Any], session: Session, at: float) -> Read:
    last = mapping(info.get("last_token_usage"))
    whole = count(info, "total_token_usage", "total_tokens")
    if not last:
        return
    if whole and whole == session.total:
        yield Skipped("told_twice")
        return
    session.total = whole
    usage = _usage(last)
    told = Told(
        ask=session.history.ask("openai_responses", session.model, usage),
        session=session.id,
        client="codex",
        project=session.project,
    )
    yield Recorded(
        arrival=arrival("openai", session.asked or at),
        dialect="openai_responses",
        usage=usage,
        ended=at,
        told=told,
    )
    session.asked = at


def _usage(last: dict[str, Any]) -> Usage:
    """input_tokens hold the cached ones, output_tokens those of reasoning."""
    read = min(count(last, "cached_input_tokens"), count(last, "input_tokens"))
    return Usage(
        fresh_input=count(last, "input_tokens") - read,
        cache_read=read,
        output=count(last, "output_tokens"),
        reasoning=count(last, "reasoning_output_tokens"),
    )
