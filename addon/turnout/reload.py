"""The configuration, read again while requests run.

What a running process can take over is in LIVE. Everything else (ports, the log's path) keeps its
value until a restart, and is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import reduce
from typing import Any

from turnout.config import Config

# settings, and sections of them, that are looked up when they are used
LIVE = (
    *("mode", "policy", "providers", "cache", "proxy.intercept", "proxy.drain_s"),
    *("projects", "tenants", "limits"),
)

type Name = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Dotted names of settings. `changed`: in force. `later`: they need a restart."""

    changed: tuple[str, ...] = ()
    later: tuple[str, ...] = ()

    def also(self, before: str, after: str) -> "Reloaded":
        """The bundle, which no setting names."""
        if before == after:
            return self
        return replace(self, changed=(*self.changed, f"bundle {after}"))

    def sentence(self) -> str:
        if not self.changed and not self.later:
            return "configuration read again: nothing has changed"
        words = [f"configuration read again: {', '.join(self.changed)} in force"]
        if not self.changed:
            words = ["configuration read again"]
        if self.later:
            words.append(f"{', '.join(self.later)} only after a restart")
        return "; ".join(words)


def compare(old: Config, new: Config) -> Reloaded:
    """What is said otherwise now. Names only: a value may be a secret one day."""
    before, after = dict(_leaves(asdict(old))), dict(_leaves(asdict(new)))
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    names = [name for name in names if name[0] != "files"]
    told = sorted({_shown(name) for name in names if _live(name)})
    return Reloaded(tuple(told), tuple(sorted({_shown(n) for n in names if not _live(n)})))


def merged(running: Config, new: Config) -> Config:
    """`running` with what can be taken over from `new`."""
    return reduce(lambda config, name: _taken(config, new, name.split(".")), LIVE, running)


def _taken(config: Any, new: Any, path: list[str]) -> Any:
    name, *rest = path
    if not hasattr(config, name):
        return config
    value = getattr(new, name)
    return replace(config, **{name: _taken(getattr(config, name), value, rest) if rest else value})


def _leaves(table: Mapping[str, Any], path: Name = ()) -> Iterator[tuple[Name, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*path, str(key)))
        else:
            yield (*path, str(key)), value


def _live(name: Name) -> bool:
    dotted = ".".join(name)
    return any(dotted == one or dotted.startswith(f"{one}.") for one in LIVE)


def _shown(name: Name) -> str:
    """Of a provider its name is enough: what is resolved inside it is nobody's words."""
    return ".".join(name[:2])
