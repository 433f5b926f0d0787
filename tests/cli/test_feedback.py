"""feedback: what a person says reaches the turnout that has the action in its log."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Call
from turnout import control
from turnout.errors import ConfigError

Capture = pytest.CaptureFixture[str]
ALARM = {"id": "b|3|small", "troubled": 9.0, "sessions": 12.0, "promise": 0.21}


@dataclass
class Told:
    """A running turnout that knows one action."""

    knows: str
    db: Path
    said: list[tuple[str, bool]] = field(default_factory=list)
    found: list[dict[str, Any]] = field(default_factory=list)

    def feedback(self, id: str, *, good: bool) -> dict[str, Any]:
        if id != self.knows:
            raise ConfigError(f"no decision {id!r}")
        self.said.append((id, good))
        return {"decision": id, "good": int(good), "model": "small", "cluster": 3}

    def alarms(self) -> list[dict[str, Any]]:
        return self.found

    def release(self, alarm: str) -> None:
        if alarm not in [one["id"] for one in self.found]:
            raise ConfigError(f"no alarm {alarm!r}; there are: none")
        self.found = []


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Told]:
    running = [Told("a1", Path("one.db")), Told("b2", Path("two.db"))]
    monkeypatch.setattr(control, "every", lambda: [(one, {}) for one in running])
    return running


@pytest.mark.parametrize(("word", "good", "how"), [("+", True, "well"), ("-", False, "badly")])
def test_a_word(
    call: Call, told: list[Told], capsys: Capture, word: str, good: bool, how: str
) -> None:
    assert call("feedback", "b2", word) == 0
    assert [one.said for one in told] == [[], [("b2", good)]]
    assert f"small did {how} in class 3" in capsys.readouterr().err


def test_an_action_that_nobody_knows(call: Call, told: list[Told], capsys: Capture) -> None:
    assert call("feedback", "zz", "+") == 2
    assert capsys.readouterr().err == "turnout: no decision 'zz'\n"


@pytest.mark.parametrize("words", [("a1",), ("a1", "maybe"), ("a1", "+", "x")])
def test_wrong_use(call: Call, told: list[Told], words: tuple[str, ...]) -> None:
    assert call("feedback", *words) == 2
    assert [one.said for one in told] == [[], []]


def test_alarms_are_listed_and_released(call: Call, told: list[Told], capsys: Capture) -> None:
    assert call("feedback") == 0
    assert "no alarm" in capsys.readouterr().err
    for one in told:
        one.found = [ALARM]
    assert call("feedback") == 0
    assert "b|3|small  trouble in 9 of 12 sessions, 21% was promised" in capsys.readouterr().out
    assert call("feedback", "--release", "b|3|small") == 0
    assert [one.found for one in told] == [[], []]
    assert call("feedback", "--release", "b|3|small") == 2
