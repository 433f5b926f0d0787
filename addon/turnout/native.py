"""Listens to answers that turnout does not carry: what went home untouched has its account too."""

import logging
import time

from turnout.account import Meter
from turnout.errors import WireError
from turnout.relay import back
from turnout.trip import Untouched

log = logging.getLogger(__name__)


class Eavesdropper:
    """`tap` is given to mitmproxy as the stream callable: the same bytes come out of it."""

    def __init__(self, plan: Untouched, meter: Meter) -> None:
        self.plan, self.meter = plan, meter
        self.began = time.monotonic()
        self._listener: back.Listener | None = None

    def answered(self, content_type: str, encoding: str) -> None:
        """The head of the answer. An encoding nobody knows means: no account, the same answer."""
        if self.plan.dialect is None:
            return
        try:
            streamed = "event-stream" in content_type
            reader = back.reader(self.plan.dialect, streamed=streamed, encoding=encoding)
        except WireError as e:
            log.info("not accounted: %s", e)
            return
        self._listener = back.Listener(reader.feed, self.meter)

    def tap(self, data: bytes) -> list[bytes]:
        """Never a bare b"": mitmproxy would end a chunked body with it."""
        if self._listener:
            self._listener.hear(data)
        return [data] if data else []
