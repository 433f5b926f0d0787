"""When anything is exported."""

import pytest

from turnout.telemetry.switch import wanted

BASE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
CASES: dict[str, tuple[dict[str, str], tuple[bool, bool]]] = {
    "nothing said": ({}, (False, False)),
    "an endpoint": (BASE, (True, True)),
    "an empty one": ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, (False, False)),
    "for traces": ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/v1/traces"}, (True, False)),
    "no metrics": ({**BASE, "OTEL_METRICS_EXPORTER": "none"}, (True, False)),
    "another exporter": ({**BASE, "OTEL_TRACES_EXPORTER": "zipkin"}, (False, True)),
    "disabled": ({**BASE, "OTEL_SDK_DISABLED": "TRUE"}, (False, False)),
}


@pytest.mark.parametrize(("environ", "means"), CASES.values(), ids=CASES)
def test_switch(environ: dict[str, str], means: tuple[bool, bool]) -> None:
    assert (wanted(environ, "TRACES"), wanted(environ, "METRICS")) == means
    assert wanted(environ, "TRACES", "METRICS") == any(means)
