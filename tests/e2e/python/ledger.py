"""Functions that write down that they ran: one line, by one write. A module that is quick to import."""

import asyncio
import os
import time


def note(path: str, number: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{number}\n".encode())
    finally:
        os.close(descriptor)


async def run(path: str, number: int, seconds: float) -> int:
    note(path, number)
    if seconds:
        await asyncio.sleep(seconds)
    return number


def plain(path: str, number: int, seconds: float) -> int:
    note(path, number)
    if seconds:
        time.sleep(seconds)
    return number


async def pid() -> int:
    return os.getpid()
