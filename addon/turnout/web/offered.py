"""The models of a running turnout: what they cost, where they win, and who took which out."""

import asyncio
from dataclasses import asdict
from typing import Any

from turnout.engine import Engine
from turnout.errors import ConfigError
from turnout.offers import Line, offers
from turnout.route.model import Binding

type Row = dict[str, Any]


class Offered:
    """Standings are the same as long as keys and rules are: worked out once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[str, int], tuple[list[Line], str]] = {}
        engine.on_reload.append(self._known.clear)

    async def lines(self) -> tuple[list[Row], str]:
        """Every model at every provider, and a sentence. Raises StageError without artifacts."""
        road, config = self._engine.road, self._engine.config
        rules = road.options.rules("", "")
        key = rules.profile, self._engine.keys.version
        if key not in self._known:
            self._known[key] = await asyncio.to_thread(
                offers, config, road.options, road.brain.bundle, rules
            )
        lines, report = self._known[key]
        out = self._engine.switches.out
        return [
            asdict(line) | {"on": f"{line.provider}/{line.model}" not in out} for line in lines
        ], report

    def switch(self, name: str, *, on: bool) -> Binding:
        """Raises ConfigError, with near names."""
        options = self._engine.road.options
        provider, _, model = name.partition("/")
        binding = options.catalog.find(provider, model) or options.binding(provider, model)
        if binding is None:
            near = options.catalog.suggest(model or name)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise ConfigError(f"{name!r} is no model of the catalogue{hint}")
        self._engine.switches.put(binding, on=on)
        return binding
