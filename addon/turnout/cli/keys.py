"""`turnout keys`: the vault. A secret comes from a prompt or from stdin, never from argv."""

import json
import os
import sys
import time
from typing import Any

import click

from turnout import config as configuration
from turnout import control
from turnout.cli import page
from turnout.config import data_dir
from turnout.errors import ConfigError, TurnoutError
from turnout.guard.keys import Keys
from turnout.guard.vault import Vault, checked, checked_name


@click.group()
def keys() -> None:
    """Turnout's own provider keys, sealed in the data directory.

    A key named as a built-in provider is used for it; in turnout.toml: key = "vault:NAME".
    """


NAME = click.argument("name")
# whoever types the key behind the name hears of it, without seeing it again
EXTRA = click.argument("extra", nargs=-1, metavar="", type=click.UNPROCESSED)


@keys.command()
@NAME
@EXTRA
def add(name: str, extra: tuple[str, ...]) -> None:
    """Add a key; it is asked for, or read from stdin."""
    vault = _vault(name, extra)
    if name in vault.entries():
        raise ConfigError(
            f"the vault has {name!r} already; `turnout keys rotate {name}` replaces it"
        )
    vault.add(name, _secret(name))
    click.echo(f"turnout: {name} is in the vault", err=True)
    _say_use(name)


@keys.command()
@NAME
@EXTRA
def rotate(name: str, extra: tuple[str, ...]) -> None:
    """Put a new key in the place of an old one, without a restart."""
    vault = _vault(name, extra)
    vault.entry(name)
    vault.rotate(name, _secret(name))
    click.echo(
        f"turnout: {name} is new; a running turnout uses it from its next request on, and what "
        "is under way ends with the old one: revoke that when those have ended",
        err=True,
    )


@keys.command()
@NAME
@EXTRA
def remove(name: str, extra: tuple[str, ...]) -> None:
    """Take a key out of the vault."""
    _vault(name, extra).remove(name)
    click.echo(f"turnout: {name} is gone; it is still valid at its provider", err=True)


@keys.command("hash")
def hashed() -> None:
    """Print the hash of a password, for [tenants.NAME] secret = "..."."""
    from turnout.guard import passwords

    click.echo(passwords.hashed(_secret("the tenant")))


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def listed(as_json: bool) -> None:
    """Which provider has which key, and which were refused. Never the keys."""
    vault = Vault(data_dir())
    entries = vault.entries()
    report = _report(vault)
    used = {one["source"]: one for one in report}
    rows = [
        {
            "name": name,
            "made": entry.made,
            "provider": used.get(f"vault:{name}", {}).get("provider", ""),
        }
        for name, entry in sorted(entries.items())
    ]
    if as_json:
        click.echo(json.dumps({"vault": str(vault.path), "entries": rows, "providers": report}))
        return
    page.console().print(_table(rows, report))
    click.echo(f"vault {vault.path}, {len(rows)} {'key' if len(rows) == 1 else 'keys'}", err=True)


def _report(vault: Vault) -> list[dict[str, Any]]:
    """Of the running turnout, which knows what was refused; else of the configuration."""
    try:
        found = control.find()[1].get("keys")
    except TurnoutError:
        found = None
    config = configuration.load()
    return list(found) if found else Keys(config.providers.values(), os.environ, vault).report()


def _table(rows: list[dict[str, Any]], report: list[dict[str, Any]]) -> Any:
    made = {f"vault:{row['name']}": row["made"] for row in rows}
    table = page.grid("provider", "key", "since", "state", numbers=0)
    for one in report:
        refused = one["refused"]
        state = f"refused {_day(refused['at'])}: {refused['why']}" if refused else "not refused"
        table.add_row(one["provider"], one["source"], _day(made.pop(one["source"], 0)), state)
    for source, at in made.items():
        table.add_row("-", source, _day(at), "no provider uses it")
    return table


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at)) if at else "-"


def _vault(name: str, extra: tuple[str, ...]) -> Vault:
    if extra:
        raise ConfigError(
            "a key on the command line can be read by everybody here and stays in your shell's "
            f"history: make a new one, and `turnout keys add {checked_name(name)}` asks for it"
        )
    checked_name(name)
    return Vault(data_dir())


def _secret(name: str) -> str:
    """Hidden while it is typed; or the one line of stdin."""
    if sys.stdin.isatty():
        return checked(str(click.prompt(f"key for {name}", hide_input=True, err=True)).strip())
    return checked(sys.stdin.read(8192).strip())


def _say_use(name: str) -> None:
    try:
        config = configuration.load()
    except ConfigError:
        return
    uses = [one.name for one in config.providers.values() if one.key == f"vault:{name}"]
    if not uses and name not in config.providers:
        mend = f'key = "vault:{name}" under [providers.NAME] in turnout.toml'
        click.echo(f"turnout: nothing uses it yet: say {mend}", err=True)
    elif not uses and (held := config.providers[name]).secret(os.environ):
        click.echo(f"turnout: {held.env[0]} in the environment wins over it", err=True)
