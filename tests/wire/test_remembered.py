"""Work on schemas is done once."""

from typing import Any

import pytest

from turnout.errors import UnsupportedError
from turnout.wire import remembered
from turnout.wire.openai_responses import DIALECT
from turnout.wire.remembered import remembered as keep
from turnout.wire.request import Message, Request, Target, Text, Tool

STRING: dict[str, Any] = {"type": "string"}


def counted() -> tuple[list[dict[str, Any]], Any]:
    worked: list[dict[str, Any]] = []

    def work(schema: dict[str, Any], *, loud: bool = False) -> dict[str, Any]:
        worked.append(schema)
        return {"loud": loud, "of": schema}

    return worked, keep(work)


def test_the_same_schema_is_worked_on_once() -> None:
    worked, work = counted()
    assert work(STRING) is work(dict(STRING))
    assert work(STRING, loud=True) != work(STRING)
    assert work({"type": "number"}) != work(STRING)
    assert len(worked) == 3


def test_it_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 2)
    worked, work = counted()
    for schema in (STRING, {}, {"a": 1}, STRING):
        work(schema)
    assert len(worked) == 4


# what has no key: too long, no JSON, half a character
UNKEPT: dict[str, dict[str, Any]] = {
    "long": {"description": "x" * remembered.LONGEST},
    "no JSON": {"x": object()},
    "half a character": {"description": "\ud800"},
}


@pytest.mark.parametrize("schema", UNKEPT.values(), ids=UNKEPT)
def test_what_is_worked_on_every_time(schema: dict[str, Any]) -> None:
    worked, work = counted()
    work(schema)
    work(schema)
    assert len(worked) == 2


def test_errors_are_raised_again() -> None:
    def refuse(schema: dict[str, Any]) -> None:
        raise UnsupportedError("schema", str(schema))

    work = keep(refuse)
    for _ in range(2):
        with pytest.raises(UnsupportedError):
            work(STRING)


def test_targets_are_kept_apart() -> None:
    """The same tool for a model that takes `pattern`, and for one that does not."""
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^x"}}}
    asked = Request(
        model="m",
        messages=(Message("user", (Text("go"),)),),
        tools=(Tool("t", "", schema, strict=False),),
    )
    with_it = DIALECT.write_request(asked, Target(model="t")).body
    without = DIALECT.write_request(asked, Target(model="t", pattern_in_schema=False)).body
    assert b'"pattern"' in with_it
    assert b'"pattern"' not in without
    assert DIALECT.write_request(asked, Target(model="t")).body == with_it
