"""Log records without keys: whoever writes them, and in their tracebacks too."""

import logging
from collections.abc import Callable
from typing import Any

_PLAIN = logging.Formatter()


def scrub(hide: Callable[[str], str]) -> None:
    """From now on, in this process. `hide` takes the keys out of a text."""
    make = logging.getLogRecordFactory()

    def made(*args: Any, **rest: Any) -> logging.LogRecord:
        record = make(*args, **rest)
        try:
            said = record.getMessage()
        except (TypeError, ValueError):
            return record  # logging tells of it in its own way
        try:
            _cleared(record, said, hide)
        except Exception as e:  # noqa: BLE001  who logs is never harmed by it
            record.msg, record.args = "not shown, it may hold a key: %s", (type(e).__name__,)
            record.exc_info = record.exc_text = None
        return record

    logging.setLogRecordFactory(made)


def _cleared(record: logging.LogRecord, said: str, hide: Callable[[str], str]) -> None:
    if (shown := hide(said)) != said:
        record.msg, record.args = shown, ()
    if record.exc_info and record.exc_info[0]:
        record.exc_text = hide(_PLAIN.formatException(record.exc_info))
