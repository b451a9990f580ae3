"""What the soak calls beside ledger.py. Whatever runs notes its number first."""

import asyncio
import os
import signal
import time

from ledger import note


async def items(path: str, number: int, count: int, seconds: float):
    note(path, number)
    for i in range(count):
        yield i
        if seconds:
            await asyncio.sleep(seconds)


def steps(path: str, number: int, count: int, seconds: float):
    note(path, number)
    for i in range(count):
        yield i
        if seconds:
            time.sleep(seconds)


async def fails(path: str, number: int) -> int:
    note(path, number)
    raise ValueError(number)


failed_once: set[int] = set()


async def flaky(path: str, number: int) -> int:
    """Fails the first time that this process has it."""
    note(path, number)
    if number not in failed_once:
        failed_once.add(number)
        raise ConnectionError(number)
    return number


async def block(path: str, number: int, seconds: float) -> int:
    note(path, number)
    time.sleep(seconds)  # noqa: ASYNC251  on purpose: the loop stands still
    return number


async def leave(path: str, number: int) -> int:
    note(path, number)
    raise SystemExit(3)


async def crash(path: str, number: int) -> int:
    note(path, number)
    os.kill(os.getpid(), signal.SIGSEGV)
    return number
