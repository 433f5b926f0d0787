"""Samplers: a value that is the source's own default is no wish; any other must reach the model."""

from turnout.errors import UnsupportedError
from turnout.wire.changes import Changes
from turnout.wire.request import Request, Target

DEFAULTS = {"temperature": 1.0, "top_p": 1.0}


def wished(request: Request, target: Target, note: Changes) -> dict[str, float]:
    """The samplers to write, by the names that all dialects but Gemini's share."""
    asked = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
        "seed": request.seed,
    }
    said = {name: value for name, value in asked.items() if value is not None}
    return said if target.samplers else without_defaults(said, "this model takes no samplers", note)


def without_defaults(samplers: dict[str, float], why: str, note: Changes) -> dict[str, float]:
    """Nothing is left, or a wish is, and then the target cannot serve."""
    for name, value in samplers.items():
        if value != DEFAULTS.get(name):
            raise UnsupportedError("sampling", f"{name} {value}: {why}")
        note(name, f"at its default; {why}")
    return {}
