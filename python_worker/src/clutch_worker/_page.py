"""The status page: what the supervisor may read of this worker at any time, without asking it."""

from __future__ import annotations

import mmap
from contextlib import suppress

SIZE = 4096
LAYOUT = 0x636C75746368_0001
CELL_LAYOUT, CELL_BEGUN_LOOP, CELL_BEGUN_THREAD = 0, 1, 2
CELL_TICKS, CELL_TICK_TIME, CELL_FIRST_STEP, CELL_FIRST_STEP_SINCE, CELL_IN_FLIGHT = 3, 4, 5, 6, 7


class Page:
    """`cells[i] = n` writes a cell whole: an item of a memoryview cast to "Q" is one aligned store, which
    `struct.pack_into` is not. Look `cells` up for each write, since a forked child swaps it."""

    __slots__ = ("_map", "cells")

    def __init__(self, fd: int) -> None:
        """Maps the page. Raises OSError, or ValueError for a page of another layout."""
        self._map = mmap.mmap(fd, SIZE)
        self.cells = memoryview(self._map).cast("Q")
        if self.cells[CELL_LAYOUT] != LAYOUT:
            raise ValueError(f"the status page has layout {self.cells[CELL_LAYOUT]:#x}, not {LAYOUT:#x}")

    def drop(self) -> None:
        """In a forked child: what it writes from now on is its own."""
        self.cells.release()
        self.cells = memoryview(bytearray(SIZE)).cast("Q")
        with suppress(BufferError):
            self._map.close()
