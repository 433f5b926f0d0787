"""`turnout serve`: the proxy that stays up."""

import asyncio
import gc
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from turnout import config as configuration
from turnout import figures, paths, runfile
from turnout.config import Config
from turnout.control import announced
from turnout.errors import ConfigError

if TYPE_CHECKING:
    from turnout.engine import Engine


@click.command()
@click.option("--host", help="Address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port of the proxy; 0 takes a free one. [default: 8080]")
@click.option("--base-port", type=int, help="Port for base-URL clients. [default: 8788]")
@click.option("--web", is_flag=True, help="Open mitmweb on the routed traffic.")
@click.option(
    "--web-port",
    type=click.IntRange(1, 65535),
    default=8081,
    show_default=True,
    help="Port of mitmweb.",
)
@click.option("--config", "file", type=click.Path(path_type=Path), help="A turnout.toml.")
@click.option("--profile", help="strict, parity or thrift, instead of the configured one.")
@click.option("--shadow", is_flag=True, help="Decide and log, but touch nothing.")
@click.option("--while-stdin", is_flag=True, help="End when stdin ends.", hidden=True)
@click.option("--run-file", type=click.Path(path_type=Path), help="Where to write ports and token.")
def serve(
    host: str | None,
    port: int | None,
    base_port: int | None,
    web: bool,
    web_port: int,
    file: Path | None,
    profile: str | None,
    shadow: bool,
    while_stdin: bool,
    run_file: Path | None,
) -> None:
    """Run the proxy until it is stopped."""
    files = [file] if file else []
    said = {"policy.profile": profile, "mode": "shadow" if shadow else None}
    read = partial(configuration.load, files, values=dict(said))
    config = read()
    said |= {
        "proxy.listen": _listen(config.proxy.address, host, port),
        "proxy.base_listen": _listen(config.proxy.base_address, host, base_port),
    }
    config = configuration.load(files, values=said)
    _check_free(config, web_port if web else None)
    _check_roots(os.environ.get("SSL_CERT_FILE"))
    if while_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    _run(config, read, web=web_port if web else None, run_file=run_file)


def _end_with_stdin() -> None:
    """Whoever started us holds the other end; a parent that is killed cannot say goodbye."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _listen(configured: tuple[str, int], host: str | None, port: int | None) -> str:
    name = host or configured[0]
    return f"{f'[{name}]' if ':' in name else name}:{configured[1] if port is None else port}"


def _check_roots(file: str | None) -> None:
    """What our connections to providers trust besides the system's roots."""
    try:
        if file:
            ssl.create_default_context().load_verify_locations(file)
    except OSError as e:  # of OpenSSL, too
        raise ConfigError(
            f"SSL_CERT_FILE: {file} cannot be read as certificates ({e.strerror or e}); "
            "unset it, or name a PEM file"
        ) from e


def _check_free(config: Config, web: int | None) -> None:
    """mitmproxy would say it in five lines: here it is one, with the mend."""
    ports = {"--port": config.proxy.address, "--base-port": config.proxy.base_address}
    if web:
        ports["--web-port"] = ("127.0.0.1", web)
    for option, (host, port) in ports.items():
        try:
            socket.create_server((host, port)).close()
        except OSError as e:
            why = (e.strerror or str(e)).partition(" (while")[0]
            raise ConfigError(
                f"{host}:{port} cannot be listened on ({why}); is a turnout already "
                f"running (`turnout status`)? Choose another with {option}"
            ) from e


def _run(
    config: Config, read: Callable[[], Config], *, web: int | None, run_file: Path | None
) -> None:
    from turnout.engine import Engine  # both take a second to import: bad flags are told at once
    from turnout.guard import authority
    from turnout.proxy import CA_NAME, INTERNAL
    from turnout.proxy import serve as run_proxy
    from turnout.relay import Relay

    data = runfile.made(configuration.data_dir())
    ca = runfile.made(data / "ca")
    runfile.probe(run_file or paths.run_file())
    engine = Engine.open(config)
    secrets_stay_in_memory()
    constrained = engine.opened() | {INTERNAL} if config.proxy.constrained_ca else None
    if said := authority.prepare(ca, constrained):
        click.echo(f"turnout: {said}; clients that run have to be started again", err=True)
    engine.read_again_with(read)
    engine.books.listeners.append(_print)

    def announce(relay: Relay, addresses: Mapping[str, str]) -> None:
        nonlocal run_file
        spare_what_is_loaded()
        facts: dict[str, Any] = {"token": relay.token, "ca": ca / CA_NAME, "db": engine.store_path}
        if run_file:
            runfile.write(run_file, addresses, **facts)
        else:
            run_file = announced(lambda path: runfile.write(path, addresses, **facts))
        _say(addresses, engine.destinations(), _standing(engine), _behind(engine))

    try:
        asyncio.run(run_proxy(engine, ca, web=web, announce=announce))
    finally:
        if run_file:
            runfile.remove(run_file)


def secrets_stay_in_memory() -> None:
    """No core file: it would hold every key. Whoever debugs can raise the limit again."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def spare_what_is_loaded() -> None:
    """From the garbage collector, for good: searching it all stops every request for 0.1 s."""
    gc.collect()
    gc.freeze()


def _standing(engine: "Engine") -> str:
    """Who can win with these keys and rules, and whether all fits together."""
    from turnout.bundles.contradictions import contradictions
    from turnout.bundles.standing import line, standings

    if engine.broken:
        return engine.broken
    options, bundle = engine.road.options, engine.road.brain.bundle
    catalog, rules = options.catalog, options.rules("", "")
    found = standings(catalog.bindings, options.names, bundle, rules)
    odd = len(list(contradictions(catalog.models, catalog.bindings, bundle, found)))
    more = f"; {odd} contradictions of catalogue and bundle" if odd else ""
    return f"bundle {bundle.version}: {line(found)}{more} (`turnout models --report`)"


def _behind(engine: "Engine") -> str:
    """Of a bundle of the user's own that is in use."""
    from turnout.route import chosen
    from turnout.route.shelves import Shelves

    if engine.broken or engine.road.brain.warning:
        return ""
    return chosen.outdated(Shelves(paths.artifacts_dir(), paths.own_dir()))


def _say(addresses: Mapping[str, str], destinations: str, standing: str, behind: str) -> None:
    click.echo(f"turnout: proxy {addresses['proxy']}, base URL {addresses['base']}", err=True)
    if url := addresses.get("web"):
        click.echo(f"turnout: mitmweb {url}", err=True)
    click.echo(f"turnout: {destinations}", err=True)
    click.echo(f"turnout: {standing}", err=True)
    if behind:
        click.echo(f"turnout: {behind}", err=True)
    click.echo("turnout: `turnout run -- claude` in another terminal; Ctrl-C ends", err=True)


def _print(row: Mapping[str, Any]) -> None:
    """One line an action, as it ends."""
    cost = "cost unknown" if row["cost_usd"] is None else figures.usd(row["cost_usd"])
    served = f"{row['provider']}/{row['model']}"
    status = row["status"] or "no answer"
    click.echo(
        f"{time.strftime('%H:%M:%S')} {row['client'] or '?':12} "
        f"{row['requested_model']} -> {served}  {row['reason']}  {status}  {cost}  {row['id']}",
        err=True,
    )
