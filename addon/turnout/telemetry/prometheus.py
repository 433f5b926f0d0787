"""`GET /metrics`: what Prometheus scrapes. The labels are few: names that only a client knows are
"other", so that nobody can fill the memory with invented models."""

from collections.abc import Callable, Container, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from turnout.record import TOKENS, Decision, Outcome
from turnout.telemetry.states import breakers

CONTENT_TYPE = CONTENT_TYPE_LATEST
OTHER = "other"
# how relay/tries.py says that we called it off ourselves: that is no failure of its provider
CALLED_OFF = ("lost: ", "given up")
MODELS = ("requested_model", "model", "provider")
# seconds, as the GenAI conventions advise for durations of operations
DURATION = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
ROUTE = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.15, 0.5)

type Facts = Callable[[], Mapping[str, object]]


class Prometheus:
    """`models`: the names that may be labels. `facts`: `Engine.status`, asked at each scrape."""

    def __init__(self, models: Container[str], facts: Facts) -> None:
        self._models, self._facts = models, facts
        self._registry = registry = CollectorRegistry()
        self._actions = Counter(
            "turnout_actions", "Actions.", (*MODELS, "reason", "status"), registry=registry
        )
        self._tokens = Counter("turnout_tokens", "Tokens.", (*MODELS, "kind"), registry=registry)
        self._cost = Counter("turnout_cost_usd", "What actions cost.", MODELS, registry=registry)
        self._unpriced = Counter(
            "turnout_unpriced_actions", "Actions of unknown cost.", MODELS, registry=registry
        )
        self._requested = Counter(
            "turnout_requested_usd",
            "The requested model on the same tokens, where the cost is known too.",
            MODELS,
            registry=registry,
        )
        self._failovers = Counter(
            "turnout_failed_attempts", "Attempts that failed.", ("provider",), registry=registry
        )
        self._route = Histogram(
            "turnout_route_seconds", "Deciding.", buckets=ROUTE, registry=registry
        )
        self._first = self._histogram("turnout_time_to_first_content_seconds", "From the dispatch.")
        self._total = self._histogram("turnout_duration_seconds", "To the last byte.")
        self._breaker = Gauge(
            "turnout_breaker_state",
            "0 closed, 1 half open, 2 open.",
            ("binding",),
            registry=registry,
        )
        self._dropped = Gauge("turnout_dropped_rows", "Rows the log lost.", registry=registry)
        self._warnings = Gauge("turnout_warnings", "What status warns of.", registry=registry)

    def _histogram(self, name: str, words: str) -> Histogram:
        return Histogram(
            name, words, ("model", "provider"), buckets=DURATION, registry=self._registry
        )

    def observe(self, decision: Decision, outcome: Outcome) -> None:
        served, provider = (
            self._label(outcome.model or decision.model),
            outcome.provider or decision.provider,
        )
        labels = (self._label(decision.requested_model), served, provider)
        status = "none" if outcome.status is None else str(outcome.status)
        self._actions.labels(*labels, decision.reason, status).inc()
        self._route.observe(decision.route_ms / 1000)
        for histogram, ms in ((self._first, outcome.ttft_ms), (self._total, outcome.total_ms)):
            if ms is not None:
                histogram.labels(served, provider).observe(ms / 1000)
        for tried in outcome.attempts:
            if tried.error and not tried.error.startswith(CALLED_OFF):
                self._failovers.labels(tried.provider).inc()
        self._spent(outcome, labels)

    def _spent(self, outcome: Outcome, labels: tuple[str, str, str]) -> None:
        for column, field in TOKENS.items():
            if count := getattr(outcome.usage, field, 0):
                self._tokens.labels(*labels, column.removesuffix("_tokens")).inc(count)
        if outcome.cost_usd is None:
            self._unpriced.labels(*labels).inc()
            return
        self._cost.labels(*labels).inc(float(outcome.cost_usd))
        if outcome.requested_same_tokens_usd is not None:
            self._requested.labels(*labels).inc(float(outcome.requested_same_tokens_usd))

    def _label(self, model: str) -> str:
        return model if model in self._models else OTHER

    def scrape(self) -> bytes:
        """The text of the exposition format."""
        facts = self._facts()
        states = breakers(facts)
        self._dropped.set(float(str(facts.get("dropped_rows", 0))))
        warnings = facts.get("warnings")
        self._warnings.set(len(warnings) if isinstance(warnings, list) else 0)
        self._breaker.clear()
        for binding, state in states.items():
            self._breaker.labels(binding).set(state)
        return generate_latest(self._registry)
