# ruff: noqa: ASYNC240, ASYNC110, T201
"""Functions for the tests of the command line."""

import asyncio
import datetime
import os
import time
from pathlib import Path
from typing import Any

import clutch_worker

__all__ = [
    "NOT_A_FUNCTION",
    "at_once",
    "block",
    "awkward_keys",
    "boom",
    "chained",
    "echo",
    "exits",
    "flaky",
    "half_fail",
    "held",
    "limited",
    "lone_surrogate",
    "metadata",
    "moment",
    "numbers",
    "plain",
    "prints",
    "task",
    "typed",
    "wait_for_file",
]

NOT_A_FUNCTION = 1


async def echo(*args: Any, **kwargs: Any) -> Any:
    """Gives back what it was called with.

    Second paragraph."""
    return {"args": list(args), "kwargs": kwargs}


async def task(number: int) -> int:
    return number * 2


async def typed(value: Any) -> str:
    return f"{type(value).__name__}: {value!r}"


async def boom() -> None:
    raise ValueError("no such tea")


async def chained() -> None:
    try:
        raise KeyError("first")
    except KeyError as error:
        failure = RuntimeError("second")
        failure.add_note("a note")
        raise failure from error


async def lone_surrogate() -> str:
    return "\ud800"


async def awkward_keys() -> Any:
    return {2: "int", None: "nil", True: "bool"}


async def numbers() -> Any:
    return [2**64 - 1, -(2**63), float("nan"), float("inf"), -0.0, 1.0, 0.1]


async def moment() -> datetime.datetime:
    return datetime.datetime(2024, 5, 17, 8, 30, 0, 250_000, tzinfo=datetime.UTC)


async def half_fail(number: int) -> int:
    if number % 2:
        raise ValueError(f"odd: {number}")
    # Out of order: the later of ten ends first.
    await asyncio.sleep((10 - number % 10) * 0.001)
    return number


async def wait_for_file(name: str) -> str:
    """Touches `name`.begun, waits for `name`, and tells in `name`.cancelled where it was cancelled."""
    Path(name + ".begun").touch()
    try:
        while not os.path.exists(name):
            await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        Path(name + ".cancelled").touch()
        raise
    return name


async def held(number: int, hold_from: int, name: str) -> int:
    if number >= hold_from:
        await wait_for_file(name)
    return number


async def block(name: str) -> None:
    """Lets nothing else run on its loop, and hears nothing; leaves NAME.begun."""
    Path(name + ".begun").touch()
    time.sleep(60)


running = most_running = 0


async def at_once(number: int) -> int:
    """How many of it ran at once, at most, so far."""
    global running, most_running
    running += 1
    most_running = max(most_running, running)
    await asyncio.sleep(0.005)
    running -= 1
    return most_running


async def flaky(name: str, failures: int) -> int:
    path = Path(name)
    tried = int(path.read_text()) if path.exists() else 0
    path.write_text(str(tried + 1))
    if tried < failures:
        raise ConnectionError(f"attempt {tried + 1}")
    return tried + 1


async def prints(text: str) -> None:
    print(text)


async def metadata() -> Any:
    return dict(clutch_worker.current_call().metadata)


@clutch_worker.limit(4)
async def limited() -> None:
    """At most four."""


def plain(number: int) -> int:
    return number + 1


async def exits() -> None:
    os._exit(3)
