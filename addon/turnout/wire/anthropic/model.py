"""Which model a body names. Some clients mark its long context in the name: `claude-x[1m]`."""

from turnout.wire.request import Target

LONG_CONTEXT = "[1m]"


def same(named: str, target: Target) -> bool:
    """Is it the target's own name, marked or not?"""
    return named.removesuffix(LONG_CONTEXT) == target.model or named == target.model
