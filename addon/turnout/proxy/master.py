"""`turnout serve`: mitmproxy in our own process, with the few addons it needs."""

import os
import sys
from functools import partial
from pathlib import Path

from mitmproxy import options
from mitmproxy.addons import (
    core,
    disable_h2c,
    errorcheck,
    next_layer,
    proxyserver,
    tlsconfig,
    upstream_auth,
)
from mitmproxy.master import Master
from mitmproxy.tools.web.master import WebMaster

from turnout import lifecycle
from turnout.engine import Engine
from turnout.proxy import masks
from turnout.proxy.addon import Announce, Turnout
from turnout.proxy.door import Door
from turnout.relay import Relay


class Headless(Master):
    """mitmdump without what rewrites, replays and saves: each hook asks each of 31 addons."""

    def __init__(self, chosen: options.Options) -> None:
        super().__init__(chosen, with_termlog=True)
        self.addons.add(
            core.Core(),
            disable_h2c.DisableH2C(),
            proxyserver.Proxyserver(),
            next_layer.NextLayer(),
            tlsconfig.TlsConfig(),
            upstream_auth.UpstreamAuth(),
            errorcheck.ErrorCheck(),
        )


async def serve(engine: Engine, confdir: Path, *, web: int | None, announce: Announce) -> None:
    """Runs until SIGINT or SIGTERM, and until what ran then has ended (lifecycle.py).

    `web`: the port of mitmweb, None without. `announce` gets relay and addresses, once they listen.
    """
    proxy = engine.config.proxy
    relay = Relay(engine)
    chosen = options.Options(
        confdir=str(confdir),
        mode=[
            f"regular@{proxy.listen}",
            f"reverse:http://127.0.0.1:{relay.port}@{proxy.base_listen}",
        ],
        ssl_verify_upstream_trusted_ca=os.environ.get("SSL_CERT_FILE"),  # a company's, say
    )
    master = Headless(chosen) if web is None else WebMaster(chosen)
    addon = Turnout(engine, relay, announce)
    master.addons.add(Door(engine.tenants, proxy, relay.port), addon)
    master.options.update(
        connection_strategy="lazy",
        keep_host_header=True,
        store_streamed_bodies=web is not None,
        termlog_verbosity="warn",
    )
    if web is not None:
        masks.wear()
        master.options.update(web_port=web, web_open_browser=sys.stderr.isatty())
    close = partial(master.options.update, mode=[])
    ending = lifecycle.Ending(
        lambda: engine.config.proxy.drain_s, close=close, busy=addon.busy, end=master.shutdown
    )
    lifecycle.listen(ending, engine.reload)
    await master.run()
