"""What the tests of streams read."""

import asyncio
import os
import pathlib
import time

import clutch_worker

made: dict[str, int] = {}


async def count(n: int):
    for i in range(n):
        yield i


async def ticks(n: int, seconds: float):
    for i in range(n):
        await asyncio.sleep(seconds)
        yield i


def steps(n: int, seconds: float = 0.0):
    for i in range(n):
        time.sleep(seconds)
        yield i


async def opened(n: int):
    """A coroutine that returns an async iterator."""
    await asyncio.sleep(0)
    return count(n)


def opened_plainly(n: int):
    return iter(range(n))


async def no_iterator() -> int:
    return 5


async def rows(n: int):
    for i in range(n):
        yield {"name": f"row {i}", "price": i / 2, "tags": ["a", "b"]}


async def blobs(n: int, size: int):
    for i in range(n):
        yield bytes([i % 256]) * size


async def each_waits_for_a_file(directory: str, n: int):
    """Item i + 1 is made once the reader of item i has made the file i."""
    for i in range(n):
        yield i
        while not pathlib.Path(directory, str(i)).exists():
            await asyncio.sleep(0.002)


async def fails_after(n: int):
    for i in range(n):
        yield i
    raise ValueError(f"no item {n}")


async def dies_after(n: int):
    for i in range(n):
        yield i
    await asyncio.sleep(0.05)
    os._exit(3)


async def bad_item(n: int):
    for i in range(n):
        yield i
    yield object()


async def endless(key: str, path: str = "", size: int = 0):
    """Never stops; notes how it is closed."""
    made[key] = 0
    try:
        while True:
            made[key] += 1
            yield bytes(size) if size else made[key]
    except BaseException as error:
        note(path, type(error).__name__)
        raise
    finally:
        note(path, "closed")


def endless_steps(key: str, path: str = ""):
    made[key] = 0
    try:
        while True:
            made[key] += 1
            yield made[key]
    finally:
        note(path, "closed")


async def waits(path: str):
    """An item, then nothing until it is closed."""
    try:
        yield 1
        await asyncio.Event().wait()
    finally:
        note(path, "closed")


async def swallows_cancels(path: str):
    yield 1
    while not pathlib.Path(path).exists():
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            pass
    yield 2


async def ignores_exit():
    while True:
        try:
            yield 1
        except GeneratorExit:
            pass


async def made_so_far(key: str) -> int:
    return made.get(key, 0)


async def fails_first(path: str, failures: int, before: int):
    """Gives `before` items and raises, so often; then three items."""
    with pathlib.Path(path).open("a") as file:
        file.write("attempt\n")
    attempt = clutch_worker.current_call().attempt
    if attempt <= failures:
        for i in range(before):
            yield i
        raise ConnectionError(f"attempt {attempt}")
    for i in range(3):
        yield i


async def nap(seconds: float, path: str = "") -> float:
    note(path, "began")
    await asyncio.sleep(seconds)
    return seconds


async def stubborn(seconds: float, path: str = "") -> str:
    """Swallows its cancels; notes which process has it."""
    note(path, str(os.getpid()))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            await asyncio.sleep(until - time.monotonic())
        except asyncio.CancelledError:
            pass
    return "done"


async def pid() -> int:
    return os.getpid()


def note(path: str, text: str) -> None:
    if path:
        with pathlib.Path(path).open("a") as file:
            file.write(text + "\n")
