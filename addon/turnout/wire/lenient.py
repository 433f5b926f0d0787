"""Reads JSON that is nearly right: cut off, a comma too many, odd escapes, bare line breaks."""

import json
import math
import re
from collections import deque
from typing import Any

# a string, whole or cut; a bracket; a comma; anything else
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*\\?)("?)|[\[\]{},]|[^"\[\]{},]+', re.DOTALL)
CLOSER = {"{": "}", "[": "]"}
ODD_ESCAPE = re.compile(r'(\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})|\\', re.DOTALL)
CUT_ESCAPE = re.compile(
    r"((?:[^\\]|\\[^u]|\\u[0-9a-fA-F]{4})*)(?:\\(?:u[0-9a-fA-F]{0,3})?)?", re.DOTALL
)
CONTROL = re.compile(r"[\x00-\x1f]")
TRIES = 4  # how many values may be given up at the cut


def parse(text: str) -> Any:
    """The value that `text` begins with. Raises ValueError when there is none."""
    fixed: list[str] = []
    stack: list[str] = []
    safe: deque[int] = deque(maxlen=TRIES)  # how many pieces may stand, were the rest given up
    for match in TOKEN.finditer(text):
        piece = match[0]
        if piece in "]}" and stack:
            _drop_comma(fixed)
            fixed.append(stack.pop())
            if not stack:
                return loads("".join(fixed))
            continue
        if piece == ",":
            safe.append(len(fixed))
        fixed.append(_string(match[1], closed=bool(match[2])) if piece[0] == '"' else piece)
        if piece in CLOSER:
            stack.append(CLOSER[piece])
            safe.append(len(fixed))
    return _ended(fixed, [len(fixed), *reversed(safe)])


def loads(text: str) -> Any:
    """Strict JSON; the constants that Python would allow are none, nor what overflows to one."""
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as e:
        raise ValueError("nested too deeply") from e


def _string(body: str, *, closed: bool) -> str:
    """A string made whole: closed, and everything escaped that must be."""
    if not closed and (match := CUT_ESCAPE.fullmatch(body)):
        body = match[1]
    body = ODD_ESCAPE.sub(lambda m: m[1] or "\\\\", body)
    return f'"{CONTROL.sub(lambda m: json.dumps(m[0])[1:-1], body)}"'


def _ended(fixed: list[str], sizes: list[int]) -> Any:
    """The most of a cut text that reads as JSON once its open brackets are closed."""
    for size in sizes:
        try:
            return loads("".join(fixed[:size]) + _closers(fixed[:size]))
        except ValueError:
            continue
    raise ValueError("not JSON")


def _closers(pieces: list[str]) -> str:
    stack: list[str] = []
    for piece in pieces:
        if piece in CLOSER:
            stack.append(CLOSER[piece])
        elif piece in ("]", "}"):
            stack.pop()
    return "".join(reversed(stack))


def _drop_comma(fixed: list[str]) -> None:
    while fixed and not fixed[-1].strip():
        fixed.pop()
    if fixed and fixed[-1] == ",":
        fixed.pop()


def _finite(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise ValueError(f"{digits} is too large")
    return number


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
