"""Shadow takes no time from a request: what would have been is decided when its answer is over."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from turnout.books import Passed
from turnout.engine import Engine
from turnout.trip import Arrival, Plan, Untouched
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import DialectName

log = logging.getLogger(__name__)

LAST_S = 2.0  # seconds for decisions that are due when we are told to end


class Later:
    """One request in shadow. `arrival`: as it came, with its time. `told`: hears of the plan."""

    running: ClassVar[set[asyncio.Task[None]]] = set()  # the loop holds tasks only weakly

    def __init__(
        self,
        engine: Engine,
        arrival: Arrival,
        dialect: DialectName,
        told: Callable[[Plan | Untouched], None],
    ) -> None:
        # whatever the mode is by then, this one was not touched
        headers = (("x-turnout-mode", "shadow"), *arrival.headers)
        self._arrival = replace(arrival, headers=headers, at=time.time())
        self._engine, self._name, self._told = engine, dialect, told
        self.dialect = DIALECTS.get(dialect)

    @classmethod
    async def over(cls) -> None:
        """What has begun is written, as far as it does not take long."""
        if cls.running:
            await asyncio.wait(cls.running, timeout=LAST_S)

    def begin(self, passed: Passed) -> None:
        task = asyncio.get_running_loop().create_task(self._settle(passed))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def _settle(self, passed: Passed) -> None:
        try:
            plan = await self._engine.plan(self._arrival, self._name)
            self._told(plan)
            self._engine.books.settle(plan, passed)
        except Exception as e:
            log.exception("shadow: %r", e)
