"""The log, read: one decision, the latest, and what they add up to."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import decided
from turnout import history, store, sums
from turnout.errors import ConfigError
from turnout.history import BY, By, Group, NoDecisionError, total
from turnout.record import Tried
from turnout.store import Store

FAILED = (
    Tried(provider="deepseek", model="deepseek-v3.2", status=529, error="overloaded", ms=80.0),
    Tried(provider="anthropic", model="claude-haiku-4-5", status=200, ms=300.0),
)
UNKNOWN = {"usage": None, "cost_usd": None, "requested_same_tokens_usd": None}


def one(n: int, decision: Mapping[str, Any], outcome: Mapping[str, Any]) -> dict[str, Any]:
    at = {"id": f"id{n:04}", "at": decided.AT + 40_000 * n}
    return decided.row(of_decision=at | decision, of_outcome=outcome)


# a day and a half: two models, two clients, a failover, errors, and unknowns of each kind
ROWS = [
    one(0, {}, {}),
    one(1, {"session": "s2", "client": "codex"}, {"attempts": FAILED}),
    one(
        2,
        {"model": "claude-opus-4-5", "cluster": None, "cluster_label": ""},
        {"cost_usd": 0.030775},
    ),
    one(3, {"project": ""}, {"status": None, "error": "cut", **UNKNOWN}),
    one(
        4,
        {"requested_model": "mystery-1", "model": "", "provider": "openai"},
        {"status": 400, **UNKNOWN},
    ),
    one(5, {}, {"requested_same_tokens_usd": None}),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "turnout.db", ROWS)


def written(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    with Store.open(path) as log:
        for row in rows:
            log.add(row)
    return path


@pytest.mark.parametrize("ref", ["id0002", "last", "id0002 whole"])
def test_one_decision(path: Path, ref: str) -> None:
    with store.read(path) as reader:
        if ref == "last":
            assert reader.decision(ref)["id"] == "id0005"
        else:
            assert reader.decision(ref.split()[0])["id"] == "id0002"


def test_json_columns_are_decoded(path: Path) -> None:
    with store.read(path) as reader:
        row = reader.decision("id0001")
    assert [tried["status"] for tried in row["attempts"]] == [529, 200]
    assert row["evidence"] == {"epsilon": 0.02}
    assert [one["lost"] for one in row["candidates"]] == ["", "score", "below_parity"]


REFS: dict[str, tuple[list[str], str, str]] = {
    "whole": (["ab", "abc"], "ab", "ab"),
    "beginning": (["abc", "b"], "a", "abc"),
    "two begin so": (["abc", "abd"], "ab", "'ab' begins more than one id: abc, abd ..."),
    "none": (["abc"], "x", "no decision 'x'"),
    "nothing said": (["abc", "b"], "", "'' begins more than one id: abc, b ..."),
    "a pattern is no pattern": (["abc"], "a%", "no decision 'a%'"),
    "SQL is only text": (["abc"], "' OR 1=1 --", "no decision"),
    "an empty log": ([], "last", "the log is empty"),
}


@pytest.mark.parametrize(("made", "ref", "found"), REFS.values(), ids=REFS)
def test_references(tmp_path: Path, made: list[str], ref: str, found: str) -> None:
    path = written(tmp_path / "log.db", [decided.row(of_decision={"id": name}) for name in made])
    with store.read(path) as reader:
        if found in made:
            assert reader.decision(ref)["id"] == found
        else:
            with pytest.raises(NoDecisionError, match=r".*") as caught:
                reader.decision(ref)
            assert found in str(caught.value)


def test_latest_and_since(path: Path) -> None:
    with store.read(path) as reader:
        assert [row["id"] for row in reader.latest(2)] == ["id0005", "id0004"]
        later = reader.since(decided.AT + 40_000 * 3)
        assert [row["id"] for row in later] == ["id0004", "id0005"]


def group(**facts: Any) -> dict[str, Any]:
    """Of one row of ROWS."""
    return {
        "key": "",
        "requested": "claude-opus-4-5",
        "served": "anthropic/claude-haiku-4-5",
        "actions": 1,
        "routed": 1,
        "input_tokens": 1200,
        "cache_read_tokens": 20_000,
        "cache_write_tokens": 340,
        "output_tokens": 500,
        "cost_usd": 0.006155,
        "attempts_usd": None,
        "requested_usd": 0.030775,
        "saved_usd": 0.02462,
        "comparable_usd": 0.030775,
        "alone_saved_usd": None,
        "alone_saved_low_usd": None,
        "alone_saved_high_usd": None,
        "unpriced": 0,
        "uncompared": 0,
        "unestimated": 1,
        "errors": 0,
        "failovers": 0,
    } | facts


NOTHING_KNOWN = {name: None for name in group() if name.endswith(("_tokens", "_usd"))} | {
    "unpriced": 1,
    "uncompared": 1,
    "unestimated": 0,
    "errors": 1,
}


def audited(path: Path, by: By, since: float = 0.0) -> list[Group]:
    with store.read(path) as reader:
        return reader.audit(since, by)


def test_by_model(path: Path) -> None:
    dear, cheap, mystery = audited(path, "model")
    assert asdict(dear) == group(
        key="claude-opus-4-5 -> anthropic/claude-opus-4-5",
        served="anthropic/claude-opus-4-5",
        routed=0,
        cost_usd=0.030775,
        saved_usd=0.0,
    )
    assert asdict(cheap) == group(
        key="claude-opus-4-5 -> anthropic/claude-haiku-4-5",
        actions=4,
        routed=4,
        input_tokens=3600,
        cache_read_tokens=60_000,
        cache_write_tokens=1020,
        output_tokens=1500,
        cost_usd=0.018465,
        requested_usd=0.06155,
        saved_usd=0.04924,
        comparable_usd=0.06155,
        unpriced=1,
        uncompared=2,
        unestimated=3,
        errors=1,
        failovers=1,
    )
    assert (
        asdict(mystery)
        == group(key="mystery-1 -> openai", requested="mystery-1", served="openai", routed=0)
        | NOTHING_KNOWN
    )


def test_order_is_dearest_first_and_days_in_order(path: Path) -> None:
    assert [g.key for g in audited(path, "client")] == ["claude-code", "codex"]
    assert [g.key for g in audited(path, "session")] == ["s1", "s2"]
    assert [g.key for g in audited(path, "project")] == ["turnout", ""]
    assert [g.key for g in audited(path, "cluster")] == ["", "7 small edits"]
    days = audited(path, "day")
    assert [(g.key, g.actions) for g in days] == [
        ("2026-07-05", 2),
        ("2026-07-06", 2),
        ("2026-07-07", 2),
    ]


@pytest.mark.parametrize("by", BY)
def test_every_grouping_has_the_same_total(path: Path, by: By) -> None:
    whole = asdict(total(audited(path, by)))
    names = {"key": "total", "requested": whole["requested"], "served": whole["served"]}
    assert whole == group(
        **names,
        actions=6,
        routed=4,
        input_tokens=4800,
        cache_read_tokens=80_000,
        cache_write_tokens=1360,
        output_tokens=2000,
        cost_usd=0.04924,
        requested_usd=0.092325,
        saved_usd=0.04924,
        comparable_usd=0.092325,
        unpriced=2,
        uncompared=3,
        unestimated=4,
        errors=2,
        failovers=1,
    )
    assert set(whole["requested"].split(",")) == {"claude-opus-4-5", "mystery-1"}


def test_since_leaves_out_what_came_before(path: Path) -> None:
    (only,) = audited(path, "client", decided.AT + 40_000 * 5)
    assert only.actions == 1
    assert audited(path, "client", decided.AT + 40_000 * 5 + 1) == []


def test_the_total_of_nothing() -> None:
    nothing = total([])
    assert (nothing.actions, nothing.errors, nothing.cost_usd) == (0, 0, None)
    assert nothing.saved_share is None


def test_a_row_without_a_key_is_a_group(tmp_path: Path) -> None:
    bare = {"id": "a", "at": decided.AT}
    path = written(tmp_path / "log.db", [bare])
    for by in BY:
        (only,) = audited(path, by)
        assert only.key == ("2026-07-05" if by == "day" else "")
        assert (only.actions, only.unpriced, only.cost_usd) == (1, 1, None)


def test_damaged_json_stays_text_and_stops_nothing(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE decisions SET attempts = '[{', evidence = x'ff' WHERE id = 'id0001'")
        db.commit()
    with store.read(path) as reader:
        row = reader.decision("id0001")
        assert (row["attempts"], row["evidence"]) == ("[{", b"\xff")
        assert total(reader.audit(0, "model")).failovers == 1  # counted when it was written


ESTIMATED = {
    "requested_counterfactual_usd": 0.02,
    "requested_counterfactual_low_usd": 0.01,
    "requested_counterfactual_high_usd": 0.05,
    "attempts_usd": 0.001,
}


def test_bounds_are_added_up(tmp_path: Path) -> None:
    """Over the actions that have them; the others are counted."""
    rows = [one(0, {}, ESTIMATED), one(1, {}, ESTIMATED), one(2, {}, {}), one(3, {}, UNKNOWN)]
    (only,) = audited(written(tmp_path / "log.db", rows), "client")
    saved = (only.alone_saved_low_usd, only.alone_saved_usd, only.alone_saved_high_usd)
    assert saved == pytest.approx((0.02 - 0.01231, 0.04 - 0.01231, 0.1 - 0.01231))
    assert (only.unestimated, only.unpriced, only.attempts_usd) == (1, 1, 0.002)


def test_cache_hit_rate(path: Path) -> None:
    whole = total(audited(path, "day"))
    assert whole.cache_hit_rate == pytest.approx(80_000 / (4800 + 80_000 + 1360))
    assert total([]).cache_hit_rate is None


def test_a_log_of_an_older_turnout_is_read_as_it_is(path: Path) -> None:
    """Its failovers are counted in its JSON; what it does not know is unknown."""
    with closing(sqlite3.connect(path)) as db:
        for index in ("decisions_sums", "decisions_moves", "decisions_shadow"):
            db.execute(f"DROP INDEX {index}")
        for column in ("tries", "attempts_usd", "hedge_usd", "routed_usd"):
            db.execute(f"ALTER TABLE decisions DROP COLUMN {column}")
        db.commit()
    whole = total(audited(path, "model"))
    assert (whole.actions, whole.failovers, whole.attempts_usd) == (6, 1, None)


def test_what_moved_is_found_without_looking_at_the_rest(path: Path) -> None:
    """SQLite takes a partial index only for a condition in its own terms."""
    with store.read(path) as reader:
        asked = reader._conn.execute("EXPLAIN QUERY PLAN " + sums._MOVES, {"since": 0})
        plan = [row["detail"] for row in asked if " decisions" in row["detail"]]
    assert len(plan) == 3 and all("INDEX decisions_moves" in step for step in plan), plan


def test_an_audit_by_model_looks_nothing_up_and_sorts_no_row(path: Path) -> None:
    """A log of a million rows has gigabytes of JSON beside the numbers."""
    with store.read(path) as reader:
        plan = [
            row["detail"]
            for row in reader._conn.execute(
                "EXPLAIN QUERY PLAN " + sums.statement(reader._conn, "model", "1"), (0,)
            )
        ]
    assert any("USING COVERING INDEX decisions_sums" in step for step in plan), plan
    inner = plan[: next(n for n, step in enumerate(plan) if step.startswith("SCAN (sub"))]
    assert not any("TEMP B-TREE" in step for step in inner), plan


@pytest.mark.parametrize("by", BY)
def test_no_grouping_reads_the_rows_themselves(path: Path, by: By) -> None:
    with store.read(path) as reader:
        told = reader._conn.execute(
            "EXPLAIN QUERY PLAN " + sums.statement(reader._conn, by, "1"), (0,)
        )
        plan = [row["detail"] for row in told]
    assert "SCAN decisions USING COVERING INDEX decisions_sums" in plan


VIEWS = {
    "daily": ("day", "day", {"saved_usd", "unpriced", "errors", "routed", "actions", "cost_usd"}),
    "sessions": ("session", "session", {"saved_usd", "unpriced", "errors", "actions", "cost_usd"}),
}


@pytest.mark.parametrize("view", VIEWS)
def test_views_agree_with_the_audit(path: Path, view: str) -> None:
    key, by, names = VIEWS[view]
    groups = {g.key: asdict(g) for g in audited(path, by)}  # type: ignore[arg-type]
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        rows = [dict(row) for row in db.execute(f"SELECT * FROM {view}")]
    assert len(rows) == len(groups)
    for row in rows:
        for name in names:
            assert row[name] == pytest.approx(groups[row[key]][name]), name


def test_savings_view_counts_what_can_be_compared(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT model, actions, saved_usd, saved_share FROM savings").fetchall()
    assert found == [
        ("claude-haiku-4-5", 2, pytest.approx(0.04924), pytest.approx(0.8)),
        ("claude-opus-4-5", 1, 0.0, 0.0),
    ]


def test_reads_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with Store.open(path) as log:
        assert log.flush(60)
        with store.read(path) as reader:
            for n in range(3):
                log.add(decided.numbered(n))
                assert log.flush(60)
                assert total(reader.audit(0, "model")).actions == n + 1


def test_reading_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    with store.read(path) as reader:
        reader.audit(0, "model")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader._conn.execute("DELETE FROM decisions")
    assert path.read_bytes() == before


def empty(path: Path) -> None:
    path.touch()


def another_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipes (name)")


def a_letter(path: Path) -> None:
    path.write_text("Dear reader, this is no database. " * 200)


def a_folder(path: Path) -> None:
    path.mkdir()


def nothing(path: Path) -> None:
    del path


OTHERS = {f.__name__: f for f in (empty, another_database, a_letter, a_folder, nothing)}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_what_is_no_log_is_refused_with_its_name(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "a.db"
    make(path)
    with pytest.raises(ConfigError) as caught:
        history.read(path)
    assert str(path) in str(caught.value)
    said = "there is no log yet" if make is nothing else "cannot be read as turnout's log"
    assert said in str(caught.value)
