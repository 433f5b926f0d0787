"""anthropic-beta, fitted to the model that will read the request.

https://platform.claude.com/docs/en/api/beta-headers
"""

from collections.abc import Collection

from turnout.trip import Headers
from turnout.wire.request import Change

HEADER = "anthropic-beta"
# what an edit took out of a body -> the beginning of the beta that stands for it
OF_BODY = {"context_management": "context-management-", "effort": "effort-"}
OAUTH = "oauth-"  # goes with the client's own subscription only
LONG_CONTEXT = "context-1m-2025-08-07"
LONG_CONTEXTS = "context-1m-"
LARGE = 140_000  # tokens, by our estimate: with the answer it may be more than the usual window


def fitted(
    headers: Headers, changed: Collection[str], *, longer: bool | None
) -> tuple[Headers, tuple[Change, ...]]:
    """`changed`: what the body no longer says. `longer`: the long context has to be asked for.

    False: this model has none. None: as the client said.
    """
    gone = tuple(beta for what, beta in OF_BODY.items() if what in changed)
    left = without(headers, gone if longer is not False else (*gone, LONG_CONTEXTS))
    if longer is not False or left == without(headers, gone):
        return _asked(left) if longer else (left, ())
    return left, (Change(HEADER, f"without {LONG_CONTEXTS}*: this model has no longer context"),)


def without(headers: Headers, gone: tuple[str, ...]) -> Headers:
    """Without the betas that begin so; a header that lists no others goes."""

    def kept(value: str) -> str:
        return ",".join(one for one in value.split(",") if not one.strip().startswith(gone))

    if not gone:
        return headers
    told = [(k, kept(v) if k.lower() == HEADER else v) for k, v in headers]
    return tuple((k, v) for k, v in told if v or k.lower() != HEADER)


def _asked(headers: Headers) -> tuple[Headers, tuple[Change, ...]]:
    said = ",".join(value for name, value in headers if name.lower() == HEADER)
    if LONG_CONTEXTS in said:
        return headers, ()
    others = tuple(pair for pair in headers if pair[0].lower() != HEADER)
    more = (HEADER, ",".join(filter(None, (said, LONG_CONTEXT))))
    return (*others, more), (Change(HEADER, f"{LONG_CONTEXT}: the request is long"),)
