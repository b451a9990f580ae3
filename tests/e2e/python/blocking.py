"""Functions that do not let the event loop turn, each in its way, and calls that do not end when they should."""

import asyncio
import ctypes
import os
import signal
import time
from pathlib import Path


async def until(path: str) -> None:
    """Blocks the loop until PATH exists; leaves PATH.begun."""
    Path(path + ".begun").touch()
    while not os.path.exists(path):  # noqa: ASYNC110, ASYNC240
        time.sleep(0.005)  # noqa: ASYNC251


async def power(path: str) -> None:
    """One operation of native code, which holds the GIL for hours."""
    Path(path + ".begun").touch()
    (3**70_000_001).bit_length()
    10 ** (10**9)


async def busy(seconds: float) -> int:
    """Works in short steps."""
    end = time.monotonic() + seconds
    steps = 0
    while time.monotonic() < end:
        until_ns = time.monotonic_ns() + 2_000_000
        while time.monotonic_ns() < until_ns:
            pass
        steps += 1
        await asyncio.sleep(0)
    return steps
