"""A proxy of our own for one command: `turnout serve` as a child, on free ports."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from turnout import control, paths, runfile
from turnout.control import Running
from turnout.errors import TurnoutError

SERVE = (sys.executable, "-m", "turnout", "serve")
START_S = 30.0  # a cold disk takes seconds to load the encoder
STOP_S = 8.0
# its one client is our own, whoever else the configured proxy is for
OPEN = {
    "TURNOUT_PROXY_AUTH": "remote",
    "TURNOUT_PROXY_LISTEN": "127.0.0.1:0",
    "TURNOUT_PROXY_BASE_LISTEN": "127.0.0.1:0",
}
HURRY = {"TURNOUT_PROXY_DRAIN_S": "5"}  # less than STOP_S: rows of what is cut are written


@contextmanager
def proxy(flags: Sequence[str] = ()) -> Iterator[Running]:
    """Runs until the block ends. Raises TurnoutError with its own words when it does not start."""
    folder = _made(paths.runs_dir())
    run_file, log = folder / f"{os.getpid()}.json", folder / f"{os.getpid()}.log"
    run_file.unlink(missing_ok=True)
    runfile.probe(run_file)
    process = _start(run_file, log, flags)
    try:
        running = control.await_file(run_file, START_S, lambda: process.poll() is not None)
        if running is None:
            raise TurnoutError(f"the proxy did not start: {_last_words(log)}")
        yield running
    finally:
        _stop(process)
        if process.stdin:
            process.stdin.close()
        run_file.unlink(missing_ok=True)
    if process.returncode == 0:
        log.unlink(missing_ok=True)


def _start(run_file: Path, log: Path, flags: Sequence[str]) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C is the agent's, which may live on and ask for more."""
    ports = ["--port", "0", "--base-port", "0", "--run-file", str(run_file)]
    home = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    project = {"TURNOUT_PROJECT": folder_name()}
    with log.open("wb") as file:
        return subprocess.Popen(  # noqa: S603  our own program
            [*SERVE, *ports, "--while-stdin", *flags],
            stdin=subprocess.PIPE,  # which ends when this process does, however it ends
            stdout=file,
            stderr=file,
            start_new_session=True,
            env={**project, **os.environ, **HURRY, **OPEN, "PYTHONPATH": path},
        )


def folder_name() -> str:
    """Of the working directory; "" for one that was removed."""
    try:
        return Path.cwd().name
    except FileNotFoundError:
        return ""


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as e:
        mend = "set TURNOUT_DATA to a folder that can be written"
        raise TurnoutError(f"{folder}: cannot be made ({e.strerror}); {mend}") from e
    return folder


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    said = lines[-1].removeprefix("turnout: ") if lines else "it said nothing"
    return f"{said} (all of it: {log})" if len(lines) > 1 else said
