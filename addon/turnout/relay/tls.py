"""TLS towards providers: whom to trust."""

import ssl

import certifi


def client_context(
    ca: str | None = None, folder: str | None = None, *, insecure: bool = False
) -> ssl.SSLContext:
    """The system's roots, certifi's, and those of the file `ca` and the `folder` (PEM)."""
    context = ssl.create_default_context()
    # company CAs often lack what Python 3.13 began to insist on; mitmproxy does not insist either
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.load_verify_locations(certifi.where())
    if ca:
        context.load_verify_locations(ca)
    if folder:
        context.load_verify_locations(capath=folder)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
