"""A certificate authority for simulated providers: made on the spot, good for a day."""

import datetime
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "localhost"
PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Pki:
    """PEM files. `ca`: the certificate to be trusted. `leaf`: certificate and key for localhost."""

    ca: Path
    leaf: Path

    @classmethod
    def make(cls, folder: Path, name: str = "turnout test CA") -> Self:
        """Two new files in `folder`."""
        made = cls(folder / "ca.pem", folder / "server.pem")
        ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        ca = _certificate(name, ca_key, name, ca_key, ca=True)
        leaf = _certificate(HOST, key, name, ca_key, ca=False)
        made.ca.write_bytes(ca.public_bytes(PEM))
        made.leaf.touch(0o600)
        made.leaf.write_bytes(leaf.public_bytes(PEM) + _private(key))
        return made

    @property
    def server(self) -> ssl.SSLContext:
        """For the side that is connected to."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.leaf)
        return context

    @property
    def client(self) -> ssl.SSLContext:
        """Trusts this authority only. Not strictly: like many a company's it has no key usage."""
        context = ssl.create_default_context(cafile=self.ca)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    ca: bool,
) -> x509.Certificate:
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(signer, critical=False)
    )
    if not ca:
        names = x509.SubjectAlternativeName([x509.DNSName(HOST)])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
