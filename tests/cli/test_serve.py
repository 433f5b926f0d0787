"""What `turnout serve` does to its own process."""

import gc
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from mitmproxy.certs import CertStore

from cli.conftest import Call
from turnout.cli import commands
from turnout.cli.serve import spare_what_is_loaded

ADDON = Path(commands.__file__).parents[2]


def test_what_was_loaded_is_not_searched_again() -> None:
    kept = [object() for _ in range(10)]
    before = gc.get_freeze_count()
    try:
        spare_what_is_loaded()
        assert gc.get_freeze_count() > before
        assert not any(one is kept for one in gc.get_objects())
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("line", ["serve --port 0 --base-port 0", "run -- true"])
def test_a_full_disk_is_told_before_it_listens(line: str, tmp_path: Path) -> None:
    """`ulimit -f 0`: no file can be written, as on a full disk."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'ulimit -f 0; exec "$0" -m turnout {line}', sys.executable],
        capture_output=True,
        env={"PYTHONPATH": str(ADDON), "TURNOUT_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
        text=True,
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    (said,) = [one for one in done.stderr.splitlines() if one.startswith("turnout: ")]
    assert "no file can be written (File too large); free some space" in said


def test_two_that_start_at_once_are_both_within_reach(tmp_path: Path) -> None:
    """Else `turnout off` would switch off one of them only."""
    command = (sys.executable, "-m", "turnout", "serve", "--port", "0", "--base-port", "0")
    env = {"PYTHONPATH": str(ADDON), "TURNOUT_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"}
    (tmp_path / "ca").mkdir(mode=0o700)
    CertStore.from_store(tmp_path / "ca", "mitmproxy", 2048)  # which both would make at once
    both = [subprocess.Popen(command, env=env, stderr=subprocess.PIPE) for _ in range(2)]
    try:
        for one in both:
            assert one.stderr
            while b"Ctrl-C ends" not in one.stderr.readline():
                assert one.poll() is None
        files = [tmp_path / "run.json", *(tmp_path / "runs").glob("*.json")]
        found = {json.loads(file.read_text())["pid"] for file in files}
        assert found == {one.pid for one in both}
    finally:
        for one in both:
            one.terminate()
            one.communicate()


@pytest.mark.parametrize("option", ["--port", "--base-port", "--web-port"])
def test_a_port_that_is_taken(option: str, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        free = [one for one in ("--port", "--base-port") if one != option]
        assert (
            call("serve", "--web", option, str(port), *(w for one in free for w in (one, "0"))) == 2
        )
    said = capsys.readouterr().err
    assert f"127.0.0.1:{port} cannot be listened on (Address already in use)" in said
    assert said.endswith(f"Choose another with {option}\n")


def test_a_port_of_mitmweb_that_is_none(call: Call) -> None:
    assert call("serve", "--web", "--web-port", "99999") == 2


@pytest.mark.parametrize("content", [None, "no certificates"], ids=["it is gone", "it is none"])
def test_roots_that_cannot_be_read(
    content: str | None,
    call: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "roots.pem"
    if content:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert call("serve", "--port", "0", "--base-port", "0") == 2
    said = capsys.readouterr().err
    assert said.startswith(f"turnout: SSL_CERT_FILE: {file} cannot be read as certificates (")
