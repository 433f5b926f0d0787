"""The environment of a proxy's client: which roots, in which file, and what is left alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from turnout import trust
from turnout.control import Running
from turnout.errors import TurnoutError

OURS = "-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n"
THEIRS = "-----BEGIN CERTIFICATE-----\ntheirs\n-----END CERTIFICATE-----"
SYSTEM = "-----BEGIN CERTIFICATE-----\nsystem\n-----END CERTIFICATE-----\n"


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Running:
    (tmp_path / "ca.pem").write_text(OURS)
    (tmp_path / "theirs.pem").write_text(THEIRS)
    (tmp_path / "system.pem").write_text(SYSTEM)
    monkeypatch.setattr(trust, "SYSTEM_ROOTS", (str(tmp_path / "system.pem"),))
    return Running(
        pid=1,
        proxy="http://127.0.0.1:1",
        base="http://127.0.0.1:2",
        token="t",
        ca=tmp_path / "ca.pem",
        started=0.0,
        db=tmp_path / "x.db",
    )


def contents(running: Running, tmp_path: Path, **environ: str) -> dict[str, str]:
    """Variable -> its value, files read."""
    given = trust.variables(running, environ, tmp_path / "made")
    files = (*trust.REPLACING, trust.ADDING)
    return {k: Path(v).read_text() if k in files else v for k, v in given.items()}


def test_a_replacing_variable_keeps_the_systems_roots(running: Running, tmp_path: Path) -> None:
    found = contents(running, tmp_path)
    assert all(found[name] == SYSTEM + OURS for name in trust.REPLACING)
    assert found["NODE_EXTRA_CA_CERTS"] == OURS


@pytest.mark.parametrize("name", [*trust.REPLACING, trust.ADDING])
def test_a_variable_that_is_set_keeps_what_it_had(
    name: str, running: Running, tmp_path: Path
) -> None:
    """A file without a last newline must not swallow our first line."""
    found = contents(running, tmp_path, **{name: str(tmp_path / "theirs.pem")})
    assert found[name] == f"{THEIRS}\n{OURS}"
    others = set(trust.REPLACING) - {name}
    assert all(found[other] == SYSTEM + OURS for other in others)


def test_a_folder_of_certificates(running: Running, tmp_path: Path) -> None:
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots" / "a.pem").write_text(THEIRS)
    (tmp_path / "roots" / "README").write_text("not a certificate")
    found = contents(running, tmp_path, REQUESTS_CA_BUNDLE=str(tmp_path / "roots"))
    assert found["REQUESTS_CA_BUNDLE"] == f"{THEIRS}\n{OURS}"


def test_a_variable_that_names_nothing_falls_back(running: Running, tmp_path: Path) -> None:
    assert (
        contents(running, tmp_path, SSL_CERT_FILE="/nonexistent")["SSL_CERT_FILE"] == SYSTEM + OURS
    )


def test_inside_another_turnout_nothing_is_doubled(running: Running, tmp_path: Path) -> None:
    once = trust.variables(running, {}, tmp_path / "made")
    assert trust.variables(running, once, tmp_path / "made") == once


def test_proxy_and_exceptions(running: Running, tmp_path: Path) -> None:
    found = contents(running, tmp_path, NO_PROXY="corp.example, localhost", no_proxy="other")
    assert found["HTTPS_PROXY"] == found["https_proxy"] == "http://127.0.0.1:1"
    assert found["NODE_USE_ENV_PROXY"] == "1"
    assert found["NO_PROXY"] == found["no_proxy"] == "corp.example,localhost,other,127.0.0.1,::1"
    assert "HTTP_PROXY" not in found


def test_a_bundle_is_written_once(running: Running, tmp_path: Path) -> None:
    first = trust.variables(running, {}, tmp_path / "made")["SSL_CERT_FILE"]
    before = Path(first).stat().st_mtime_ns
    assert trust.variables(running, {}, tmp_path / "made")["SSL_CERT_FILE"] == first
    assert Path(first).stat().st_mtime_ns == before
    assert len(list((tmp_path / "made").iterdir())) == 2, "one for replacing, one for adding"


def test_system_roots_of_this_machine() -> None:
    assert trust.system_roots().count(trust.MARK) > 20


def test_without_a_ca_it_says_so(running: Running, tmp_path: Path) -> None:
    lost = replace(running, ca=tmp_path / "gone.pem")
    with pytest.raises(TurnoutError, match=r"gone\.pem"):
        trust.variables(lost, {}, tmp_path)


def test_a_folder_that_cannot_be_written(running: Running, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TurnoutError, match="TURNOUT_DATA"):
        trust.variables(running, {}, tmp_path / "file" / "made")
