"""One routed request as a person reads it in mitmweb: what was asked, sent, answered and given.

    asked ──▶ sent ──▶ answered ──▶ given

Both sides of a translation stand one below the other. Keys are never in it.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from turnout.guard.hidden import is_personal
from turnout.record import Decision, Outcome
from turnout.trip import Attempt, Headers

MOST = 256 << 10  # bytes of an upstream's answer that are kept, and of a body that is shown


@dataclass(slots=True)
class Exchange:
    """`answered`: the upstream's own bytes, its first MOST. Filled while the request passes."""

    decision: Decision
    outcome: Outcome | None = None
    attempt: Attempt | None = None
    answered: bytearray = field(default_factory=bytearray)

    async def overhear(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same pieces; the first of them are remembered."""
        async for piece in body:
            if len(self.answered) < MOST:
                self.answered += piece[: MOST - len(self.answered)]
            yield piece

    def asked(self, body: bytes) -> str:
        """For the view of a request. `body`: the client's."""
        return "\n".join(_lines([*self._head(), *_block("the client asked", body), *self._sent()]))

    def given(self, body: bytes) -> str:
        """For the view of an answer. `body`: what the client got."""
        told = bytes(self.answered)
        answered = _block(f"{self.served} answered", told) if told and told != body else ()
        return "\n".join(_lines([*self._head(), *answered, *_block("the client got", body)]))

    @property
    def served(self) -> str:
        one = self.outcome
        provider = (one.provider if one else "") or self.decision.provider
        model = (one.model if one else "") or self.decision.model
        return f"{provider}/{model}".strip("/")

    def title(self) -> str:
        """One line: asked for, served by, why, and what it saved once that is known."""
        decision = self.decision
        line = f"turnout: {decision.requested_model or '?'} -> {self.served} ({decision.reason})"
        return line + "".join(f", {words}" for words in self._money())

    def _money(self) -> Iterator[str]:
        if self.outcome is None or self.outcome.cost_usd is None:
            return
        cost, asked = float(self.outcome.cost_usd), self.outcome.requested_same_tokens_usd
        yield f"${cost:.4g}" + ("" if asked is None else f" instead of ${float(asked):.4g}")

    def _head(self) -> Iterator[str]:
        decision, outcome = self.decision, self.outcome
        yield self.title()
        yield f"decision {decision.id}, `turnout why {decision.id}` has its arithmetic"
        yield f"session {decision.session or '?'}, {decision.kind or '?'}, {decision.cluster_label}"
        for one in outcome.attempts if outcome else ():
            what = one.error or f"status {one.status}"
            yield f"tried {one.provider}/{one.model or 'as asked'}: {what}, {one.ms:.0f} ms"
        for change in decision.changes:
            yield f"changed {change.what}: {change.why}"
        for candidate in decision.candidates:
            yield _candidate(candidate)

    def _sent(self) -> Iterator[str]:
        if self.attempt is None:
            return
        yield from ("", f"== sent to {self.attempt.url.partition('?')[0]}")
        yield from (f"{key}: {value}" for key, value in shown(self.attempt.headers))
        yield from ("", pretty(self.attempt.body))


def _candidate(one: Any) -> str:
    quality = "?" if one.quality is None else f"{one.quality:.3f}"
    cost = "?" if one.cost_usd is None else f"${one.cost_usd:.4g}"
    return (
        f"candidate {one.provider}/{one.model}: quality {quality}, {cost}, {one.lost or 'chosen'}"
    )


def _block(title: str, body: bytes) -> Sequence[str]:
    return ("", f"== {title}, {len(body):,} bytes", pretty(body))


def _lines(lines: Sequence[str]) -> Iterator[str]:
    return (line.rstrip(", ") for line in lines)


def shown(headers: Headers) -> Headers:
    """Without the values of what may be a secret."""
    return tuple((key, "(not shown)" if is_personal(key) else value) for key, value in headers)


def pretty(body: bytes) -> str:
    """JSON indented, anything else as text; what is too long is cut and said to be."""
    cut = body[:MOST]
    rest = f"\n... {len(body) - MOST:,} bytes more" if len(body) > MOST else ""
    try:
        document = json.loads(body) if not rest else None
    except ValueError:
        document = None
    if isinstance(document, Mapping | list):
        return json.dumps(document, indent=2, ensure_ascii=False)
    return cut.decode("utf-8", "replace") + rest
