"""What the signals of a session add up to, step by step."""

# ruff: noqa: E501  the lines of tables

import json
from itertools import count

import msgspec
import pytest

from turnout.session import evidence as ev
from turnout.session.evidence import SIGNALS, Evidence, answered, failing, fold, handed_over
from turnout.session.news.facts import Call, Fact, Human, News, Result
from turnout.session.signals.answers import ANSWER_SIGNALS, Said
from turnout.session.signals.results import RESULT_SIGNALS

FAILED = Result("", "=== 1 failed in 0.10s ===\n")
PASSED = Result("", "=== 3 passed in 0.10s ===\n")
ERROR = Result("", "no such file", is_error=True)
LOOK = Call("c", "Bash", b'{"command":"ls"}')


def edit(n: object, path: str = "a.py", before: object = "x") -> Call:
    arguments = {"file_path": path, "old_string": str(before), "new_string": str(n)}
    return Call("c", "Edit", json.dumps(arguments).encode())


def live(*steps: list[Fact], start: Evidence | None = None) -> Evidence:
    """Each list of facts is one step."""
    found, places = start or Evidence(), count((start or Evidence()).seen + 2, 2)
    for facts in steps:
        found = fold(found, News(tuple(facts), next(places)))
    return found


BEGIN: list[Fact] = [Human("fix it")]


def test_every_signal_can_fire() -> None:
    of_calls = {"call_repeated", "loop", "edit_undone", "stalled"}
    of_people = {"human_corrects", "human_moves_on"}
    assert SIGNALS.keys() == RESULT_SIGNALS.keys() | ANSWER_SIGNALS.keys() | of_calls | of_people
    good = {name for name, signal in SIGNALS.items() if signal.weight < 0}
    assert good == {"tests_passed", "human_moves_on"}
    assert all(0 < signal.decay < 1 for signal in SIGNALS.values())


# fmt: off
SESSIONS = {
    # steps                                                       signals that are left
    "a beginning":            ([BEGIN],                                   set()),
    "a first word is no correction": ([[Human("no, wait")]],              set()),
    "an error":               ([BEGIN, [ERROR]],                          {"tool_error"}),
    "tests fail":             ([BEGIN, [FAILED]],                         {"tests_failed"}),
    "tests pass":             ([BEGIN, [PASSED]],                         {"tests_passed"}),
    "they pass at last":      ([BEGIN, [FAILED], [FAILED], [PASSED]],     {"tests_passed"}),
    "they fail again":        ([BEGIN, [PASSED], [FAILED]],               {"tests_failed"}),
    "the same call":          ([BEGIN, [LOOK], [LOOK], [LOOK]],           {"call_repeated"}),
    "five times":             ([BEGIN, *[[LOOK]] * 5],                    {"call_repeated", "loop"}),
    "c82 a human breaks it":  ([BEGIN, *[[LOOK]] * 2, BEGIN, [LOOK]],     {"human_moves_on"}),
    "back and forth":         ([BEGIN, [edit(2, before=1)], [edit(1, before=2)]], {"edit_undone"}),
    "a correction":           ([BEGIN, [LOOK], [Human("still failing")]], {"human_corrects"}),
    "the next thing":         ([BEGIN, [FAILED], [Human("add a flag")]],  {"human_moves_on"}),
    "go on":                  ([BEGIN, [FAILED], [Human("continue")]],    {"tests_failed"}),
    "many steps":             ([BEGIN, *[[Call("", "Bash", b'{"command":"ls %d"}' % n)] for n in range(10)]], {"stalled"}),
    "many steps, new files":  ([BEGIN, *[[edit(n, f"{n}.py")] for n in range(20)]], set()),
}
# fmt: on


@pytest.mark.parametrize(("steps", "names"), SESSIONS.values(), ids=SESSIONS)
def test_sessions(steps: list[list[Fact]], names: set[str]) -> None:
    assert live(*steps).loads.keys() == names


def test_a_signal_counts_once_a_step_and_fades() -> None:
    signal = SIGNALS["tests_failed"]
    one = live(BEGIN, [FAILED, FAILED])
    assert one.loads == {"tests_failed": signal.weight}
    assert live([LOOK], start=one).score == pytest.approx(signal.weight * signal.decay)
    assert live([FAILED], start=one).score == pytest.approx(signal.weight * (1 + signal.decay))
    faded = live(
        *([[Call("", "Bash", b'{"a":%d}' % n)] for n in range(10)]), start=live(BEGIN, [ERROR])
    )
    assert "tool_error" not in faded.loads


def test_a_retry_changes_nothing() -> None:
    before = live(BEGIN, [ERROR])
    assert fold(before, News((), before.seen)) is before


def test_a_summary_is_no_new_task() -> None:
    """After a compaction the client's summary stands where a person wrote."""
    before = live(BEGIN, [FAILED], [FAILED])
    after = fold(before, News((Human("This session is being continued"),), 1, rewritten=True))
    assert after.loads.keys() == {"tests_failed"}
    assert (after.tasks, after.seen) == (1, 1)


def test_the_end_of_an_answer() -> None:
    before = live(BEGIN, [ERROR])
    assert answered(before, Said("end")) is before
    after = answered(before, Said("length"))
    assert after.loads == {**before.loads, "answer_cut": SIGNALS["answer_cut"].weight}
    assert after.steps == before.steps


def test_the_next_model_starts_anew() -> None:
    before = live(BEGIN, [FAILED], *[[LOOK]] * 5)
    after = handed_over(before)
    assert (after.score, after.calls, after.seen, after.tasks) == (0.0, (), before.seen, 1)


def test_failing_without_evidence_is_what_was_predicted() -> None:
    assert failing(Evidence(), 0.77) == pytest.approx(0.23)
    assert failing(Evidence(), 1.0) == pytest.approx(ev.SURE)
    assert failing(Evidence(loads={"loop": 900.0}), 0.5) == pytest.approx(1 - ev.SURE)
    assert failing(Evidence(loads={"loop": -900.0}), 0.5) == pytest.approx(ev.SURE)


def test_evidence_moves_the_odds() -> None:
    struggling = live(BEGIN, *[[FAILED]] * 4, [Human("still failing")])
    well = live(BEGIN, [FAILED], [PASSED])
    assert failing(well, 0.77) < 0.23 < failing(struggling, 0.77)


def test_it_survives_a_restart() -> None:
    before = live(BEGIN, [edit(1)], [FAILED], *[[LOOK]] * 5)
    assert msgspec.json.decode(msgspec.json.encode(before), type=Evidence) == before


def test_it_stays_small() -> None:
    steps = [[Call("", "Edit", edit(n, f"{n}.py").input), ERROR, FAILED] for n in range(500)]
    after = live(BEGIN, *steps)
    assert len(msgspec.json.encode(after)) < 4096
