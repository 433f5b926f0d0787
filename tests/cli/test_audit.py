import csv
import io
import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from rich.console import Console

import decided
from turnout.cli import audit as audit_command
from turnout.cli import audit_table
from turnout.cli import run as run_command
from turnout.history import BY, By, read, total
from turnout.record import Tried
from turnout.store import Store

type Run = Callable[..., Result]
type Golden = Callable[[str, str], None]

SINCE = ("--since", "2026-07-01")
UNKNOWN = {"usage": None, "cost_usd": None, "requested_same_tokens_usd": None}
FAILED = (
    Tried(provider="deepseek", model="deepseek-v3.2", status=529, ms=80.0),
    Tried(provider="anthropic", model="claude-haiku-4-5", status=200, ms=300.0),
)


def fill(path: Path) -> Path:
    """A day and a half of an agent, with a failover, a price nobody knows and a failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Store.open(path) as log:
        for n in range(12):
            log.add(decided.numbered(n, at=decided.AT + 10_000 * n, session=f"s{n // 5}"))
        dear = {"id": "dear", "model": "claude-opus-4-5", "cluster": 3, "cluster_label": "proofs"}
        log.add(decided.row(of_decision=dear, of_outcome={"cost_usd": 0.030775}))
        log.add(decided.row(of_decision={"id": "again"}, of_outcome={"attempts": FAILED}))
        strange = {"id": "new", "requested_model": "mystery-1", "model": "mystery-1", "client": ""}
        log.add(decided.row(of_decision=strange | {"provider": "local"}, of_outcome=UNKNOWN))
        cut = {"status": None, "error": "connection reset", **UNKNOWN}
        log.add(decided.row(of_decision={"id": "cut", "project": ""}, of_outcome=cut))
    return path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return fill(tmp_path / "log.db")


@pytest.mark.parametrize("by", BY)
def test_screen(turnout: Run, db: Path, golden: Golden, by: By) -> None:
    result = turnout("audit", *SINCE, "--by", by, "--db", db)
    assert result.exit_code == 0
    golden(f"audit by {by}", result.stdout)


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("by", ["model", "session"])
def test_narrow_screen(db: Path, golden: Golden, by: By, width: int) -> None:
    """No figure is cut: a number with its end missing is another number."""
    with read(db) as reader:
        groups = reader.audit(0, by)
    console = Console(width=width, file=io.StringIO(), record=True, highlight=False)
    console.print(audit_table.table(groups, total(groups), by, width=width))
    screen = console.export_text()
    assert "…" not in screen
    golden(f"audit by {by} in {width} columns", screen)


def test_words_are_on_stderr(turnout: Run, db: Path) -> None:
    result = turnout("audit", *SINCE, "--db", db)
    assert result.stderr.splitlines() == [
        "16 actions since 2026-07-01 00:00:00 UTC, by model",
        "2 of 16 actions have no known cost; no dollar figure counts them.",
        "Saved is over the 14 actions whose cost is known both for what served them and for what "
        "was asked for.",
    ]


def test_when_everything_is_known_nothing_is_said_of_it(turnout: Run, tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.db") as log:
        log.add(decided.row())
    result = turnout("audit", *SINCE, "--db", tmp_path / "a.db")
    assert result.stderr == "1 actions since 2026-07-01 00:00:00 UTC, by model\n"
    assert not {"unpriced", "failovers", "unknown"} & set(result.stdout.split())


def test_json(turnout: Run, db: Path) -> None:
    result = turnout("audit", *SINCE, "--json", "--db", db)
    document = json.loads(result.stdout)
    assert (result.stderr, document["by"], document["since"]) == ("", "model", 1_782_864_000.0)
    mystery = next(g for g in document["groups"] if g["requested"] == "mystery-1")
    assert mystery["cost_usd"] is None and mystery["unpriced"] == 1
    assert document["total"]["cost_usd"] == pytest.approx(13 * 0.006155 + 0.030775)
    assert document["total"]["saved_share"] == pytest.approx(13 * 0.02462 / (14 * 0.030775))


def test_csv(turnout: Run, db: Path) -> None:
    result = turnout("audit", *SINCE, "--by", "model", "--csv", "--db", db)
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
    assert rows["mystery-1 -> local/mystery-1"]["cost_usd"] == ""
    cheap = rows["claude-opus-4-5 -> anthropic/claude-haiku-4-5"]
    assert (cheap["actions"], cheap["cost_usd"], cheap["failovers"]) == ("14", "0.080015", "1")


def test_json_of_nothing_is_still_a_document(turnout: Run, db: Path) -> None:
    result = turnout("audit", "--since", "2030-01-01", "--json", "--db", db)
    assert json.loads(result.stdout)["total"]["cost_usd"] is None


def test_nothing_since(turnout: Run, db: Path) -> None:
    result = turnout("audit", "--since", "2030-01-01", "--db", db)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no actions since 2030-01-01 00:00:00 UTC\n"


# what is said: seconds since 1970, when it is 2026-07-05 12:00 UTC
SPANS = {
    "7d": decided.AT - 7 * 86_400,
    "24h": decided.AT - 86_400,
    "30m": decided.AT - 1800,
    "2w": decided.AT - 14 * 86_400,
    "0m": decided.AT,
    "999999999w": decided.AT - 999_999_999 * 604_800,
    "2026-07-01": decided.AT - 4.5 * 86_400,
    "2026-07-05T14:00:00+02:00": decided.AT,
    "2026-07-05 12:00": decided.AT,
}


@pytest.mark.parametrize(("said", "meant"), SPANS.items(), ids=SPANS)
def test_since(
    turnout: Run, db: Path, monkeypatch: pytest.MonkeyPatch, said: str, meant: float
) -> None:
    monkeypatch.setattr(audit_command.time, "time", lambda: decided.AT)
    result = turnout("audit", "--since", said, "--json", "--db", db)
    assert json.loads(result.stdout)["since"] == meant
    assert turnout("audit", "--since", said, "--db", db).exit_code == 0


@pytest.mark.parametrize("said", ["yesterday", "7", "d", "-1d", "", "7y", "2026-13-01", "7 d"])
def test_a_bad_since(turnout: Run, db: Path, said: str) -> None:
    result = turnout("audit", "--since", said, "--db", db)
    assert result.exit_code == 2
    assert f"{said!r} is neither a span (30m, 24h, 7d) nor a date (2026-07-01)" in result.stderr


def test_a_bad_by(turnout: Run, db: Path) -> None:
    result = turnout("audit", "--by", "moon", "--db", db)
    assert result.exit_code == 2
    assert "'moon' is not one of 'model', 'client'" in result.stderr


def test_no_log_yet(turnout: Run, home: Path) -> None:
    result = turnout("audit")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{home / 'turnout.db'}: there is no log yet" in result.stderr


def test_not_a_log(turnout: Run, tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("a letter " * 1000)
    result = turnout("audit", "--db", tmp_path / "a.db")
    assert result.exit_code == 2
    assert "cannot be read as turnout's log: file is not a database" in result.stderr


def test_no_traceback(turnout: Run, tmp_path: Path) -> None:
    for args in (["--db", tmp_path], ["--db", ""], ["--since", "999999999999d"]):
        result = turnout("audit", *args)
        assert (result.exit_code, result.stdout) == (2, "")
        assert isinstance(result.exception, SystemExit)


def running(home: Path, db: Path) -> None:
    nobody = "http://127.0.0.1:9"
    facts: dict[str, Any] = {"pid": 1, "proxy": nobody, "base": nobody, "token": "", "ca": ""}
    facts |= {"started": 0}
    home.mkdir(exist_ok=True)
    (home / "run.json").write_text(json.dumps(facts | {"db": str(db)}))


PLACES = ("default", "configured", "running", "said")


@pytest.mark.parametrize("last", range(len(PLACES)), ids=PLACES)
def test_which_log_is_read(turnout: Run, home: Path, tmp_path: Path, last: int) -> None:
    """Each place goes before those above it."""
    logs = {place: tmp_path / f"{place}.db" for place in PLACES} | {"default": home / "turnout.db"}
    for n, place in enumerate(PLACES):
        logs[place].parent.mkdir(exist_ok=True)
        with Store.open(logs[place]) as log:
            for k in range(n + 1):
                log.add(decided.numbered(k))
    if last >= 1:
        (tmp_path / "turnout.toml").write_text(f"[store]\npath = '{logs['configured']}'\n")
    if last >= 2:
        running(home, logs["running"])
    said = ["--db", logs["said"]] if last >= 3 else []
    result = turnout("audit", *SINCE, "--json", *said)
    assert json.loads(result.stdout)["total"]["actions"] == last + 1


def test_names_cannot_steer_the_terminal(turnout: Run, tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07[bold]x[/bold]\n:smile:"
    with Store.open(tmp_path / "a.db") as log:
        log.add(decided.row(of_decision={"client": evil}))
    result = turnout("audit", *SINCE, "--by", "client", "--db", tmp_path / "a.db")
    assert "\x1b" not in result.stdout
    assert " ]0;owned [bold]x[/bold] :smile:" in result.stdout


def test_read_while_it_is_written(turnout: Run, tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.db") as log:
        log.add(decided.row())
        assert log.flush(60)
        result = turnout("audit", *SINCE, "--json", "--db", tmp_path / "a.db")
        assert json.loads(result.stdout)["total"]["actions"] == 1


def test_a_clock_in_the_future(turnout: Run, tmp_path: Path) -> None:
    """Counted with the others, and told."""
    with Store.open(tmp_path / "a.db") as log:
        log.add(decided.row(of_decision={"at": time.time() + 9e6}))
    result = turnout("audit", "--db", tmp_path / "a.db")
    assert "1 actions since" in result.stderr
    assert "1 actions are dated in the future: check the clock." in result.stderr


def test_a_corrupt_row_stops_nothing(turnout: Run, db: Path) -> None:
    with closing(sqlite3.connect(db)) as conn:
        conn.execute(
            "UPDATE decisions SET model = NULL, provider = x'ff', cost_usd = 'much', attempts = 7,"
            " status = 'well' WHERE id = 'dear'"
        )
        conn.commit()
    for by in BY:
        assert turnout("audit", *SINCE, "--by", by, "--db", db).exit_code == 0
    assert turnout("why", "dear", "--db", db).exit_code == 0


MOVED = {
    "reason": "ev_positive",
    "stay_usd": 0.5,
    "switch_usd": 0.2,
}


def test_what_moved(turnout: Run, tmp_path: Path) -> None:
    """Switches with what they were to save, failovers and hedges with what they cost."""
    hedged = {"attempts": FAILED, "attempts_usd": 0.003, "hedge_usd": 0.003}
    with Store.open(tmp_path / "a.db") as log:
        log.add(decided.row(of_decision={"id": "a", **MOVED}))
        log.add(decided.row(of_decision={"id": "b", **MOVED}))
        log.add(decided.row(of_decision={"id": "c", "reason": "escalated"}))
        log.add(decided.row(of_decision={"id": "f", "reason": "pin_inferior"}))
        log.add(
            decided.row(
                of_decision={"id": "d"}, of_outcome={"attempts": FAILED, "attempts_usd": 0.001}
            )
        )
        log.add(decided.row(of_decision={"id": "e"}, of_outcome=hedged))
    found = json.loads(turnout("audit", *SINCE, "--json", "--db", tmp_path / "a.db").stdout)
    assert {
        m["name"]: (m["actions"], m["expected_usd"], m["cost_usd"]) for m in found["moves"]
    } == {
        "ev_positive": (2, pytest.approx(0.6), None),
        "escalated": (1, None, None),
        "pin_inferior": (1, None, None),
        "failover": (1, None, 0.001),
        "hedge": (1, None, 0.003),
    }
    screen = turnout("audit", *SINCE, "--db", tmp_path / "a.db")
    told = [" ".join(line.split()) for line in screen.stdout.splitlines()]
    assert "switched, a warm cache left behind 2 $0.6000" in told


SHADOWED = {"reason": "shadow", "provider": "anthropic", "model": "claude-opus-4-5"}
COSTED = {
    "cost_usd": 0.03,
    "routed_usd": 0.01,
    "routed_low_usd": 0.008,
    "routed_high_usd": 0.02,
}


def test_shadow_in_one_sentence(turnout: Run, tmp_path: Path) -> None:
    """What it would have saved, between which bounds, switching how many; and how to begin."""
    with Store.open(tmp_path / "a.db") as log:
        for n, chosen in enumerate(["q/small", "q/small", "anthropic/claude-opus-4-5"]):
            one = {"id": f"i{n}", "session": f"s{n // 2}", "fresh_model": chosen}
            costed = COSTED if n < 2 else dict.fromkeys(COSTED, 0.03)
            log.add(decided.row(of_decision={**SHADOWED, **one}, of_outcome=costed))
    result = turnout("audit", *SINCE, "--db", tmp_path / "a.db")
    assert (
        "turnout, in shadow, would have saved $0.0400 ($0.0200 to $0.0440) of $0.0900,"
        " switching 1 of 2 sessions.\n"
    ) in result.stdout
    assert "`turnout on` routes for real" in result.stderr
    running = SimpleNamespace(db=tmp_path / "a.db")
    assert run_command.summary(running, 0).endswith(  # type: ignore[arg-type]
        "in shadow: would have saved $0.0400 ($0.0200 to $0.0440) of $0.0900,"
        " switching 1 of 2 sessions"
    )
    found = json.loads(turnout("audit", *SINCE, "--json", "--db", tmp_path / "a.db").stdout)
    assert (found["shadow"]["sessions_switched"], found["shadow"]["sessions"]) == (1, 2)


def test_what_a_subscription_covered_is_told_apart(turnout: Run, tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.db") as log:
        log.add(decided.row(of_decision={"id": "a"}))
        free = {"cost_usd": 0.0, "requested_same_tokens_usd": 0.0}
        log.add(decided.row(of_decision={"id": "b", "reason": "subscription"}, of_outcome=free))
    result = turnout("audit", *SINCE, "--db", tmp_path / "a.db")
    assert "1 actions were covered by a subscription, at $0." in result.stderr
