"""Tool arguments on their way to the client: checked as they come, mended where they need it.

    start -> key -> ( string | scalar | nested ) -> key ... -> done
    start -> junk                 not an object: held to the end
    key, scalar, nested -> lost   beyond mending: the object is closed where it stood

A string goes out as it comes, for nothing in it can need mending: its type is right (else it is
held), and it is not empty once its first character is there. Any other value is held until it is
whole, and mended alone. So what went out never has to be taken back.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from turnout.wire import lenient
from turnout.wire.mend import DROPPED, Mender, Schema

LARGEST = 4 << 20  # characters of a value that are still mended

TEXT = r'"(?:[^"\\]|\\.)*'
# the next member up to the first character of its value; or all of it that has come so far
MEMBER = re.compile(rf'\s*(,?)\s*({TEXT}")\s*:\s*(?=\S)', re.DOTALL)
MEMBER_SO_FAR = re.compile(rf'\s*,?\s*(?:{TEXT}(?:\\|"\s*(?::\s*)?)?)?', re.DOTALL)
END = re.compile(r"\s*(,?)\s*\}")
# a quote is the end of a string where the object goes on after it; inside text it does not
CLOSE = re.compile(rf'"\s*(?:\}}|,\s*(?:\}}|{TEXT}"\s*:))', re.DOTALL)
CLOSE_SO_FAR = re.compile(rf'"\s*(?:,\s*(?:{TEXT}(?:\\|"\s*)?)?)?', re.DOTALL)
BODY = re.compile(r'(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))+')
ESCAPE_SO_FAR = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?")
SCALAR = re.compile(r"[^\s,}\]]*(?=[\s,}\]])")
STRUCTURE = re.compile(r'\\.|["\[\]{}]', re.DOTALL)
PYTHON = {"True": "true", "False": "false", "None": "null"}


class Arguments:
    """The arguments of one call: fragments in, fragments of a valid object out.

    `ok` turns False when something was lost; `note` hears of every mend.
    """

    def __init__(self, schema: Schema | None, note: Callable[[str], None]) -> None:
        self.ok = True
        self._note = note
        self._mender = Mender(schema, note) if schema is not None else None
        self._schema = self._mender.resolve(schema) if self._mender and schema else {}
        self._state: Callable[[], str | None] = self._start
        self._text = ""  # come, but not looked at
        self._held: list[str] = []  # of the value that is held, or of junk
        self._empty = True  # nothing went out yet
        self._given: set[str] = set()  # keys of what went out
        self._token, self._key = "", ""  # the member's key, as it was sent and as it reads
        self._open = False  # a string has gone out in part
        self._streams = True  # the string may go out as it comes
        self._depth, self._quoted = 0, False  # of the nested value

    @property
    def missing(self) -> tuple[str, ...]:
        """Required keys that are not there, once all is."""
        required = self._schema.get("required")
        if self._state != self._done or not isinstance(required, list):
            return ()
        return tuple(key for key in required if isinstance(key, str) and key not in self._given)

    def feed(self, fragment: str) -> str:
        """What can go out now."""
        self._text += fragment
        out = []
        while (piece := self._state()) is not None:
            out.append(piece)
        return "".join(out)

    def finish(self) -> str:
        """The rest. Nothing comes after it."""
        state, self._state = self._state, self._done
        if state == self._done:
            return ""
        if state == self._start:
            return "{}"
        if state == self._junk:
            return self._from_junk("".join(self._held).strip())
        self._repaired()
        out = ""
        if state == self._string:
            out = self._close()
        elif state == self._scalar:
            out = self._scalar_is(self._text.strip())
        elif state == self._nested:
            out = self._nested_is("".join(self._held))
        return out + self._end()

    def _start(self) -> str | None:
        self._text = self._text.lstrip()
        if not self._text:
            return None
        if self._text[0] == "{":
            self._text, self._state = self._text[1:], self._member
        else:
            self._state = self._junk
        return ""

    def _junk(self) -> str | None:
        self._held.append(self._text)
        self._text = ""
        return None

    def _from_junk(self, text: str) -> str:
        """Fences, a sentence before the object, or the object in a string."""
        if text == "null":
            return "{}"
        begin = text.find("{")
        if text.startswith('"'):
            inner = _parsed(text)
            text, begin = (inner, inner.find("{")) if isinstance(inner, str) else (text, -1)
        if begin < 0:
            return self._lose() + "{}"
        self._repaired()
        self._text, self._held, self._state = "", [], self._start
        return self.feed(text[begin:]) + self.finish()

    def _member(self) -> str | None:
        if match := MEMBER.match(self._text):
            return self._begin(match[1], match[2], match.end())
        if match := END.match(self._text):
            self._text, self._state = self._text[match.end() :], self._done
            if match[1]:
                self._repaired()
            return self._end()
        if not MEMBER_SO_FAR.fullmatch(self._text):
            self._state = self._lost
            return self._lose()
        return None

    def _begin(self, comma: str, token: str, at: int) -> str:
        """A member's value begins at `at`."""
        key = _parsed(token)
        if not isinstance(key, str):
            self._state = self._lost
            return self._lose()
        if not comma and not self._empty:
            self._repaired()
        self._token, self._key, self._held = token, key, []
        first, self._text = self._text[at], self._text[at:]
        if first == '"':
            self._text, self._state, self._open = self._text[1:], self._string, False
            mender = self._mender
            self._streams = mender is None or mender.text_streams(self._schema, key)
        elif first in "{[":
            self._state, self._depth, self._quoted = self._nested, 0, False
        else:
            self._state = self._scalar
        return ""

    def _string(self) -> str | None:
        text = self._text
        if match := BODY.match(text):
            self._text = text[match.end() :]
            return self._body(match[0])
        if not text or (text[0] == "\\" and ESCAPE_SO_FAR.fullmatch(text)):
            return None
        if text[0] == '"':
            if CLOSE.match(text):
                self._text, self._state = text[1:], self._member
                return self._close()
            if CLOSE_SO_FAR.fullmatch(text):
                return None
        # a quote, a backslash or a control character that should have been escaped
        self._text = text[1:]
        self._repaired()
        return self._body(json.dumps(text[0])[1:-1])

    def _body(self, body: str) -> str:
        if not self._streams:
            self._held.append(body)
            return ""
        head = "" if self._open else self._head() + '"'
        self._open = True
        return head + body

    def _close(self) -> str:
        if self._open:
            return '"'
        raw = '"' + "".join(self._held) + '"'
        return self._give(raw, _parsed(raw))

    def _scalar(self) -> str | None:
        match = SCALAR.match(self._text)
        if match is None:
            return None
        self._text, self._state = self._text[match.end() :], self._member
        return self._scalar_is(match[0])

    def _scalar_is(self, word: str) -> str:
        if not word:  # a key without a value
            return self._repaired()
        if word in PYTHON:
            self._repaired()
            word = PYTHON[word]
        value = _parsed(word, DROPPED)
        return self._lose() if value is DROPPED else self._give(word, value)

    def _nested(self) -> str | None:
        """Looks at each fragment once, for the bracket that ends the value."""
        end = 0
        for match in STRUCTURE.finditer(self._text):
            end, mark = match.end(), match[0]
            if mark == '"':
                self._quoted = not self._quoted
            elif not self._quoted and mark in "{}[]":
                self._depth += 1 if mark in "{[" else -1
                if not self._depth:
                    self._held.append(self._text[:end])
                    self._text, self._state = self._text[end:], self._member
                    return self._nested_is("".join(self._held))
        # a backslash at the very end waits for what it escapes
        keep = len(self._text) - self._text.endswith("\\", end)
        self._held.append(self._text[:keep])
        self._text = self._text[keep:]
        return None

    def _nested_is(self, raw: str) -> str:
        value = _parsed(raw, DROPPED)
        if value is not DROPPED:
            return self._give(raw, value)
        self._repaired()
        try:
            value = lenient.parse(raw)
            return self._give(_dumped(value), value)
        except ValueError:
            return self._lose()

    def _lost(self) -> str | None:
        self._text = ""
        return None

    def _done(self) -> str | None:
        if self._text.strip():
            self._repaired()
        self._text = ""
        return None

    def _give(self, raw: str, value: Any) -> str:
        """A whole member, mended; "" when it is dropped."""
        if self._mender and len(raw) <= LARGEST:
            mended = self._mender.member(self._schema, self._key, value)
            if mended is DROPPED:
                return ""
            if mended != value:
                raw = _dumped(mended)
        return self._head() + raw

    def _head(self) -> str:
        first, self._empty = self._empty, False
        self._given.add(self._key)
        return f"{'{' if first else ','}{self._token}:"

    def _end(self) -> str:
        return "{}" if self._empty else "}"

    def _repaired(self) -> str:
        self._note("json_repaired")
        return ""

    def _lose(self) -> str:
        self.ok = False
        self._note("not_json")
        return ""


def _parsed(text: str, otherwise: Any = None) -> Any:
    try:
        return lenient.loads(text)
    except ValueError:
        return otherwise


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
