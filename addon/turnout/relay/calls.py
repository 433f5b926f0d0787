"""The tool calls of an answer of ours: can the client use them, or should another model be asked?

translated          Repair mends what it can; what it cannot, it tells
in the same dialect  nothing is touched: a check listens beside the meter
the client's own     nobody looks
"""

import logging
from collections.abc import Callable

from turnout.errors import TurnoutError
from turnout.record import MALFORMED
from turnout.trip import Plan
from turnout.wire.events import Event
from turnout.wire.tools import Check, Repair, Schemas

log = logging.getLogger(__name__)

# a namespaced tool of theirs goes by another name in events than in the request's head
NAMESPACED = frozenset({"openai_responses"})


def repair(plan: Plan, notes: Callable[[str], None]) -> Repair:
    """For a translated answer."""
    return Repair({tool.name: tool.schema for tool in plan.request().tools}, notes)


def check(plan: Plan, *, whole: bool) -> Check:
    """For an answer in the client's dialect. `whole`: it is held, so reading schemas harms none."""
    return Check((lambda: _schemas(plan)) if whole else (lambda: _names(plan)))


def heard(check: Check) -> Callable[[Event], None]:
    """As `Check.watch`, for a meter: what breaks in here is no news of the answer."""

    def hear(event: Event) -> None:
        try:
            check.watch(event)
        except Exception as e:  # noqa: BLE001  do no harm
            log.warning("calls: %r", e)

    return hear


def _names(plan: Plan) -> Schemas | None:
    """Of a stream only names are checked, and JSON: the whole request is not read for it."""
    told = plan.ask.server_tools or plan.dialect.name in NAMESPACED
    return None if told else dict.fromkeys(plan.ask.tools)


def _schemas(plan: Plan) -> Schemas | None:
    try:
        return {tool.name: tool.schema for tool in plan.request().tools}
    except TurnoutError:  # a word that only its own dialect has
        return _names(plan)


def error(malformed: tuple[str, ...]) -> str:
    """For the record: what kind of fault, and not the words of the model."""
    kinds = dict.fromkeys(_kind(one) for one in malformed)
    return f"{MALFORMED}: {', '.join(kinds)}"


def _kind(fault: str) -> str:
    """ "TOOL: missing:KEY" -> "missing"."""
    return fault.rpartition(": ")[2].partition(":")[0]
