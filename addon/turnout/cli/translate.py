"""`turnout translate`: what goes over the wire, for a body or a stream at hand."""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import click

from turnout.cli.route import PATHS
from turnout.cli.target import anyone, named
from turnout.errors import UnsupportedError, WireError
from turnout.wire.dialect import Dialect, Hints
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Event, Failed, Finished, Started
from turnout.wire.request import Change, DialectName
from turnout.wire.tools import Repair
from turnout.wire.translate import NO_END

Kind = Literal["request", "response", "stream"]
MENDED = "answer mended"
ODD = "what the upstream said was odd"


@dataclass(frozen=True, slots=True)
class Translated:
    """`failed`: what the upstream broke off with, "" where it did not: the client is told too."""

    body: bytes
    changes: tuple[Change, ...] = ()
    failed: str = ""


@click.command()
@click.option("--from", "source", type=click.Choice(list(DIALECTS)), required=True)
@click.option("--to", type=click.Choice(list(DIALECTS)), required=True)
@click.option("--kind", type=click.Choice(["request", "response", "stream"]), required=True)
@click.option("--model", help="PROVIDER/MODEL or a model's id. [default: the name in the body]")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: body and changes.")
def translate(
    source: DialectName, to: DialectName, kind: Kind, model: str | None, as_json: bool
) -> int:
    """What goes over the wire: turnout translate --from D --to D --kind request < body.json.

    The changes and their reasons are told on stderr. Exit code 2: it cannot be carried.
    """
    if model and kind != "request":
        raise click.UsageError("--model is for requests: an answer says who gave it")
    body = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    if not body:
        raise click.UsageError("give it a body: turnout translate ... < body.json")
    try:
        if kind == "request":
            got = request(body, source, to, model)
        else:
            got = answer(body, DIALECTS[source], DIALECTS[to], streamed=kind == "stream")
    except UnsupportedError as e:
        return _refused(f"{to} cannot carry this: {e}")
    except WireError as e:
        return _refused(f"the {kind} cannot be read: {e}")
    _show(got, as_json, parsed=kind != "stream")
    return 0


def request(body: bytes, source: DialectName, to: DialectName, model: str | None) -> Translated:
    """Raises WireError, and UnsupportedError for what the target cannot be told."""
    asked = DIALECTS[source].peek(body, PATHS[source]).model
    if not model and DIALECTS[source].place and source != to:
        raise click.UsageError(f"a body in {source} does not name its model: say --model")
    target = named(to, model) if model else anyone(to, asked)
    if source == to:
        written = DIALECTS[to].splice(body, target)
    else:
        written = DIALECTS[to].write_request(
            DIALECTS[source].read_request(body, PATHS[source]), target
        )
    return Translated(written.body, written.changes)


def answer(body: bytes, source: Dialect, to: Dialect, *, streamed: bool) -> Translated:
    """Raises WireError for what is no answer at all; one that breaks off is told as a failure."""
    heard = list(_heard(body, source, streamed=streamed))
    if not heard or heard == [Failed(NO_END)]:
        raise WireError(f"there is no event of {source.name} in it")
    end = heard[-1]
    failed = end.message if isinstance(end, Failed) else ""
    if source is to:
        return Translated(body, failed=failed)
    notes: list[str] = []
    repair = Repair({}, notes.append)
    events = [passed for event in heard for passed in repair.feed(event)]
    odd = end.notes if isinstance(end, Finished) else ()
    changes = [Change(note, MENDED) for note in notes if not note.endswith(": unknown_tool")]
    changes += [Change(note, ODD) for note in odd]
    return Translated(_told(events, to, streamed=streamed), tuple(changes), failed)


def _heard(body: bytes, source: Dialect, *, streamed: bool) -> Iterator[Event]:
    """Up to the first terminal event. A WireError after the start is how the answer broke off."""
    events = _streamed(body, source) if streamed else source.read_answer(body)
    started = False
    try:
        for event in events:
            started = started or isinstance(event, Started)
            yield event
            if isinstance(event, Finished | Failed):
                return
    except WireError as e:
        if not started:
            raise
        yield Failed(str(e))


def _streamed(body: bytes, source: Dialect) -> Iterator[Event]:
    reader = source.stream_reader()
    for piece in (body, b"") if body else (b"",):
        yield from reader.feed(piece)


def _told(events: Sequence[Event], to: Dialect, *, streamed: bool) -> bytes:
    first = next((e for e in events if isinstance(e, Started)), Started("answer", "unknown"))
    hints = Hints(id=first.id, model=first.model, asked=first.model, created=int(time.time()))
    if not streamed:
        return to.write_answer(events, hints)
    writer = to.stream_writer(hints)
    return b"".join(piece for event in events for piece in writer.feed(event))


def _refused(sentence: str) -> int:
    click.echo(f"turnout: {sentence}", err=True)
    return 2


def _show(got: Translated, as_json: bool, *, parsed: bool) -> None:
    if as_json:
        document: dict[str, Any] = {
            "body": json.loads(got.body) if parsed else got.body.decode("utf-8", "replace"),
            "changes": [asdict(change) for change in got.changes],
        }
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(got.body, nl=sys.stdout.isatty())
        _explain(got.changes)
    if got.failed:
        click.echo(f"turnout: the answer ends in a failure: {got.failed}", err=True)


def on_terminal() -> bool:
    return sys.stderr.isatty()


def _explain(changes: Iterable[Change]) -> None:
    """Aligned for a person at a terminal, a line each for a file."""
    if not on_terminal():
        for change in changes:
            click.echo(f"{change.what}: {change.why}", err=True)
        return
    from rich.console import Console
    from rich.text import Text

    from turnout.cli import page

    table = page.grid("changed", "why", numbers=0)
    for change in changes:
        table.add_row(Text(change.what, style="bold"), Text(change.why))
    if table.row_count:
        Console(stderr=True, highlight=False).print(table)
