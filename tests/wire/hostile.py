"""Where bytes of strangers come in. A door takes any bytes; what it raises is a fault of ours.

The gate knocks at every door a few times (test_hostile.py), scripts/fuzz for as long as it is told.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from turnout.config import load
from turnout.errors import ConfigError, WireError
from turnout.wire import splice, sse
from turnout.wire.dialect import Dialect
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Failed, Finished
from turnout.wire.recognise import base_home, is_responses_upgrade, recognise
from turnout.wire.request import DialectName, Target
from turnout.wire.tools import Repair
from turnout.wire.translate import Translation, translate
from wire import upstreams
from wire.upstreams import HINTS
from wire.vendors import PATHS, TARGET, bodies, written

type Door = Callable[[bytes], None]

# models that can do much, little, and other things
TARGETS = (
    TARGET,
    Target(model="x", reasoning="adaptive", pattern_in_schema=False, samplers=False, tools=False),
    Target(model="x", reasoning="budget", max_output=5, schema_refs=False, image_urls=False),
    Target(model="x", reasoning="effort", efforts=("low",), replays_reasoning=True, stop=0),
)


TOML = (
    'mode = "shadow"\n[proxy]\nlisten = "127.0.0.1:0"\n[policy]\ndeny = ["a/*", "region:cn"]\n',
    '[providers.local]\nbase_url = "http://127.0.0.1:1/v1"\ndialect = "openai_chat"\nkey = "none"\n'
    '[[providers.local.models]]\nid = "m"\ninput = 0.5\n',
    '[[limits]]\nper = ["client"]\nusd_per_day = 5\n[tenants.a]\nparent = "b"\n[tenants.b]\n',
    '[cache]\nexact = true\nttl_s = 60\n[hedge]\nenabled = true\n[store]\nbodies = "none"\n',
)


def peek(dialect: Dialect, data: bytes) -> None:
    with suppress(WireError):
        assert dialect.peek(data, PATHS[dialect.name]).dialect == dialect.name


def edited(dialect: Dialect, data: bytes) -> None:
    """The client's bytes for another model are JSON again."""
    for target in TARGETS:
        with suppress(WireError):
            assert isinstance(json.loads(dialect.splice(data, target).body), dict)


def request(dialect: Dialect, data: bytes) -> None:
    with suppress(WireError):
        asked = dialect.read_request(data, PATHS[dialect.name])
        for other in DIALECTS.values():
            for target in TARGETS:
                with suppress(WireError):
                    json.loads(other.write_request(asked, target).body)


def answer(dialect: Dialect, data: bytes) -> None:
    """Whatever an upstream says, the client gets an answer or an error, in JSON."""
    for other in DIALECTS.values():
        repair = Repair({}, lambda _: None)
        body, _ = translate(
            data, dialect.read_answer, other.write_answer, HINTS, lambda _: None, repair
        )
        json.loads(body)
    dialect.read_error(data)


def stream(dialect: Dialect, data: bytes) -> None:
    """In one piece or in two, a stream ends in exactly one terminal event."""
    for other in DIALECTS.values():
        ends: list[Finished | Failed] = []

        def watch(event: object, ends: list[Finished | Failed] = ends) -> None:
            if isinstance(event, Finished | Failed):
                ends.append(event)

        repair = Repair({}, lambda _: None)
        passing = Translation(dialect.stream_reader(), other.stream_writer(HINTS), watch, repair)
        half = len(data) // 2
        for piece in (*filter(None, (data[:half], data[half:])), b""):
            b"".join(passing(piece))
        assert len(ends) == 1


def path(data: bytes) -> None:
    said = data.decode("latin-1")
    name = recognise("POST", said)
    assert name is None or name in PATHS
    base_home(said, {said: said})
    is_responses_upgrade("GET", said, {"upgrade": said})
    for dialect in DIALECTS.values():
        if dialect.place and name == dialect.name:
            assert dialect.place(said).model
        if dialect.moved and name == dialect.name:
            dialect.moved(said, "other")


def frames(data: bytes) -> None:
    reader = sse.FrameReader()
    for piece in (data, b"") if data else (b"",):
        list(reader.feed(piece))


def edit(data: bytes) -> None:
    with suppress(WireError):
        got = splice.edit(data, replace={"model": b'"x"'}, remove=["a"], insert={"b": b"1"})
        assert json.loads(got)["b"] == 1


def configured(data: bytes) -> None:
    """Any file is a configuration, or one sentence that begins with its name."""
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(data)
        file.flush()
        try:
            load([Path(file.name)], {})
        except ConfigError as e:
            assert str(e).startswith(file.name)


def doors() -> dict[str, Door]:
    found: dict[str, Door] = {"path": path, "frames": frames, "edit": edit, "toml": configured}
    for name, dialect in DIALECTS.items():
        for door in (peek, edited, request, answer, stream):
            found[f"{name} {door.__name__}"] = partial(door, dialect)
    return found


DOORS = doors()


def seeds() -> Iterator[tuple[str, bytes]]:
    """Good bytes for each door: from them fuzzing starts."""
    yield from (("path", where.encode()) for where in PATHS.values())
    for name, body in bodies():
        yield from ((f"{name} {door}", body) for door in ("peek", "edited", "request"))
        yield "edit", body
    for name, dialect in DIALECTS.items():
        for _, events in upstreams.CHAT.values():
            if isinstance(events[-1], Finished):
                yield f"{name} answer", dialect.write_answer(events, HINTS)
            yield f"{name} stream", written(dialect, events)
    yield from (("toml", text.encode()) for text in TOML)
    yield from (("frames", b"".join(sent)) for sent, _ in upstreams.ANTHROPIC.values())


def seeded() -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {name: [] for name in DOORS}
    for name, data in seeds():
        found[name].append(data)
    return found


def speaks(name: str) -> DialectName | None:
    """The dialect of a door; None where bytes have none yet."""
    return next((dialect for dialect in DIALECTS if name.startswith(dialect + " ")), None)
