"""Whether anything is exported: when the standard variables name an endpoint.

    OTEL_EXPORTER_OTLP_ENDPOINT          or ..._TRACES_ENDPOINT, ..._METRICS_ENDPOINT
    OTEL_SDK_DISABLED=true, OTEL_TRACES_EXPORTER=none, OTEL_METRICS_EXPORTER=none     turn it off

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from collections.abc import Mapping


def wanted(environ: Mapping[str, str], *signals: str) -> bool:
    """Of `signals` ("TRACES", "METRICS") at least one."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    return any(_wanted(environ, signal) for signal in signals)


def _wanted(environ: Mapping[str, str], signal: str) -> bool:
    if environ.get(f"OTEL_{signal}_EXPORTER", "").strip() not in ("", "otlp"):
        return False
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    return any(environ.get(name, "").strip() for name in names)
