"""What a client is told when nobody answered, so that its own habit of trying again does no harm.

Measured of the agents: a 429 without retry-after is final for codex, and a 5xx it sends again up to
30 times in 25 seconds; some wait as long as retry-after says, be it an hour, while another model
could serve them at once.
"""

from collections.abc import Mapping

from turnout.trip import Headers
from turnout.wire.request import DialectName

SHORT_S, LONGEST_S = 2.0, 10.0  # seconds in a retry-after of ours, and at most; start values
WAITS = frozenset({429, 503, 529})  # with a retry-after always
# dialect of the client -> what happened -> what it is told instead
TOLD: Mapping[DialectName, Mapping[int, int]] = {
    "openai_responses": dict.fromkeys((500, 502, 503, 504, 520, 522, 524, 529), 429),
}
# how long to wait, and whether to try at all: as a provider says it of its own limits
OF_RETRIES = frozenset({"retry-after", "retry-after-ms", "x-should-retry"})


def told(dialect: DialectName, status: int) -> int:
    return TOLD.get(dialect, {}).get(status, status)


def short(status: int, headers: Headers) -> Headers:
    """With a retry-after that is short, where the status asks for one."""
    if status not in WAITS:
        return headers
    said = next((value for key, value in headers if key.lower() == "retry-after"), "")
    kept = tuple(pair for pair in headers if pair[0].lower() not in OF_RETRIES)
    return (*kept, ("retry-after", f"{_seconds(said):g}"))


def _seconds(said: str) -> float:
    """A date, or what nobody can read, becomes the usual."""
    try:
        wanted = float(said)
    except ValueError:
        return SHORT_S
    return min(max(round(wanted), 1), LONGEST_S) if wanted >= 0 else SHORT_S
