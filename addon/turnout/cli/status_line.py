"""`turnout status --line`: one short line for an agent's status bar. It never fails.

Claude Code gives its state as JSON on stdin: {"session_id": "...", ...}.
https://docs.claude.com/en/docs/claude-code/statusline
"""

import json
import sys

from turnout import control, figures, history
from turnout.cli import log
from turnout.errors import TurnoutError
from turnout.session.identity import plain

LARGEST = 1 << 20  # bytes of stdin that are looked at


def told() -> str:
    """The session that stdin names, "" for none."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    try:
        found = json.loads(sys.stdin.read(LARGEST))
    except (ValueError, OSError):
        return ""
    session = found.get("session_id") if isinstance(found, dict) else None
    return plain(session) if isinstance(session, str) else ""


def line(session: str) -> str:
    try:
        mode = control.every()[0][1].get("mode", "")
    except TurnoutError:
        return "turnout: not running"
    if mode == "off":
        return "turnout: off"
    try:
        with log.read(None) as reader:
            return said(reader.session(session))
    except TurnoutError:
        return "turnout: on"


def said(found: history.Lately | None) -> str:
    """claude-opus-4-7 -> minimax-m3, saved $0.31 of $0.42, cached 93%"""
    if found is None:
        return "turnout: on"
    served = found.chosen if found.reason == "shadow" else found.model
    words = [f"turnout: {found.requested} -> {served}"]
    if found.reason == "shadow":
        words[0] = f"turnout, shadow: {found.requested} would go to {served}"
    elif found.model == found.requested:
        words[0] = f"turnout: {found.requested} ({found.reason.replace('_', ' ')})"
    if found.saved_usd is not None and found.asked_usd:
        verb = "saved" if found.saved_usd >= 0 else "lost"
        saved, of = figures.usd(abs(found.saved_usd)), figures.usd(found.asked_usd)
        words.append(f"{verb} {saved} of {of}")
    if found.cache_hit_rate is not None:
        words.append(f"cached {figures.percent(found.cache_hit_rate)}")
    return figures.clean(", ".join(words))
