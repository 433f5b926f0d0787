"""Talks to a running turnout: the run file says where it is, the control API does the rest."""

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from turnout import paths
from turnout.errors import ConfigError, TurnoutError
from turnout.guard import private
from turnout.reload import Reloaded

MOST = 1 << 31  # no process has such a number
TIMEOUT = 5.0  # seconds; it answers from memory


class NotRunningError(TurnoutError):
    """There is no turnout to talk to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A turnout that runs. `proxy`, `base`, `api`: http://host:port. `ca`: its certificate, PEM."""

    pid: int
    proxy: str
    base: str
    token: str = field(repr=False)
    ca: Path
    started: float
    db: Path
    api: str = ""

    @property
    def dashboard(self) -> str:
        """The link that signs a browser in: what follows # stays in the browser."""
        return f"{self.base}/ui/#token={self.token}"

    def status(self) -> dict[str, Any]:
        return self._ask("GET", "/v1/status")

    def set_mode(self, mode: str) -> dict[str, Any]:
        return self._ask("POST", "/v1/mode", {"mode": mode})

    def write_log(self) -> str:
        """Whatever it has answered so far gets its row, which may take it half a second else.

        Returns why rows are not written now, "" when they are.
        """
        with suppress(NotRunningError):  # it has no row yet
            self._ask("GET", "/v1/decisions/last")
        said = self.status().get("warnings", ())
        return next((one for one in said if str(one).startswith(str(self.db))), "")

    def reload(self) -> Reloaded:
        """It reads its configuration again. Raises ConfigError when that is refused."""
        told = self._ask("POST", "/v1/reload")
        return Reloaded(tuple(told["changed"]), tuple(told["needs_restart"]))

    def pins(self) -> list[dict[str, Any]]:
        """Which model each conversation is on."""
        return list(self._ask("GET", "/v1/pins")["pins"])

    def pin(self, model: str, session: str = "") -> str:
        """By hand; `session`: "" is every one. Raises ConfigError when it is refused."""
        found = self._ask("POST", "/v1/pins", {"model": model, "session": session})
        return str(found["pinned"])

    def unpin(self, session: str = "") -> int:
        """How many pins there were."""
        return int(self._ask("DELETE", f"/v1/pins?session={quote(session, safe='')}")["dropped"])

    def feedback(self, decision: str, *, good: bool) -> dict[str, Any]:
        """What a person says of an action. Raises ConfigError when it is refused."""
        return self._ask("POST", "/v1/feedback", {"id": decision, "good": good})

    def alarms(self) -> list[dict[str, Any]]:
        """Models that are not routed to, in their classes."""
        return list(self._ask("GET", "/v1/alarms")["alarms"])

    def release(self, alarm: str) -> None:
        """Routes there again. Raises ConfigError when there is no such alarm."""
        self._ask("DELETE", f"/v1/alarms?id={quote(alarm, safe='')}")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Straight to the loopback port: http.client knows no proxy variables."""
        parts = urlsplit(self.api or self.base)
        line = HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT)
        headers = {"x-turnout-token": self.token, "content-type": "application/json"}
        try:
            line.request(method, path, json.dumps(body) if body else None, headers)
            answer = line.getresponse()
            return _document(answer.status, answer.read())
        except (OSError, HTTPException) as e:
            raise NotRunningError(
                f"the turnout at {self.base} does not answer: {e}; start one with `turnout serve`"
            ) from e
        finally:
            line.close()


def _document(status: int, body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if status == 400 and isinstance(document, dict):
        raise ConfigError(str((document.get("error") or {}).get("message", "it was refused")))
    if status != 200 or not isinstance(document, dict):
        raise NotRunningError(f"the control API answered {status}; it may not be turnout's")
    return document


def read(path: Path) -> Running | None:
    """What a run file says; None when there is none, or it is damaged."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        found = Running(
            pid=int(facts["pid"]),
            proxy=str(facts["proxy"]),
            base=str(facts["base"]),
            api=str(facts.get("api", "")),
            token=str(facts["token"]),
            ca=Path(facts["ca"]),
            started=float(facts["started"]),
            db=Path(facts["db"]),
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return found if _sound(found) else None


def _sound(one: Running) -> bool:
    """Could it have been written by a turnout?"""
    with suppress(ValueError):  # of a port that is none
        ports = [urlsplit(address).port for address in (one.proxy, one.base, one.api)]
        said = one.token.isascii() and one.token.isprintable() and isfinite(one.started)
        return said and 0 < one.pid < MOST and None not in ports[:2]
    return False


def find(path: Path | None = None) -> tuple[Running, dict[str, Any]]:
    """The running `serve` and its status. Raises NotRunningError."""
    running = read(path or paths.run_file())
    if running is None or not alive(running.pid):
        raise NotRunningError("no turnout is running; start one with `turnout serve`")
    return running, running.status()


def announced(write: Callable[[Path], None]) -> Path:
    """Where `write` wrote our run file: the usual place; while another `serve` has that, one beside
    those of `turnout run`, or one of the two would be out of reach of `turnout off`.

    One process at a time, for two may start at once.
    """
    usual = paths.run_file()
    with private.locked(usual.with_name(f"{usual.name}.lock")):
        try:
            find()
            path = paths.runs_dir() / f"{os.getpid()}.json"
        except NotRunningError:
            path = usual
        write(path)
        return path


def every() -> list[tuple[Running, dict[str, Any]]]:
    """The running `serve` first, then the proxies of every `turnout run`, each with its status.

    Raises NotRunningError when there is none.
    """
    found = []
    for file in run_files():
        with suppress(NotRunningError):
            found.append(find(file))
    if not found:
        raise NotRunningError("no turnout is running; start one with `turnout serve`")
    return found


def run_files() -> list[Path]:
    return [paths.run_file(), *sorted(paths.runs_dir().glob("*.json"))]


def alive(pid: int) -> bool:
    if os.name == "nt":  # there, kill(pid, 0) ends the process; asking it must do
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0


def await_file(path: Path, seconds: float, dead: Callable[[], bool]) -> Running | None:
    """The turnout that is about to write `path`; None when it died or took too long."""
    deadline = time.monotonic() + seconds
    while not dead() and time.monotonic() < deadline:
        if running := read(path):
            return running
        time.sleep(0.03)
    return None
