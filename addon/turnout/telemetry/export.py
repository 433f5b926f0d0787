"""OTLP over HTTP: the record of each settled action to a collector. switch.py says when.

The exporters read the rest of the standard variables themselves, from the process's environment.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision as Sampling
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from turnout import __version__
from turnout.record import Decision, Outcome
from turnout.telemetry.context import Context, context
from turnout.telemetry.metrics import Breakers, Metrics
from turnout.telemetry.spans import Spans
from turnout.telemetry.switch import wanted
from turnout.trip import Arrival

log = logging.getLogger(__name__)

GRACE_MS = 2000  # for what waits when we are told to end


class Watched(SpanExporter):
    """An exporter whose failures are told once, in `status`, and not in the log for every batch."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.failed = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        self.failed = 0 if result is SpanExportResult.SUCCESS else self.failed + len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class Telemetry:
    """One per process; `observe` is called with every settled action."""

    def __init__(self, environ: Mapping[str, str], breakers: Breakers = dict) -> None:
        self._exporter: Watched | None = None
        self._metrics: Metrics | None = None
        self._closers: list[Callable[[], object]] = []
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # `warning` says it once
        self._resource = _resource(environ)
        if wanted(environ, "TRACES"):
            self._trace()
        if wanted(environ, "METRICS"):
            self._measure(breakers)

    @property
    def warning(self) -> str:
        failed = self._exporter.failed if self._exporter else 0
        return f"the OTLP endpoint does not take spans; {failed} were lost" if failed else ""

    def _trace(self) -> None:
        self._exporter = Watched(OTLPSpanExporter())
        self._provider = TracerProvider(resource=self._resource, shutdown_on_exit=False)
        self._processor = BatchSpanProcessor(self._exporter)
        self._closers += [
            lambda: self._processor.force_flush(GRACE_MS),
            self._processor.shutdown,
        ]

    def _measure(self, breakers: Breakers) -> None:
        reader = PeriodicExportingMetricReader(OTLPMetricExporter())
        provider = MeterProvider([reader], self._resource, shutdown_on_exit=False)
        self._metrics = Metrics(provider.get_meter("turnout", __version__), breakers)
        self._closers.append(lambda: provider.shutdown(GRACE_MS))

    def traceparent(self, decision: str, arrival: Arrival) -> str:
        """Of the span that this decision will be; "" while only metrics are sent."""
        if self._exporter is None:
            return ""
        return context(decision, arrival.header("traceparent")).traceparent

    def observe(self, decision: Decision, outcome: Outcome) -> None:
        if self._metrics:
            self._metrics.observe(decision, outcome)
        if self._exporter is None:
            return
        where = context(decision.id, decision.trace)
        spans = Spans(decision, outcome, where, self._resource)
        if self._sampled(where, spans.name):
            for span in spans:
                self._processor.on_end(span)

    def _sampled(self, where: Context, name: str) -> bool:
        """OTEL_TRACES_SAMPLER decides; by default the client's own mark, and all without one."""
        above = None
        if where.parent is not None:
            flags = TraceFlags(TraceFlags.SAMPLED if where.sampled else TraceFlags.DEFAULT)
            parent = SpanContext(where.trace, where.parent, is_remote=True, trace_flags=flags)
            above = trace.set_span_in_context(NonRecordingSpan(parent))
        found = self._provider.sampler.should_sample(above, where.trace, name, SpanKind.SERVER)
        return found.decision is Sampling.RECORD_AND_SAMPLE

    def close(self) -> None:
        for close in self._closers:
            try:
                close()
            except Exception as e:  # noqa: BLE001  do no harm: the process ends all the same
                log.info("telemetry: %r", e)


def _resource(environ: Mapping[str, str]) -> Resource:
    """The user's own names win."""
    said = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    name = {} if said else {SERVICE_NAME: "turnout"}
    return Resource.create({SERVICE_VERSION: __version__, **name})
