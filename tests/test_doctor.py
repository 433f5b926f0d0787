"""Each check of the doctor, on a machine that is well and on one that is not."""

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pretend import Pretended, pretended
from turnout import config, control, trust
from turnout.control import Running
from turnout.doctor import machine, tls
from turnout.doctor.finding import Finding

PATH = {"PATH": os.environ["PATH"]}


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("turnout.paths.user_config", lambda: tmp_path / "no.toml")


def states(findings: Iterator[Finding]) -> dict[str, str]:
    return {finding.name: finding.state for finding in findings}


def test_configuration(tmp_path: Path) -> None:
    found, finding = machine.configuration({})
    assert found and finding.state == "ok" and "defaults" in finding.detail
    (tmp_path / "turnout.toml").write_text("mode = 'rout'")
    found, finding = machine.configuration({})
    assert found is None and finding.state == "broken"
    assert "turnout.toml:1: mode" in finding.detail and finding.mend


def test_keys_are_named_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "turnout.toml").write_text("[providers.groq]\n")
    environ = {"OPENAI_API_KEY": "sk-secret", "GROQ_API_KEY": " "}
    found = list(machine.keys(config.load(environ={}), environ))
    assert {f.name: f.state for f in found} == {"key openai": "ok", "key groq": "broken"}
    assert "sk-secret" not in repr(found)
    assert "OPENAI_API_KEY, for api.openai.com" in found[0].detail
    assert found[1].mend == "set GROQ_API_KEY, or drop [providers.groq]"


def test_no_key_at_all_is_a_note(tmp_path: Path) -> None:
    environ = {"TURNOUT_DATA": str(tmp_path)}
    assert states(machine.keys(config.load(environ={}), environ)) == {"keys": "note"}
    (tmp_path / "vault.json").touch()
    assert states(machine.keys(config.load(environ={}), environ)) == {}, "the vault may have some"


def test_data_directory(tmp_path: Path) -> None:
    assert machine.folder({"TURNOUT_DATA": str(tmp_path / "new" / "data")}).state == "ok"
    (tmp_path / "file").write_text("")
    broken = machine.folder({"TURNOUT_DATA": str(tmp_path / "file" / "data")})
    assert broken.state == "broken" and "TURNOUT_DATA" in broken.mend


def test_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"TURNOUT_DATA": str(tmp_path / "not" / "yet")}
    assert machine.disk(environ).state == "ok"
    full = shutil.disk_usage(tmp_path)._replace(free=99_000_000)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: full)
    assert "99 MB free" in machine.disk(environ).detail
    assert machine.disk(environ).state == "broken"


@pytest.mark.parametrize(("now", "state"), [(None, "ok"), (0.0, "broken"), (4e9, "ok")])
def test_clock(now: float | None, state: str) -> None:
    assert machine.clock(now).state == state


def test_ports(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        listen = {"proxy.listen": f"127.0.0.1:{port}", "proxy.base_listen": "127.0.0.1:0"}
        given = config.load(environ={}, values=listen)
        proxy, base = machine.ports(given, None)
        assert (proxy.state, base.state) == ("broken", "ok")
        assert "--port" in proxy.mend and str(port) in proxy.detail
        ours = running(tmp_path, f"http://127.0.0.1:{port}")
        proxy, _ = machine.ports(given, ours)
        assert proxy.state == "ok" and "running turnout's" in proxy.detail


def running(folder: Path, url: str) -> Running:
    return Running(
        pid=1, proxy=url, base=url, token="t", ca=folder / "x", started=0.0, db=folder / "y"
    )


ARTIFACTS = config.artifacts_dir({})


def test_artifacts_of_this_checkout() -> None:
    assert states(machine.artifacts({})) == dict.fromkeys(("encoder", "bundle", "catalogue"), "ok")


@pytest.mark.parametrize("name", ["encoder", "bundle", "catalogue"])
def test_a_damaged_artifact(name: str, tmp_path: Path) -> None:
    copy = tmp_path / "artifacts"
    shutil.copytree(ARTIFACTS, copy)
    used = copy / "bundles" / (copy / "latest").read_text().strip()
    folder = {"encoder": copy / "encoder", "bundle": used, "catalogue": copy}[name]
    victim = max(
        (f for f in folder.glob("**/*") if f.is_file() and f.name != "manifest.json"),
        key=lambda f: (f.name == "catalog.json", f.stat().st_size),
    )
    victim.write_bytes(victim.read_bytes()[:-5])
    found = states(machine.artifacts({"TURNOUT_ARTIFACTS": str(copy)}))
    assert [key for key, state in found.items() if state == "broken"] == [name]


# -- through the proxy


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Pretended]:
    with pretended(tmp_path / "ca") as server:
        yield server


def announced(server: Pretended, tmp_path: Path) -> Running:
    server.announce(tmp_path / "run.json")
    found = control.read(tmp_path / "run.json")
    assert found
    return found


def test_every_variable_is_proved_by_a_request(proxy: Pretended, tmp_path: Path) -> None:
    found = states(tls.findings(announced(proxy, tmp_path), PATH))
    for probe in tls.PROBES:
        installed = shutil.which(probe.program) is not None
        assert found[probe.variable] == ("ok" if installed else "note")
    proved = sum(shutil.which(probe.program) is not None for probe in tls.PROBES)
    assert proxy.asked.count("GET /healthz") == proved >= 3


def test_another_ca_is_not_trusted(proxy: Pretended, tmp_path: Path) -> None:
    """And no other variable of the environment helps: each is tried alone."""
    given = announced(proxy, tmp_path)
    ambient = PATH | trust.variables(given, PATH, tmp_path)
    none = dict.fromkeys((*trust.REPLACING, trust.ADDING), "/nonexistent")
    with pretended(tmp_path / "other") as other:
        stranger = replace(given, ca=other.ca)
        for left_in in (*trust.REPLACING, trust.ADDING):
            environ = ambient | {**none, left_in: ambient[left_in]}
            found = {f.name: f for f in tls.findings(stranger, environ)}
            others = [found[probe.variable] for probe in tls.PROBES if probe.variable != left_in]
            assert {f.state for f in others} <= {"broken", "note"}, others
            assert all("certificate" in f.detail.lower() for f in others if f.state == "broken")


def test_a_proxy_that_is_gone_breaks_everything(proxy: Pretended, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    gone = replace(announced(proxy, tmp_path), proxy=nowhere)
    found = states(tls.findings(gone, PATH))
    assert {found[probe.variable] for probe in tls.PROBES} <= {"broken", "note"}
    assert found["SSL_CERT_FILE"] == "broken"


def test_a_program_that_is_missing_is_a_note(proxy: Pretended, tmp_path: Path) -> None:
    found = states(tls.findings(announced(proxy, tmp_path), {"PATH": str(tmp_path)}))
    assert (found["CURL_CA_BUNDLE"], found["NODE_EXTRA_CA_CERTS"]) == ("note", "note")
    assert found["SSL_CERT_FILE"] == "ok"


# installed clients and variables that work -> what is said of the client
CLIENTS: dict[str, tuple[str, dict[str, str], str]] = {
    "by one of two": ("claude", {"SSL_CERT_FILE": "ok", "NODE_EXTRA_CA_CERTS": "broken"}, "ok"),
    "by none": ("aider", {"SSL_CERT_FILE": "broken"}, "broken"),
    "not tried": ("gemini", {"NODE_EXTRA_CA_CERTS": "note"}, "note"),
}


@pytest.mark.parametrize(("client", "proved", "state"), CLIENTS.values(), ids=CLIENTS)
def test_clients(client: str, proved: dict[str, str], state: str, tmp_path: Path) -> None:
    (tmp_path / client).write_text("#!/bin/sh\n")
    (tmp_path / client).chmod(0o755)
    found = list(tls._clients(proved, {"PATH": str(tmp_path)}))
    assert [(f.name, f.state) for f in found] == [(client, state)]
