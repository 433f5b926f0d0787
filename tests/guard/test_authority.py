"""The CA: for its owner only, and with constraints good for the opened hosts and nobody else."""

import shutil
import ssl
import stat
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import DNSName, GeneralName, IPAddress
from mitmproxy.certs import CertStore

from turnout.errors import ConfigError
from turnout.guard import authority

HOSTS = ["localhost", "api.openai.com", "turnout.internal"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ca")
    assert "3 hosts" in authority.prepare(made, HOSTS)
    return made


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that does not trust us hangs up."""


@pytest.fixture
def serve(folder: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """A server with a leaf that mitmproxy made for a host; its URL says localhost in any case."""
    running = []

    def start(*names: GeneralName) -> str:
        entry = CertStore.from_store(folder, "mitmproxy", 2048).get_cert(str(names[0].value), names)
        leaf = tmp_path / "leaf.pem"
        key = entry.privatekey.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        leaf.write_bytes(key + entry.cert.to_pem())
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(leaf)
        server = Server(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        return f"https://localhost:{server.server_port}/"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def python(url: str, ca: Path) -> bool:
    context = ssl.create_default_context(cafile=ca)
    try:
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
        return bool(opener.open(url).read() == b"ok")
    except OSError as e:
        assert "certificate verify failed" in str(e)
        return False


def curl(url: str, ca: Path) -> bool:
    line = ["curl", "-sS", "--noproxy", "*", "--cacert", str(ca), url]
    found = subprocess.run(line, capture_output=True, check=False)
    assert found.returncode in (0, 60), found.stderr
    return found.stdout == b"ok"


NODE = """
const [url, ca] = process.argv.slice(1);
const options = {ca: require('fs').readFileSync(ca)};
require('https').get(url, options, answer => answer.on('data', data => process.stdout.write(data)))
  .on('error', e => process.stdout.write(e.message));
"""


def node(url: str, ca: Path) -> bool:
    found = subprocess.run(["node", "-e", NODE, url, str(ca)], capture_output=True, check=True)
    assert found.stdout == b"ok" or b"subtree violation" in found.stdout, found.stdout
    return found.stdout == b"ok"


CLIENTS = [python, curl, node]
FORGED = {
    "a bank beside it": ["localhost", "bank.example"],
    "a name that only ends alike": ["localhost", "evilapi.openai.com"],
    "an address": ["localhost", "127.0.0.1"],
}


@pytest.mark.parametrize("client", CLIENTS)
def test_real_clients_take_it_for_its_hosts_only(
    client: Callable[[str, Path], bool], folder: Path, serve: Callable[..., str]
) -> None:
    """The leaf is good for localhost in any case: only what it says besides is forbidden."""
    if client is not python and not shutil.which(client.__name__):
        pytest.skip(f"{client.__name__} is not here")
    ca = folder / authority.CERTIFICATE
    assert client(serve(DNSName("localhost"), DNSName("sub.api.openai.com")), ca)
    for names in FORGED.values():
        forged = [IPAddress(ip_address(n)) if n[0].isdigit() else DNSName(n) for n in names]
        assert not client(serve(*forged), ca), names


def test_it_is_kept_while_it_covers_the_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.prepare(tmp_path, HOSTS)
    first = (tmp_path / authority.BOTH).read_bytes()
    assert authority.prepare(tmp_path, HOSTS[:2]) == ""
    assert (tmp_path / authority.BOTH).read_bytes() == first
    assert "4 hosts" in authority.prepare(tmp_path, [*HOSTS, "10.1.2.3"])
    assert authority.prepare(tmp_path, ["10.1.2.3"]) == ""
    assert "every host" in authority.prepare(tmp_path, None)
    assert authority.read(tmp_path) is None, "mitmproxy makes its own again"
    CertStore.from_store(tmp_path, "mitmproxy", 2048)
    assert authority.prepare(tmp_path, None) == ""
    assert authority.prepare(tmp_path, HOSTS), "that one was good for every host"
    monkeypatch.setattr(authority, "VALID", timedelta(days=-1))
    authority.prepare(tmp_path, [*HOSTS, "new.example"])
    monkeypatch.undo()
    assert authority.prepare(tmp_path, [*HOSTS, "new.example"]), "an expired one is made anew"


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """mitmproxy leaves its PKCS#12 and the folder as the umask has them."""
    CertStore.from_store(tmp_path, "mitmproxy", 2048)
    tmp_path.chmod(0o755)
    (tmp_path / authority.BOTH).chmod(0o644)
    authority.prepare(tmp_path, None)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    found = authority.read(tmp_path)
    assert found and authority.constraints(found) is None
    assert found.not_valid_after_utc > datetime.now(UTC)


def test_a_ca_that_is_damaged_is_told_before_mitmproxy_starts(tmp_path: Path) -> None:
    authority.prepare(tmp_path, ["localhost"])
    (tmp_path / authority.BOTH).write_text("junk")
    for hosts in (None, ["localhost"]):
        with pytest.raises(ConfigError, match=r"mitmproxy-ca.pem cannot be read; delete .* start"):
            authority.prepare(tmp_path, hosts)


@pytest.mark.parametrize("left", [None, "junk"], ids=["it is gone", "it is damaged"])
def test_the_certificate_for_clients_is_written_again(left: str | None, tmp_path: Path) -> None:
    """mitmproxy does so only with a new key, which nobody trusts."""
    CertStore.from_store(tmp_path, "mitmproxy", 2048)
    file = tmp_path / authority.CERTIFICATE
    before = file.read_bytes()
    file.unlink() if left is None else file.write_text(left)
    assert authority.prepare(tmp_path, None) == ""
    assert file.read_bytes() == before
