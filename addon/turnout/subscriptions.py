"""Subscriptions that clients bring: how much of each is used. Tokens are neither kept nor written.

account ─▶ used ─▶ (hands off, or a share of the list price) ─▶ learn
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable

from turnout.books import Passed
from turnout.guard.keys import is_plan_token
from turnout.session import quota
from turnout.session.quota import Windows
from turnout.trip import Arrival, Plan, Untouched

MOST = 1_000  # accounts that are remembered


class Subscriptions:
    """In memory: a new process passes the first request by and learns from its answer."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._salt = clock, secrets.token_bytes(16)
        self._known: OrderedDict[str, Windows] = OrderedDict()

    def account(self, arrival: Arrival) -> str:
        """Whose subscription pays, as a name that tells nothing; "" for none."""
        if not is_plan_token(arrival):
            return ""
        digest = hashlib.blake2b(digest_size=12, key=self._salt)
        digest.update(
            f"{arrival.home}|{arrival.header('authorization')}".encode("utf-8", "replace")
        )
        return digest.hexdigest()

    def used(self, account: str) -> float | None:
        """0 to 1; None when no header of it was seen, or when what was seen is over."""
        return quota.used(self._known.get(account, {}), self._clock())

    def learn(self, plan: Plan | Untouched, passed: Passed) -> None:
        if not plan.account:
            return
        now = self._clock()
        found = quota.windows(passed.limits, now)
        if passed.tried[:1] and passed.tried[0].status == 429:
            found |= quota.refused({}, now)  # another answered, and its headers are not about this
        elif passed.status == 429:
            found |= quota.refused(passed.limits, now)
        if found:
            self._known[plan.account] = self._known.get(plan.account, {}) | found
            self._known.move_to_end(plan.account)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
