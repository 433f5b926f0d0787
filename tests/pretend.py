"""A pretended turnout for tests of the commands: run file, control API, a proxy with its own CA.

It opens the TLS of turnout.internal, as the real one does, and answers /healthz.
"""

import json
import os
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from mitmproxy.certs import CertStore

TOKEN = "pretended-token"


class Handler(BaseHTTPRequestHandler):
    server: "Pretended"

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.server.asked.append(f"CONNECT {self.path}")
        try:
            inner = self.server.tls.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        for outer in (self.rfile, self.wfile):
            outer.close()
        self.connection = inner
        self.rfile, self.wfile = inner.makefile("rb"), inner.makefile("wb", 0)
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self._answer(200, {"status": "ok"})
        elif self.path == "/v1/status":
            self._guarded(self.server.facts)
        elif self.path == "/v1/pins":
            self._guarded({"pins": self.server.pins})
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        if self.path == "/v1/reload":
            self._guarded(self.server.reloaded)
            return
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/v1/pins":
            self._pin(body)
            return
        self.server.facts["mode"] = body["mode"]
        self._guarded(self.server.facts)

    def _pin(self, body: dict[str, str]) -> None:
        """It knows one model."""
        if body["model"] == "groq/llama":
            self.server.pinned.append((body["model"], body["session"]))
            self._guarded({"pinned": body["model"], "session": body["session"]})
        else:
            self._answer(400, {"error": {"message": "no such model; did you mean groq/llama?"}})

    def do_DELETE(self) -> None:
        dropped, self.server.pins = len(self.server.pins), []
        self._guarded({"dropped": dropped})

    def _guarded(self, document: dict[str, Any]) -> None:
        allowed = self.headers.get("x-turnout-token") == TOKEN
        self._answer(200 if allowed else 401, document if allowed else {})

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


class Pretended(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.asked: list[str] = []
        self.pins: list[dict[str, Any]] = []
        self.reloaded: dict[str, Any] = {}
        self.pinned: list[tuple[str, str]] = []
        self.facts: dict[str, Any] = {
            "mode": "route",
            "profile": "parity",
            "version": "0.1.0",
            "uptime_s": 61.0,
            "requests": 3,
            "routed": 2,
            "untouched": 1,
            "dropped_rows": 0,
            "warnings": [],
            "providers": ["groq"],
            "bundle": "test-1",
            "destinations": "requests may go to groq (api.groq.com)",
        }
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        store = CertStore.from_store(folder, "mitmproxy", 2048)
        self.ca = folder / "mitmproxy-ca-cert.pem"
        self.tls = _context(store, folder)
        self.db = folder / "turnout.db"

    def announce(self, run_file: Path) -> None:
        run_file.parent.mkdir(parents=True, exist_ok=True)
        facts = {"pid": os.getpid(), "proxy": self.url, "base": self.url, "token": TOKEN}
        paths = {"ca": str(self.ca), "db": str(self.db), "started": time.time()}
        new = run_file.with_suffix(".new")
        new.touch(0o600)  # as the real one: it holds the token
        new.write_text(json.dumps(facts | paths))
        new.replace(run_file)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us hangs up."""


def _context(store: CertStore, folder: Path) -> ssl.SSLContext:
    from cryptography.x509 import DNSName

    entry = store.get_cert("turnout.internal", [DNSName("turnout.internal")])
    key = folder / "leaf.pem"
    key.write_bytes(_key(entry.privatekey) + entry.cert.to_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key)
    return context


def _key(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    text = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert isinstance(text, bytes)
    return text


@contextmanager
def pretended(folder: Path) -> Iterator[Pretended]:
    server = Pretended(folder)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve(arguments: list[str]) -> None:
    """`python pretend.py --run-file FILE ...`: in the place of `turnout serve`, until SIGTERM."""
    import signal

    run_file = Path(arguments[arguments.index("--run-file") + 1])
    with pretended(run_file.parent / "pretended") as server:
        server.facts["arguments"] = arguments
        server.announce(run_file)
        (run_file.parent / "arguments.json").write_text(json.dumps(arguments))
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        (run_file.parent / "stopped").touch()


if __name__ == "__main__":
    import signal
    import sys

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    serve(sys.argv[1:])
