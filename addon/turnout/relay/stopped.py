"""An answer of turnout's own: an agent that runs in a circle is told so, which ends its turn."""

from collections.abc import AsyncIterator

from turnout.account import Meter
from turnout.trip import Plan
from turnout.wire.dialect import Hints
from turnout.wire.events import Event, Finished, Started, Text, Usage


async def answer(plan: Plan, meter: Meter, hints: Hints) -> AsyncIterator[bytes]:
    """Streamed or whole, as the client asked. Nobody was asked, so nothing was used."""
    events = _events(plan, hints)
    for event in events:
        meter.watch(event)
    meter.usage = None
    if not plan.ask.stream:
        yield plan.dialect.write_answer(events, hints)
        return
    writer = plan.dialect.stream_writer(hints)
    for event in events:
        for piece in writer.feed(event):
            yield piece


def _events(plan: Plan, hints: Hints) -> tuple[Event, ...]:
    return Started(hints.id, hints.model), Text(plan.stop), Usage(), Finished("end")
