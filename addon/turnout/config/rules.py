"""What the types cannot say: addresses, URLs, keys, and settings that contradict each other.

Each rule yields (path of the setting, what is wrong and the mend).
No rule repeats a value that may be a secret.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from turnout.config import people
from turnout.config.addresses import forbidden, loopback, private
from turnout.config.settings import LocalModel, ProviderSettings, Settings, address
from turnout.config.shape import suggest
from turnout.config.sources import Key, Merged
from turnout.errors import ConfigError
from turnout.providers import BUILTIN

type Faults = Iterator[tuple[Key, str]]

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*|[0-9a-f:]*:[0-9a-f:]*", re.IGNORECASE)
_ENTRY = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FACT = re.compile(r"(region|retention|vendor):[a-z0-9*._-]+")

MOST_VALUE = 1e6  # sessions
LONGEST_DRAIN_S = 3600
LONGEST_TTL_S = 30 * 86_400


def check(settings: Settings, merged: Merged) -> None:
    """Raises ConfigError for the first fault."""
    for path, fault in _faults(settings, merged):
        raise ConfigError(f"{merged.where(path)}: {fault}")


def _faults(settings: Settings, merged: Merged) -> Faults:
    yield from listens(settings)
    yield from hosts(settings)
    yield from policy(settings)
    yield from people.faults(settings)
    yield from hedge(settings)
    yield from lasting(settings)
    for name, provider in settings.providers.items():
        yield from provider_faults(name, provider)
    yield from strays(settings, merged)
    yield from people.strays(settings, merged)


def listens(settings: Settings) -> Faults:
    bound = []
    for name in ("listen", "base_listen"):
        text = getattr(settings.proxy, name)
        try:
            host, port = address(text)
        except ValueError:
            yield ("proxy", name), f'{text!r} is not host:port, as in "127.0.0.1:8080"'
            return
        if not loopback(host) and not people.known(settings):
            yield ("proxy", name), f"{host} is open to others; {people.MEND}"
        bound.append((host, port))
    if bound[0] == bound[1] and bound[0][1]:
        yield ("proxy", "base_listen"), "is proxy.listen too; give each a port of its own"


def hosts(settings: Settings) -> Faults:
    for index, host in enumerate(settings.proxy.intercept):
        if not _HOST.fullmatch(host):
            yield (
                ("proxy", "intercept", index),
                f'{host!r} is not a host name, as in "api.openai.com"',
            )
    for host, url in settings.proxy.upstream.items():
        path = ("proxy", "upstream", host)
        if not _HOST.fullmatch(host):
            yield path, f'{host!r} is not a host name, as in "api.openai.com"'
        if fault := url_fault(url):
            yield path, fault


def policy(settings: Settings) -> Faults:
    rules = settings.policy
    known = BUILTIN.keys() | settings.providers.keys()
    if rules.force:
        path = ("policy", "force")
        provider, _, model = rules.force.partition("/")
        if not provider or not model:
            yield path, f'{rules.force!r} is not "provider/model"'
        elif provider not in known:
            yield path, f"there is no provider {provider!r}; {suggest(provider, known)}"
        elif any(fnmatchcase(rules.force, glob) for glob in rules.deny):
            yield path, "policy.deny forbids what policy.force asks for; drop one of them"
        elif rules.allow and not any(fnmatchcase(rules.force, glob) for glob in rules.allow):
            yield path, "policy.allow leaves out what policy.force asks for; add it there"
    if rules.deadline_ms < 1:
        yield ("policy", "deadline_ms"), "is a number of milliseconds from 1 up"
    yield from worth(rules.success_value)
    for name in ("allow", "deny"):
        for index, glob in enumerate(getattr(rules, name)):
            if "/" not in glob and not _FACT.fullmatch(glob):
                yield (
                    ("policy", name, index),
                    f'{glob!r} is not "provider/model"; for all of one: "{glob}/*"',
                )


def worth(value: float) -> Faults:
    if not 0 <= value <= MOST_VALUE:
        fault = f"is what a solved task is worth, in sessions: a number from 0 to {MOST_VALUE:g}"
        yield ("policy", "success_value"), fault


def hedge(settings: Settings) -> Faults:
    said = settings.hedge
    if not 0.5 <= said.quantile < 1:
        yield ("hedge", "quantile"), "is a share from 0.5 up to, but less than, 1, as in 0.95"
    if not 0 <= said.budget_share <= 1:
        yield ("hedge", "budget_share"), "is a share from 0 to 1, as in 0.02"
    if not (said.usd_per_day.is_finite() and said.usd_per_day >= 0):
        yield ("hedge", "usd_per_day"), "is a number of dollars from 0 up"


def lasting(settings: Settings) -> Faults:
    """How long things last, and how much there is of them."""
    rules = settings.cache
    if not 0 <= settings.proxy.drain_s <= LONGEST_DRAIN_S:
        yield ("proxy", "drain_s"), f"is a number of seconds from 0 to {LONGEST_DRAIN_S}"
    if not 0 < rules.ttl_s <= LONGEST_TTL_S:
        yield ("cache", "ttl_s"), f"is a number of seconds above 0, up to {LONGEST_TTL_S}"
    for name in ("max_bytes", "max_entries"):
        if getattr(rules, name) < 1:
            yield ("cache", name), "is a number from 1 up; `exact = false` switches the cache off"
    if rules.semantic and not rules.exact:
        yield ("cache", "semantic"), "finds what the exact cache keeps; say exact = true as well"


def provider_faults(name: str, provider: ProviderSettings) -> Faults:
    path = ("providers", name)
    if "/" in name or not name.strip():
        yield path, f"{name!r} cannot name a provider; use letters, digits and dashes"
    if name not in BUILTIN:
        for field, example in REQUIRED.items():
            if not getattr(provider, field):
                mend = f"say {field} = {example}; {suggest(name, BUILTIN)}"
                yield path, f"{name} is not a built-in provider and has no {field}; {mend}"
    if provider.base_url and (fault := url_fault(provider.base_url)):
        yield (*path, "base_url"), fault
    if provider.key and (fault := key_fault(provider.key)):
        yield (*path, "key"), fault
    for index, model in enumerate(provider.models):
        yield from model_faults((*path, "models", index), model)


REQUIRED = {
    "base_url": '"https://host/v1"',
    "dialect": '"openai_chat"',
    "key": '"env:NAME", "vault:NAME", "client" or "none"',
}
PRICES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


def model_faults(path: Key, model: LocalModel) -> Faults:
    if not model.id:
        yield (*path, "id"), "is empty; give the model's name at this provider"
    for name in PRICES:
        price = getattr(model, name)
        if price is not None and not (price.is_finite() and price >= 0):
            yield (*path, name), "a price is a number from 0 up, in USD per million tokens"
    for name in ("context_window", "max_output"):
        size = getattr(model, name)
        if size is not None and size < 1:
            yield (*path, name), "is a number of tokens from 1 up"


def key_fault(key: str) -> str:
    """What is wrong with `key`; a key pasted by mistake is not repeated."""
    kind, _, name = key.partition(":")
    if kind == "env" and _VARIABLE.fullmatch(name):
        return ""
    if kind == "vault" and _ENTRY.fullmatch(name):
        return ""
    if key in ("client", "none"):
        return ""
    return (
        'is not "env:NAME", "vault:NAME", "client" or "none"; '
        "put the key itself into an environment variable, or `turnout keys add NAME`"
    )


def url_fault(url: str) -> str:
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
        parts = urlsplit("")
    if not port_is_fine or parts.scheme not in ("http", "https") or not parts.hostname:
        return 'is not a URL, as in "https://openrouter.ai/api/v1"'
    if parts.username is not None or parts.query or parts.fragment:
        return "must have no user, query or fragment; keys go into `key`"
    if forbidden(parts.hostname):
        return f"{parts.hostname} is a metadata service or link-local: no provider lives there"
    if parts.scheme == "http" and not loopback(parts.hostname) and not private(parts.hostname):
        return "would send a key over plain http; use https"
    return ""


def strays(settings: Settings, merged: Merged) -> Faults:
    """A file that came with a working directory may not send a provider's key or traffic elsewhere.

    Else starting an agent inside a stranger's repository would hand over the user's keys.
    """
    mend = "move it to your own configuration file or pass --config"
    for name, provider in settings.providers.items():
        host = urlsplit(provider.base_url).hostname or ""
        said = [("providers", name, field) for field in ("base_url", "key")]
        path = next((path for path in said if merged.untrusted(path)), None)
        if path and host and not loopback(host) and host not in _homes(name, provider):
            yield path, f"would send prompts, or a provider's key, to {host}; {mend}"
    for host, url in settings.proxy.upstream.items():
        place = ("proxy", "upstream", host)
        if merged.untrusted(place) and not loopback(urlsplit(url).hostname or ""):
            yield place, f"would send {host}'s traffic elsewhere; {mend}"


def _homes(name: str, provider: ProviderSettings) -> set[str]:
    """The hosts that its key belongs to; none for a key that is nobody's we know."""
    kind, _, which = provider.key.partition(":")
    owner = BUILTIN.get(which if kind == "vault" else name)
    variable = which if kind == "env" else owner.env[0] if owner else ""
    return {host for known in BUILTIN.values() if variable in known.env for host in known.hosts}
