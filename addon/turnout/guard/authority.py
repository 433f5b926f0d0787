"""The CA: what it is good for, how old it is, who can read its key.

mitmproxy makes one at its first start that is good for every host. `proxy.constrained_ca` makes one
here, before that, that is good for the opened hosts only (RFC 5280, 4.2.1.10): whoever steals its
key can pretend to be a model provider, and not a bank. Other hosts mean another CA.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from turnout.config.addresses import address_of
from turnout.errors import ConfigError
from turnout.guard import private

BOTH, CERTIFICATE = "mitmproxy-ca.pem", "mitmproxy-ca-cert.pem"  # mitmproxy's own names
VALID = timedelta(days=730)
KEY_BITS = 2048  # as mitmproxy's
PEM = serialization.Encoding.PEM
NOWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def prepare(folder: Path, hosts: Iterable[str] | None) -> str:
    """A CA for `hosts` in `folder`, or mitmproxy's own for None. What was done, "" for nothing.

    Its folder and what is in it are for their owner only from here on. Raises ConfigError for a
    CA that cannot be read: mitmproxy would end without a word.
    """
    tighten(folder)
    complete(folder)
    known = read(folder)
    names = None if hosts is None else sorted({host.lower() for host in hosts})
    if known and not expired(known) and covers(known, names):
        return ""
    if known is None and names is None:
        return ""  # mitmproxy makes it
    for file in folder.glob("mitmproxy-ca*"):
        file.unlink()
    if names is None:
        return "a new CA: it is good for every host again"
    key, certificate = _made(names)
    plain = serialization.NoEncryption()
    secret = key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    private.write(folder / BOTH, secret + certificate.public_bytes(PEM))
    private.write(folder / CERTIFICATE, certificate.public_bytes(PEM))
    return f"a new CA, for {len(names)} hosts only"


def complete(folder: Path) -> None:
    """The certificate that clients trust is written again where it is gone or another's."""
    both = folder / BOTH
    if not both.exists():
        return
    try:
        serialization.load_pem_private_key(both.read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(both.read_bytes())
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as e:
        mend = f"delete {folder} and start again: a new CA is made, which clients have to trust"
        raise ConfigError(f"{both} cannot be read; {mend}") from e
    if read(folder) != certificate:
        private.write(folder / CERTIFICATE, certificate.public_bytes(PEM))


def tighten(folder: Path) -> None:
    """0700 and 0600: an older start, a backup or a hand may have left them open."""
    for path in (folder, *folder.glob("mitmproxy-*")) if folder.is_dir() else ():
        if private.exposed(path):
            path.chmod(0o700 if path.is_dir() else 0o600)


def read(folder: Path) -> x509.Certificate | None:
    """None when there is none that can be read."""
    try:
        return x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
    except (OSError, ValueError):
        return None


def expired(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc < datetime.now(UTC)


def constraints(certificate: x509.Certificate) -> tuple[str, ...] | None:
    """The hosts it is good for; None: for every one."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None
    return tuple(str(one.value) for one in found.permitted_subtrees or ())


def covers(certificate: x509.Certificate, hosts: list[str] | None) -> bool:
    good_for = constraints(certificate)
    if hosts is None or good_for is None:
        return hosts is None and good_for is None
    return {_name(host).value for host in hosts} <= {_parsed(one) for one in good_for}


def _parsed(text: str) -> object:
    return ip_network(text) if "/" in text else text


def _name(host: str) -> x509.DNSName | x509.IPAddress:
    address = address_of(host)
    return x509.IPAddress(ip_network(str(address))) if address else x509.DNSName(host)


def _made(hosts: list[str]) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "turnout"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "turnout"),
        ]
    )
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + VALID)
    )
    for extension, critical in _extensions(key, hosts):
        builder = builder.add_extension(extension, critical=critical)
    return key, builder.sign(key, hashes.SHA256())


def _extensions(
    key: rsa.RSAPrivateKey, hosts: list[str]
) -> Iterator[tuple[x509.ExtensionType, bool]]:
    names = [_name(host) for host in hosts]
    versions = {one.value.version for one in names if isinstance(one, x509.IPAddress)}
    nowhere = [x509.IPAddress(every) for every in NOWHERE if every.version not in versions]
    yield x509.BasicConstraints(ca=True, path_length=0), True
    yield x509.NameConstraints(permitted_subtrees=names, excluded_subtrees=nowhere or None), True
    yield x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False
    yield x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
    signs = dict.fromkeys(("key_cert_sign", "crl_sign"), True)
    others = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    never = dict.fromkeys((*others, "key_agreement", "encipher_only", "decipher_only"), False)
    yield x509.KeyUsage(**signs, **never), True
