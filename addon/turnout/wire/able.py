"""What a target must be able to do before a body of its own dialect may go to it."""

from collections.abc import Callable

from turnout.errors import UnsupportedError
from turnout.wire.request import Ask, Target

# reason                  the request has it, the target has not
LACKS: tuple[tuple[str, Callable[[Ask, Target], bool]], ...] = (
    ("images", lambda ask, target: ask.images and not target.images),
    ("files", lambda ask, target: ask.documents and not target.documents),
    ("tools", lambda ask, target: bool(ask.tools) and not target.tools),
    ("structured_output", lambda ask, target: ask.structured and not target.structured),
    (
        "too_many_tools",
        lambda ask, target: target.max_tools is not None and len(ask.tools) > target.max_tools,
    ),
)


def check(ask: Ask, target: Target) -> None:
    """Raises UnsupportedError with the first reason."""
    for reason, lacks in LACKS:
        if lacks(ask, target):
            raise UnsupportedError(reason, f"{target.model} cannot")
