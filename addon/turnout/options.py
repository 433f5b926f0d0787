"""Which bindings a request may use: where we have a key, and its own provider with its own."""

from collections.abc import Mapping
from math import inf
from pathlib import Path

from turnout.config import Config
from turnout.config.addresses import loopback, private
from turnout.errors import ConfigError
from turnout.guard.keys import Keys, uses_clients_key
from turnout.guard.tenants import NOTHING, Tighter, together
from turnout.providers import BUILTIN, HOMES
from turnout.route.bundle import Bundle, Profile
from turnout.route.catalog import Binding, Catalog
from turnout.route.plan import Rules
from turnout.route.residency import OWN, RESIDENCY, UNKNOWN
from turnout.trip import Arrival
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import DialectName

RULES = 1000  # sets of rules that are kept: profiles x forces x tenants x projects
MOST = 256  # sets of bindings that are remembered


class Options:
    """Made once from the configuration, the keys, the catalogue and the bundle's profiles."""

    def __init__(
        self, config: Config, keys: Keys, catalog: Path, profiles: Mapping[str, Profile]
    ) -> None:
        self._config, self._keys, self._profiles = config, keys, profiles
        self.profile: str = config.policy.profile  # the dial: may be turned while we run
        self.catalog = _with_local(Catalog.load(catalog), config).with_facts(facts(config))
        self._spoken = {one.name for one in config.providers.values() if one.dialect in DIALECTS}
        self._rules: dict[tuple[str, str, Tighter, bool, str], Rules] = {}
        self._by_provider: dict[str, tuple[Binding, ...]] = {}
        for binding in self.catalog.bindings:
            mine = self._by_provider.get(binding.provider, ())
            self._by_provider[binding.provider] = (*mine, binding)
        self._by_model = {
            (b.provider, b.model.id): b for b in reversed(self.catalog.bindings)
        }  # a provider's first binding of a model stands for it
        self._keyed_at = -1
        self._keyed_are: tuple[Binding, ...] = ()
        self._available: dict[tuple[int, str, frozenset[str]], tuple[Binding, ...]] = {}
        self.rules("", "")  # a wrong policy is refused at start
        for bounds in (*config.projects.values(), *config.tenants.values()):
            self.rules("", "", together([bounds]))

    @property
    def _keyed(self) -> tuple[Binding, ...]:
        """Keys come and go while we run."""
        if self._keyed_at != self._keys.version:
            self._keyed_at, self._keyed_are = self._keys.version, self._of(self.names)
        return self._keyed_are

    @property
    def names(self) -> list[str]:
        """Providers that turnout has a key for and can speak to."""
        return sorted(name for name in self._spoken if name in self._keys)

    @property
    def models(self) -> frozenset[str]:
        """Every model's id."""
        return frozenset(self.catalog.models) | {b.model.id for b in self.catalog.bindings}

    def requested(self, arrival: Arrival, model: str) -> Binding | None:
        """What the client asked for, as its own provider serves it."""
        return self.catalog.find(arrival.home, model) if arrival.home else None

    def available(self, arrival: Arrival, out: frozenset[str] = frozenset()) -> tuple[Binding, ...]:
        """What there is a key for; the same object for the same. `out`: providers, and
        bindings by their "provider/model", that are left out."""
        home = self._config.providers.get(arrival.home)
        own = home and home.name in self._spoken and home.name not in self._keys
        brings = home.name if own and home and uses_clients_key(home, arrival) else ""
        key = (self._keys.version, brings, out)
        if key not in self._available:
            found = (*self._keyed, *self._of([brings] if brings else []))
            if len(self._available) >= MOST:
                self._available.clear()
            self._available[key] = tuple(
                one for one in found if not {one.provider, f"{one.provider}/{one.model.id}"} & out
            )
        return self._available[key]

    def binding(self, provider: str, model: str) -> Binding | None:
        """A model of the catalogue as this provider serves it."""
        return self._by_model.get((provider, model))

    def named(self, name: str) -> Binding:
        """What a person calls "provider/model", or by a model's id alone; exact names only.

        A model's id alone means its own vendor's service if that can be used, else the cheapest.
        Raises ConfigError, with suggestions for a near miss.
        """
        provider, _, model = name.partition("/")
        if found := self.catalog.find(provider, model) or self.binding(provider, model):
            self._check_forced(self._made(self.profile, f"{provider}/{found.id}"))
            return found
        usable = [b for b in self._keyed if b.model.id == name]
        if not usable and self.binding(*_home(self.catalog, name)):
            return self.named("/".join(_home(self.catalog, name)))
        if usable:
            return min(usable, key=lambda b: (b.provider != b.model.home, _dollars(b), b.provider))
        near = self.catalog.suggest(model or name)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise ConfigError(
            f"{name!r} is no model that can be used here{hint}; `turnout models` lists them"
        )

    def rules(
        self,
        profile: str,
        force: str,
        tighter: Tighter = NOTHING,
        *,
        cheapest: bool = False,
        bundle: Bundle | None = None,
    ) -> Rules:
        """The policy, with what a client asked for in its headers. Raises ConfigError.

        `tighter`: what holds for a project and a tenant besides. `cheapest`: quality is no matter.
        `bundle`: whose profiles count, if not those of the one in use.
        """
        policy = self._config.policy
        version = bundle.version if bundle else ""
        key = (profile or self.profile, force or policy.force, tighter, cheapest, version)
        if key not in self._rules:
            made = self._made(*key[:4], bundle.profiles if bundle else None)
            self._check_forced(made)
            if len(self._rules) > RULES:
                self._rules.clear()
            self._rules[key] = made
        return self._rules[key]

    def _made(
        self,
        profile: str,
        force: str,
        tighter: Tighter = NOTHING,
        cheapest: bool = False,
        profiles: Mapping[str, Profile] | None = None,
    ) -> Rules:
        profiles = profiles or self._profiles
        names = [profile, *tighter.profiles]
        if unknown := next((name for name in names if name not in profiles), None):
            known = ", ".join(sorted(profiles))
            raise ConfigError(f"policy.profile: {unknown!r} is not one of {known}")
        strictest = min(names, key=lambda name: profiles[name].epsilon)
        parity = profiles[strictest]
        policy = self._config.policy
        return Rules(
            profile="cheapest" if cheapest else strictest,
            epsilon=1.0 if cheapest else parity.epsilon,
            z=0.0 if cheapest else parity.z,
            min_evidence=0.0 if cheapest else parity.min_evidence,
            never_above_requested=policy.never_above_requested,
            allow=policy.allow,
            deny=(*policy.deny, *tighter.deny),
            allows=tighter.allows,
            force=force,
        )

    def _check_forced(self, rules: Rules) -> None:
        if not rules.force:
            return
        provider, _, model = rules.force.partition("/")
        known = self._config.providers.get(provider)
        if not known or not any(map(rules.forces, self._by_provider.get(provider, ()))):
            near = self.catalog.suggest(model)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise ConfigError(f"policy.force: {provider!r} serves no model {model!r}{hint}")
        if provider not in self._keys and known.env and not self._comes_home(provider):
            mend = f"set {known.env[0]}, or `turnout keys add {provider}`"
            raise ConfigError(f"policy.force: {rules.force} needs a key: {mend}")

    def _comes_home(self, provider: str) -> bool:
        """Its own clients bring their token."""
        return bool(set(self._config.providers[provider].hosts) & set(self._config.proxy.intercept))

    def destinations(self, tighter: Tighter = NOTHING) -> str:
        """One line: where requests may go with these keys and rules."""
        if force := self._config.policy.force:
            unkeyed = force.partition("/")[0] not in self._keys
            own = ", with the client's own key: turnout has none" if unkeyed else ""
            return f"every request is forced to {force}{own}"
        rules = self.rules("", "", tighter)
        open_ = [n for n in self.names if not all(map(rules.forbids, self._by_provider.get(n, ())))]
        places = ", ".join(f"{name} ({self._config.providers[name].host})" for name in open_)
        shut = ", ".join(name for name in self.names if name not in open_)
        home = "their own provider with the client's own key"
        never = f"; never to {shut}, by the rules" if shut else ""
        return f"requests may go to {home}{' and to ' + places if places else ' only'}{never}"

    def _of(self, names: list[str]) -> tuple[Binding, ...]:
        return tuple(binding for name in names for binding in self._by_provider.get(name, ()))


def _home(catalog: Catalog, model: str) -> tuple[str, str]:
    """A model at its own vendor's, where clients bring their own key."""
    found = catalog.models.get(model)
    return (found.home, model) if found else ("", model)


def _dollars(binding: Binding) -> float:
    """Of a million tokens of input; what is unknown is dearest."""
    price = binding.price
    return inf if price is None or price.input is None else float(price.input)


def facts(config: Config) -> dict[str, tuple[str, str]]:
    """Of each provider: (region, retention). What the configuration says wins."""
    found = {}
    for one in config.providers.values():
        ours = loopback(one.host) or private(one.host)
        there = one.name in BUILTIN and one.host in BUILTIN[one.name].hosts
        known = OWN if ours else RESIDENCY.get(one.name, UNKNOWN) if there else UNKNOWN
        found[one.name] = (one.region or known.region, one.retention or known.retention)
    return found


def _with_local(catalog: Catalog, config: Config) -> Catalog:
    for provider in config.providers.values():
        if provider.models:
            catalog = catalog.with_local(provider.name, provider.models)
    return catalog


def imagined(
    config: Config, body: bytes, dialect: DialectName, headers: Mapping[str, str], path: str
) -> Arrival:
    """A request that nobody sent, at the home of its dialect."""
    home = config.providers[HOMES[dialect]]
    return Arrival(
        method="POST",
        url=f"{home.base_url}{path}",
        path=path,
        headers=(("authorization", "Bearer imagined"), *headers.items()),
        raw=body,
        home=home.name,
    )
