"""What actions would have cost on another model: kept per conversation, in memory.

alone    on the model that was asked for, as if the conversation had never left it
routed   in shadow: on the model that was chosen, as if its conversation had gone where it was sent

A new process knows of no conversation; its first action of one counts as warm as it really was.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread

from turnout import history
from turnout.errors import TurnoutError
from turnout.record import Decision
from turnout.route.model import Binding
from turnout.session import elsewhere
from turnout.session.cache_state import Cached, credible
from turnout.session.elsewhere import Action, Guess, Shadow
from turnout.session.horizon import group
from turnout.session.place import Place
from turnout.session.wordy import Whose, Words
from turnout.state.memory import Memory
from turnout.wire.events import Usage

MOST = 10_000  # conversations that are remembered
STUDIED_S = 30 * 86_400.0  # seconds of the log that wordiness is learned from

log = logging.getLogger(__name__)

type Find = Callable[[str, str], Binding | None]
type Name = tuple[str, str]  # provider, model


@dataclass(slots=True)
class World:
    """One conversation as it would have gone. `shadows`: of each binding it would have been on."""

    shadows: dict[Name, Shadow] = field(default_factory=dict)

    def pay(self, action: Action, other: Binding, words: Words, whose: Whose) -> Guess | None:
        name = (other.provider, other.model.id)
        shadow = self.shadows.get(name)
        if shadow is None:
            shadow = Shadow() if not self.shadows else Shadow(same=False, cold=True)
        wordy = words.of(whose, action.served.model.id, other.model.id)
        found = elsewhere.guess(action, other, shadow, wordy)
        for left in self.shadows.keys() - {name}:
            self.shadows[left] = replace(self.shadows[left], same=False)
        self.shadows[name] = elsewhere.after(action, other, shadow, found)
        return found


class Counterfactual:
    """One per process. `find`: (provider, model) -> the binding, None when there is none."""

    def __init__(self, find: Find, clock: Callable[[], float]) -> None:
        self._find, self._clock = find, clock
        self._alone: Memory[World] = Memory(most=MOST)
        self._routed: Memory[World] = Memory(most=MOST)
        self._words = Words()

    def study(self, path: Path) -> Thread:
        """Learns from the log how wordy models are, beside everything else."""
        thread = Thread(target=self._study, args=(path,), name="turnout-words", daemon=True)
        thread.start()
        return thread

    def _study(self, path: Path) -> None:
        words = Words()
        try:
            with history.read(path) as log_file:
                for row in reversed(list(log_file.answers(self._clock() - STUDIED_S))):
                    if binding := self._find(row["provider"], row["model"]):
                        whose = (row["client"] or "", group(row["kind"]))
                        output = row["output_tokens"] / binding.model.token_ratio
                        words.heard(whose, binding.model.id, output)
        except (TurnoutError, TypeError, ValueError) as e:
            log.debug("nobody is known to be wordy: %s", e)
        self._words = words

    def action(self, decision: Decision, place: Place, served: Name, usage: Usage) -> Action | None:
        """None where there is nothing to go by: an unknown model, a usage that lies."""
        binding = self._find(*served)
        if binding is None or not credible(usage, binding.model.context_window):
            return None
        output = usage.output / binding.model.token_ratio
        self._words.heard(_whose(decision), binding.model.id, output)
        return Action(usage=usage, served=binding, place=place, at=decision.at, ended=self._clock())

    def alone(self, decision: Decision, action: Action, home: str) -> Guess | None:
        """On the requested model, at its own provider."""
        return self._paid(self._alone, decision, action, (home, decision.requested_model))

    def routed(self, decision: Decision, action: Action) -> Guess | None:
        """On the model that was chosen in shadow."""
        provider, _, model = decision.fresh_model.partition("/")
        return self._paid(self._routed, decision, action, (provider, model))

    def cache(self, place: Place, chosen: str) -> Cached | None:
        """What the binding that was chosen in shadow would hold. `chosen`: provider/model."""
        provider, _, model = chosen.partition("/")
        world = self._routed.get(_key(place))
        shadow = world.shadows.get((provider, model)) if world else None
        return shadow.cached if shadow else None

    def _paid(
        self, worlds: Memory[World], decision: Decision, action: Action, name: Name
    ) -> Guess | None:
        other = self._find(*name)
        if other is None:
            return None
        key = _key(action.place)
        world = worlds.get(key) or World()
        worlds.put(key, world)
        return world.pay(action, other, self._words, _whose(decision))


def _key(place: Place) -> str:
    """Of a conversation as it began: one that was compacted is another."""
    return f"{place.key}|{place.prefix.digest}"


def _whose(decision: Decision) -> Whose:
    return decision.client, group(decision.kind)
