"""The log on a real file, and what happens to that file in the field."""

import logging
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

import decided
from turnout import store
from turnout.errors import ConfigError
from turnout.store import Store, known

ROOT = Path(__file__).parents[1]


def ids(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [found for (found,) in db.execute("SELECT id FROM decisions ORDER BY id")]


def numbered(n: int) -> list[str]:
    return [f"id{k:08}" for k in range(n)]


def until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@contextmanager
def child(code: str, *args: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, with turnout and the tests on its path."""
    environ = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "addon"), str(ROOT / "tests")])
    }
    command = [sys.executable, "-c", code, *map(str, args)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, env=environ
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "turnout.db"


def test_written_and_read_again(path: Path) -> None:
    row = decided.row()
    with Store.open(path) as log:
        log.add(row)
    with Store.open(path) as log:
        assert (log.warning, log.dropped) == ("", 0)
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        assert dict(db.execute("SELECT * FROM decisions").fetchone()) == row
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_unknown_is_null(path: Path) -> None:
    with Store.open(path) as log:
        log.add(decided.row(of_outcome={"usage": None, "cost_usd": None}))
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT typeof(cost_usd), typeof(output_tokens), typeof(tenant) FROM decisions"
        assert db.execute(sql).fetchone() == ("null", "null", "text")


def test_the_schema_explains_itself(path: Path) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as db:
        (schema,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'decisions'").fetchone()
        columns = db.execute("PRAGMA table_info(decisions)").fetchall()
        assert db.execute("SELECT version FROM schema_version").fetchone() == (len(known()),)
    *first, last = schema.splitlines()[1:]
    added = re.findall(r", (\w+ \w+) /\* (.*?) \*/", last)  # by later steps
    lines = {line.split()[0]: line for line in [*first, *(" -- ".join(pair) for pair in added)]}
    assert list(lines) == [name for _, name, *_ in columns]
    obvious = {"tenant", "project"}
    assert {name for name, line in lines.items() if "--" not in line} == obvious
    assert all("tokens" in lines[n].partition("--")[2] for n in lines if n.endswith("_tokens"))
    assert all("USD" in lines[n].partition("--")[2] for n in lines if n.endswith("_usd"))
    assert all("milliseconds" in lines[n].partition("--")[2] for n in lines if n.endswith("_ms"))


def test_nobody_else_may_read_it(path: Path) -> None:
    with Store.open(path) as log:
        log.flush(60)
        made = [path, *path.parent.glob("turnout.db-*")]
        assert {file.stat().st_mode & 0o777 for file in made} == {0o600}


def test_the_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "log with space#?%.db"
    Store.open(path, strict=True).close()
    with store.read(path) as reader:
        assert list(reader.latest(1)) == []


def test_the_same_id_twice_is_one_row(path: Path) -> None:
    with Store.open(path) as log:
        log.add(decided.row())
        log.add(decided.row(of_outcome={"status": 529}))
    with store.read(path) as reader:
        assert [row["status"] for row in reader.latest(9)] == [529]


ODD: dict[str, Any] = {
    "no row at all": object(),
    "empty": {},
    "no id": {"at": 1.0},
    "no time": {"id": "x"},
    "a number beyond everything": {"id": "x", "at": 1.0, "status": 10**400},
    "text that raises": {"id": "x", "at": 1.0, "reason": type("T", (), {"__str__": None})()},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_row_that_cannot_be_written_holds_nothing_up(path: Path, odd: Any) -> None:
    with Store.open(path) as log:
        log.add(decided.numbered(0))
        log.add(odd)
        log.add(decided.numbered(1))
    assert (ids(path), log.dropped, log.warning) == (numbered(2), 1, "")


STRANGE: dict[str, tuple[Any, Any]] = {
    "an integer of 65 bits": (1 << 64, float(1 << 64)),
    "a truth": (True, 1),
    "not a number": (float("nan"), None),
    "words": ("a", None),  # a number that is none is unknown
}
STRANGE_WORDS: dict[str, tuple[Any, Any]] = {
    "half a character": ("\udc80", "?"),
    "an object": (Path("a"), "a"),
    "a zero byte": ("a\0b", "a\0b"),
}


@pytest.mark.parametrize(
    ("column", "value", "kept"),
    [
        *(pytest.param("stay_usd", *case, id=name) for name, case in STRANGE.items()),
        *(pytest.param("reason", *case, id=name) for name, case in STRANGE_WORDS.items()),
    ],
)
def test_strange_values_are_kept_as_well_as_can_be(
    path: Path, column: str, value: Any, kept: Any
) -> None:
    with Store.open(path) as log:
        log.add(decided.row() | {column: value, "unheard_of": value})
    with store.read(path) as reader:
        assert reader.decision("last")[column] == kept


def test_two_programs_start_at_once(path: Path) -> None:
    logs = [Store.open(path) for _ in range(4)]
    for n, log in enumerate(logs):
        log.add(decided.numbered(n))
    for log in logs:
        log.close()
    assert ids(path) == numbered(4)
    assert [log.dropped for log in logs] == [0, 0, 0, 0]


# -- files that cannot be used


def below_a_file(path: Path) -> Path:
    path.write_text("not a folder")
    return path / "turnout.db"


def a_folder(path: Path) -> Path:
    path.mkdir()
    return path


def not_a_database(path: Path) -> Path:
    path.write_bytes(b"This is a letter, not a log." * 100)
    return path


def damaged(path: Path) -> Path:
    Store.open(path).close()
    data = bytearray(path.read_bytes())
    data[100:1000] = b"\xff" * 900
    path.write_bytes(data)
    return path


UNUSABLE = {f.__name__: f for f in (below_a_file, a_folder, not_a_database, damaged)}


@pytest.mark.parametrize("make", UNUSABLE.values(), ids=UNUSABLE)
def test_strict_refuses_with_path_and_mend(path: Path, make: Callable[[Path], Path]) -> None:
    broken = make(path)
    with pytest.raises(ConfigError) as caught:
        Store.open(broken, strict=True)
    assert str(broken) in str(caught.value)
    assert any(mend in str(caught.value) for mend in ("store.path", "move the file away"))


@pytest.mark.parametrize("make", UNUSABLE.values(), ids=UNUSABLE)
def test_without_a_file_rows_are_dropped_and_counted(
    path: Path, make: Callable[[Path], Path], caplog: pytest.LogCaptureFixture
) -> None:
    broken = make(path)
    before = path.read_bytes() if path.is_file() else b""
    log = Store.open(broken)
    log.add(decided.row())
    until(lambda: bool(log.warning))
    assert str(broken) in log.warning
    log.close(0.1)
    assert log.dropped == 1
    assert (path.read_bytes() if path.is_file() else b"") == before
    warnings = [message for message in caplog.records if message.levelno >= logging.WARNING]
    assert [message.levelname for message in warnings] == ["WARNING"]


@pytest.mark.parametrize("make", UNUSABLE.values(), ids=UNUSABLE)
def test_it_recovers_when_the_file_is_moved_away(path: Path, make: Callable[[Path], Path]) -> None:
    broken = make(path)
    with Store.open(broken) as log:
        log.add(decided.numbered(0))
        until(lambda: bool(log.warning))
        path.rename(path.with_name("away"))
        log.add(decided.numbered(1))
        until(lambda: not log.warning)
    assert (ids(broken), log.dropped) == (numbered(2), 0)


def newer(path: Path) -> Path:
    Store.open(path).close()
    with closing(Database(path)) as db:
        db.table("_sqlite_migrations").insert(
            {"migration_set": "turnout", "name": "telepathy", "applied_at": "2031-01-01"}
        )
    return path


@pytest.mark.parametrize("strict", [False, True])
def test_a_log_of_a_newer_turnout_is_left_alone(path: Path, strict: bool) -> None:
    newer(path)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"newer turnout \(schema step telepathy\); update"):
        Store.open(path, strict=strict)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_newer_step_that_is_still_in_the_journal_counts(path: Path) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as running:
        running.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('turnout', 'telepathy')"
        )
        running.commit()
        with pytest.raises(ConfigError, match="telepathy"):
            Store.open(path)


def test_a_newer_log_that_appears_later_only_warns(path: Path, tmp_path: Path) -> None:
    other = newer(tmp_path / "other.db")
    with Store.open(path) as log:
        log.flush(60)
        other.rename(path)
        log.add(decided.row())
        until(lambda: "newer turnout" in log.warning)
        log.close(0.1)
    assert (ids(path), log.dropped) == ([], 1)


# -- what happens to a file in use


@pytest.mark.parametrize("journal", [True, False], ids=["with its journal", "alone"])
def test_a_deleted_file_is_made_again(path: Path, journal: bool) -> None:
    with Store.open(path) as log:
        log.add(decided.row(of_decision={"id": "old"}))
        log.flush(60)
        for file in path.parent.glob("turnout.db*" if journal else "turnout.db"):
            file.unlink()
        log.add(decided.numbered(0))
        log.flush(60)
        log.add(decided.numbered(1))
    assert (ids(path), log.dropped, log.warning) == (numbered(2), 0, "")


def test_a_file_that_is_moved_away_keeps_its_rows(path: Path) -> None:
    with Store.open(path) as log:
        log.add(decided.numbered(0))
        log.flush(60)
        away = path.rename(path.with_name("away.db"))
        log.add(decided.numbered(1))
    assert (ids(away), ids(path), log.dropped) == (numbered(1), numbered(2)[1:], 0)


def test_a_file_put_in_its_place_is_used_as_it_is(path: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    with Store.open(backup) as log:
        log.add(decided.numbered(0))
    with Store.open(path) as log:
        log.add(decided.row(of_decision={"id": "replaced"}))
        log.flush(60)
        backup.rename(path)
        log.add(decided.numbered(1))
    assert (ids(path), log.dropped) == (numbered(2), 0)


HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
db.rollback()
db.close()
"""


def test_a_lock_of_three_seconds_loses_nothing(path: Path) -> None:
    with Store.open(path) as log:
        log.flush(60)
        with child(HOLD, path) as holder:
            assert holder.stdout and holder.stdin
            holder.stdout.readline()
            start, n = time.monotonic(), 0
            while time.monotonic() < start + 3:
                log.add(decided.numbered(n))
                n += 1
                time.sleep(0.01)
            assert "another program holds the file" in log.warning
            holder.stdin.close()
            holder.wait()
        log.close(60)
    assert (ids(path), log.dropped, log.warning) == (numbered(n), 0, "")


def test_a_lock_at_the_start_is_no_reason_to_refuse(path: Path) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        log = Store.open(path, strict=True)
        log.add(decided.numbered(0))
        holder.rollback()
        log.close(60)
    assert ids(path) == numbered(1)


FULL = """
import resource, sys, time
from pathlib import Path
import decided
from turnout.store import Store

path = Path(sys.argv[1])
log = Store.open(path)
log.flush(60)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
n = 0
while not log.warning:
    log.add(decided.numbered(n))
    n += 1
    time.sleep(0.001)
print(log.warning, flush=True)
for n in range(n, n + 500):
    log.add(decided.numbered(n))
time.sleep(0.5)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
log.close(60)
print(n + 1, log.dropped, repr(log.warning), flush=True)
"""


def test_a_full_disk_loses_nothing_once_there_is_room(path: Path) -> None:
    with child(FULL, path) as process:
        out, _ = process.communicate()
    warning, result = out.splitlines()
    assert f"{path}: " in warning
    assert "make room on the disk" in warning
    n, *rest = result.split()
    assert rest == ["0", "''"]
    assert ids(path) == numbered(int(n))


WRITE = """
import sys, time
from pathlib import Path
import decided
from turnout.store import Store, known

log = Store.open(Path(sys.argv[1]))
log.flush(60)
n = 0
while True:
    log.add(decided.numbered(n))
    print(n, time.time(), flush=True)
    n += 1
    time.sleep(0.002)
"""


@pytest.mark.parametrize("alive", [0.7, 1.6, 2.4])
def test_kill_9_costs_the_last_second_at_most(path: Path, alive: float) -> None:
    with child(WRITE, path) as process:
        assert process.stdout
        lines = [process.stdout.readline()]
        time.sleep(alive)
        killed = time.time()
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    added = [line.split() for line in lines if line.endswith("\n")]
    safe = [f"id{int(n):08}" for n, at in added if float(at) < killed - 1]
    assert ids(path)[: len(safe)] == safe
    with Store.open(path) as log:  # and the next start finds it usable
        log.add(decided.row(of_decision={"id": "next"}))
    assert ids(path)[-1] == "next"


def test_what_a_row_costs_its_caller(path: Path, record_property: Callable[..., None]) -> None:
    rows = [decided.numbered(n) for n in range(10_000)]
    with Store.open(path) as log:
        log.flush(60)
        start = time.perf_counter()
        for row in rows:
            log.add(row)
        added = time.perf_counter() - start
        log.flush(60)
        written = time.perf_counter() - start
    record_property("add_us", added / len(rows) * 1e6)
    record_property("rows_per_second", len(rows) / written)
    assert (len(ids(path)), log.dropped) == (10_000, 0)
