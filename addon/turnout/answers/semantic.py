"""First questions that were answered, by what they mean. In memory only: their texts are here.

    asked    what can be compared of a request, or None
    match    the kept question that means the same, if the admission model is sure of one

A question is compared with those only whose requests were the same in everything else: system text,
parameters, client, host, rules (canonical.context).
"""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from turnout.answers import canonical, pairs
from turnout.answers.admission import Admission
from turnout.brain import Brain
from turnout.errors import ArtifactError, TurnoutError
from turnout.route import text
from turnout.trip import Plan

log = logging.getLogger(__name__)

MOST = 2048  # questions in all; about 2 kB each
NEAREST = 3  # of the same context that are looked at
FOLDER = "semantic"

type Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Asked:
    """A first question. `context`: the hash of everything else. `vector`: of unit length."""

    context: str
    text: str
    vector: Vector
    cluster: str


@dataclass(frozen=True, slots=True)
class Match:
    """`key`: of the kept answer. `probability`: that both mean the same."""

    key: str
    cosine: float
    probability: float


class Semantic:
    """`brain()`: raises TurnoutError while nothing can be embedded."""

    def __init__(self, artifacts: Path, brain: Callable[[], Brain]) -> None:
        self._folder, self._brain = artifacts / FOLDER, brain
        self._admission: Admission | None = None
        self._kept: OrderedDict[str, Asked] = OrderedDict()  # by the answer's key
        self._encoder, self.warning = "", ""

    def asked(self, plan: Plan) -> Asked | None:
        """Never raises."""
        try:
            return self._asked(plan)
        except TurnoutError as e:
            log.debug("not compared: %s", e)
        except Exception as e:
            log.exception("not compared: %r", e)
        return None

    def _asked(self, plan: Plan) -> Asked | None:
        found = canonical.context(plan) if plan.ask.messages else None
        if found is None or not pairs.fit(found[1]):
            return None
        context, question = found
        words = text.words(plan.ask)
        if words != question.strip():  # what was embedded is not all of it
            return None
        brain = self._brain()
        self._fit(brain.encoder)
        vector = brain.known(words)
        if vector is None:
            return None
        return Asked(context, question, vector, plan.decision.cluster_label)

    def match(self, asked: Asked) -> Match | None:
        admission = self._loaded()
        if admission is None:
            return None
        found = [
            (float(one.vector @ asked.vector), key, one.text)
            for key, one in self._kept.items()
            if one.context == asked.context
        ]
        near = sorted(found, reverse=True)[:NEAREST]
        sure = [Match(k, c, admission.probability(old, asked.text, c)) for c, k, old in near]
        best = max(sure, key=lambda found: found.probability, default=None)
        return best if best and admission.admits(best.probability, asked.cluster) else None

    def keep(self, key: str, asked: Asked) -> None:
        self._kept.pop(key, None)
        self._kept[key] = asked
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def drop(self, key: str) -> None:
        """Its answer is gone."""
        self._kept.pop(key, None)

    def _fit(self, encoder: str) -> None:
        """A reload after an upgrade may bring another one: old vectors mean nothing to it."""
        if encoder != self._encoder:
            self._kept.clear()
            self._encoder, self._admission, self.warning = encoder, None, ""

    def _loaded(self) -> Admission | None:
        """Read when it is first needed; a damaged one switches this off, and says so."""
        if self._admission is None and not self.warning:
            try:
                self._admission = Admission.load(self._folder, self._brain().encoder)
            except ArtifactError as e:
                self.warning = f"no semantic cache: {e}"
                log.warning("%s", self.warning)
        return self._admission
