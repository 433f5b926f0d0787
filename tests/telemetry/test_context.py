"""Which trace an action belongs to."""

import pytest

from turnout.telemetry.context import context

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
DECISION = "1m81qasxahb29h"

# header -> (trace, parent, sampled); None: a trace of its own
HEADERS: dict[str, tuple[str, tuple[str, str, bool] | None]] = {
    "sampled": (f"00-{TRACE}-{SPAN}-01", (TRACE, SPAN, True)),
    "not sampled": (f"00-{TRACE}-{SPAN}-00", (TRACE, SPAN, False)),
    "a later version": (f"01-{TRACE}-{SPAN}-03-more", (TRACE, SPAN, True)),
    "no header": ("", None),
    "the forbidden version": (f"ff-{TRACE}-{SPAN}-01", None),
    "no trace": (f"00-{'0' * 32}-{SPAN}-01", None),
    "no span": (f"00-{TRACE}-{'0' * 16}-01", None),
    "capitals": (f"00-{TRACE.upper()}-{SPAN}-01", None),
    "words": ("hello", None),
}


@pytest.mark.parametrize(("header", "means"), HEADERS.values(), ids=HEADERS)
def test_read(header: str, means: tuple[str, str, bool] | None) -> None:
    found = context(DECISION, header)
    if means is None:
        assert (found.parent, found.sampled) == (None, None)
        assert found.trace == context(DECISION, "").trace
    else:
        assert (f"{found.trace:032x}", f"{found.parent:016x}", found.sampled) == means


def test_it_follows_from_the_decision() -> None:
    one, again, other = (context(name, "") for name in (DECISION, DECISION, "1m81qasxahb29j"))
    assert one == again
    assert one.trace != other.trace
    assert len({one.span(), one.span("decide"), one.span("attempt 0"), other.span()}) == 4


def test_what_goes_upstream_names_our_span_in_the_clients_trace() -> None:
    found = context(DECISION, f"00-{TRACE}-{SPAN}-00")
    assert found.traceparent == f"00-{TRACE}-{found.span():016x}-00"
    assert context(DECISION, "").traceparent.endswith("-01")
