"""The worker's Python side alone against a bare `create_task` echo: how much a call costs beyond its Task,
and a stream against a bare `async for`: how much an item costs beyond its generator.

    taskset -c 0 python bench/python/worker_side.py [--pairs 15] [--batch 128]

Runs them interleaved and prints the median ratio of calls a second (above 1: the worker is faster than the floor),
beside that of the floor against itself, which shows what the machine's noise makes of two equal things.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2] / "python_worker" / "src"))

from clutch_worker._protocol import Config
from clutch_worker._registry import Function
from clutch_worker._replies import Replies
from clutch_worker._runner import Runner
from clutch_worker._session import Session

IN_FLIGHT = 1000


async def echo(x):
    return x


async def typed(x: int) -> int:
    return x


async def count(n):
    for i in range(n):
        yield i


class MemoryPage:
    cells = memoryview(bytearray(4096)).cast("Q")


def messages(calls: int, batch: int) -> list[bytes]:
    encode = msgspec.msgpack.encode
    runs = [(2, n, n, 0, 0, encode([n])) for n in range(1, calls + 1)]
    return [encode([1, 7, *runs[at : at + batch]]) for at in range(0, calls, batch)]


async def floor_task(calls: int) -> float:
    loop = asyncio.get_running_loop()
    start = time.process_time()
    for at in range(0, calls, IN_FLIGHT):
        for task in [loop.create_task(echo(n)) for n in range(at, at + IN_FLIGHT)]:
            await task
    return time.process_time() - start


async def floor_stream(items: int) -> float:
    start = time.process_time()
    async for _ in count(items):
        pass
    return time.process_time() - start


def stream_message(items: int) -> bytes:
    return msgspec.msgpack.encode(
        [1, 7, (2, 1, 1, 0, 0, msgspec.msgpack.encode([items]), {"stream": [1 << 40, 1 << 40]})]
    )


async def worker(envelopes: list[bytes], function: Any) -> float:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    sent: list[int] = [0]
    incoming = iter(envelopes)
    page: Any = MemoryPage()
    session = Session(7)
    session.registered(1)
    config = Config([], [], IN_FLIGHT, 16, 1 << 28, "default", 0, 1000, False)
    replies = Replies(7, page, 1 << 28, lambda frames: sent.append(len(frames[0])), lambda frame: None)
    runner = Runner(loop, session, [Function(ModuleType("m"), "m.echo", function)], {}, config, page, replies)

    def readable() -> None:
        frame = next(incoming, None)
        if frame is None:
            if runner.is_idle:
                done.set_result(None)
                return
        else:
            runner.receive([frame])
            runner.turn()
        loop.call_soon(readable)

    start = time.process_time()
    loop.call_soon(readable)
    await done
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--calls", type=int, default=50_000)
    parser.add_argument("--items", type=int, default=200_000)
    options = parser.parse_args()
    rows: dict[str, list[float]] = {}
    for _ in range(options.pairs):
        floor = asyncio.run(floor_task(options.calls))
        for name, run in (
            ("echo(x)", worker(messages(options.calls, options.batch), echo)),
            ("typed(x: int)", worker(messages(options.calls, options.batch), typed)),
            ("floor against itself", floor_task(options.calls)),
        ):
            rows.setdefault(name, []).append(floor / asyncio.run(run))
        floor_items = asyncio.run(floor_stream(options.items))
        for name, run in (
            ("stream of ints", worker([stream_message(options.items)], count)),
            ("stream floor itself", floor_stream(options.items)),
        ):
            rows.setdefault(name, []).append(floor_items / asyncio.run(run))
        rows.setdefault("stream floor, k items", []).append(options.items / floor_items / 1000)
        rows.setdefault("floor, k calls a CPU second", []).append(options.calls / floor / 1000)
    for name, ratios in rows.items():
        low, high = min(ratios), max(ratios)
        print(f"{name:26} median {statistics.median(ratios):.2f}  ({low:.2f} - {high:.2f})")


if __name__ == "__main__":
    main()
