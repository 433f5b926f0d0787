"""A body is parsed once, though it is looked into twice."""

import json

import pytest

from turnout.wire import twice
from turnout.wire.dialects import DIALECTS
from turnout.wire.twice import twice as keep
from wire.vendors import NAMES, PATHS, TARGET


def test_the_second_time_is_free() -> None:
    worked: list[bytes] = []

    def parse(body: bytes) -> list[bytes]:
        worked.append(body)
        return [body]

    look, body = keep(parse), b"a body"
    assert look(body) is look(body)
    assert worked == [body]
    look(body)  # a third time begins anew: nothing is kept of what was asked for twice
    look(bytes(bytearray(body)))  # as long and alike, and another request
    assert len(worked) == 3


def test_few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twice, "LARGEST", 20)
    worked: list[bytes] = []
    look = keep(worked.append)
    bodies = [b"body %d" % number for number in range(9)]
    for body in (*bodies, *bodies[-4:]):
        look(body)
    assert worked == bodies
    for body in (bodies[0], b"a body that is large"):
        look(body)
    assert len(worked) == 11
    large = b"a body that is too large"
    for _ in range(2):
        look(large)
    assert worked[-2:] == [large, large]


@pytest.mark.parametrize("name", NAMES)
def test_splicing_changes_nothing_of_it(name: str) -> None:
    """What routing has read is the same, looked at before or after."""
    dialect = DIALECTS[name]  # type: ignore[index]
    told = {"openai_responses": "input", "gemini": "contents"}.get(name, "messages")
    said = {"parts": [{"text": "Hi"}]} if name == "gemini" else {"role": "user", "content": "Hi"}
    body = json.dumps({"model": "m", "max_tokens": 9, told: [said]}).encode()
    path = PATHS[name]  # type: ignore[index]
    asked = dialect.peek(body, path)
    spliced = dialect.splice(body, TARGET)
    assert dialect.splice(body, TARGET) == spliced
    assert dialect.peek(body, path) == asked
    assert dialect.splice(bytes(bytearray(body)), TARGET) == spliced
