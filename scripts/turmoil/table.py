"""What a client must see of every fault of a target, with failover and without.

`forced`: the target is the only one that may answer. Else the client's own request can still go
home. "lost": the client's own connection breaks, as it would have without turnout.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from turmoil.asking import DIALECTS
from turmoil.world import Bend, Case
from turnout.demo.faults import Fault, Kind
from turnout.trip import Attempt


class Row(NamedTuple):
    """Outcomes of a stream and of a whole answer: first where home can answer, then where not."""

    fault: Fault | None
    stream: str
    whole: str
    forced_stream: str
    forced_whole: str
    bend: Bend = lambda attempt: attempt


def nobody(attempt: Attempt) -> Attempt:
    """Port 1 is nobody's."""
    return attempt if attempt.untouched else replace(attempt, url="http://127.0.0.1:1/v1")


def no_tls(attempt: Attempt) -> Attempt:
    """The target speaks plain HTTP to whoever says hello."""
    return attempt if attempt.untouched else replace(
        attempt, url=attempt.url.replace("http://", "https://")
    )  # fmt: skip


def status(code: int, **headers: str) -> Fault:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Fault("status", status=code, headers=named)


def refusing(code: int, **headers: str) -> Row:
    return Row(status(code, **headers), "home", "home", f"error {code}", f"error {code}")


def slow(kind: Kind, events: int = 0) -> Fault:
    """For longer than the watchdogs wait, in haste."""
    return Fault(kind, events=events, seconds=3.0)


E502, PAGE = "error 502", "error 503/=page 503"
HELD, F_HELD = "ours/~home", f"ours/~{E502}"
BUSY = "error 529/error 500"  # Chat Completions has no word for it in a stream
# fmt: off
TABLE: dict[str, Row] = {
    #                                                        stream  whole   forced: stream, whole
    "nothing":             Row(None,                         "ours", "ours", "ours", "ours"),
    "refused":             Row(None,                         "home", "home", E502,   E502, nobody),
    "TLS fails":           Row(None,                         "home", "home", E502,   E502, no_tls),
    "reset":               Row(Fault("reset"),               "home", "home", E502,   E502),
    "closed":              Row(Fault("close"),               "home", "home", E502,   E502),
    "no HTTP":             Row(Fault("no_http"),             "home", "home", E502,   E502),
    "1xx before it":       Row(Fault("informational"),       "ours", "ours", "ours", "ours"),
    "redirect":            Row(status(307, location="https://x.example"),
                                                             "home", "home", E502,   E502),
    **{str(code): refusing(code) for code in (400, 401, 402, 403, 404, 413, 422, 500, 503, 529)},
    "429, for an hour":    refusing(429, retry_after="3600"),
    # an error body that nobody knows passes as it is where nothing is translated
    "a page, 503":         Row(Fault("html", status=503),    "home", "home", PAGE,   PAGE),
    "a page, 200":         Row(Fault("html", status=200),    "home", "home", E502,   E502),
    "200 and no body":     Row(Fault("empty"),               "home", "home", E502,   E502),
    "overloaded at first": Row(Fault("error_event", status=529, events=0),
                                       "home", "home", BUSY,   f"{BUSY}/{E502}"),
    "error in mid-stream": Row(Fault("error_event", status=500, events=4),
                                       "cut/home", "home", "cut/error 500/error 502", E502),
    # the same dialect's bytes pass as they are, good or bad
    "not JSON in mid-stream": Row(Fault("malformed", events=4),
                                       "cut/home/=ours", "home", "cut/error 502/=ours", E502),
    "a giant event":       Row(Fault("giant", size=3 << 20, events=4),
                                                             "ours", "ours", "ours", "ours"),
    "trailers":            Row(Fault("trailers"),            "ours", "ours", "ours", "ours"),
    "drip":                Row(Fault("drip", size=7),        "ours", "ours", "ours", "ours"),
    "ends without its end": Row(Fault("eof", events=4),      "cut/home", HELD,
                                                                             f"cut/{E502}", F_HELD),
    "ends at once":        Row(Fault("eof", events=0),       "home", "home", E502,   E502),
    "wrong length":        Row(Fault("wrong_length"),        "ours", "home", "ours", E502),
    "JSON for a stream":   Row(Fault("unstreamed"),          "ours", "ours", "ours", "ours"),
}
SLOW: dict[str, Row] = {
    "no headers":          Row(slow("slow_headers"),         "home", "ours", E502,   "ours"),
    "headers, no event":   Row(slow("stall"),                "home", HELD,   E502,   F_HELD),
    "a stall":             Row(slow("stall", events=4),      "cut/home", HELD,
                                                                             f"cut/{E502}", F_HELD),
}
# fmt: on
CODEX = {500, 502, 503, 504, 529}  # to its clients a 429, since they would send it again 30 times


def expected(row: Row, case: Case) -> set[str]:
    """A fault in the middle may come before the first byte has gone out, or after.

    "=ours": only where target and client speak alike. "~home": only where the target streams what
    the client wants whole.
    """
    if case.forced:
        told = row.forced_stream if case.stream else row.forced_whole
    else:
        told = row.stream if case.stream else row.whole
    marks = {"=": case.client in case.targets, "~": _gathered(case)}
    options = {one.lstrip("=~") for one in told.split("/") if marks.get(one[0], True)}
    return {_for_codex(told) if case.client == "openai_responses" else told for told in options}


def _gathered(case: Case) -> bool:
    """Responses targets always stream to other dialects."""
    return (
        not case.stream and case.client not in case.targets and "openai_responses" in case.targets
    )


def _for_codex(told: str) -> str:
    return "error 429" if told.startswith("error") and int(told[6:]) in CODEX else told


def cases(rows: dict[str, Row], *, quick: bool = False) -> Iterator[tuple[str, Row, Case]]:
    """`quick`: each client's own dialect as the target, and Chat Completions."""
    for name, row in rows.items():
        for client in DIALECTS:
            for target in DIALECTS:
                if quick and target not in (client, "openai_chat"):
                    continue
                for stream in (True, False):
                    for forced in (False, True):
                        yield name, row, Case(
                            client=client, targets=(target,), stream=stream, forced=forced,
                            faults=(row.fault,), bend=row.bend,
                        )  # fmt: skip
