"""Live quality over a real store: written down, recalled by the next process, released by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import decided
from turnout import history
from turnout.errors import ConfigError
from turnout.quality import Quality
from turnout.session.alarm import FEWEST, Ended, Place
from turnout.store import Store

HERE = Place("2026-07", 7, "claude-haiku-4-5")
ID = "2026-07|7|claude-haiku-4-5"
FACTS = {"decision": "d1", "session": "s1", "provider": "a", "score": 1.5, "signals": {"loop": 2.0}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "turnout.db") as log:
        yield log


class Clock:
    now = decided.AT + 100

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def quality(store: Store) -> Quality:
    return Quality(store, Clock())


def fail(quality: Quality, times: int = int(FEWEST) + 2, *, troubled: bool = True) -> None:
    for _ in range(times):
        quality.tell(Ended(place=HERE, troubled=troubled, quality=0.8), **FACTS)


def again(store: Store) -> Quality:
    """The next process."""
    store.flush(30)
    later = Quality(store, Clock())
    later.recall()
    return later


def test_an_alarm_is_visible_and_unroutes(quality: Quality, store: Store) -> None:
    assert quality.alarmed("2026-07", 7) == frozenset()
    fail(quality)
    assert quality.alarmed("2026-07", 7) == {"claude-haiku-4-5"}
    (warning,) = quality.warnings()
    assert "claude-haiku-4-5 is not routed to in class 7" in warning
    assert f"--release '{ID}'" in warning
    store.flush(30)
    with history.read(store.path) as log:
        (row,) = log.alarms()
    assert (row["id"], row["released_at"]) == (ID, None)
    assert row["worse"] >= 0.95
    assert [one["id"] for one in quality.listed()] == [ID]


def test_what_was_told_is_in_the_log(quality: Quality, store: Store) -> None:
    fail(quality, 1)
    store.flush(30)
    with history.read(store.path) as log:
        (row,) = log._rows("SELECT * FROM evidence")
    assert (row["troubled"], row["model"], row["quality"]) == (1, "claude-haiku-4-5", 0.8)
    assert (row["decision"], row["session"], row["score"]) == ("d1", "s1", 1.5)
    assert row["signals"] == '{"loop":2.0}' or row["signals"] == {"loop": 2.0}


def test_it_survives_a_restart(quality: Quality, store: Store) -> None:
    fail(quality)
    later = again(store)
    assert later.alarmed("2026-07", 7) == {"claude-haiku-4-5"}
    assert later._alarms.tally(HERE).sessions == pytest.approx(quality._alarms.tally(HERE).sessions)


def test_a_release_holds_after_a_restart(quality: Quality, store: Store) -> None:
    fail(quality)
    quality.release(ID)
    assert quality.alarmed("2026-07", 7) == frozenset()
    later = again(store)
    assert later.alarmed("2026-07", 7) == frozenset()
    assert later._alarms.tally(HERE).sessions == 0, "what was counted before is forgotten"
    fail(later)
    assert later.alarmed("2026-07", 7) == {"claude-haiku-4-5"}
    with pytest.raises(ConfigError, match="no alarm 'x'; there are: 2026-07"):
        later.release("x")


def test_a_persons_word(quality: Quality, store: Store) -> None:
    store.add(decided.row())
    row = quality.judged("01abc")
    said = [quality.feedback(row, good=False) for _ in range(3)]
    assert said[0] == {
        "decision": "01abcdefghjkmn",
        "session": "s1",
        "good": 0,
        "bundle": "2026-07",
        "cluster": 7,
        "model": "claude-haiku-4-5",
    }
    assert quality.alarmed("2026-07", 7) == {"claude-haiku-4-5"}
    assert again(store).alarmed("2026-07", 7) == {"claude-haiku-4-5"}


@pytest.mark.parametrize("facts", [{"cluster": None}, {"cluster_label": "could not be read"}])
def test_words_on_nothing(quality: Quality, store: Store, facts: dict[str, object]) -> None:
    store.add(decided.row(of_decision=facts))
    with pytest.raises(ConfigError, match="no decision 'zz'"):
        quality.judged("zz")
    with pytest.raises(ConfigError, match="nothing to learn"):
        quality.judged("01abc")


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    store = Store(tmp_path / "nowhere" / "turnout.db")
    store.close()
    store.path.unlink()
    Quality(store, Clock()).recall()


CLASS = "agentic coding: repository issues"


def _earlier(store: Store, quality: Quality) -> None:
    """An alarm of an earlier bundle, whose class has a name in the log."""
    fail(quality)
    named = {"bundle": HERE.bundle, "cluster": HERE.cluster, "cluster_label": CLASS}
    store.add(decided.row(of_decision=named | {"id": FACTS["decision"]}))


def test_an_alarm_stands_in_the_next_bundle_for_the_class_of_its_name(
    quality: Quality, store: Store
) -> None:
    """Else each release would bring back what sessions were lost by."""
    _earlier(store, quality)
    later = again(store)
    assert later.alarmed("2026-08", 3, CLASS) == {"claude-haiku-4-5"}
    assert later.alarmed("2026-08", 3, f"unfamiliar, nearest to {CLASS}") == {"claude-haiku-4-5"}
    assert later.alarmed("2026-08", 7, "writing") == frozenset()
    assert f"in class 7 ({CLASS}): trouble" in next(later.warnings())
    assert [one["label"] for one in later.listed()] == [CLASS]
    later.release(ID)
    assert later.alarmed("2026-08", 3, CLASS) == frozenset()


def test_a_bundle_that_has_learned_from_it_decides_by_itself(
    quality: Quality, store: Store
) -> None:
    _earlier(store, quality)
    store.flush(30)
    later = Quality(store, Clock())
    later.recall(["own"])
    assert later.alarmed("own", 3, CLASS) == frozenset()
    assert later.alarmed(*HERE[:2], CLASS) == {"claude-haiku-4-5"}
