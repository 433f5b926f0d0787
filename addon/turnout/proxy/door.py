"""Who comes in: a user of the proxy proves who it is, on other addresses in any case.

    Proxy-Authorization: Basic NAME:SECRET      the proxy; once for the connection of a CONNECT
    x-turnout-tenant: NAME:SECRET               the base-URL port, and inside a tunnel
    x-turnout-tenant: NAME                      a tenant without a secret, on this machine

The secret goes no further, and is kept nowhere: the flow has the name only.
"""

import asyncio
import base64
import binascii
import json
from collections.abc import MutableMapping
from weakref import WeakKeyDictionary

from mitmproxy import connection, http
from mitmproxy.proxy.mode_specs import ReverseMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from turnout.config.addresses import inner, loopback
from turnout.config.settings import Proxy
from turnout.guard.tenants import Tenants

TENANT, PROVED = "turnout.tenant", "turnout.proved"
HEADER = "x-turnout-tenant"
PROXY_HEADER = "proxy-authorization"
REALM = 'Basic realm="turnout"'

type Claim = tuple[str, str]  # name, secret


class Door:
    """An addon that stands before every other of ours."""

    def __init__(self, tenants: Tenants, proxy: Proxy, relay: int) -> None:
        """`relay`: its port."""
        self._tenants, self._always = tenants, proxy.auth == "always"
        self.relay = ("127.0.0.1", relay)
        self._inside: MutableMapping[connection.Client, str] = WeakKeyDictionary()

    async def http_connect(self, flow: http.HTTPFlow) -> None:
        await self._enter(flow)
        if flow.metadata.get(PROVED):
            self._inside[flow.client_conn] = flow.metadata[TENANT]

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        if name := self._inside.get(flow.client_conn):
            flow.metadata |= {TENANT: name, PROVED: True}
        if not flow.is_replay and not flow.response:
            await self._enter(flow)

    async def server_connect(self, data: ServerConnectionHookData) -> None:
        """A guest reaches nothing that listens on this machine for this machine alone."""
        if data.server.address and not _from_here(data.client):
            host, port = data.server.address[:2]
            if (host, port) != self.relay and await _inner(host):
                data.server.error = f"{host} is not for clients of other machines"

    async def _enter(self, flow: http.HTTPFlow) -> None:
        here = _from_here(flow.client_conn)
        for claim in filter(None, (_proxied(flow), _own(flow))):
            if here and not self._always and not self._tenants:
                continue  # nobody is known here, and nobody has to be
            if not await self._holds(claim, flow.client_conn):
                flow.response = _refused(
                    flow, f"tenant {claim[0]!r} is unknown or its secret wrong"
                )
                return
            flow.metadata |= {TENANT: claim[0], PROVED: bool(claim[1])}
        if not flow.metadata.get(PROVED) and (self._always or not here):
            flow.response = _refused(flow, "a tenant's name and secret are needed here")

    async def _holds(self, claim: Claim, client: connection.Client) -> bool:
        name, secret = claim
        if self._tenants.by_name(name):
            return not secret
        if self._tenants.proved(name, secret):
            return True
        address = str(client.peername[0])
        if self._tenants.tired(address):
            return False
        if await asyncio.to_thread(self._tenants.prove, name, secret):
            return True
        self._tenants.guessed(address)
        return False


def _own(flow: http.HTTPFlow) -> Claim | None:
    text = flow.request.headers.pop(HEADER, "")
    name, _, secret = text.partition(":")
    return (name.strip(), secret.strip()) if text else None


def _proxied(flow: http.HTTPFlow) -> Claim | None:
    """It is addressed to us, and ends here."""
    text = flow.request.headers.pop(PROXY_HEADER, "")
    if not text:
        return None
    scheme, _, value = text.partition(" ")
    try:
        plain = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        plain = ""
    name, _, secret = plain.partition(":")
    return (name, secret) if scheme.lower() == "basic" else ("", "")


def _from_here(client: connection.Client) -> bool:
    """Both ends of the connection are on this machine."""
    return all(loopback(str(end[0])) for end in (client.peername, client.sockname))


async def _inner(host: str) -> bool:
    """As the resolver has it now; a name that does not resolve is nowhere."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return inner(host)
    return any(inner(str(one[4][0])) for one in found)


def _refused(flow: http.HTTPFlow, why: str) -> http.Response:
    inner = isinstance(flow.client_conn.proxy_mode, ReverseMode) or flow.client_conn.tls_established
    body = {
        "type": "error",
        "error": {"type": "authentication_error", "message": f"turnout: {why}"},
    }
    headers = {"content-type": "application/json"}
    if not inner:
        headers["proxy-authenticate"] = REALM
    return http.Response.make(401 if inner else 407, json.dumps(body), headers)
