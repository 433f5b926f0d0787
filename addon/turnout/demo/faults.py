"""What a simulated provider shall do wrong.

    sim.faults.append(Fault("status", status=529, count=2))
    sim.faults.append(Fault("cut", events=3, model="claude-*"))

    status         `status` with an error in the dialect's shape, and `headers` (say, retry-after)
    reset          RST before any answer
    close          FIN before any answer
    slow_headers   `seconds` of nothing, then the answer
    stall          `events` events, then `seconds` of nothing, then the rest
    cut            FIN after `events` events, or after `size` bytes if given; no proper end
    eof            a proper end of the body after `events` events: the terminal ones are missing
    error_event    200, `events` events (0: none), then an error event in the dialect's shape
    malformed      `events` events, then one that is not JSON, then the rest
    html           `status` with a page instead of JSON, as gateways do
    empty          200 and no body
    wrong_length   promises 100 bytes more than it sends, then FIN
    headers        the healthy answer with `headers` besides
    unstreamed     the whole answer as JSON to a client that asked for a stream
    no_http        bytes that are no HTTP, then FIN
    informational  103 with headers of its own, then the answer
    trailers       a stream whose last chunk has trailers behind it
    comments       `events` events, then comments for ever, `seconds` apart
    drip           `size` bytes at a time, `seconds` apart
    giant          an event of `size` bytes that nobody knows, after `events`
    swapped        each `old` in a healthy answer is `new`: the name of a tool, a key, a bracket;
                   with a `size` of 0 it comes all at once

In a stream an event is one SSE frame. A whole answer is one event: cut it by `size`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal

from turnout.demo.reply import Cut, Pause, Reply, Step

Kind = Literal[
    "status",
    "reset",
    "close",
    "slow_headers",
    "stall",
    "cut",
    "eof",
    "error_event",
    "malformed",
    "html",
    "empty",
    "wrong_length",
    "unstreamed",
    "no_http",
    "informational",
    "trailers",
    "comments",
    "drip",
    "giant",
    "headers",
    "swapped",
]

PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
COMMENT = b": still here\n\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n"
WHOLE_HOUR = 3600.0  # the default of `seconds`: for ever
BROKEN = b'data: {"type":"content_block_delta","index":\n\n'


@dataclass(slots=True)
class Fault:
    """One kind of trouble for the next `count` requests that match, after `skip` that pass.

    `model`: a glob of the model asked for. `path`: a piece of the request's path.
    """

    kind: Kind
    status: int = 500
    message: str = "simulated fault"
    headers: Mapping[str, str] = field(default_factory=dict)
    events: int = 1
    size: int | None = None
    old: bytes = b""
    new: bytes = b""
    seconds: float = WHOLE_HOUR
    model: str = "*"
    path: str = "/"
    count: float = 1
    skip: int = 0

    def takes(self, model: str, path: str) -> bool:
        """Whether this request is its victim; counts."""
        if self.count < 1 or self.path not in path or not fnmatchcase(model, self.model):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.count -= 1
        return True


@dataclass(frozen=True, slots=True)
class Shapes:
    """How a dialect says that something went wrong: (status, message) -> bytes."""

    body: Callable[[int, str], bytes]
    event: Callable[[int, str], bytes]


@dataclass(frozen=True, slots=True)
class Case:
    """A healthy answer, as it was asked for and unstreamed, and what shall happen to it."""

    reply: Reply
    whole: Reply
    fault: Fault
    shapes: Shapes

    def after(self, *steps: Step, rest: bool) -> Reply:
        """The first events, then `steps`, then what is left, when `rest`."""
        count = self.fault.events
        left = self.reply.body[count:] if rest else ()
        return replace(self.reply, body=(*self.reply.body[:count], *steps, *left))

    def instead(self, body: bytes, content_type: str) -> Reply:
        headers = {"content-type": content_type, **self.fault.headers}
        return Reply(self.fault.status, headers, (body,))


def spoil(case: Case) -> Reply:
    """The answer as the fault leaves it."""
    return BENT[case.fault.kind](case)


def _status(case: Case) -> Reply:
    body = case.shapes.body(case.fault.status, case.fault.message)
    return case.instead(body, "application/json")


def _cut(case: Case) -> Reply:
    size = case.fault.size
    if size is None:
        return case.after(Cut(), rest=False)
    whole = case.reply.whole
    return replace(case.reply, body=(whole[:size], Cut()), extra_length=max(len(whole) - size, 0))


def _error_event(case: Case) -> Reply:
    return case.after(case.shapes.event(case.fault.status, case.fault.message), rest=False)


def _wrong_length(case: Case) -> Reply:
    body = (case.reply.whole, Cut())
    return replace(case.reply, body=body, streamed=False, extra_length=100)


def _drip(case: Case) -> Reply:
    """Without `seconds` as fast as the other end reads."""
    size, whole = case.fault.size or 1, case.reply.whole
    pause = Pause(case.fault.seconds if case.fault.seconds < WHOLE_HOUR else 0.0)
    pieces = (whole[i : i + size] for i in range(0, len(whole), size))
    return replace(case.reply, body=tuple(step for piece in pieces for step in (piece, pause)))


def _giant(case: Case) -> Reply:
    padding = b"x" * (case.fault.size or 1 << 20)
    event = b'event: padding\ndata: {"type":"padding","padding":"%b"}\n\n' % padding
    return case.after(event, rest=True) if case.reply.streamed else case.reply


def _swapped(case: Case) -> Reply:
    """In a stream within each event."""
    old, new = case.fault.old, case.fault.new
    said = (case.reply.whole,) if case.fault.size == 0 else case.reply.body
    steps = (s.replace(old, new) if isinstance(s, bytes) else s for s in said)
    return replace(case.reply, body=tuple(steps))


BENT: dict[Kind, Callable[[Case], Reply]] = {
    "status": _status,
    "reset": lambda case: replace(case.reply, body=(Cut(reset=True),)),
    "close": lambda case: replace(case.reply, body=(Cut(),)),
    "slow_headers": lambda case: replace(case.reply, wait=case.fault.seconds),
    "stall": lambda case: case.after(Pause(case.fault.seconds), rest=True),
    "cut": _cut,
    "eof": lambda case: case.after(rest=False),
    "error_event": _error_event,
    "malformed": lambda case: case.after(BROKEN, rest=True),
    "html": lambda case: case.instead(PAGE, "text/html"),
    "empty": lambda case: replace(case.reply, body=(), streamed=False),
    "wrong_length": _wrong_length,
    "unstreamed": lambda case: case.whole,
    "no_http": lambda case: replace(case.reply, before=b"SSH-2.0-x\r\n", body=(Cut(),)),
    "informational": lambda case: replace(case.reply, before=HINTS),
    "trailers": lambda case: replace(case.reply, trailers=case.reply.streamed),
    "comments": lambda case: case.after(*(COMMENT, Pause(case.fault.seconds)) * 1000, rest=False),
    "drip": _drip,
    "giant": _giant,
    "headers": lambda case: replace(
        case.reply, headers={**case.reply.headers, **case.fault.headers}
    ),
    "swapped": _swapped,
}
