"""The cases, served on loopback as a provider would: the header x-case says which."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from judges.cases import Case


@contextmanager
def served(cases: Sequence[Case]) -> Iterator[str]:
    """-> the base URL"""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            case = cases[int(self.headers["x-case"])]
            kind = "text/event-stream" if case.stream else "application/json"
            self.send_response(case.status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(case.body)))
            self.end_headers()
            self.wfile.write(case.body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
