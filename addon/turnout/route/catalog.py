"""The table of models and prices. Made by scripts/update_catalog.py, which names its sources."""

import difflib
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Self

import msgspec

from turnout.errors import ArtifactError
from turnout.route import local, searches
from turnout.route.model import Binding, Host, Model, OffPeak, Price, Rates, Tier, Window
from turnout.wire.request import DialectName, Target

__all__ = [
    "Binding",
    "Catalog",
    "Host",
    "Model",
    "OffPeak",
    "Price",
    "Rates",
    "Tier",
    "Window",
    "target",
]

# a dated snapshot is its model; nothing else is guessed
_SNAPSHOT = re.compile(r"-\d{4}(?:\d{4}|-\d\d-\d\d)$")
LONG_CONTEXT = "[1m]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A binding as it is written."""

    provider: str
    id: str
    model: str
    price: Price | None = None
    aliases: tuple[str, ...] = ()
    routable: bool = True
    chat_tools: Literal["always", "effort_none", "never"] = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    generated: str
    hosts: tuple[Host, ...]
    models: tuple[Model, ...]
    bindings: tuple[_Row, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """`generated`: the day of its facts."""

    generated: str
    models: Mapping[str, Model]
    hosts: Mapping[str, Host]
    bindings: tuple[Binding, ...]
    _by_name: Mapping[tuple[str, str], Binding] = field(repr=False, compare=False)

    @classmethod
    def of(
        cls,
        models: Iterable[Model],
        hosts: Iterable[Host],
        bindings: Iterable[Binding],
        generated: str = "",
    ) -> Self:
        kept = tuple(bindings)
        names = {(b.provider, alias): b for b in kept for alias in b.aliases}
        names |= {(b.provider, b.id): b for b in kept}
        return cls(generated, {m.id: m for m in models}, {h.name: h for h in hosts}, kept, names)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises ArtifactError when the file is missing, damaged or was edited."""
        file = _read(path)
        models = {model.id: model for model in file.models}
        hosts = {host.name: host for host in file.hosts}
        try:
            bindings = [_bound(row, models, hosts) for row in file.bindings]
        except KeyError as e:
            raise ArtifactError(f"{path}: a binding speaks of {e}, which is not in it") from e
        return cls.of(file.models, file.hosts, bindings, file.generated)

    def find(self, provider: str, id: str) -> Binding | None:
        """Exactly this id, an alias of it, or a dated snapshot of either. Nothing is guessed."""
        name = id.removesuffix(LONG_CONTEXT)
        snapshot_of = _SNAPSHOT.sub("", name)
        return self._by_name.get((provider, name)) or self._by_name.get((provider, snapshot_of))

    def suggest(self, id: str) -> tuple[str, ...]:
        """Names near `id`, for a person who mistyped it."""
        names = sorted({*self.models, *(name for _, name in self._by_name)})
        return tuple(difflib.get_close_matches(id, names, n=3))

    def with_facts(self, facts: Mapping[str, tuple[str, str]]) -> Self:
        """With each host's (region, retention)."""
        hosts = {
            name: replace(host, region=facts[name][0], retention=facts[name][1])
            if name in facts
            else host
            for name, host in self.hosts.items()
        }
        bindings = (replace(one, host=hosts.get(one.provider, one.host)) for one in self.bindings)
        return self.of(self.models.values(), hosts.values(), bindings, self.generated)

    def with_local(self, provider: str, models: Iterable[object]) -> Self:
        """With the models that the configuration gives to `provider`, before those known of it.

        A model is a mapping or a dataclass with the keys of contract.md.
        """
        host = self.hosts.get(provider, Host(name=provider))
        ours = [local.binding(host, model, self.models) for model in models]
        names = {binding.id for binding in ours}
        others = [b for b in self.bindings if b.provider != provider or b.id not in names]
        return self.of(
            ({b.model.id: b.model for b in ours} | dict(self.models)).values(),
            {**self.hosts, provider: host}.values(),
            (*others, *ours),
            self.generated,
        )


def _read(path: Path) -> _File:
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise ArtifactError(f"{path}: {e.strerror}; make it with scripts/update_catalog.py") from e
    head, _, rest = raw.partition(b"\n")
    if hashlib.sha256(rest).hexdigest().encode() not in head:
        raise ArtifactError(f"{path}: wrong checksum; make it with scripts/update_catalog.py")
    try:
        return msgspec.json.decode(raw, type=_File)
    except msgspec.MsgspecError as e:
        raise ArtifactError(f"{path}: {e}") from e


def _bound(row: _Row, models: Mapping[str, Model], hosts: Mapping[str, Host]) -> Binding:
    return Binding(
        row.provider,
        row.id,
        models[row.model],
        searches.priced(row.provider, row.id, row.price),
        hosts[row.provider],
        row.aliases,
        row.routable,
        row.chat_tools,
    )


def target(binding: Binding, dialect: DialectName | None = None) -> Target:
    """What this model on this binding can be told in `dialect`, its host's own by default."""
    model, host = binding.model, binding.host
    spoken = dialect or next(iter(host.dialects), None)
    return Target(
        model=binding.id,
        max_output=model.max_output,
        images=model.images,
        image_urls=model.images and spoken in host.image_urls,
        documents=model.documents and spoken in host.documents,
        tools=model.tools,
        max_tools=host.max_tools,
        samplers=model.samplers,
        stop=model.stop,
        structured=model.structured,
        reasoning=model.reasoning,
        efforts=model.efforts,
        reasoning_required=model.reasoning_required,
        replays_reasoning=model.replays_reasoning,
        schema_refs=model.schema_refs,
        mid_system=model.mid_system,
        prefill=model.prefill,
        max_tokens_name=host.max_tokens_name if model.thinks else "max_tokens",
        top_k=host.top_k and model.samplers,
        cache_key=host.cache_key,
        context_management=model.vendor == "anthropic",
    )
