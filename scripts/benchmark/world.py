"""The processes that are measured: simulated providers, an empty mitmdump, `turnout serve`."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from turnout.demo.pki import HOST, Pki

ROOT = Path(__file__).parents[2]
MITMDUMP = "from mitmproxy.tools.main import mitmdump; mitmdump()"
START_TIMEOUT = 60.0  # seconds
NO_KEY = re.compile(r"(_KEY|_TOKEN)$|(?i:_proxy)$|^TURNOUT_|^SSL_CERT|^ANTHROPIC_|^OPENAI_")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy. `ca`: what its clients must trust. `start_s`: until it listened."""

    url: str
    ca: Path
    pid: int
    start_s: float
    db: Path = Path()

    @property
    def rss_mb(self) -> float:
        return rss(self.pid)


class Simulators:
    """The providers' process, asked over its standard input."""

    def __init__(self, process: Process, said: dict[str, Any]) -> None:
        self._process, self._said = process, said

    def base_url(self, dialect: str) -> str:
        return str(self._said[dialect]["url"])

    async def count(self) -> dict[str, dict[str, int]]:
        """dialect -> completions that arrived, TLS handshakes."""
        assert self._process.stdin
        self._process.stdin.write(b"\n")
        return await said(self._process)


async def said(process: Process) -> dict[str, Any]:
    assert process.stdout
    line = await asyncio.wait_for(process.stdout.readline(), START_TIMEOUT)
    return dict(json.loads(line))


@asynccontextmanager
async def simulators(pki: Pki) -> AsyncIterator[Simulators]:
    args = ("-m", "benchmark.simulators", str(pki.ca.parent))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *args, stdin=PIPE, stdout=PIPE, env=environ()
    )
    try:
        yield Simulators(process, await said(process))
    finally:
        await _stop(process)


@asynccontextmanager
async def mitmdump(folder: Path, pki: Pki) -> AsyncIterator[Proxy]:
    """Empty: no addon but its own."""
    port = free_port()
    options = {
        "confdir": folder,
        "connection_strategy": "lazy",
        "ssl_verify_upstream_trusted_ca": pki.ca,
    }
    settings = [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
    args = ("-c", MITMDUMP, "-q", "--listen-host", "127.0.0.1", "-p", str(port), *settings)
    began = time.perf_counter()
    async with _running(args, folder / "log", environ()) as process:
        await _until(lambda: _listens(port), process, folder / "log")
        ca = folder / "mitmproxy-ca-cert.pem"
        seconds = time.perf_counter() - began
        yield Proxy(f"http://127.0.0.1:{port}", ca, process.pid, seconds)


@asynccontextmanager
async def turnout(folder: Path, pki: Pki, sims: Simulators) -> AsyncIterator[Proxy]:
    """`turnout serve` with the real artifacts; every provider it has a key for is a simulator."""
    config = _configured(folder / "turnout.toml", sims)
    ours = {
        "TURNOUT_DATA": str(folder),
        "SSL_CERT_FILE": str(pki.ca),
        "OPENROUTER_API_KEY": "sk-or-bench",
    }
    args = ("-m", "turnout", "serve", "--port", "0", "--base-port", "0", "--config", str(config))
    run_file = folder / "run.json"
    began = time.perf_counter()
    async with _running(args, folder / "log", environ() | ours) as process:
        await _until(run_file.exists, process, folder / "log")
        seconds = time.perf_counter() - began
        facts = json.loads(run_file.read_text())
        yield Proxy(facts["proxy"], Path(facts["ca"]), process.pid, seconds, Path(facts["db"]))


def _configured(path: Path, sims: Simulators) -> Path:
    path.write_text(f"""
[proxy]
intercept = ["{HOST}"]
[providers.anthropic]
base_url = "{sims.base_url("anthropic")}"
[providers.openrouter]
base_url = "{sims.base_url("openai_chat")}"
""")
    return path


@asynccontextmanager
async def _running(
    args: tuple[str, ...], log: Path, env: Mapping[str, str]
) -> AsyncIterator[Process]:
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *args, stdout=out, stderr=out, env=env, cwd=log.parent
        )
        try:
            yield process
        finally:
            await _stop(process)


async def _stop(process: Process) -> None:
    if process.returncode is None:
        if process.stdin:
            process.stdin.close()
        else:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _until(holds: Any, process: Process, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not holds():
        if process.returncode is not None or time.monotonic() > deadline:
            raise SystemExit(f"it did not start:\n{await asyncio.to_thread(log.read_text)}")
        await asyncio.sleep(0.01)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environ() -> dict[str, str]:
    """Ours without keys, proxies and settings, and with this package on the path."""
    kept = {name: value for name, value in os.environ.items() if not NO_KEY.search(name)}
    path = os.pathsep.join(str(ROOT / folder) for folder in ("addon", "scripts"))
    return {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def rss(pid: int) -> float:
    """Resident memory in MiB."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
        return int(found[1]) / 1024 if found else 0.0
    words = subprocess.run(  # not Linux
        ["ps", "-o", "rss=", "-p", str(pid)],  # noqa: S607
        capture_output=True,
        check=True,
        text=True,
    )
    return int(words.stdout) / 1024
