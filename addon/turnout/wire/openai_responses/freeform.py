"""A free-form tool's input, between the bare text its client wants and the JSON others write.

{"input": "*** Begin Patch\\n"}   <->   *** Begin Patch
"""

import json
import re

from turnout.wire.openai_responses.tools import INPUT

HEAD = re.compile(rf'\s*\{{\s*"{INPUT}"\s*:\s*"')
# what may go out now: whole characters and escapes; a high surrogate waits for its other half
PLAIN = re.compile(
    r'(?:[^"\\]|\\["\\/bfnrt]|\\u(?![dD][89abAB])[0-9a-fA-F]{4}'
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[0-9a-fA-F]{4})+"
)


class Bare:
    """JSON fragments in, text out, as it comes. What is no such object comes out as it is."""

    def __init__(self) -> None:
        self._whole: list[str] = []
        self._rest = ""  # come, but not given out
        self._inside = False
        self._given: list[str] = []

    def feed(self, fragment: str) -> str:
        self._whole.append(fragment)
        self._rest += fragment
        if not self._inside and (head := HEAD.match(self._rest)):
            self._inside, self._rest = True, self._rest[head.end() :]
        if not self._inside or not (plain := PLAIN.match(self._rest)):
            return ""
        self._rest = self._rest[plain.end() :]
        text = _text(plain[0])
        self._given.append(text)
        return text

    def finish(self) -> str:
        """What is left to say."""
        given = "".join(self._given)
        whole = "".join(self._whole)
        said = _input(whole)
        if said is None:
            return "" if given else whole
        return said[len(given) :] if said.startswith(given) else ""


def _text(body: str) -> str:
    """Control characters that should have been escaped are let through."""
    return str(json.loads(f'"{body}"', strict=False))


def _input(whole: str) -> str | None:
    try:
        said = json.loads(whole, strict=False)
    except (ValueError, RecursionError):
        return None
    value = said.get(INPUT) if isinstance(said, dict) else None
    return value if isinstance(value, str) else None


class Wrapped:
    """Text fragments in, JSON fragments out."""

    def __init__(self) -> None:
        self._open = False

    def feed(self, text: str) -> str:
        head = "" if self._open else f'{{"{INPUT}": "'
        self._open = True
        return head + json.dumps(text)[1:-1]

    def finish(self) -> str:
        return '"}' if self._open else f'{{"{INPUT}": ""}}'
