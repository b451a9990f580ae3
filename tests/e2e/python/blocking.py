"""Functions that do not let the event loop turn, each in its way, and calls that do not end when they should."""

import asyncio
import ctypes
import os
import signal
import subprocess
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


async def until_with_child(path: str) -> None:
    """The same, beside a process of its own in a session of its own, whose pid is in PATH.child."""
    child = subprocess.Popen(["sleep", "3600"], start_new_session=True)  # noqa: ASYNC220
    Path(path + ".child").write_text(str(child.pid))  # noqa: ASYNC240
    await until(path)


async def stubborn(path: str) -> int:
    """Swallows every cancel until PATH exists; leaves PATH.begun. How many there were."""
    Path(path + ".begun").touch()
    swallowed = 0
    while not os.path.exists(path):  # noqa: ASYNC110, ASYNC240
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            swallowed += 1
    return swallowed


def in_thread(path: str) -> None:
    """A plain function that runs until PATH exists."""
    while not os.path.exists(path):
        time.sleep(0.01)
