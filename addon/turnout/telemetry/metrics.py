"""The record of an action as OpenTelemetry metrics, in the GenAI conventions' names and units."""

from collections.abc import Callable, Iterable, Mapping

from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.semconv.attributes import error_attributes

from turnout.record import Decision, Outcome
from turnout.telemetry import attributes

type Breakers = Callable[[], Mapping[str, int]]


class Metrics:
    """`breakers`: binding -> state as a number, asked whenever metrics are sent."""

    def __init__(self, meter: Meter, breakers: Breakers) -> None:
        self._tokens = gen_ai_metrics.create_gen_ai_client_token_usage(meter)
        self._duration = gen_ai_metrics.create_gen_ai_client_operation_duration(meter)
        self._first = gen_ai_metrics.create_gen_ai_client_operation_time_to_first_chunk(meter)
        self._cost = meter.create_counter("turnout.cost", "USD", "What actions cost.")
        self._saved = meter.create_up_down_counter(
            "turnout.savings", "USD", "The requested model on the same tokens, less the cost."
        )
        self._breakers = breakers
        meter.create_observable_gauge(
            "turnout.breaker.state", [self._states], "1", "0 closed, 1 half open, 2 open."
        )

    def observe(self, decision: Decision, outcome: Outcome) -> None:
        facts = attributes.known(
            {
                gen_ai.GEN_AI_OPERATION_NAME: attributes.operation(decision),
                gen_ai.GEN_AI_PROVIDER_NAME: attributes.provider(
                    outcome.provider or decision.provider
                ),
                gen_ai.GEN_AI_REQUEST_MODEL: decision.requested_model,
                gen_ai.GEN_AI_RESPONSE_MODEL: outcome.model or decision.model,
                error_attributes.ERROR_TYPE: attributes.failure(outcome.status, outcome.error),
            }
        )
        if outcome.total_ms is not None:
            self._duration.record((decision.route_ms + outcome.total_ms) / 1000, facts)
        if outcome.ttft_ms is not None:
            self._first.record((decision.route_ms + outcome.ttft_ms) / 1000, facts)
        if usage := outcome.usage:
            kind = gen_ai.GEN_AI_TOKEN_TYPE
            self._tokens.record(attributes.whole_input(usage), {**facts, kind: "input"})
            self._tokens.record(usage.output, {**facts, kind: "output"})
        self._money(outcome, {name: fact for name, fact in facts.items() if "error" not in name})

    def _money(self, outcome: Outcome, facts: attributes.Attributes) -> None:
        if outcome.cost_usd is None:
            return
        self._cost.add(float(outcome.cost_usd), facts)
        if outcome.requested_same_tokens_usd is not None:
            self._saved.add(float(outcome.requested_same_tokens_usd - outcome.cost_usd), facts)  # type: ignore[operator]

    def _states(self, _: CallbackOptions) -> Iterable[Observation]:
        for binding, state in self._breakers().items():
            yield Observation(state, {"turnout.binding": binding})
