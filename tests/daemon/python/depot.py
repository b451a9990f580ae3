"""What the daemon's tests call."""

import asyncio
import os
import pathlib


async def double(x: int) -> int:
    return 2 * x


async def echo(value):
    return value


async def nap(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


async def blob(size: int) -> bytes:
    return bytes(size)


async def size(data: bytes) -> int:
    return len(data)


async def note(path: str, text: str) -> None:
    """Appends a line, so that a test can count what was executed."""
    with pathlib.Path(path).open("a") as file:
        file.write(text + "\n")


async def nap_and_note(path: str, seconds: float) -> None:
    """Notes how it ended: `began`, then `done` or `cancelled`."""
    await note(path, "began")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        await note(path, "cancelled")
        raise
    await note(path, "done")


async def wait_for_file(path: str) -> None:
    while not pathlib.Path(path).exists():
        await asyncio.sleep(0.005)


def pid() -> int:
    return os.getpid()


def shout(lines: int, width: int = 100) -> None:
    for _ in range(lines):
        print("x" * width, flush=True)
