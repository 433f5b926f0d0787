"""The dial: what each profile of the bundle would serve, and what that would cost."""

import asyncio
import json
from typing import Any

from turnout.bundles import shown
from turnout.bundles.dial import Dial, Projection
from turnout.bundles.facts import list_prices
from turnout.config import artifacts_dir
from turnout.engine import Engine
from turnout.paths import own_dir
from turnout.route.shelves import Shelves

REQUESTED = ("claude-opus-4-7", "gpt-5.4", "claude-sonnet-4-6")  # the first that is known

type Row = dict[str, Any]


class Dials:
    """Worked out once for the keys there are; the bundle is the process's own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[int, list[Row]] = {}
        engine.on_reload.append(self._known.clear)

    async def shown(self) -> list[Row]:
        version = self._engine.keys.version
        if version not in self._known:
            self._known[version] = await asyncio.to_thread(self._worked_out)
        return self._known[version]

    def _worked_out(self) -> list[Row]:
        road = self._engine.road
        bundle, options = road.brain.bundle, road.options
        prices = list_prices(options.catalog)
        keyed = {b.model.id for b in options.catalog.bindings if b.provider in options.names}
        usable = [name for name in bundle.models if name in keyed]
        shares = _shares(bundle.version, len(bundle.labels))
        found = []
        for name in REQUESTED:
            if name in bundle.models and name in prices:
                dial = Dial(bundle, prices, name, shares, usable)
                steps = {one: dial.at(rules) for one, rules in bundle.profiles.items()}
                found.append({"asked": name, "steps": {k: _step(v) for k, v in steps.items()}})
        return found


def _step(found: Projection) -> Row:
    return {
        "epsilon": found.epsilon,
        "bill": found.bill,
        "gain": found.gain,
        "thin": sum(one.thin for one in found.winners),
        "clusters": len(found.winners),
        "mix": list(found.mix.items())[:5],
    }


def _shares(version: str, clusters: int) -> list[float]:
    """How much each cluster is asked for: by this user's sessions, as far as a bundle of their own
    knows them, else by prompts of the training data; equal where nobody says."""
    folder = Shelves(artifacts_dir(), own_dir()).find(version)
    try:
        found = shown.shares(json.loads((folder / "clusters.json").read_bytes())) if folder else []
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        found = []
    return found if len(found) == clusters else [1.0] * clusters
