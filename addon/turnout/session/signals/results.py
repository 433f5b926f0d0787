"""Signals in what came back from tools. What was only read or searched shows nothing."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from turnout.session.news.facts import Result
from turnout.session.signals import runners
from turnout.session.signals.runners import Verdict

# tools that show files, whose text may hold anybody's failures
READERS = re.compile(
    r"(?:read|view|cat|open|grep|glob|ls|list|find|search|fetch|web|toolsearch|todo|update_plan)"
    r"(?:$|_|[A-Z])|(?:Read|Grep|Glob|LS|List|View|WebFetch|WebSearch|TodoWrite|ToolSearch|Skill)$|read_file"
)
# commands that do the same
READING = re.compile(
    r"(?:cat|head|tail|less|more|nl|wc|ls|tree|find|fd|stat|file|grep|egrep|rg|ag|ack|sed\s+-n|awk|cd|pwd|echo"
    r"|git\s+(?:--no-pager\s+)?(?:log|show|diff|blame|status|grep|branch))\b"
)
_STEPS = re.compile(r"\s*(?:&&|\|\||[;|\n])\s*")
# how clients answer a call that they cannot run
MALFORMED = re.compile(
    r"(?:<tool_use_error>)?(?:InputValidationError|(?:Error: )?No such tool available"
    r"|Invalid (?:tool )?(?:arguments|parameters|input)|unsupported (?:custom tool )?call"
    r"|failed to parse function arguments|Tool \S+ (?:not found|does not exist)|Unknown tool)",
    re.IGNORECASE,
)
COMMANDS = ("command", "cmd", "script", "code")

_input = msgspec.json.Decoder(dict[str, Any])


def only_reads(result: Result) -> bool:
    """It shows what stands somewhere, not what something did."""
    if READERS.match(result.name):
        return True
    steps = [step for step in _STEPS.split(_command(result.input)) if step]
    return bool(steps) and all(READING.match(step) for step in steps)


def _command(input: bytes) -> str:
    """The shell's part of a call, "" when it is another tool's."""
    try:
        arguments = _input.decode(input)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    said = next((arguments[name] for name in COMMANDS if arguments.get(name)), "")
    words = said[-1] if isinstance(said, list) and said else said
    return words.strip() if isinstance(words, str) else ""


@lru_cache(maxsize=16)
def verdict(result: Result) -> Verdict:
    """Remembered: several signals ask for it in turn."""
    return "" if only_reads(result) else runners.verdict(result.text)


def tests_failed(result: Result) -> bool:
    return verdict(result) == "tests_failed"


def tests_passed(result: Result) -> bool:
    """A runner that was cut by `| tail` hides its status; its closing line is still there."""
    return verdict(result) == "tests_passed"


def build_failed(result: Result) -> bool:
    return verdict(result) == "build_failed"


def crashed(result: Result) -> bool:
    return verdict(result) == "crashed"


def tool_error(result: Result) -> bool:
    """Its client marks it, or a command's status says so; tests and builds are told apart.

    grep and diff end with 1 when they find nothing, or a difference.
    """
    if verdict(result) or call_malformed(result):
        return False
    status = 0 if only_reads(result) else runners.exit_status(result.text)
    return result.is_error or status not in (None, 0)


def call_malformed(result: Result) -> bool:
    """The client could not run it: no such tool, or arguments that its schema refuses."""
    return bool(MALFORMED.match(result.text.lstrip()))


RESULT_SIGNALS: dict[str, Callable[[Result], bool]] = {
    "tests_failed": tests_failed,
    "build_failed": build_failed,
    "crashed": crashed,
    "tests_passed": tests_passed,
    "tool_error": tool_error,
    "call_malformed": call_malformed,
}
