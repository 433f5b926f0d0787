"""Counting tokens goes home. Where no key for it is there, the answer is our own estimate.

The estimate has the requested model's numbers, whatever model serves: clients compact by them.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from turnout.config.settings import Mode
from turnout.errors import TurnoutError
from turnout.guard.keys import has_credential, is_plan_token
from turnout.planner import Road
from turnout.trip import Arrival
from turnout.wire import counting, encoding

log = logging.getLogger(__name__)

NO_KEY = 401  # the status with which a home says that it does not know the client's key


@dataclass(frozen=True, slots=True)
class Counted:
    """`body`: what goes home. `here`: nobody there knows this client, so ask nobody.

    `estimate()`: the answer for a client whose key home does not know; b"" when home's word counts.
    """

    body: bytes
    estimate: Callable[[], bytes] = bytes
    here: bool = False


class Parts(Protocol):
    """What counting needs of the engine."""

    @property
    def mode(self) -> Mode: ...
    @property
    def road(self) -> Road: ...


class Counter:
    """One per engine."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def knows(self, method: str, path: str) -> bool:
        return self._parts.mode == "route" and counting.recognise(method, path) is not None

    def count(self, arrival: Arrival) -> Counted:
        """Never raises: what cannot be read goes home as it came."""
        try:
            return self._counted(arrival)
        except TurnoutError as e:
            log.info("not counted: %s", e)
        except Exception:
            log.exception("count")
        return Counted(arrival.raw)

    def _counted(self, arrival: Arrival) -> Counted:
        endpoint = counting.recognise(arrival.method, arrival.path)
        if endpoint is None or arrival.header("x-turnout-mode").strip() in ("off", "shadow"):
            return Counted(arrival.raw)
        packed = arrival.header("content-encoding")
        body = encoding.decoded(arrival.raw, packed)
        kept = counting.accepted(endpoint, body) if packed in encoding.PLAIN else arrival.raw
        estimate = partial(self._estimate, endpoint, body, arrival)
        if not has_credential(arrival):
            return Counted(kept, estimate, here=bool(estimate()))
        return Counted(kept, estimate) if self._serves(arrival) else Counted(kept)

    def _serves(self, arrival: Arrival) -> bool:
        """Does anybody but its home answer this client? Else home's refusal is the truth.

        The client of a subscription takes it as a sign to renew its token.
        """
        others = any(name != arrival.home for name in self._parts.road.options.names)
        return others and not is_plan_token(arrival)

    def _estimate(self, endpoint: counting.Endpoint, body: bytes, arrival: Arrival) -> bytes:
        try:
            ask = counting.asked(endpoint, body, arrival.path)
            binding = self._parts.road.options.requested(arrival, ask.model)
        except Exception as e:  # noqa: BLE001  do no harm: home answers, if only with a refusal
            log.info("not counted: %r", e)
            return b""
        ratio = binding.model.token_ratio if binding else 1.0
        return counting.answer(endpoint, max(1, round(ask.input_tokens * ratio)))
