"""Async generators, and a generator: what streams are made of. Nothing of clutch."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator


async def squares() -> AsyncIterator[int]:
    """Never ends by itself: whoever reads it leaves it."""
    number = 0
    while True:
        yield number * number
        number += 1


async def lines(readable: int) -> AsyncIterator[str]:
    """So many lines, then the file turns out to be broken."""
    for number in range(readable):
        yield f"line {number}"
    raise OSError("the disk is gone")


def countdown(start: int) -> Iterator[int]:
    """A plain generator: a thread runs it, but only while it makes an item."""
    for number in range(start, 0, -1):
        time.sleep(0.01)
        yield number


async def patient() -> AsyncIterator[str]:
    """Takes a moment to end when it is told to."""
    try:
        yield "ready"
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(0.1)


async def stubborn(seconds: float) -> str:
    """Hears no cancel, as code does that catches too much."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.05)
    return "done"
