"""run: whose proxy, which environment, whose exit code, and what is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import pretend
from cli.conftest import Call
from decided import decision, outcome
from pretend import Pretended
from turnout import record
from turnout.cli import child, own
from turnout.cli import run as run_module
from turnout.config import load
from turnout.doctor import tls
from turnout.store import Store

Capture = pytest.CaptureFixture[str]
ADDON = Path(own.__file__).parents[2]
REAL = own.SERVE
ASKS = "[proxy]\nauth = 'always'\nusers = '{users}'"
SHOW = ["-c", "import json, os; print(json.dumps(dict(os.environ)))"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pretended serve in the place of ours; nobody flushes a log."""
    monkeypatch.setattr(own, "SERVE", (sys.executable, pretend.__file__))
    monkeypatch.setattr(run_module, "FLUSH_S", 0.0)


def test_the_child_gets_the_variables(call: Call, running: Pretended, capfd: Any) -> None:
    before = dict(os.environ)
    assert call("run", "--", sys.executable, *SHOW) == 0
    seen = json.loads(capfd.readouterr().out)
    assert seen["HTTPS_PROXY"] == seen["https_proxy"] == running.url
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "CODEX_CA_CERTIFICATE"):
        assert running.ca.read_text().strip() in Path(seen[name]).read_text()
    assert Path(seen["NODE_EXTRA_CA_CERTS"]).read_text() == running.ca.read_text()
    assert dict(os.environ) == before, "ours stays as it was"


# command -> exit code
CODES: dict[str, tuple[list[str], int]] = {
    "well": (["sh", "-c", "exit 0"], 0),
    "its own": (["sh", "-c", "exit 42"], 42),
    "killed by TERM": (["sh", "-c", "kill -TERM $$"], 128 + 15),
    "killed by KILL": (["sh", "-c", "kill -KILL $$"], 128 + 9),
    "not found": (["no-such-program-here"], 127),
    "not executable": (["/etc/passwd"], 126),
    "a folder": (["/etc"], 126),
}


@pytest.mark.parametrize(("command", "code"), CODES.values(), ids=CODES)
def test_exit_codes(command: list[str], code: int, call: Call, running: Pretended) -> None:
    assert call("run", "--", *command) == code


def test_options_after_the_command_are_the_commands(call: Call, running: Pretended) -> None:
    assert call("run", "sh", "-c", "exit 5", "--profile", "strict") == 5


def test_no_command_is_wrong_use(call: Call) -> None:
    assert call("run") == 2


def test_stdin_is_the_childs(data: Path, running: Pretended) -> None:
    done = outside(data, "cat", stdin=b"through and through")
    assert done.stdout == b"through and through"


def outside(data: Path, *command: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "turnout", "run", "--", *command],
        input=stdin,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ADDON), "TURNOUT_DATA": str(data)},
        timeout=60,
    )


# -- whose proxy

# flags, facts of the running one -> whether it is joined
JOINED: dict[str, tuple[list[str], dict[str, str], bool]] = {
    "no wishes": ([], {}, True),
    "the same profile": (["--profile", "parity"], {}, True),
    "another profile": (["--profile", "strict"], {}, False),
    "shadow, and it routes": (["--shadow"], {}, False),
    "shadow, and it is in shadow": (["--shadow"], {"mode": "shadow"}, True),
    "switched off": ([], {"mode": "off"}, True),
}


@pytest.mark.parametrize(("flags", "facts", "joined"), JOINED.values(), ids=JOINED)
def test_joins_a_running_turnout_that_would_do_the_same(
    flags: list[str],
    facts: dict[str, str],
    joined: bool,
    call: Call,
    running: Pretended,
    capfd: Any,
) -> None:
    running.facts |= facts
    assert call("run", *flags, "--", sys.executable, *SHOW) == 0
    assert (json.loads(capfd.readouterr().out)["HTTPS_PROXY"] == running.url) is joined


def test_its_own_proxy_is_started_and_stopped(call: Call, data: Path, capfd: Any) -> None:
    assert call("run", "--profile", "strict", "--shadow", "--", sys.executable, *SHOW) == 0
    assert json.loads(capfd.readouterr().out)["HTTPS_PROXY"].startswith("http://127.0.0.1:")
    arguments = json.loads((data / "runs" / "arguments.json").read_text())
    assert arguments[:4] == ["--port", "0", "--base-port", "0"]
    assert arguments[6:] == ["--while-stdin", "--profile", "strict", "--shadow"]
    assert (data / "runs" / "stopped").exists()
    assert not list((data / "runs").glob("*.json.*")) + list((data / "runs").glob("*.log"))
    assert not (data / "run.json").exists()


def test_a_joined_proxy_is_not_stopped(call: Call, running: Pretended, data: Path) -> None:
    assert call("run", "--", "true") == 0
    assert (data / "run.json").exists()
    assert not (data / "runs").exists()


TELLING = "import os, sys; sys.exit('turnout: project ' + os.environ['TURNOUT_PROJECT'])"


def test_its_own_proxy_knows_the_project(
    call: Call, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """The working directory's name, for the log."""
    monkeypatch.setattr(own, "SERVE", (sys.executable, "-c", TELLING))
    assert call("run", "--", "true") == 1
    assert f"project {Path.cwd().name}" in capsys.readouterr().err
    monkeypatch.setenv("TURNOUT_PROJECT", "by hand")
    assert call("run", "--", "true") == 1
    assert "project by hand" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("profile", "joined"), [("parity", True), ("thrift", False)], ids=["the same", "another"]
)
def test_a_project_has_its_own_profile(
    call: Call, running: Pretended, capfd: Any, profile: str, joined: bool
) -> None:
    """A turnout.toml in the working directory: a running serve of another profile is not joined."""
    Path("turnout.toml").write_text(f'[policy]\nprofile = "{profile}"\n')
    assert call("run", "--", sys.executable, *SHOW) == 0
    assert (json.loads(capfd.readouterr().out)["HTTPS_PROXY"] == running.url) is joined


@pytest.mark.parametrize(
    "text", ["[projects.{name}]", "[projects.other]", ASKS], ids=["its", "another's", "asks"]
)
def test_a_project_with_rules_of_its_own_has_its_own_proxy(
    call: Call, running: Pretended, capfd: Any, tmp_path: Path, text: str
) -> None:
    """In the user's configuration: a proxy for all would not know whose rules hold."""
    users = tmp_path / "users"
    users.touch()
    written = text.format(name=json.dumps(tmp_path.name), users=users)
    (tmp_path / "no.toml").write_text(written)
    assert call("run", "--", sys.executable, *SHOW) == 0
    alone = json.loads(capfd.readouterr().out)["HTTPS_PROXY"] != running.url
    assert alone is (text != "[projects.other]")


@pytest.mark.parametrize("more", ['deny = ["deepseek/*"]', "force = 'anthropic/claude-opus-4-7'"])
def test_a_project_that_says_more_has_its_own_proxy(
    call: Call, running: Pretended, capfd: Any, more: str
) -> None:
    """Else its rules would be silently left out."""
    Path("turnout.toml").write_text(f'[policy]\nprofile = "parity"\n{more}\n')
    assert call("run", "--", sys.executable, *SHOW) == 0
    assert json.loads(capfd.readouterr().out)["HTTPS_PROXY"] != running.url


def test_a_wrong_file_of_the_project_is_told(call: Call, running: Pretended, capsys: Any) -> None:
    Path("turnout.toml").write_text('[policy]\nprofile = "cheap"\n')
    assert call("run", "--", "true") == 2
    assert "turnout.toml:2: policy.profile" in capsys.readouterr().err


DYING = "import sys; sys.stderr.write('Traceback\\nturnout: 127.0.0.1:1 is taken\\n'); sys.exit(2)"


def test_a_proxy_that_dies_says_why(
    call: Call, monkeypatch: pytest.MonkeyPatch, capsys: Capture, data: Path
) -> None:
    monkeypatch.setattr(own, "SERVE", (sys.executable, "-c", DYING))
    assert call("run", "--", "true") == 1
    said = capsys.readouterr().err
    assert said.startswith("turnout: the proxy did not start: 127.0.0.1:1 is taken")
    assert list((data / "runs").glob("*.log")), "the whole story is kept"


def test_a_proxy_that_never_listens(
    call: Call, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(own, "SERVE", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(own, "START_S", 0.3)
    assert call("run", "--", "true") == 1
    assert "it said nothing" in capsys.readouterr().err


def test_a_data_directory_that_cannot_be_made(
    call: Call, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    data.parent.joinpath("file").write_text("")
    monkeypatch.setenv("TURNOUT_DATA", str(data.parent / "file" / "data"))
    assert call("run", "--", "true") == 1
    assert "set TURNOUT_DATA" in capsys.readouterr().err


def test_the_real_proxy_end_to_end(
    call: Call, monkeypatch: pytest.MonkeyPatch, capfd: Any, data: Path
) -> None:
    """The real serve: its CA is trusted by the child's own TLS, and it is gone afterwards."""
    monkeypatch.setattr(own, "SERVE", REAL)
    assert call("run", "--", sys.executable, "-c", tls.PYTHON, "SSL_CERT_FILE") == 0
    assert capfd.readouterr().err == "turnout: no requests came through\n"
    assert list((data / "runs").iterdir()) == []


def test_a_killed_run_takes_its_proxy_with_it(data: Path) -> None:
    """SIGKILL leaves no time to stop anything: the proxy sees the other end of its stdin go."""
    code = "from turnout.cli import main; main()"
    run = subprocess.Popen(
        [sys.executable, "-c", code, "run", "--", sys.executable, "-c", "input()"],
        stdin=subprocess.PIPE,
        env={**os.environ, "TURNOUT_DATA": str(data), "PYTHONPATH": str(ADDON)},
    )
    while not (files := list((data / "runs").glob("*.json"))):
        assert run.poll() is None
        time.sleep(0.05)
    run.kill()
    run.wait()
    while files[0].exists():  # a proxy that ends takes its run file along
        time.sleep(0.05)
    assert run.stdin
    run.stdin.close()


# -- signals

WAITING = "trap 'exit 7' {0}; echo ready; while :; do sleep 0.05; done"


@pytest.mark.parametrize("name", ["TERM", "HUP"])
def test_signals_to_us_reach_the_child(name: str, data: Path, running: Pretended) -> None:
    with started(data, "sh", "-c", WAITING.format(name)) as process:
        process.send_signal(getattr(signal, f"SIG{name}"))
        assert process.wait(20) == 7


def test_a_signal_while_the_child_starts_is_kept_for_it() -> None:
    with child.signals() as recipient:
        recipient.starting = True
        signal.raise_signal(signal.SIGTERM)
        assert child.run(["sh", "-c", "sleep 5"], os.environ, recipient) == 128 + signal.SIGTERM


def test_a_signal_before_the_child_ends_us() -> None:
    with child.signals(), pytest.raises(SystemExit, match="143"):
        signal.raise_signal(signal.SIGTERM)
    with child.signals(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_is_the_childs_business(data: Path, running: Pretended) -> None:
    """The terminal tells both; the child decides, and turnout goes on until it is done."""
    script = "trap 'echo again' INT; echo ready; sleep 0.4; sleep 0.4; exit 9"
    with started(data, "sh", "-c", script) as process:
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 9


def test_its_own_proxy_outlives_ctrl_c(data: Path) -> None:
    """It is not in the terminal's process group: the agent may still need it."""
    script = "trap 'kill -0 $(cat proxy.pid) && exit 11' INT; echo ready; sleep 2; exit 1"
    with started(data, "sh", "-c", script) as process:
        runs = [json.loads(file.read_text()) for file in (data / "runs").glob("[0-9]*.json")]
        Path("proxy.pid").write_text(str(runs[0]["pid"]))
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 11
    assert (data / "runs" / "stopped").exists()


class started:  # noqa: N801  reads as a sentence
    """`turnout run -- CMD` in a process group of its own, once CMD says that it is ready."""

    def __init__(self, data: Path, *command: str) -> None:
        program = (
            "import sys; from turnout.cli import own, main\n"
            f"own.SERVE = {(sys.executable, pretend.__file__)!r}\n"
            f"main(['run', '--', *{command!r}])"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ADDON), "TURNOUT_DATA": str(data)},
            start_new_session=True,
        )

    def __enter__(self) -> subprocess.Popen[bytes]:
        assert self.process.stdout
        assert self.process.stdout.readline() == b"ready\n"
        return self.process

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


# -- the line at the end


def log(path: Path, *rows: dict[str, Any]) -> None:
    store = Store.open(path)
    for row in rows:
        store.add(row)
    store.close()


def action(**facts: Any) -> dict[str, Any]:
    return record.row(decision(), outcome()) | {"at": time.time() + 1} | facts


def summary(capsys: Capture, call: Call) -> str:
    assert call("run", "--", "true") == 0
    return capsys.readouterr().err.splitlines()[-1]


PRICED = {"cost_usd": 0.004, "requested_same_tokens_usd": 0.0135}
OTHER = {"requested_model": "a", "model": "b"}
SAME = {"requested_model": "a", "model": "a"}

# rows of the log -> the line
SUMMARIES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "nothing": ([], "no requests came through"),
    "one": ([OTHER | PRICED], "1 request, 1 to other models, $0.00400 instead of $0.0135"),
    "some": (
        [OTHER | PRICED, OTHER | PRICED, SAME | PRICED],
        "3 requests, 2 to other models, $0.0120 instead of $0.0405",
    ),
    "cents of cents are no zero": (
        [OTHER | {"cost_usd": 0.0000229, "requested_same_tokens_usd": 0.000235}],
        "1 request, 1 to other models, $0.0000229 instead of $0.000235",
    ),
    "the asked one's price is unknown": (
        [OTHER | PRICED | {"requested_same_tokens_usd": None}],
        "1 request, 1 to other models, $0.00400",
    ),
    "a price is unknown": (
        [OTHER | PRICED, OTHER | {"cost_usd": None}],
        "2 requests, 2 to other models",
    ),
    "a failure": (
        [SAME | PRICED | {"status": 529}],
        "1 request, 0 to other models, $0.00400 instead of $0.0135, 1 error",
    ),
    "older ones are not ours": (
        [OTHER | PRICED | {"at": 1000.0}],
        "no requests came through",
    ),
}


@pytest.mark.parametrize(("rows", "line"), SUMMARIES.values(), ids=SUMMARIES)
def test_summary(
    rows: list[dict[str, Any]], line: str, call: Call, running: Pretended, capsys: Capture
) -> None:
    log(running.db, *(action(id=f"id{n}", **row) for n, row in enumerate(rows)))
    assert summary(capsys, call) == f"turnout: {line}"


def test_summary_without_a_log(call: Call, running: Pretended, capsys: Capture) -> None:
    assert summary(capsys, call) == "turnout: no requests came through"


def test_what_the_proxy_warns_of_is_told_before_the_summary(
    call: Call, running: Pretended, capsys: Capture
) -> None:
    """Nobody sees the terminal of a proxy that was started for one command."""
    running.facts |= {"warnings": ["nothing is routed: the bundle is damaged"]}
    assert call("run", "--", "true") == 0
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "turnout: nothing is routed: the bundle is damaged",
        "turnout: no requests came through",
    ]


def test_another_proxy_is_told_of(
    call: Call, running: Pretended, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@corp.example:3128")
    assert call("run", "--", "true") == 0
    said = capsys.readouterr().err
    assert "HTTPS_PROXY was set" in said and "secret" not in said


def test_its_own_proxy_is_for_its_own_agent(tmp_path: Path) -> None:
    """Whatever the configuration says of other machines and passwords."""
    file = tmp_path / "turnout.toml"
    open_ = "0.0.0.0:80"
    file.write_text(
        f'[proxy]\nlisten = "{open_}"\nbase_listen = "{open_}81"\nauth = "always"\nusers = "{file}"'
    )
    proxy = load([file], own.OPEN).proxy
    assert (proxy.address, proxy.base_address) == (("127.0.0.1", 0), ("127.0.0.1", 0))
    assert proxy.auth == "remote"
