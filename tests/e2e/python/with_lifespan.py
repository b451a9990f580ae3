"""A session that is opened once a worker and closed when it goes; what happens is written to $LIFESPAN_LOG."""

import asyncio
import os
import time
from contextlib import asynccontextmanager

import clutch_worker


def note(line: str) -> None:
    with open(os.environ["LIFESPAN_LOG"], "a") as file:
        file.write(line + "\n")


class Session:
    def __init__(self) -> None:
        self.used = 0


@clutch_worker.lifespan
@asynccontextmanager
async def session():
    note("open")
    if os.environ.get("LIFESPAN_FAILS"):
        raise ConnectionError("the database is away")
    await hang_at("enter")
    yield Session()
    await hang_at("leave")
    note("close")


async def hang_at(place: str) -> None:
    if os.environ.get("LIFESPAN_HANGS") == place:
        await asyncio.sleep(3600)


async def use() -> int:
    clutch_worker.state.used += 1
    return clutch_worker.state.used


async def use_slowly(seconds: float) -> int:
    await asyncio.sleep(seconds)
    note("used")
    return await use()


def use_plainly(seconds: float) -> int:
    time.sleep(seconds)
    note("used")
    clutch_worker.state.used += 1
    return clutch_worker.state.used
