"""What asyncio itself does: the floors of clutch-bench that need no other process.

    floor_loop.py task  CALLS IN_FLIGHT     rounds of creating IN_FLIGHT tasks and awaiting each in turn
    floor_loop.py sleep CALLS IN_FLIGHT [uvloop]   IN_FLIGHT lanes, each awaits a task of its own after another
    floor_loop.py for   ITEMS 1             an async generator read to its end

Prints calls (items) a second, and the microseconds of CPU that each took.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable


async def echo(x):
    return x


async def sleep_1ms(x):
    await asyncio.sleep(0.001)
    return x


async def count(n: int):
    for i in range(n):
        yield i


async def task(calls: int, in_flight: int) -> None:
    loop = asyncio.get_running_loop()
    for at in range(0, calls, in_flight):
        for each in [loop.create_task(echo(n)) for n in range(at, min(at + in_flight, calls))]:
            await each


async def sleep(calls: int, in_flight: int) -> None:
    loop = asyncio.get_running_loop()
    numbers = iter(range(calls))

    async def lane() -> None:
        for n in numbers:
            await loop.create_task(sleep_1ms(n))

    await asyncio.gather(*(lane() for _ in range(in_flight)))


async def for_(items: int, _: int) -> None:
    async for _ in count(items):
        pass


FLOORS: dict[str, Callable[[int, int], Awaitable[None]]] = {"task": task, "sleep": sleep, "for": for_}


async def main(name: str, calls: int, in_flight: int) -> str:
    floor = FLOORS[name]
    await floor(max(calls // 20, in_flight), in_flight)
    start, start_cpu = time.perf_counter(), time.process_time()
    await floor(calls, in_flight)
    took, took_cpu = time.perf_counter() - start, time.process_time() - start_cpu
    return f"{calls / took} {took_cpu * 1e6 / calls}"


if __name__ == "__main__":
    if sys.argv[4:] == ["uvloop"]:
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    print(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
