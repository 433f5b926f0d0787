"""What survives from each dialect to each other one, tried out: the table of README.

python scripts/fidelity.py            prints it
python scripts/fidelity.py README.md  writes it there, between its two markers
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

from fidelity_answers import TOLD, Told
from fidelity_probes import ASKED, BASE, Asked
from turnout.cli.route import PATHS
from turnout.cli.target import anyone
from turnout.errors import UnsupportedError
from turnout.wire.dialect import Hints
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Event
from turnout.wire.request import Change, DialectName, Target

LETTERS: dict[DialectName, str] = {
    "anthropic": "A", "openai_chat": "C", "openai_responses": "R", "gemini": "G",
}  # fmt: skip
MODELS: dict[DialectName, str] = {"gemini": "gemini-3.8-flash"}
LEGEND = (
    "A Anthropic Messages, C OpenAI Chat Completions, R OpenAI Responses, G Gemini; answers in "
    "*italics*. ✓ carried; a word: the reason why no model of that dialect gets the request; [n] "
    "changed, as said below; ≈ only a wider word; blank: the source has no word for it."
)
BEGIN, END = "<!-- fidelity -->", "<!-- /fidelity -->"
CARRIED, WIDER, NO_WORD, LOST = "✓", "≈", "", "LOST"
HINTS = Hints(id="answer_1", model="model")

type Pair = tuple[DialectName, DialectName]


class Notes:
    """What stands below the table, each once and numbered."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, changes: list[Change]) -> str:
        found = [f"{change.what}: {change.why}" for change in changes]
        numbers = [self._numbers.setdefault(note, len(self._numbers) + 1) for note in found]
        return " ".join(f"[{number}]" for number in numbers)

    def lines(self) -> Iterator[str]:
        yield from (f"{number}. {note}" for note, number in self._numbers.items())


def pairs() -> list[Pair]:
    return list(permutations((name for name in LETTERS if name in DIALECTS), 2))


def target(name: DialectName) -> Target:
    return replace(anyone(name, MODELS.get(name, "target")), mid_system=True)


def asked(probe: Asked, pair: Pair, notes: Notes) -> str:
    """The cell of a feature of requests."""
    source, to = pair
    body = _body(probe, source)
    if body is None:
        return NO_WORD
    try:
        first = DIALECTS[source].read_request(body, PATHS[source])
        written = DIALECTS[to].write_request(first, target(to))
    except UnsupportedError as e:
        return e.reason
    second = DIALECTS[to].read_request(written.body, PATHS[to])
    if probe.kept(second) == probe.kept(first):
        return CARRIED
    return notes.number(_apart(written.changes, pair)) or LOST


def _body(probe: Asked, source: DialectName) -> bytes | None:
    """None where the dialect has no word for it."""
    if probe.raw:
        fields = probe.raw.get(source)
        if fields is None:
            return None
        plain = json.loads(DIALECTS[source].write_request(BASE, target(source)).body)
        return json.dumps(plain | dict(fields)).encode()
    try:
        # as its own model has it: nothing is left out as another's
        own = replace(target(source), model=probe.request.model)
        body = DIALECTS[source].write_request(probe.request, own).body
    except UnsupportedError:
        return None
    read = DIALECTS[source].read_request(body, PATHS[source])
    return body if probe.kept(read) == probe.kept(probe.request) else None


def _apart(changes: tuple[Change, ...], pair: Pair) -> list[Change]:
    """Those that this feature brought; all of them if it is not alone in bringing them."""
    source, to = pair
    body = DIALECTS[source].write_request(BASE, target(source)).body
    request = DIALECTS[source].read_request(body, PATHS[source])
    usual = DIALECTS[to].write_request(request, target(to)).changes
    return [change for change in changes if change not in usual] or list(changes)


def told(probe: Told, pair: Pair) -> str:
    """The cell of a feature of answers."""
    source, to = pair
    first = _through(source, list(probe.events))
    if probe.kept(first) != probe.kept(list(probe.events)):
        return NO_WORD
    return CARRIED if probe.kept(_through(to, first)) == probe.kept(first) else WIDER


def _through(name: DialectName, events: list[Event]) -> list[Event]:
    writer, reader = DIALECTS[name].stream_writer(HINTS), DIALECTS[name].stream_reader()
    data = b"".join(piece for event in events for piece in writer.feed(event))
    return [event for piece in (data, b"") for event in reader.feed(piece)]


def rows(notes: Notes) -> Iterator[list[str]]:
    for probe in ASKED:
        yield [probe.name, *(asked(probe, pair, notes) for pair in pairs())]
    for one in TOLD:
        yield [f"*{one.name}*", *(told(one, pair) for pair in pairs())]


def table() -> str:
    notes = Notes()
    head = ["", *(f"{LETTERS[source]}→{LETTERS[to]}" for source, to in pairs())]
    body = [head, ["---"] * len(head), *rows(notes)]
    lines = ["| " + " | ".join(row) + " |" for row in body]
    return "\n".join([LEGEND, "", *lines, "", *notes.lines()])


def put(path: Path) -> None:
    before, _, rest = path.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{path} has no {BEGIN} ... {END}")
    path.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}")


def main(arguments: list[str]) -> Any:
    return put(Path(arguments[0])) if arguments else print(table())


if __name__ == "__main__":
    main(sys.argv[1:])
