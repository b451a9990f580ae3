"""Functions that the end-to-end tests call: a plain module that knows nothing of clutch but its decorators."""

import asyncio
import ctypes
import dataclasses
import datetime
import enum
import importlib.util
import os
import signal
import threading
import time
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Optional

import clutch_worker

running = 0
most_running = 0


async def echo(value):
    return value


async def add(a: int, b: int = 1) -> int:
    return a + b


async def greet(name: str, *, greeting: str = "hello") -> str:
    return f"{greeting}, {name}"


async def sleep(seconds: float, value=None):
    await asyncio.sleep(seconds)
    return value


async def counted_sleep(seconds: float) -> int:
    """How many of it ran at once, at most, so far."""
    global running, most_running
    running += 1
    most_running = max(most_running, running)
    try:
        await asyncio.sleep(seconds)
    finally:
        running -= 1
    return most_running


met = 0
all_met = asyncio.Event()


async def meet(count: int) -> int:
    """Waits until `count` calls of it have begun."""
    global met
    met += 1
    if met == count:
        all_met.set()
    await all_met.wait()
    return met


@clutch_worker.limit(4)
async def limited(seconds: float) -> int:
    return await counted_sleep(seconds)


@clutch_worker.limit(3, per="pool")
async def limited_in_pool(directory: str, seconds: float) -> int:
    mark = Path(directory) / uuid.uuid4().hex
    mark.touch()
    try:
        await asyncio.sleep(seconds)
        return len(list(Path(directory).iterdir()))
    finally:
        mark.unlink()


async def block(seconds: float) -> None:
    time.sleep(seconds)  # noqa: ASYNC251  on purpose: the loop stands still


async def spin(count: int) -> int:
    total = 0
    for i in range(count):
        total += i
    return total


def plain(value: int) -> int:
    return 2 * value


def plain_sleep(seconds: float) -> str:
    time.sleep(seconds)
    return threading.current_thread().name


def plain_wait_cancelled(path: str) -> bool:
    call = clutch_worker.current_call()
    Path(path + ".begun").touch()
    while not call.cancelled:
        time.sleep(0.005)
    Path(path).touch()
    return True


def gives_awaitable(value):
    return echo(value)


async def pid() -> int:
    return os.getpid()


async def surroundings() -> dict:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        "pid": os.getpid(),
        "environment": {name: os.environ.get(name) for name in names},
        "cpus": sorted(os.sched_getaffinity(0)),
        "loop": type(asyncio.get_running_loop()).__module__.partition(".")[0],
        "has_uvloop": importlib.util.find_spec("uvloop") is not None,
    }


async def context() -> dict:
    call = clutch_worker.current_call()
    return {
        "metadata": dict(call.metadata),
        "attempt": call.attempt,
        "left": call.time_left,
        "id": call.id,
        "cancelled": call.cancelled,
    }


async def until_cancelled(directory: str, name: str) -> None:
    """Leaves NAME.begun when it begins and NAME.finally when its finally ran."""
    Path(directory, name + ".begun").touch()
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        Path(directory, name + ".cancelled").touch()
        raise
    finally:
        Path(directory, name + ".finally").touch()


async def cleans_up(path: str, seconds: float) -> None:
    """Leaves PATH.begun, and once it is cancelled takes its time and leaves PATH.cleaned."""
    Path(path + ".begun").touch()
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(seconds)
        Path(path + ".cleaned").touch()


async def stubborn(seconds: float) -> str:
    """Swallows whatever cancels it, until its time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            await asyncio.sleep(max(0.0, end - time.monotonic()))
        except asyncio.CancelledError:
            continue
    return "unmoved"


async def mark(path: str, seconds: float = 0.0) -> None:
    """Appends its mark when it runs: one line for each time it ran."""
    with open(path, "a") as file:  # noqa: ASYNC230
        file.write("x\n")
    await asyncio.sleep(seconds)


async def ledger(path: str, number: int, seconds: float) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{number}\n".encode())
    finally:
        os.close(descriptor)
    if seconds:
        await asyncio.sleep(seconds)
    return number


class OutOfStock(Exception):
    pass


async def fails(kind: str):
    if kind == "simple":
        raise ValueError("no such thing")
    if kind == "own":
        raise OutOfStock("none left")
    if kind == "noted":
        error = ValueError("noted")
        error.add_note("look in the cellar")
        raise error
    if kind == "caused":
        try:
            raise KeyError("inner")
        except KeyError as inner:
            raise RuntimeError("outer") from inner
    if kind == "group":
        raise ExceptionGroup("several", [ValueError("first"), TypeError("second")])
    if kind == "exit":
        raise SystemExit(3)
    if kind == "interrupt":
        raise KeyboardInterrupt
    if kind == "unprintable":
        raise Unprintable
    raise AssertionError(kind)


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("not even this")


def attempts_so_far(path: str) -> int:
    with open(path, "a") as file:
        file.write("x\n")
    return len(Path(path).read_text().splitlines())


async def fails_until(path: str, attempt: int) -> int:
    seen = attempts_so_far(path)
    if seen < attempt:
        raise OutOfStock(seen)
    return seen


async def finishes_at(path: str, attempt: int, seconds: float) -> None:
    """Fails before that attempt, takes its time in it, and leaves PATH.done."""
    if attempts_so_far(path) < attempt:
        raise OutOfStock
    await asyncio.sleep(seconds)
    Path(path + ".done").touch()


async def dies_until(path: str, attempt: int) -> int:
    seen = attempts_so_far(path)
    if seen < attempt:
        os._exit(1)
    return seen


async def attempt_of_success(path: str, attempt: int) -> int:
    if attempts_so_far(path) < attempt:
        raise OutOfStock
    return clutch_worker.current_call().attempt


async def die(how: str) -> None:
    if how == "exit":
        os._exit(7)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "crash":
        ctypes.string_at(0)
    if how == "abort":
        os.abort()


async def odd(kind: str):
    if kind == "surrogate":
        return "\ud800"
    if kind == "surrogate key":
        return {"\udfff": 1}
    if kind == "2**64":
        return 2**64
    if kind == "-2**63-1":
        return -(2**63) - 1
    if kind == "cycle":
        loop: list = []
        loop.append(loop)
        return loop
    if kind == "deep":
        value: list = []
        for _ in range(10_000):
            value = [value]
        return value
    if kind == "object":
        return {"items": [1, object()]}
    raise AssertionError(kind)


class Colour(enum.Enum):
    red = "red"
    green = "green"


@dataclasses.dataclass
class Item:
    name: str
    price: float


@dataclasses.dataclass
class Order:
    id: uuid.UUID
    items: list[Item]
    colour: Colour
    discount: Optional[float] = None


async def total(order: Order) -> float:
    assert isinstance(order.id, uuid.UUID)
    assert isinstance(order.colour, Colour)
    return sum(item.price for item in order.items) - (order.discount or 0.0)


async def painted(order: Order, colour: Colour) -> Order:
    return dataclasses.replace(order, colour=colour)


async def later(when: datetime.datetime, by: datetime.timedelta) -> datetime.datetime:
    assert when.tzinfo is not None
    return when + by


async def typed(value: Optional[int], names: list[str], table: dict[str, int]):
    return [value, names, table, {1, 2, 3}, Decimal("1.50"), datetime.date(2024, 2, 29)]


async def blob(data: bytes) -> bytes:
    return data


async def blob_view(data: memoryview) -> memoryview:
    return data


async def size_of(data: bytes) -> int:
    return len(data)


async def shout(text: str) -> None:
    print(text)
    import logging

    logging.getLogger("shop.till").warning("rang up %s", text)


async def numbers():
    for i in range(3):
        yield i
