"""The doctor as a command: its table, its JSON, its exit code, and a proxy started for it."""

import json
import sys

import pytest

import pretend
from cli.conftest import Call
from pretend import Pretended
from turnout.cli import own

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def free_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else listens on this machine."""
    monkeypatch.setattr(own, "SERVE", (sys.executable, pretend.__file__))
    monkeypatch.setenv("TURNOUT_PROXY_LISTEN", "127.0.0.1:0")
    monkeypatch.setenv("TURNOUT_PROXY_BASE_LISTEN", "127.0.0.1:0")


def checks(capsys: Capture) -> dict[str, dict[str, str]]:
    document = json.loads(capsys.readouterr().out)
    found = {check["name"]: check for check in document["checks"]}
    assert document["ok"] is not any(check["state"] == "broken" for check in found.values())
    return found


def test_well_with_a_running_turnout(call: Call, running: Pretended, capsys: Capture) -> None:
    assert call("doctor", "--json") == 0
    found = checks(capsys)
    assert found["turnout"]["detail"] == f"runs at {running.url}"
    assert found["SSL_CERT_FILE"]["state"] == "ok"


def test_well_with_one_started_for_it(call: Call, capsys: Capture) -> None:
    assert call("doctor", "--json") == 0
    found = checks(capsys)
    assert "started for this" in found["turnout"]["detail"]
    assert found["SSL_CERT_FILE"]["state"] == "ok"


def test_the_table(
    call: Call, running: Pretended, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert call("doctor") == 0
    said = capsys.readouterr().out
    assert "✓  encoder" in said and "✓  SSL_CERT_FILE" in said and "✓  key openai" in said
    assert "sk-secret" not in said and "✗" not in said


def test_a_proxy_that_does_not_start(
    call: Call, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "SERVE", (sys.executable, "-c", "raise SystemExit('no luck')"))
    assert call("doctor", "--json") == 1
    assert "no luck" in checks(capsys)["turnout"]["detail"]


def test_a_typo_is_broken_and_the_rest_is_still_checked(
    call: Call, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNOUT_MODE", "rout")
    assert call("doctor") == 1
    said = capsys.readouterr().out
    assert "✗  configuration" in said and "did you mean route?" in said and "mend:" in said
    assert "✓  encoder" in said
