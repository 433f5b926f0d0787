"""All sources together: the user's file, the working directory's file, TURNOUT_* variables, flags.

A later one wins, key by key.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from turnout import paths
from turnout.config import rules
from turnout.config.settings import Config, Provider, ProviderSettings, Settings
from turnout.config.shape import build, suggest
from turnout.config.sources import Key, Merged, Source, flags, put, toml
from turnout.errors import ConfigError
from turnout.providers import BUILTIN, Builtin

PREFIX = "TURNOUT_"
# variables that are not settings
RESERVED = frozenset(
    {
        "TURNOUT_ARTIFACTS",
        "TURNOUT_CONFIG",
        "TURNOUT_DATA",
        "TURNOUT_FAULT",
        "TURNOUT_PROJECT",
        "TURNOUT_PYTHON",
    }
)


def load(
    files: Sequence[Path] = (),
    environ: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Config:
    """The configuration, or ConfigError with file, line, key and the mend.

    `files`: read in this order instead of the usual places (`--config`).
    `environ`: os.environ unless given.
    `values`: from flags, by dotted name ({"proxy.listen": "127.0.0.1:0"}); None means not given.
    """
    environ = os.environ if environ is None else environ
    read = list(_files(files, environ))
    merged = Merged()
    for source in (*read, variables(environ), flags(values or {})):
        build(Settings, source.table, source.where)
        merged.add(source)
    settings = build(Settings, merged.table, merged.where)
    rules.check(settings, merged)
    return _config(settings, tuple(source.name for source in read), merged)


def _files(files: Sequence[Path], environ: Mapping[str, str]) -> Iterator[Source]:
    """Files that were asked for must exist; the usual ones may."""
    chosen = list(files) or [Path(p).expanduser() for p in [environ.get("TURNOUT_CONFIG")] if p]
    if chosen:
        yield from (toml(path) for path in chosen)
        return
    if (user := paths.user_config()).is_file():
        yield toml(user)
    if (here := Path(paths.CONFIG_NAME)).is_file():
        yield toml(here, trusted=False)


def variables(environ: Mapping[str, str]) -> Source:
    """TURNOUT_PROXY_LISTEN is proxy.listen. A variable that means nothing is refused: a typo."""
    table: dict[str, Any] = {}
    known = {_variable(path): (path, hint) for path, hint in _scalars(Settings)}
    for name in sorted(environ):
        if name in known:
            path, hint = known[name]
            put(table, path, _parse(name, environ[name], hint))
        elif name.startswith(PREFIX) and name not in RESERVED:
            raise ConfigError(f"{name}: no such setting; {suggest(name, known.keys() | RESERVED)}")
    return Source("environment", table, _variable)


def _variable(path: Key) -> str:
    return PREFIX + "_".join(str(part) for part in path[:2]).upper()


def _scalars(cls: Any, path: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Every setting that fits into a variable, with its type. `providers` does not."""
    for name, hint in get_type_hints(cls).items():
        if is_dataclass(hint):
            yield from _scalars(hint, (*path, name))
        elif not any(is_dataclass(arg) for arg in get_args(hint)):
            yield (*path, name), hint


def _parse(name: str, text: str, hint: Any) -> Any:
    """Truths, numbers, lists with commas, tables as key=value with commas; else a string."""
    items = [item.strip() for item in text.split(",") if item.strip()]
    if hint is bool or (bool in get_args(hint) and text.lower() in BOOLEANS):
        if text.lower() not in BOOLEANS:
            raise ConfigError(f"{name}: {text!r} is not one of {', '.join(BOOLEANS)}")
        return BOOLEANS[text.lower()]
    if hint in NUMBERS:
        try:
            return NUMBERS[hint](text)
        except ValueError:
            raise ConfigError(f"{name}: {text!r} is not a number") from None
    if get_origin(hint) is tuple:
        return items
    if get_origin(hint) is Mapping:
        if wrong := next((item for item in items if "=" not in item), None):
            raise ConfigError(f"{name}: {wrong!r} is not key=value")
        return dict(item.split("=", 1) for item in items)
    return text


NUMBERS: Mapping[Any, Callable[[str], int | float]] = {int: int, float: float}
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def _config(settings: Settings, files: tuple[str, ...], merged: Merged) -> Config:
    names = [*BUILTIN, *(name for name in settings.providers if name not in BUILTIN)]
    return Config(
        mode=settings.mode,
        proxy=settings.proxy,
        policy=settings.policy,
        providers={name: _provider(name, settings.providers.get(name), merged) for name in names},
        store=settings.store,
        hedge=settings.hedge,
        cache=settings.cache,
        files=files,
        projects=settings.projects,
        tenants=settings.tenants,
        limits=settings.limits,
    )


def _provider(name: str, said: ProviderSettings | None, merged: Merged) -> Provider:
    """What was said, on top of what is built in."""
    builtin = BUILTIN.get(name, Builtin("", "openai_chat", (), (), ""))
    given = said or ProviderSettings()
    base_url = (given.base_url or builtin.base_url).rstrip("/")
    return Provider(
        name=name,
        base_url=base_url,
        dialect=given.dialect or builtin.dialect,
        key=given.key or f"env:{builtin.env[0]}",
        env=_variables_of(given.key, builtin.env),
        hosts=tuple(dict.fromkeys([urlsplit(base_url).hostname or "", *builtin.hosts])),
        models=given.models,
        named=said is not None,
        region=given.region,
        retention=given.retention,
        place=merged.where(("providers", name, "key")) if given.key else "",
    )


def _variables_of(key: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    kind, _, name = key.partition(":")
    return otherwise if not key else (name,) if kind == "env" else ()
