"""What clutch-bench calls."""

from __future__ import annotations

import asyncio
import os

import clutch_worker


async def echo(x):
    return x


async def echo_view(x: memoryview) -> memoryview:
    return x


async def count(n: int):
    for i in range(n):
        yield i


def steps(n: int):
    yield from range(n)


async def sleep_1ms(x):
    await asyncio.sleep(0.001)
    return x


async def spin(n: int) -> int:
    s = 0
    for i in range(n):
        s += i
    return s


async def pid() -> int:
    return os.getpid()


@clutch_worker.limit(1)
async def hold(x) -> None:
    """The first call never ends, and those behind it wait in the supervisor."""
    await asyncio.Event().wait()
