"""What is known so far of a request on its way; at the end a Plan, or Untouched."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from turnout.guard.keys import is_plan_token
from turnout.record import Decision, new_id
from turnout.route.catalog import Binding
from turnout.route.plan import Candidate, Choice, Rules
from turnout.route.score import UNREAD, Scored
from turnout.session import quota, sums
from turnout.session.escalate import Verdict
from turnout.session.identity import Who
from turnout.session.known import Known
from turnout.session.outlook import Outlook
from turnout.session.place import Place
from turnout.trip import Arrival, Attempt, Plan, Refusal, Untouched
from turnout.wire.dialects import DIALECTS
from turnout.wire.mark import Marking
from turnout.wire.request import Ask, Change, DialectName, Request

STOPPED = (
    "[turnout] The same tool call was made again and again without a change in between, so this"
    " turn was stopped (policy.break_loops). Say what to try instead."
)


class Draft:
    """Mutable for the few milliseconds of planning; the record it leaves is frozen."""

    def __init__(
        self,
        arrival: Arrival,
        dialect: DialectName,
        clock: Callable[[], float],
        project: str = "",
    ) -> None:
        self.arrival, self._clock = arrival, clock
        self.dialect = DIALECTS.get(dialect)
        self.body = arrival.raw
        self.ask: Ask | None = None
        self.who: Who | None = None
        self.kind = ""
        self.words = ""
        self.cleaned: tuple[Change, ...] = ()  # of the body, before it was read
        self.unclean = ""  # why it could not be
        self.marking: Marking | None = None
        self.requested: Binding | None = None
        self.place: Place | None = None
        self.outlook: Outlook | None = None
        self.known: Known | None = None
        self.verdict: Verdict | None = None
        self.forced = False
        self.project = project
        self.real = False  # somebody waits for the answer; else it is only asked about
        self.beyond = ""  # what becomes of it because a limit is reached
        self.account = ""  # whose subscription pays
        self.used: float | None = None  # share of it
        self._began = clock()
        self._lost: dict[tuple[str, str], str] = {}
        self._facts: dict[str, Any] = {
            "id": new_id(clock),
            "at": self.at,
            "dialect": dialect,
            "project": project,
            "trace": arrival.header("traceparent"),
            "tenant": arrival.tenant,
        }

    def header(self, name: str) -> str:
        """What the client asked for in `x-turnout-NAME`."""
        return self.arrival.header(f"x-turnout-{name}").strip()

    def scored(self, scored: Scored, bundle: str) -> None:
        self._facts |= {
            "bundle": bundle,
            "cluster": scored.cluster,
            "cluster_label": scored.label,
        }
        known = {}
        if scored.bundle.head is not None and scored.label != UNREAD:
            known["class_share"] = round(scored.weights[scored.cluster], 3)
        if scored.familiarity < 1:
            known["familiarity"] = round(scored.familiarity, 3)
        if known:
            self._facts["evidence"] = {**self._facts.get("evidence", {}), **known}

    def named(self, project: str) -> None:
        """What a recording says of its project."""
        self._facts["project"] = project

    def embedded(self, seconds: float) -> None:
        ended = self._clock() - self._began
        self._facts["embedded"] = (max(ended - seconds, 0.0) * 1000, seconds * 1000)

    def unscored(self, error: str) -> None:
        self._facts["error"] = error

    def noted(self, name: str, words: Any) -> None:
        """A fact behind the reason."""
        self._facts["evidence"] = {**self._facts.get("evidence", {}), name: words}

    @property
    def id(self) -> str:
        """Of the decision."""
        return str(self._facts["id"])

    @property
    def at(self) -> float:
        """When it came, epoch seconds."""
        return self.arrival.at or self._began

    def chosen(self, choice: Choice, rules: Rules) -> None:
        self.forced = bool(rules.force)
        self._facts |= {
            "reason": choice.reason,
            "quality": choice.quality,
            "quality_requested": choice.quality_requested,
            "candidates": choice.candidates,
            "fresh_model": choice.fresh_model,
        }
        told = self._facts.get("evidence", {})
        policy = {
            "profile": rules.profile,
            "epsilon": rules.epsilon,
            "z": rules.z,
            "min_evidence": rules.min_evidence,
            "home": self.requested.provider if self.requested else "",
        }
        self._facts["evidence"] = told | policy
        if self.outlook and self.place:
            self._facts |= sums.columns(choice, self.outlook)
            self._facts["evidence"] |= sums.evidence(choice, self.outlook)

    def covered(self) -> tuple[str, float]:
        """The provider that a subscription pays, and the share of its list price that it is worth.

        Without an observed quota there is no bonus (c42).
        """
        if not self.account or self.used is None:
            return "", 1.0
        factor = quota.factor(self.used)
        self.noted("subscription", {"used": self.used, "factor": round(factor, 4)})
        return ("", 1.0) if self.direct else (self.arrival.home, factor)

    @property
    def direct(self) -> bool:
        """Enough of the subscription is left: what was asked for, first of all (c81)."""
        return bool(self.account) and self.used is not None and self.used < quota.FULL

    def judged(self, verdict: Verdict | None, choice: Choice) -> None:
        """What the session's own traffic says, and whether the choice follows it."""
        self.verdict = verdict
        if verdict is None:
            return
        told = {"verdict": verdict.reason} if verdict.reason else {}
        self._facts["evidence"] |= {"struggle": verdict.record | told}
        first = choice.order[0] if choice.order else None
        came = bool(first and (first.provider, first.model.id) == verdict.to)
        if verdict.reason == "struggles_on_strongest":
            self._facts["reason"] = verdict.reason
        elif came:
            self._facts["reason"] = "escalated"

    def lost(self, lost: list[tuple[Binding, str]]) -> None:
        """Bindings that were chosen but cannot be told what the client said."""
        self._lost |= {(binding.provider, binding.model.id): why for binding, why in lost}

    def first(self, attempt: Attempt) -> None:
        self._facts |= {
            "provider": attempt.provider,
            "model": attempt.model,
            "changes": attempt.changes,
        }
        if self._lost:
            asked = self.requested
            home = asked and (asked.provider, asked.model.id) == (attempt.provider, attempt.model)
            self._facts["reason"] = "only_requested_eligible" if home else "next_at_parity"

    def plan(
        self,
        attempts: Iterator[Attempt],
        home: Attempt,
        request: Callable[[], Request],
        pin: str,
    ) -> Plan:
        assert self.ask and self.dialect
        return Plan(
            decision=self._decision(),
            arrival=self.arrival,
            ask=self.ask,
            dialect=self.dialect,
            body=self.body,
            attempts=attempts,
            home=home,
            request=request,
            pin=pin,
            place=self.place,
            plan_token=is_plan_token(self.arrival),
            account=self.account,
            requested_price=self.requested.price if self.requested else None,
            debug=self.header("debug") == "1",
            forced=self.forced,
            marking=self.marking,
        )

    def stopped(self, home: Attempt, request: Callable[[], Request]) -> Plan:
        """Nobody is asked: turnout tells the agent that it runs in a circle."""
        self._facts["reason"] = "loop_stopped"
        plan = self.plan(iter(()), home, request, "")
        plan.stop = STOPPED
        return plan

    def untouched(self, reason: str, error: str = "", refusal: Refusal | None = None) -> Untouched:
        """Home as it came, or refused. In shadow `fresh_model` is what would have been."""
        if reason == "shadow":
            self._facts["fresh_model"] = f"{self._facts['provider']}/{self._facts['model']}"
        self._facts |= {
            "provider": self.arrival.home,
            "model": self.requested.model.id if self.requested else "",
            "reason": reason,
            "error": error,
            "changes": (),
        }
        return Untouched(
            decision=self._decision(),
            body=self.body,
            ask=self.ask,
            dialect=self.dialect,
            plan_token=is_plan_token(self.arrival),
            account=self.account,
            requested_price=self.requested.price if self.requested else None,
            refusal=refusal,
            place=self.place,
        )

    def _decision(self) -> Decision:
        who, asked = self.who, self.requested
        return Decision(
            **self._with_lost(),
            session=who.session if who else "",
            client=who.client if who else "",
            kind=self.kind,
            requested_model=asked.model.id if asked else self.ask.model if self.ask else "",
            route_ms=(self._clock() - self._began) * 1000,
        )

    def _with_lost(self) -> dict[str, Any]:
        def told(one: Candidate) -> Candidate:
            why = self._lost.get((one.provider, one.model))
            return replace(one, lost=why) if why else one

        candidates = tuple(told(one) for one in self._facts.get("candidates", ()))
        return {**self._facts, "candidates": candidates}
