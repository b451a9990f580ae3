"""Shows on the status page that the loop turns and how many calls it has: a blocked loop is told from a busy one."""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextvars import copy_context

from clutch_worker._page import CELL_IN_FLIGHT, CELL_TICK_TIME, CELL_TICKS, Page

BEAT_S = 0.1

_monotonic_ns = time.monotonic_ns


class Pulse:
    """How many calls are in flight, and beats while there are any: an idle worker sleeps. `shown` is what the page
    has. The loop's thread alone."""

    def __init__(self, loop: AbstractEventLoop, page: Page, in_flight: Callable[[], int]) -> None:
        self.shown = 0
        self._loop = loop
        self._page = page
        self._in_flight = in_flight
        self._beating = False
        self._context = copy_context()

    def show(self) -> None:
        """At the end of a turn which had any in flight, or which ended the last."""
        self.shown = self._page.cells[CELL_IN_FLIGHT] = self._in_flight()
        if self.shown and not self._beating:
            self._beating = True
            self._loop.call_later(BEAT_S, self._beat, context=self._context)

    def _beat(self) -> None:
        self._beating = False
        cells = self._page.cells
        cells[CELL_TICK_TIME] = _monotonic_ns()
        cells[CELL_TICKS] += 1
        self.show()
