"""OpenTelemetry and Prometheus: views of the record of an action, made when it is settled.

switch.py       whether anything is exported
context.py      W3C trace context: which trace an action belongs to
attributes.py   the record -> attributes of the GenAI semantic conventions, and our own
spans.py        the record -> one span an action; its decision, embedding and attempts below it
metrics.py      the record -> OpenTelemetry metrics
export.py       OTLP over HTTP
states.py       words of the status as numbers
prometheus.py   the same numbers for `GET /metrics`

Nothing in here can hurt a request: exporters have threads and bounded queues of their own.
"""
