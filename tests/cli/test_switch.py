"""on, off and status against a control API."""

import json
import time
from pathlib import Path

import pytest

from cli.conftest import Call
from pretend import Pretended
from turnout import control

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("command", ["on", "off", "status", "env", "reload"])
def test_without_a_running_turnout(command: str, call: Call, capsys: Capture) -> None:
    assert call(command) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "turnout: no turnout is running; start one with `turnout serve`\n"


def test_status_json_without_a_running_turnout(call: Call, capsys: Capture) -> None:
    assert call("status", "--json") == 1
    assert json.loads(capsys.readouterr().out)["running"] is False


@pytest.mark.parametrize(("command", "mode"), [("off", "off"), ("on", "route")])
def test_switching(command: str, mode: str, call: Call, running: Pretended) -> None:
    running.facts["mode"] = "unset"
    assert call(command) == 0
    assert running.facts["mode"] == mode


def test_a_proxy_of_turnout_run_is_switched_too(
    call: Call, running: Pretended, data: Path, capsys: Capture
) -> None:
    (data / "runs").mkdir()
    (data / "run.json").rename(data / "runs" / "77.json")
    assert call("off") == 0
    assert running.facts["mode"] == "off"
    assert call("status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["proxy"] == running.url


def test_status(call: Call, running: Pretended, capsys: Capture) -> None:
    running.facts |= {"dropped_rows": 7, "warnings": ["the disk is full"]}
    assert call("status") == 0
    said = capsys.readouterr().out
    for part in ("on: requests are routed", "1 min 1 s", running.url, "2 routed", "api.groq.com"):
        assert part in said
    assert "7 rows" in said and "the disk is full" in said
    assert f"{running.url}/ui/#token=pretended-token" in said


def test_reload(call: Call, running: Pretended, capsys: Capture) -> None:
    running.reloaded = {"changed": ["policy.profile"], "needs_restart": ["proxy.listen"]}
    assert call("reload") == 0
    said = capsys.readouterr().err
    assert "policy.profile in force; proxy.listen only after a restart" in said


def test_status_json(call: Call, running: Pretended, capsys: Capture) -> None:
    assert call("status", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["running"], facts["proxy"], facts["routed"]) == (True, running.url, 2)
    assert "token" not in facts


def test_status_tells_what_is_left_out_for_now(
    call: Call, running: Pretended, capsys: Capture
) -> None:
    breaker = {"binding": "groq/llama", "state": "open", "error": "status 429"}
    running.facts["breakers"] = [
        {**breaker, "until": time.time() + 90.5},
        {**breaker, "binding": "groq/*", "until": time.time() - 1},
    ]
    assert call("status") == 0
    said = capsys.readouterr().out
    assert "groq/llama: status 429; for 1 min 30 s" in said
    assert "groq/*: status 429; until one request has tried it" in said


# what is wrong with a run file
STALE = {
    "not JSON": "{",
    "not a table": "[]",
    "half of it": '{"pid": 1}',
    "a dead process": '{"pid": 999999999, "proxy": "", "base": "", "token": "", "ca": "",'
    ' "started": 0, "db": ""}',
}


@pytest.mark.parametrize("text", STALE.values(), ids=STALE)
def test_a_stale_run_file_is_no_turnout(text: str, call: Call, data: Path) -> None:
    data.mkdir()
    (data / "run.json").write_text(text)
    assert call("status") == 1


def test_somebody_elses_server_is_not_ours(running: Pretended, data: Path) -> None:
    facts = json.loads((data / "run.json").read_text())
    (data / "run.json").write_text(json.dumps(facts | {"token": "other"}))
    with pytest.raises(control.NotRunningError, match="401"):
        control.find()


def test_the_token_is_in_no_repr(running: Pretended) -> None:
    assert "pretended-token" not in repr(control.find())


DAMAGED = {
    "a port that is none": {"base": "http://127.0.0.1:999999"},
    "no address": {"proxy": "nowhere"},
    "a pid that is none": {"pid": 10**20},
    "a token of two lines": {"token": "a\nb"},
    "no time": {"started": float("nan")},
}


@pytest.mark.parametrize("wrong", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("command", ["status", "env"])
def test_a_damaged_run_file_is_none(
    command: str,
    wrong: dict[str, object],
    call: Call,
    running: Pretended,
    data: Path,
    capsys: Capture,
) -> None:
    facts = json.loads((data / "run.json").read_text())
    (data / "run.json").write_text(json.dumps(facts | wrong))
    assert call(command) == 1
    assert "no turnout is running" in capsys.readouterr().err
