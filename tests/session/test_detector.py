"""The evidence on labelled sessions (scripts/detect): what is caught, and no false alarm."""

# ruff: noqa: E402  scripts are no package

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from detector.corpus import Trajectory, bodies, corpus
from detector.measure import DIALECTS, Seen, measured, rate
from turnout.session.escalate import LEAST_SCORE
from turnout.session.known import TROUBLE
from turnout.session.news.facts import Call, Human, Result
from turnout.session.news.read import MOST, news
from turnout.wire.request import DialectName

# what no proxy can see: nothing fails, nobody complains
SILENT = {"fails in silence", "tests that pass and prove nothing"}


@pytest.fixture(scope="module")
def found() -> list[Seen]:
    return measured()


def test_what_no_failing_session_should_lack(found: list[Seen]) -> None:
    """All that show anything reach the score from which evidence is looked at."""
    visible = [one for one in found if one.fails and one.name not in SILENT]
    low = {one.name for one in visible if one.peak < LEAST_SCORE}
    assert low <= {"calls that cannot be run", "terraform, docker and a database"}
    assert rate(found, LEAST_SCORE).caught >= 0.8 * rate(found, LEAST_SCORE).failing


def test_no_alarm_where_a_session_ends_well(found: list[Seen]) -> None:
    """Logs that speak of failures, tests written first, suites that were red before."""
    assert {one.name for one in found if not one.fails and one.peak >= LEAST_SCORE} == set()


def test_troubled_is_trouble(found: list[Seen]) -> None:
    assert rate(found, TROUBLE).caught >= 0.35 * rate(found, TROUBLE).failing


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_tells_the_same_story(dialect: DialectName) -> None:
    """The same turns in the same order, whoever tells them."""
    for one in corpus():
        *_, whole = bodies(one, dialect)
        facts = news(dialect, whole, max(0, news(dialect, whole, 0).messages - MOST)).facts
        told = [type(fact) for fact in facts]
        turns = [
            [Human] if t.kind == "human" else [Call, Result] for t in one.turns if t.kind != "say"
        ]
        expected = [kind for kinds in turns for kind in kinds]
        assert told == expected[-len(told) :], one.name


def test_the_corpus_is_balanced_and_named_once() -> None:
    ones: list[Trajectory] = corpus()
    assert len({one.name for one in ones}) == len(ones) >= 30
    assert abs(sum(one.fails for one in ones) - len(ones) / 2) <= 3


def test_the_command() -> None:
    ran = subprocess.run(
        ["bash", SCRIPTS / "detect", "--json"],
        env={**os.environ, "TURNOUT_PYTHON": sys.executable},
        capture_output=True,
        check=True,
        text=True,
    )
    assert len(json.loads(ran.stdout)) == len(corpus()) * len(DIALECTS)
