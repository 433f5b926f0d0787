"""A CONNECT by hand, to look at what the proxy makes of a connection."""

import asyncio
import ssl
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID


async def connected(
    proxy: str, host: str, port: int, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A TLS connection to host:port through the proxy."""
    address = urlsplit(proxy)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(f"CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head, head
    await writer.start_tls(context, server_hostname=host)
    return reader, writer


async def peer_issuer(proxy: str, host: str, port: int) -> str:
    """The issuer's name of the certificate that is shown to a client."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await connected(proxy, host, port, context)
    try:
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        issuer = x509.load_der_x509_certificate(der).issuer
        return str(issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    finally:
        writer.close()
