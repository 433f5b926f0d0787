"""What a failed attempt says about whoever failed, as a table.

door      everything behind the same address or key: the whole provider
binding   this model at this provider
account   this model at this provider for this client's own key
"""

from dataclasses import dataclass
from typing import Literal

type Scope = Literal["door", "binding", "account"]
type Trouble = Literal["unreachable", "silent", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`after`: failures in a row that open a breaker. `seconds`: how long at first, doubled up to
    `most`. `named`: seconds that the provider itself asked for, 0 when it did not.
    """

    scope: Scope
    after: int
    seconds: float
    most: float
    named: float = 0.0
    error: str = ""


LONGEST = 3600.0  # seconds that a provider may ask for

# all numbers are start values; what failed: scope, failures, seconds, at most
TROUBLES: dict[Trouble, Fault] = {
    "unreachable": Fault(scope="door", after=1, seconds=2, most=60),
    "silent": Fault(scope="binding", after=2, seconds=10, most=300),
    "broken": Fault(scope="binding", after=3, seconds=5, most=300),
}
BUSY = Fault(scope="binding", after=1, seconds=2, most=300)
STATUSES: dict[int, Fault] = {
    401: Fault(scope="door", after=1, seconds=60, most=3600),
    402: Fault(scope="binding", after=1, seconds=300, most=3600),
    403: Fault(scope="binding", after=2, seconds=60, most=600),
    404: Fault(scope="binding", after=1, seconds=600, most=3600),
    408: TROUBLES["silent"],
    429: BUSY,
    503: BUSY,
    504: TROUBLES["silent"],
    529: BUSY,
}
# about an account: with the client's own key they say nothing about other clients
ACCOUNTS = frozenset({402, 403, 404, 429})
# our key is no good there
BAD_KEY = frozenset({401, 403})


def of_status(status: int) -> Fault | None:
    """None for what says nothing about the provider: its 4xx are the request's fault."""
    if status in STATUSES:
        return STATUSES[status]
    return TROUBLES["broken"] if status >= 500 else None
