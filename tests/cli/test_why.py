import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import decided
from pretend import Pretended
from turnout.record import JSON_COLUMNS, Decision, Outcome, Tried, row
from turnout.route.model import OffPeak, Price, Tier, Window
from turnout.store import Store
from turnout.why import cost as why_cost
from turnout.why.receipt import Line, price_of, receipt
from turnout.wire.events import Usage

type Run = Callable[..., Result]
type Golden = Callable[[str, str], None]

# claude-haiku-4-5, as it was when these tests were written
HAIKU = Price(
    input=Decimal(1),
    output=Decimal(5),
    cache_read=Decimal("0.1"),
    cache_write_5m=Decimal("1.25"),
    cache_write_1h=Decimal(2),
)
PRICES = {("anthropic", "claude-haiku-4-5"): HAIKU}

UNKNOWN = {"usage": None, "cost_usd": None, "requested_same_tokens_usd": None}
DECISIONS: dict[str, dict[str, Any]] = {
    "routed": decided.row(),
    "after a failover": decided.row(
        of_decision={"evidence": {"epsilon": 0.02, "steps": 4}},
        of_outcome={
            "attempts": (
                Tried(provider="deepseek", model="deepseek-v3.2", error="refused", ms=3.2),
                Tried(provider="openai", model="gpt-5.4", status=529, error="overloaded", ms=80.0),
                Tried(provider="anthropic", model="claude-haiku-4-5", status=200, ms=300.0),
            )
        },
    ),
    "a half known text": decided.row(
        of_decision={"evidence": {"class_share": 0.834, "familiarity": 0.4}}
    ),
    "pinned": decided.row(
        of_decision={
            "reason": "pinned",
            "fresh_model": "gpt-5.4-mini",
            "stay_usd": Decimal("0.41"),
            "switch_usd": Decimal("0.57"),
            "tenant": "acme",
        },
        of_outcome={
            "requested_counterfactual_usd": 0.031,
            "requested_counterfactual_low_usd": 0.027,
            "requested_counterfactual_high_usd": 0.036,
        },
    ),
    "an answer of the past": decided.row(
        of_decision={
            "reason": "exact_cache",
            "evidence": {"exact_cache": {"of": "01xyz", "age_s": 61.5, "cost_usd": 0.0042}},
            "changes": (),
        },
        of_outcome={"usage": Usage(), "cost_usd": Decimal(0), "attempts": ()},
    ),
    "prices have changed": decided.row(of_outcome={"cost_usd": Decimal("0.0071")}),
    "dearer than asked": decided.row(of_outcome={"requested_same_tokens_usd": Decimal("0.003")}),
    "no price is known": decided.row(
        of_decision={"model": "mystery-1", "provider": "local", "quality": 0.8, "cluster": None},
        of_outcome={"cost_usd": None},
    ),
    "a price that became known": decided.row(of_outcome={"cost_usd": None}),
    "broken off": decided.row(
        of_outcome={"status": None, "error": "connection reset", "ttft_ms": None, **UNKNOWN}
    ),
    "untouched": row(
        Decision(
            id="01abcdefghjkmn",
            at=decided.AT,
            dialect="anthropic",
            requested_model="claude-opus-4-5",
            provider="anthropic",
            reason="untouched",
            error="embed: TimeoutError: ",
        ),
        Outcome(status=200, model="claude-opus-4-5", total_ms=900.0),
    ),
    "nothing is known": {"id": "01abcdefghjkmn", "at": decided.AT},
}


@pytest.fixture(autouse=True)
def prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why_cost, "price_of", lambda *binding: PRICES.get(binding))


def written(path: Path, *rows: Any) -> Path:
    with Store.open(path) as log:
        for one in rows:
            log.add(one)
    return path


@pytest.mark.parametrize("name", DECISIONS)
def test_screen(turnout: Run, tmp_path: Path, golden: Golden, name: str) -> None:
    db = written(tmp_path / "log.db", DECISIONS[name])
    result = turnout("why", "01abcdefghjkmn", "--db", db)
    assert (result.exit_code, result.stderr) == (0, "")
    golden(f"why {name}", result.stdout)


@pytest.mark.parametrize("name", DECISIONS)
def test_json_is_the_row(turnout: Run, tmp_path: Path, name: str) -> None:
    db = written(tmp_path / "log.db", DECISIONS[name])
    result = turnout("why", "last", "--json", "--db", db)
    document = json.loads(result.stdout)
    for column, value in DECISIONS[name].items():
        decoded = json.loads(value) if column in JSON_COLUMNS and value else value
        assert document[column] == decoded, column


def test_a_damaged_row_is_shown_as_far_as_it_goes(turnout: Run, tmp_path: Path) -> None:
    db = written(tmp_path / "log.db", decided.row())
    with closing(sqlite3.connect(db)) as raw:
        raw.execute("UPDATE decisions SET candidates = '[{\"prov', attempts = '7', evidence = '[]'")
        raw.commit()
    result = turnout("why", "last", "--db", db)
    assert result.exit_code == 0
    assert 'damaged    candidates is not JSON: [{"prov\n' in result.stdout
    assert "cost       $0.006155\n" in result.stdout


def test_a_clock_in_the_far_future(turnout: Run, tmp_path: Path) -> None:
    db = written(tmp_path / "log.db", decided.row(of_decision={"at": 1e20}))
    result = turnout("why", "last", "--db", db)
    assert "1e+20 seconds after 1970" in result.stdout


def test_what_others_wrote_cannot_steer_the_terminal(turnout: Run, tmp_path: Path) -> None:
    evil = "\x1b[2J[red]\n"
    db = written(
        tmp_path / "log.db",
        decided.row(
            of_decision=dict.fromkeys(("session", "client", "requested_model", "error"), evil),
            of_outcome={"attempts": (Tried(provider=evil, model=evil, error=evil),)},
        ),
    )
    result = turnout("why", "last", "--db", db)
    assert "\x1b" not in result.stdout
    assert "error       [2J[red]" in result.stdout


WRONG = {
    "unknown": (["zz"], "no decision 'zz'"),
    "two begin so": (["id"], "'id' begins more than one id: id00000000, id00000001"),
    "no id": ([], "Missing argument 'ID'"),
}


@pytest.mark.parametrize(("args", "said"), WRONG.values(), ids=WRONG)
def test_a_bad_id(turnout: Run, tmp_path: Path, args: list[str], said: str) -> None:
    db = written(tmp_path / "log.db", decided.numbered(0), decided.numbered(1))
    result = turnout("why", *args, "--db", db)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_no_log_yet(turnout: Run, home: Path) -> None:
    result = turnout("why", "last")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{home / 'turnout.db'}: there is no log yet" in result.stderr


def test_an_empty_log(turnout: Run, tmp_path: Path) -> None:
    result = turnout("why", "last", "--db", written(tmp_path / "log.db"))
    assert result.exit_code == 2
    assert "the log is empty" in result.stderr


# -- the arithmetic

TIERED = Price(
    input=Decimal(1),
    output=Decimal(5),
    cache_read=Decimal("0.1"),
    tiers=(Tier(above=200_000, input=Decimal(2), output=Decimal(10), cache_read=Decimal("0.2")),),
)
NIGHT = OffPeak(
    input=Decimal("0.5"),
    output=Decimal(1),
    windows=(Window(weekdays=(1, 2, 3, 4, 5, 6, 7), minutes=((0, 1440),)),),
)
BY_HOUR = Price(input=Decimal(1), output=Decimal(2), off_peak=NIGHT)

LINES: dict[str, tuple[Price | None, Usage | None, str | None, list[tuple[int, Any, Any]]]] = {
    "plain": (
        HAIKU,
        Usage(1000, output=10),
        "0.00105",
        [(1000, "1", "0.001"), (10, "5", "0.00005")],
    ),
    "the long-context tier bills everything": (
        TIERED,
        Usage(1, 200_000, output=10),
        "0.040102",
        [(1, "2", "0.000002"), (200_000, "0.2", "0.04"), (10, "10", "0.0001")],
    ),
    "off peak": (
        BY_HOUR,
        Usage(10, output=1),
        "0.000006",
        [(10, "0.5", "0.000005"), (1, "1", "0.000001")],
    ),
    "at the dearer hours' price": (
        BY_HOUR,
        Usage(10, output=1),
        "0.000012",
        [(10, "1", "0.00001"), (1, "2", "0.000002")],
    ),
    "one rate is unknown": (
        TIERED,
        Usage(1, cache_write_5m=5),
        None,
        [(1, "1", "0.000001"), (5, None, None)],
    ),
    "no price": (None, Usage(1, output=2), None, [(1, None, None), (2, None, None)]),
    "no usage": (HAIKU, None, None, []),
    "nothing used": (HAIKU, Usage(), "0", []),
}


@pytest.mark.parametrize(("price", "usage", "cost", "lines"), LINES.values(), ids=LINES)
def test_receipt(
    price: Price | None, usage: Usage | None, cost: str | None, lines: list[tuple[int, Any, Any]]
) -> None:
    logged = None if cost is None else Decimal(cost)
    found = receipt(decided.row(of_outcome={"usage": usage, "cost_usd": logged}), price)
    assert found.total == (logged if lines else (Decimal(0) if usage else None))
    assert found.agrees == (logged is not None)
    assert [(line.tokens, line.rate, line.usd) for line in found.lines] == [
        (tokens, rate and Decimal(rate), usd and Decimal(usd)) for tokens, rate, usd in lines
    ]


def test_reasoning_is_a_part_of_output_and_bills_nothing() -> None:
    found = receipt(decided.row(of_outcome={"usage": Usage(output=9, reasoning=4)}), HAIKU)
    assert found.lines[-1] == Line("of which reasoning", 4, part=True)
    assert found.total == Decimal("0.000045")


LOCAL = """
[providers.local]
base_url = "http://127.0.0.1:8000/v1"
dialect = "openai_chat"
key = "none"
[[providers.local.models]]
id = "tiny-1"
input = 0.25
output = 0.5
"""


def test_prices_are_the_catalogues_and_the_configurations(home: Path) -> None:
    assert price_of("local", "tiny-1") is None
    Path("turnout.toml").write_text(LOCAL)
    local = price_of("local", "tiny-1")
    assert local and (local.input, local.output) == (Decimal("0.25"), Decimal("0.5"))
    assert price_of("anthropic", "claude-haiku-4-5") is not None
    assert price_of("anthropic", "no-such-model") is None


@pytest.mark.parametrize("broken", ["artifacts", "configuration"])
def test_no_price_when_it_cannot_be_read(
    home: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    if broken == "artifacts":
        monkeypatch.setenv("TURNOUT_ARTIFACTS", str(home))
    else:
        Path("turnout.toml").write_text("mode = 'sideways'")
    assert price_of("anthropic", "claude-haiku-4-5") is None


APART = {
    "attempts_usd": 0.0012,
    "hedge_usd": 0.0002,
    "estimated": True,
    "cost_usd": 0.007355,
    "requested_counterfactual_usd": 0.041,
    "requested_counterfactual_low_usd": 0.03,
    "requested_counterfactual_high_usd": 0.06,
}


def test_what_attempts_cost_and_what_it_would_have_cost_alone(turnout: Run, tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.db") as log:
        log.add(decided.row(of_outcome=APART))
    told = [" ".join(line.split()) for line in said(turnout, tmp_path / "a.db")]
    assert (
        "attempts $0.0012 for answers that nobody got, $0.0002 of it for a race that was lost,"
        " in part an estimate"
    ) in told
    assert "it alone $0.0410 ($0.0300 to $0.0600), with its own tokens and cache" in told


def test_what_shadow_would_have_cost(turnout: Run, tmp_path: Path) -> None:
    routed = {"routed_usd": 0.002, "routed_low_usd": 0.001, "routed_high_usd": 0.004}
    with Store.open(tmp_path / "a.db") as log:
        log.add(
            decided.row(
                of_decision={"reason": "shadow", "fresh_model": "q/small"}, of_outcome=routed
            )
        )
    told = [" ".join(line.split()) for line in said(turnout, tmp_path / "a.db")]
    assert "routed $0.00200 ($0.00100 to $0.00400) on q/small" in told


def said(turnout: Run, db: Path) -> list[str]:
    result = turnout("why", "last", "--db", db)
    assert result.exit_code == 0
    return list(result.stdout.splitlines())


@pytest.mark.parametrize("command", [("why", "last"), ("audit",)], ids=" ".join)
def test_a_log_that_is_named_has_to_be_there(
    command: tuple[str, ...], turnout: Run, tmp_path: Path
) -> None:
    for path, said in ((tmp_path / "no.db", "does not exist"), (tmp_path, "is a directory")):
        found = turnout(*command, "--db", path)
        assert found.exit_code == 2 and said in found.stderr
        assert "first request" not in found.stderr


def test_a_log_that_is_not_written_now_is_told(
    call: Callable[..., int], running: Pretended, capsys: pytest.CaptureFixture[str]
) -> None:
    full = f"{running.db}: database or disk is full; make room on the disk"
    with Store.open(running.db) as log:
        log.add(decided.row())
    assert call("why", "last", "--json") == 0
    assert capsys.readouterr().err == ""
    running.facts["warnings"] = ["something else", full]
    assert call("why", "last", "--json") == 0
    assert capsys.readouterr().err == f"turnout: the latest are not in the log yet: {full}\n"
