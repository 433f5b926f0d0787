"""Evidence on its way: read before a request is planned, kept with its pin, told to the alarm.

    look ─▶ judge ─▶ (choose) ─▶ keep        before anything is sent
    learn                                    when the answer is settled

Nothing in here can hurt a request: what fails means that nothing is known.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from turnout.books import Passed
from turnout.draft import Draft
from turnout.quality import Quality
from turnout.record import MALFORMED, Decision, Tried
from turnout.route.eligible import why_not
from turnout.route.model import Binding
from turnout.route.rules import Rules
from turnout.route.score import UNREAD, Scored
from turnout.session import escalate, evidence
from turnout.session.alarm import Place
from turnout.session.escalate import LEAST_SCORE, VALUE, Rung, Verdict
from turnout.session.known import Known, Part, known
from turnout.session.news.read import news
from turnout.session.outlook import Outlook
from turnout.session.pins import Pins
from turnout.session.signals.answers import Said
from turnout.sessions import SINGLE
from turnout.trip import Plan, Untouched
from turnout.wire.request import DialectName

log = logging.getLogger(__name__)

IDLE_S = 1800.0  # seconds without a step after which a part of a session has ended; start value
WORDS = {"+": True, "-": False}
OPEN = 10_000  # sessions whose end is waited for

type Dialects = Mapping[str, DialectName]


@dataclass(frozen=True, slots=True)
class View:
    """What judging needs to know of a request beside its draft."""

    options: Sequence[Binding]
    dialects: Dialects
    scored: Scored
    rules: Rules
    outlook: Outlook
    bundle: str


class Watch:
    """One per process, on the event loop."""

    def __init__(
        self, pins: Pins, quality: Quality, clock: Callable[[], float], value: float = VALUE
    ) -> None:
        """`value`: of a success, in whole sessions on the requested model."""
        self._pins, self._quality, self._clock, self._value = pins, quality, clock, value
        self._open: OrderedDict[str, tuple[float, str]] = OrderedDict()  # last step, decision

    # -- before a request is planned

    def look(self, draft: Draft) -> Known | None:
        """What the session's history says by now. Keeps nothing: a dry run may look, too."""
        place = draft.place
        if place is None or draft.dialect is None or draft.kind in SINGLE:
            return None
        before = known(place.pin.evidence if place.pin else "")
        try:
            found = news(draft.dialect.name, draft.body, before.evidence.seen)
            return before.seen(evidence.fold(before.evidence, found))
        except Exception as e:  # noqa: BLE001  do no harm
            log.warning("no evidence: %r", e)
            return before

    def judge(self, draft: Draft, view: View) -> Verdict | None:
        """What the evidence wants; None when it has no say. A person's force is above it (c83)."""
        if draft.known is None or view.rules.force:
            return None
        try:
            return self._judge(draft, draft.known, view)
        except Exception as e:  # noqa: BLE001  do no harm
            log.warning("no verdict: %r", e)
            return None

    def _judge(self, draft: Draft, found: Known, view: View) -> Verdict:
        current = self._current(draft, view)
        struggles = current is not None and found.evidence.score >= LEAST_SCORE
        home = draft.requested
        dear = view.outlook.afresh(home) if struggles and home else None
        return escalate.judge(
            found.state,
            found.evidence,
            current if dear is not None else None,
            self._rungs(draft, current, view) if struggles and current else (),
            cluster=view.scored.cluster,
            value_usd=self._value * (dear or 0.0),
        )

    def _current(self, draft: Draft, view: View) -> Rung | None:
        pin = draft.place.pin if draft.place else None
        binding = view.outlook.pinned
        return _rung(binding, draft.requested, view) if pin and binding else None

    def _rungs(self, draft: Draft, current: Rung, view: View) -> list[Rung]:
        """One for each model at parity or above that may and can serve this."""
        home, ask = draft.requested, draft.ask
        assert home and ask
        asked = _rung(home, home, view)
        rungs: dict[str, Rung] = {asked.model: asked} if asked else {}
        alarmed = self._quality.alarmed(view.bundle, view.scored.cluster, view.scored.label)
        good = {home.model.id: False}  # models of several bindings; what was asked for is there
        for binding in view.options:
            model = binding.model.id
            if model not in good:
                above = _at_parity(model, home, view, least=current.quality)
                good[model] = above and model not in alarmed
            if not (good[model] and binding.routable) or model in rungs:
                continue
            if view.rules.forbids(binding):
                continue
            dialect = view.dialects.get(binding.provider)
            if why_not(ask, binding, same_dialect=dialect == ask.dialect, dialect=dialect):
                continue
            rung = _rung(binding, home, view)
            if rung and _affordable(rung, asked, view.rules):
                rungs[model] = rung
        return list(rungs.values())

    def loops(self, draft: Draft) -> bool:
        """Whether this very step closed a circle; a person and their force are above it (c82)."""
        if draft.forced or draft.known is None or not (draft.ask and draft.ask.last_is_tool_result):
            return False
        load = draft.known.evidence.loads.get("loop", 0.0)
        return load >= evidence.SIGNALS["loop"].weight

    # -- what becomes of it

    def keep(self, plan: Plan, found: Known | None, verdict: Verdict | None) -> None:
        """After the pin is kept. Escalation, the next task or another model end a part."""
        self.sweep()
        if found is None or not plan.pin:
            return
        self._hear(plan, found)
        decision, place = plan.decision, _place(plan.decision)
        if verdict and verdict.state != found.state and _came(verdict, decision):
            self._end(plan.pin, found, decision.id, troubled=verdict.reason == "escalated")
            found = found.escalated(verdict.state)
        elif found.part and (found.part.place != place or _next_task(_before(plan), found)):
            self._end(plan.pin, found, decision.id)
            found = replace(found, part=None)
        if place and decision.quality is not None:
            part = Part(place, decision.provider, decision.quality, found.evidence.steps)
            found = found.on(part)
        self._pins.note(plan.pin, found.encoded())
        self._open[plan.pin] = (self._clock(), decision.id)
        self._open.move_to_end(plan.pin)

    def _hear(self, plan: Plan, found: Known) -> None:
        """`x-turnout-feedback: +` or `-`, of the session's latest action."""
        good = WORDS.get(plan.arrival.header("x-turnout-feedback").strip())
        if good is None or found.part is None:
            return
        _, latest = self._open.get(plan.pin, (0.0, ""))
        session, quality = plan.decision.session, found.part.quality
        row = {"id": latest, "session": session, "quality": quality, **found.part.place._asdict()}
        self._quality.feedback(row, good=good)

    def learn(self, plan: Plan | Untouched, passed: Passed) -> None:
        """How the answer ended. What broke on the way is no sign of the model."""
        if not isinstance(plan, Plan) or not plan.pin or passed.status != 200 or passed.error:
            return
        meter, pin = passed.meter, self._pins.get(plan.pin)
        if pin is None or meter.error:
            return
        notes = (*passed.mended, *passed.malformed, *replaced(passed.tried, plan.decision))
        said = Said(meter.stop_reason, meter.first is not None, notes)
        before = known(pin.evidence)
        after = before.seen(evidence.answered(before.evidence, said))
        if after != before:
            self._pins.note(plan.pin, after.encoded())

    def sweep(self) -> None:
        """Settles what has had no step for a while."""
        now = self._clock()
        while self._open:
            key, (last, decision) = next(iter(self._open.items()))
            if 0 <= now - last < IDLE_S and len(self._open) <= OPEN:
                return
            del self._open[key]
            if pin := self._pins.get(key):
                found = known(pin.evidence)
                self._end(key, found, decision)
                self._pins.note(key, replace(found, part=None).encoded())

    def _end(self, key: str, found: Known, decision: str, *, troubled: bool = False) -> None:
        ended = found.ended(troubled=troubled)
        if ended and found.part:
            self._quality.tell(
                ended,
                decision=decision,
                session=key.partition("|")[0],
                provider=found.part.provider,
                score=round(found.evidence.score, 3),
                signals=found.evidence.loads,
                steps=found.evidence.steps - found.part.since,
            )


def replaced(tried: Sequence[Tried], decision: Decision) -> tuple[str, ...]:
    """Of the model that was chosen: the calls for which another one answered in its place."""
    chosen = (decision.provider, decision.model)
    return tuple(
        one.error
        for one in tried
        if (one.provider, one.model) == chosen and one.error.startswith(MALFORMED)
    )


def _came(verdict: Verdict, decision: Decision) -> bool:
    """Whether the choice could follow it."""
    return verdict.to in (None, (decision.provider, decision.model))


def _place(decision: Decision) -> Place | None:
    """A text that could not be read is of no class, whichever the head would take it for."""
    if decision.cluster is None or decision.cluster_label == UNREAD:
        return None
    return Place(decision.bundle, decision.cluster, decision.model)


def _before(plan: Plan) -> Known:
    pin = plan.place.pin if plan.place else None
    return known(pin.evidence if pin else "")


def _next_task(before: Known, found: Known) -> bool:
    return found.evidence.tasks > before.evidence.tasks > 0


def _rung(binding: Binding, home: Binding | None, view: View) -> Rung | None:
    """None where the quality or the price is unknown."""
    found, rest = view.scored.estimate(binding.model.id), view.outlook.rest(binding)
    if found is None or rest is None:
        return None
    is_home = bool(home and (home.provider, home.id) == (binding.provider, binding.id))
    return Rung(
        provider=binding.provider,
        model=binding.model.id,
        quality=found.quality,
        rest_usd=rest.total,
        home=is_home,
    )


def _at_parity(model: str, home: Binding, view: View, *, least: float) -> bool:
    """Or above, and better than `least`."""
    found, asked = view.scored.estimate(model), view.scored.estimate(home.model.id)
    if not (found and asked) or found.quality <= least:
        return False
    enough = found.evidence >= view.rules.min_evidence
    return enough and found.quality >= asked.quality - view.rules.epsilon


def _affordable(rung: Rung, asked: Rung | None, rules: Rules) -> bool:
    """At most what was asked for, unless more is allowed."""
    return not (rules.never_above_requested and asked and rung.rest_usd > asked.rest_usd)
