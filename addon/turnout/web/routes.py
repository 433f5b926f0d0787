"""The table of the API: what is served, what it takes and answers. Code and document follow."""

from dataclasses import dataclass
from typing import Any, Literal

from turnout.web import shapes
from turnout.web.rows import Wanted

JSON, NDJSON, EVENTS = "application/json", "application/x-ndjson", "text/event-stream"
TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Route:
    """`handler`: of api.Api. `query`, `body`, `answer`: types; a body that is `Any` is read as
    bytes by its handler. `errors`: statuses besides 401 and 403. `also`: another form of answer."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    handler: str
    says: str
    answer: Any
    query: Any = None
    body: Any = None
    errors: tuple[int, ...] = ()
    kind: str = JSON
    also: str = ""
    open: bool = False


# fmt: off
ROUTES: tuple[Route, ...] = (
    Route("GET", "/healthz", "health", "It is alive.", shapes.Health, open=True),
    Route("GET", "/readyz", "ready", "It routes and writes its log; else 503 and why.",
          shapes.Ready, errors=(503,)),
    Route("GET", "/v1/status", "status", "What `turnout status` shows.", shapes.Status),
    Route("POST", "/v1/mode", "mode", "The kill switch: route, shadow or off.",
          shapes.Status, body=shapes.ModeAsked, errors=(400,)),
    Route("POST", "/v1/reload", "reload", "Read the configuration again; streams go on. A wrong "
          "one is refused, and the old one stays.", shapes.Reloaded, errors=(400,)),
    Route("POST", "/v1/route", "route", "The decision on a request body of any dialect, with its "
          "reasons, without calling anyone.",
          shapes.Decided, query=shapes.RouteAsked, body=Any, errors=(400, 413)),
    Route("GET", "/v1/decisions", "decisions", "Rows of the log, the newest first.",
          shapes.Decisions, query=Wanted, errors=(400, 503), also=NDJSON),
    Route("GET", "/v1/decisions/{id}", "decision", "One row, by its id or how that begins; or "
          "the last one.", shapes.Decision, errors=(404, 503)),
    Route("GET", "/v1/events", "events", "New decisions as they are settled, as server-sent "
          "events; who does not keep up is cut off.", str, errors=(503,), kind=EVENTS),
    Route("GET", "/v1/stats", "stats", "What actions cost and would have cost, by group.",
          shapes.Stats, query=shapes.StatsAsked, errors=(400, 503)),
    Route("GET", "/v1/models", "models", "What can be routed to, at what price. On the base port "
          "without turnout's token it is the provider's own list.", shapes.Offers, errors=(503,)),
    Route("POST", "/v1/models", "switch", "A model at a provider, taken out or back in.",
          shapes.Switched, body=shapes.SwitchAsked, errors=(400, 503)),
    Route("POST", "/v1/profile", "profile", "The dial, until the next start or reload.",
          shapes.Status, body=shapes.ProfileAsked, errors=(400, 503)),
    Route("GET", "/v1/pins", "pins", "Which model each conversation is on.", shapes.Pins),
    Route("POST", "/v1/pins", "pin", "Keep a session, or every one, on a model.",
          shapes.Pinned, body=shapes.PinAsked, errors=(400, 503)),
    Route("DELETE", "/v1/pins", "unpin", "Forget them, or one session's.",
          shapes.Dropped, query=shapes.SessionAsked, errors=(400,)),
    Route("POST", "/v1/feedback", "feedback", "A person's word on an action.",
          shapes.Judged, body=shapes.FeedbackAsked, errors=(400, 503)),
    Route("GET", "/v1/alarms", "alarms", "Models that did worse than promised, in their classes.",
          shapes.Alarms),
    Route("DELETE", "/v1/alarms", "release", "Route there again.",
          shapes.Alarms, query=shapes.AlarmAsked, errors=(400,)),
    Route("GET", "/metrics", "metrics", "What Prometheus scrapes.", str, kind=TEXT),
    Route("GET", "/v1/openapi.json", "openapi", "This document.", dict[str, Any]),
)
# fmt: on
