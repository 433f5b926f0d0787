"""What may be said in turnout.toml, as frozen dataclasses. The names are the contract's.

`Settings` is the file as written. `Config` is what the rest of turnout reads: its providers are
resolved (built-in facts filled in). A secret is never stored in either, only the name of the
variable that holds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal
from urllib.parse import urlsplit

from turnout.wire.request import DialectName

Mode = Literal["route", "shadow", "off"]
Profile = Literal["strict", "parity", "thrift"]
INTERCEPT = (
    "api.anthropic.com",
    "api.openai.com",
    "generativelanguage.googleapis.com",
    "openrouter.ai",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Addresses are host:port. `upstream`: for labs and tests, host -> the URL asked instead.

    `auth`: who has to say who they are: clients of other machines, or all. `users`: path of an
    htpasswd file (bcrypt). `constrained_ca`: the CA is good for the opened hosts only.
    `drain_s`: seconds that streams have to finish when turnout is told to end; 0 cuts them.
    """

    listen: str = "127.0.0.1:8080"
    base_listen: str = "127.0.0.1:8788"
    intercept: tuple[str, ...] = INTERCEPT
    upstream: Mapping[str, str] = field(default_factory=dict)
    auth: Literal["remote", "always"] = "remote"
    users: str = ""
    constrained_ca: bool = False
    drain_s: float = 30.0

    @property
    def address(self) -> tuple[str, int]:
        return address(self.listen)

    @property
    def base_address(self) -> tuple[str, int]:
        return address(self.base_listen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`force`, `allow`, `deny` name bindings as provider/model; the last two are globs.

    An empty `allow` allows all. `deny` may also name facts of the catalogue, as "region:cn".
    `deadline_ms`: how long a request may wait for its prompt to be embedded; later ones go home.
    `break_loops`: an agent that runs in a circle is answered by turnout, and so ends its turn.
    `mark`: the first answer of a session, or of a model, begins with who gave it.
    `success_value`: what solving a task is worth, in whole sessions on the requested model.
    """

    profile: Profile = "parity"
    never_above_requested: bool = True
    force: str = ""
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    answer_model: Literal["served", "requested"] = "served"
    subscription: Literal["direct", "route"] = "direct"
    deadline_ms: int = 150
    success_value: float = 4.0
    break_loops: bool = False
    mark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalModel:
    """A model at a configured provider. Prices in USD per million tokens, sizes in tokens.

    None: not said; the catalogue's fact holds when `id` is in the catalogue, else it is unknown.
    """

    id: str
    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None
    context_window: int | None = None
    max_output: int | None = None
    images: bool | None = None
    documents: bool | None = None
    tools: bool | None = None
    structured: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """`[providers.NAME]` as written; "" means not said.

    `region`, `retention`: whose law holds and what it keeps, for rules like "region:cn".
    """

    base_url: str = ""
    dialect: DialectName | Literal[""] = ""
    key: str = ""
    models: tuple[LocalModel, ...] = ()
    region: str = ""
    retention: Literal["", "none", "kept", "train"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """`[projects.NAME]`: what is tighter there than the policy. "" and () mean: no tighter."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    profile: Profile | Literal[""] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant(Bounds):
    """`[tenants.NAME]`: a user of the proxy, or a group of them; it inherits from `parent`.

    `secret`: a hash made by `turnout keys hash`. `answers`: whether caches may answer it.
    """

    secret: str = field(default="", repr=False)
    parent: str = ""
    answers: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`[[limits]]`: what all matching requests together may use; apart for each value of `per`.

    `client`, `project`, `tenant`, `model` (the one asked for): globs, "" for all. A tenant's
    requests count for its parents too. Windows slide: a minute, a day. `then`: what becomes of a
    request beyond it. `strict`: a limiter that fails refuses instead of letting pass.
    """

    client: str = ""
    project: str = ""
    tenant: str = ""
    model: str = ""
    per: tuple[Literal["client", "project", "tenant", "model"], ...] = ()
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    usd_per_day: Decimal | None = None
    then: Literal["refuse", "cheaper", "home"] = "refuse"
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """`path`: of the log; "" is turnout.db in the data directory. `bodies`: see content.py."""

    path: str = ""
    bodies: Literal["none", "hashed", "full"] = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedge:
    """A second attempt beside a slow first one; the first answer wins. Off unless asked for.

    `quantile`: of the binding's own time to its first event, after which it counts as slow.
    `budget_share`: hedges per request, 0 to 1. `usd_per_day`: expected cost of them all, UTC days.
    """

    enabled: bool = False
    quantile: float = 0.95
    budget_share: float = 0.02
    usd_per_day: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """Answers that need no model. All off by default: an answer of the past is a choice.

    `exact`: the same request again; false, true (temperature 0 only) or "always". `semantic`: a
    first question that means the same, too. `ttl_s`: seconds an answer lives. `max_bytes`,
    `max_entries`: of what is kept, in memory and on disk. `disk`: false forgets it at the end.
    """

    exact: bool | Literal["always"] = False
    semantic: bool = False
    ttl_s: float = 3600.0
    max_bytes: int = 64 << 20
    max_entries: int = 10_000
    disk: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    mode: Mode = "route"
    proxy: Proxy = field(default_factory=Proxy)
    policy: Policy = field(default_factory=Policy)
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    store: StoreSettings = field(default_factory=StoreSettings)
    projects: Mapping[str, Bounds] = field(default_factory=dict)
    tenants: Mapping[str, Tenant] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    hedge: Hedge = field(default_factory=Hedge)
    cache: Cache = field(default_factory=Cache)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Someone who serves models.

    `key`: "env:NAME", "vault:NAME", "client" (the client's own token, same host only) or "none".
    `env`: the variables that may hold the key; it goes to `host` only. `hosts`: where clients go.
    `named`: the configuration speaks of it. `place`: where its key was said, as file:line: key.
    """

    name: str
    base_url: str
    dialect: DialectName
    key: str
    env: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    models: tuple[LocalModel, ...] = ()
    named: bool = False
    place: str = ""
    region: str = ""
    retention: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    def below(self, path: str) -> str:
        """The URL of a base-URL client's path; both it and `base_url` may name the version."""
        base = self.base_url.rstrip("/")
        return base + path.removeprefix("/" + base.rpartition("/")[2])

    def secret(self, environ: Mapping[str, str]) -> str:
        """The key itself, "" when there is none. Hand it to the wire and to nothing else."""
        return next((found for name in self.env if (found := environ.get(name, "").strip())), "")

    def usable(self, environ: Mapping[str, str]) -> bool:
        """A key in the vault counts as one: whether it is there is not looked at."""
        kept = self.key in ("client", "none") or self.key.startswith("vault:")
        return kept or bool(self.secret(environ))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """`providers`: every known one by name, with a key or without. `files`: what was read."""

    mode: Mode = "route"
    proxy: Proxy = field(default_factory=Proxy)
    policy: Policy = field(default_factory=Policy)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    store: StoreSettings = field(default_factory=StoreSettings)
    hedge: Hedge = field(default_factory=Hedge)
    cache: Cache = field(default_factory=Cache)
    files: tuple[str, ...] = ()
    projects: Mapping[str, Bounds] = field(default_factory=dict)
    tenants: Mapping[str, Tenant] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()

    def available(self, environ: Mapping[str, str]) -> tuple[Provider, ...]:
        """Providers that can be asked: their key is present, or they need none."""
        return tuple(p for p in self.providers.values() if p.usable(environ))

    def provider_of(self, host: str) -> Provider | None:
        """Whose clients go to `host`."""
        return next((p for p in self.providers.values() if host.lower() in p.hosts), None)

    def opened(self, environ: Mapping[str, str]) -> frozenset[str]:
        """The only hosts whose TLS may be opened: `intercept` and every configured provider's."""
        configured = [p for p in self.providers.values() if p.named or p.secret(environ)]
        plain = {p.host for p in configured if p.base_url.startswith("http:")}
        hosts = {host for p in configured for host in p.hosts}
        return frozenset(host.lower() for host in self.proxy.intercept) | (hosts - plain)


def address(text: str) -> tuple[str, int]:
    """ "127.0.0.1:8080" or "[::1]:8080" -> (host, port). Raises ValueError."""
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.port is None or parts.path or parts.username is not None:
        raise ValueError(f"{text!r} is not host:port")
    return parts.hostname, parts.port
