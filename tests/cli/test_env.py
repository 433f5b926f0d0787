"""The exports, read back by the shells they are for."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.conftest import Call
from pretend import Pretended
from turnout.cli.env import SHELLS
from turnout.trust import MARK

Capture = pytest.CaptureFixture[str]

AWKWARD = ["plain", "with space", "it's", 'double "quotes"', "$HOME `x` \\ end"]


def test_a_shell_reads_the_exports(call: Call, running: Pretended, capsys: Capture) -> None:
    assert call("env") == 0
    script = capsys.readouterr().out + 'printf "%s\\n" "$HTTPS_PROXY" "$SSL_CERT_FILE" "$NO_PROXY"'
    said = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    proxy, bundle, local = said.stdout.splitlines()
    assert proxy == running.url
    assert Path(bundle).read_bytes().count(MARK) > 1
    assert local.endswith("127.0.0.1,localhost,::1")


@pytest.mark.parametrize("value", AWKWARD)
def test_sh_quotes(value: str) -> None:
    script = SHELLS["sh"]("X", value) + '; printf %s "$X"'
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == value
    assert shlex.split(SHELLS["sh"]("X", value)) == ["export", f"X={value}"]


# shell -> how it writes what sh could not read
WRITTEN = {
    "fish": "set -gx X 'it\\'s \\\\ here'",
    "powershell": "$env:X = 'it''s \\ here'",
}


@pytest.mark.parametrize(("shell", "line"), WRITTEN.items(), ids=WRITTEN)
def test_other_shells_quote_in_their_own_way(shell: str, line: str) -> None:
    assert SHELLS[shell]("X", "it's \\ here") == line


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_each_name_once(
    shell: str, call: Call, running: Pretended, capsys: Capture
) -> None:
    assert call("env", "--shell", shell) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split("=")[0] if shell != "fish" else line.split()[2] for line in lines]
    folded = [name.lower() if shell == "powershell" else name for name in names]
    assert len(set(folded)) == len(lines) >= 8


def test_an_unknown_shell_is_wrong_use(call: Call) -> None:
    assert call("env", "--shell", "tcsh") == 2


def test_curl_goes_through(call: Call, running: Pretended, capsys: Capture) -> None:
    curl = shutil.which("curl")
    assert call("env") == 0
    script = capsys.readouterr().out + f"{curl or 'exit 0;'} -sS https://turnout.internal/healthz"
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not curl or '"ok"' in done.stdout
