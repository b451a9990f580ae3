# ruff: noqa: ASYNC110, ASYNC240
"""Iterators for the tests of the command line."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import clutch_worker


async def count(n: int) -> AsyncIterator[int]:
    for i in range(n):
        yield i


def steps(n: int) -> Iterator[int]:
    yield from range(n)


async def opened(n: int) -> AsyncIterator[int]:
    """A coroutine that returns an iterator."""
    return count(n)


async def values() -> AsyncIterator[Any]:
    for value in ("tea", {"a": [1, None]}, b"\x00\x01", float("nan"), 2**64 - 1):
        yield value


async def gated(name: str) -> AsyncIterator[str]:
    """Its second item waits for the file `name`."""
    yield "first"
    while not os.path.exists(name):
        await asyncio.sleep(0.005)
    yield "second"


async def endless(name: str, size: int = 0) -> AsyncIterator[Any]:
    """Tells in `name`.closed that it was closed, and how many items it made."""
    made = 0
    try:
        while True:
            made += 1
            yield "x" * size if size else made
    finally:
        Path(name + ".closed").write_text(str(made))


async def waits(name: str) -> AsyncIterator[int]:
    """One item, and nothing after it; tells in `name`.closed that it was closed."""
    try:
        yield 1
        await asyncio.Event().wait()
    finally:
        Path(name + ".closed").touch()


async def swallows(name: str) -> AsyncIterator[int]:
    """One item; then it hears no cancel until there is `name`."""
    yield 1
    while not os.path.exists(name):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)


async def closes_badly() -> AsyncIterator[int]:
    try:
        while True:
            yield 1
    finally:
        raise ValueError("cannot close")


async def fails_after(n: int) -> AsyncIterator[int]:
    for i in range(n):
        yield i
    raise ValueError(f"no item {n}")


async def flaky(failures: int) -> AsyncIterator[int]:
    attempt = clutch_worker.current_call().attempt
    if attempt <= failures:
        raise ConnectionError(f"attempt {attempt}")
    yield attempt


async def exits_after(n: int) -> AsyncIterator[int]:
    for i in range(n):
        yield i
    await asyncio.sleep(0.05)
    os._exit(3)
