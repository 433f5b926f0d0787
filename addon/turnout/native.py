"""Listens to answers that turnout does not carry: what went home untouched has its account too."""

import logging
import time

from turnout.account import Meter
from turnout.relay.back import Listener, WholeReader
from turnout.trip import Untouched
from turnout.wire.encoding import Unpacker

log = logging.getLogger(__name__)


class Eavesdropper:
    """`tap` is given to mitmproxy as the stream callable: the same bytes come out of it."""

    def __init__(self, plan: Untouched) -> None:
        self.plan = plan
        self.meter = Meter(time.monotonic)
        self.began = time.monotonic()
        self._listener: Listener | None = None
        self._unpacker: Unpacker | None = None

    def answered(self, content_type: str, encoding: str) -> None:
        """The head of the answer. An encoding nobody knows means: no account, the same answer."""
        dialect = self.plan.dialect
        if dialect is None:
            return
        try:
            self._unpacker = Unpacker(encoding)
            streamed = "event-stream" in content_type
            reader = dialect.stream_reader() if streamed else WholeReader(dialect)
            self._listener = Listener(reader.feed, self.meter)
        except Exception as e:  # noqa: BLE001  do no harm
            log.info("not accounted: %s", e)

    def tap(self, data: bytes) -> list[bytes]:
        self._hear(data)
        return [data] if data else []

    def _hear(self, data: bytes) -> None:
        if self._listener is None or self._unpacker is None:
            return
        try:
            plain = self._unpacker.feed(data) if data else b""
        except Exception as e:  # noqa: BLE001  do no harm
            log.info("not accounted: %s", e)
            self._listener = None
            return
        if plain or not data:
            self._listener.hear(plain)
