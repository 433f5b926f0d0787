"""A real TLS request through the proxy for every CA variable, made by the program that reads it.

It goes to turnout's own host, which the proxy opens as it opens a provider's, and answers itself:
the whole way of a client, without a provider.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from turnout import trust
from turnout.control import Running
from turnout.doctor.finding import Finding

TIMEOUT = 20.0  # seconds; a client without the CA would retry for as long
HOST = "turnout.internal"

# argv[1]: the variable; SSL_CERT_FILE is read by OpenSSL itself
PYTHON = f"""
import http.client, os, ssl, sys, urllib.parse
via = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
roots = None if sys.argv[1] == "SSL_CERT_FILE" else os.environ[sys.argv[1]]
trusts = ssl.create_default_context(cafile=roots)
line = http.client.HTTPSConnection(via.hostname, via.port, timeout=10, context=trusts)
line.set_tunnel("{HOST}", 443)
line.request("GET", "/healthz")
status = line.getresponse().status
sys.exit(0 if status == 200 else f"status {{status}}")
"""
NODE = f"""
const http = require("http"), https = require("https");
const fail = (why) => {{ console.error(String(why)); process.exit(1); }};
const via = new URL(process.env.HTTPS_PROXY);
http.request({{host: via.hostname, port: via.port, method: "CONNECT", path: "{HOST}:443"}})
  .on("error", fail)
  .on("connect", (_, socket) => https
    .get({{host: "{HOST}", path: "/healthz", socket, agent: false}},
         (answer) => answer.statusCode === 200 ? process.exit(0) : fail(answer.statusCode))
    .on("error", fail))
  .end();
"""
CURL = ("--silent", "--show-error", "--fail", "--output", os.devnull, f"https://{HOST}/healthz")


@dataclass(frozen=True, slots=True)
class Probe:
    variable: str
    program: str
    arguments: tuple[str, ...]


PROBES = (
    Probe("SSL_CERT_FILE", sys.executable, ("-c", PYTHON, "SSL_CERT_FILE")),
    Probe("REQUESTS_CA_BUNDLE", sys.executable, ("-c", PYTHON, "REQUESTS_CA_BUNDLE")),
    Probe("CODEX_CA_CERTIFICATE", sys.executable, ("-c", PYTHON, "CODEX_CA_CERTIFICATE")),
    Probe("CURL_CA_BUNDLE", "curl", CURL),
    Probe("NODE_EXTRA_CA_CERTS", "node", ("-e", NODE)),
)

# client: the variables that reach its model calls, each alone (measured, see clients in README)
CLIENTS: Mapping[str, tuple[str, ...]] = {
    "claude": ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"),
    "codex": ("SSL_CERT_FILE", "CODEX_CA_CERTIFICATE"),
    "gemini": ("NODE_EXTRA_CA_CERTS",),
    "opencode": ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"),
    "aider": ("SSL_CERT_FILE",),
    "llm": ("SSL_CERT_FILE",),
}
NODE_WITH_PROXY = 24  # the first whose fetch obeys NODE_USE_ENV_PROXY


def findings(running: Running, environ: Mapping[str, str]) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        given = trust.variables(running, environ, Path(folder))
        proved = {}
        for probe in PROBES:
            finding = _probe(probe, given, environ)
            proved[probe.variable] = finding.state
            yield finding
    yield from _node_version(environ)
    yield from _clients(proved, environ)


def _probe(probe: Probe, given: Mapping[str, str], environ: Mapping[str, str]) -> Finding:
    """With this variable alone, so that no other one helps."""
    program = shutil.which(probe.program, path=environ.get("PATH"))
    if program is None:
        return Finding(probe.variable, "note", f"not tried: {probe.program} is not installed")
    clean = {k: v for k, v in environ.items() if k not in given and k.lower() not in PROXIES}
    env = {**clean, "HTTPS_PROXY": given["HTTPS_PROXY"]}
    env |= {probe.variable: given[probe.variable]}
    why = _why_not([program, *probe.arguments], env)
    if why:
        mend = "see `turnout status`; start it again, and this doctor once more"
        return Finding(probe.variable, "broken", f"{probe.program}: {why}", mend)
    name = "python" if program == sys.executable else probe.program
    return Finding(probe.variable, "ok", f"{name} trusts turnout's CA through the proxy")


PROXIES = frozenset({"https_proxy", "http_proxy", "all_proxy", "no_proxy"})


def _why_not(argv: list[str], env: Mapping[str, str]) -> str:
    """Empty when the request went through, else what the program complains of."""
    try:
        done = subprocess.run(argv, env=env, capture_output=True, timeout=TIMEOUT, text=True)  # noqa: S603
    except subprocess.TimeoutExpired:
        return f"no answer in {TIMEOUT:.0f} s"
    except OSError as e:
        return e.strerror or str(e)
    return "" if done.returncode == 0 else _complaint(done.stderr) or f"exit {done.returncode}"


def _complaint(stderr: str) -> str:
    """curl and node complain first and explain then; a Python traceback ends with the complaint."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return next((line for line in lines if "rror:" in line or "curl:" in line), "".join(lines[-1:]))


def _node_version(environ: Mapping[str, str]) -> Iterator[Finding]:
    node = shutil.which("node", path=environ.get("PATH"))
    if node is None:
        return
    done = subprocess.run([node, "--version"], capture_output=True, timeout=TIMEOUT, text=True)  # noqa: S603
    major = done.stdout.strip().removeprefix("v").partition(".")[0]
    if major.isdigit() and int(major) < NODE_WITH_PROXY:
        detail = f"node {major}: its own fetch ignores HTTPS_PROXY; SDK programs need a base URL"
        yield Finding("NODE_USE_ENV_PROXY", "note", detail)


def _clients(proved: Mapping[str, str], environ: Mapping[str, str]) -> Iterator[Finding]:
    """Installed agents, by the variables that are known to reach them."""
    for client, variables in CLIENTS.items():
        if shutil.which(client, path=environ.get("PATH")) is None:
            continue
        works = [name for name in variables if proved.get(name) == "ok"]
        if works:
            yield Finding(client, "ok", f"installed; trusts us by {' or '.join(works)}")
        elif any(proved.get(name) == "broken" for name in variables):
            mend = f"mend {' or '.join(variables)} above"
            yield Finding(client, "broken", "installed, and would not trust us", mend)
        else:
            yield Finding(client, "note", f"installed; {' or '.join(variables)} could not be tried")
