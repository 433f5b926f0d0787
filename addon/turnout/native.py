"""Listens to answers that turnout does not carry: what went home untouched has its account too."""

import logging
import time
from collections.abc import Mapping

from turnout.account import Meter
from turnout.books import Passed
from turnout.errors import WireError
from turnout.relay import back
from turnout.wire.dialect import Dialect

log = logging.getLogger(__name__)


class Eavesdropper:
    """`tap` is given to mitmproxy as the stream callable: the same bytes come out of it."""

    def __init__(self, dialect: Dialect | None, meter: Meter) -> None:
        self._dialect, self.meter = dialect, meter
        self.began = time.monotonic()
        self.limits: Mapping[str, str] = {}
        self._listener: back.Listener | None = None

    def answered(self, content_type: str, encoding: str) -> None:
        """The head of the answer. An encoding nobody knows means: no account, the same answer."""
        if self._dialect is None:
            return
        try:
            streamed = "event-stream" in content_type
            reader = back.reader(self._dialect, streamed=streamed, encoding=encoding)
        except WireError as e:
            log.info("not accounted: %s", e)
            return
        self._listener = back.Listener(reader.feed, self.meter)

    def passed(self, status: int | None) -> Passed:
        """When it is over."""
        return Passed(
            meter=self.meter,
            began=self.began,
            ended=time.monotonic(),
            status=status,
            limits=self.limits,
        )

    def tap(self, data: bytes) -> list[bytes]:
        """Never a bare b"": mitmproxy would end a chunked body with it."""
        if self._listener:
            self._listener.hear(data)
        return [data] if data else []
