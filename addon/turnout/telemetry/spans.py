"""The record of an action as spans.

    chat claude-opus-4-8            SERVER    the client's request to its answer
      turnout.decide                INTERNAL  until something was sent
        turnout.embed               INTERNAL  only where a prompt was embedded
      chat gemini-3.8-flash         CLIENT    one for each attempt

They are made when the action is over, with the times that the record holds, so that a request
never waits for them.
"""

from collections.abc import Iterator

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from turnout import __version__
from turnout.record import Decision, Outcome
from turnout.telemetry import attributes
from turnout.telemetry.attributes import Attributes
from turnout.telemetry.context import Context

SCOPE = InstrumentationScope("turnout", __version__, attributes.SCHEMA)
MS = 1_000_000  # nanoseconds


class Spans:
    """Of one action."""

    def __init__(
        self, decision: Decision, outcome: Outcome, where: Context, resource: Resource
    ) -> None:
        self._decision, self._outcome, self._where = decision, outcome, where
        self._resource = resource
        self._start = int(decision.at * 1e9)

    @property
    def name(self) -> str:
        """As the conventions want it: operation and requested model."""
        decision = self._decision
        return f"{attributes.operation(decision)} {decision.requested_model}".strip()

    def __iter__(self) -> Iterator[ReadableSpan]:
        decision, outcome = self._decision, self._outcome
        routed = self._start + int(decision.route_ms * MS)
        end = routed + int((outcome.total_ms or 0.0) * MS)
        facts = attributes.action(decision, outcome)
        yield self._span("", self.name, SpanKind.SERVER, self._start, end, facts, outcome.error)
        yield self._span(
            "decide", "turnout.decide", SpanKind.INTERNAL, self._start, routed, {}, decision.error
        )
        if decision.embedded:
            begin, took = (int(ms * MS) for ms in decision.embedded)
            begin += self._start
            yield self._span(
                "embed", "turnout.embed", SpanKind.INTERNAL, begin, begin + took, {}, "", "decide"
            )
        yield from self._attempts(routed)

    def _attempts(self, start: int) -> Iterator[ReadableSpan]:
        """Each began when the one before it had failed; a hedge ran beside it."""
        for number, tried in enumerate(self._outcome.attempts):
            start -= int(tried.ms * MS) if tried.hedge else 0
            end = start + int(tried.ms * MS)
            facts = attributes.attempt(self._decision, tried)
            name = f"{attributes.operation(self._decision)} {tried.model}".strip()
            yield self._span(
                f"attempt {number}", name, SpanKind.CLIENT, start, end, facts, tried.error
            )
            start = end

    def _span(
        self,
        own: str,
        name: str,
        kind: SpanKind,
        start: int,
        end: int,
        facts: Attributes,
        error: str,
        above: str = "",
    ) -> ReadableSpan:
        parent = self._where.span(above) if own else self._where.parent
        return ReadableSpan(
            name,
            context=self._context(self._where.span(own)),
            parent=None if parent is None else self._context(parent, remote=not own),
            resource=self._resource,
            attributes=facts,
            kind=kind,
            status=Status(StatusCode.ERROR, error[:200]) if error else Status(StatusCode.UNSET),
            start_time=start,
            end_time=end,
            instrumentation_scope=SCOPE,
        )

    def _context(self, span: int, *, remote: bool = False) -> SpanContext:
        flags = TraceFlags(TraceFlags.SAMPLED)
        return SpanContext(self._where.trace, span, is_remote=remote, trace_flags=flags)
