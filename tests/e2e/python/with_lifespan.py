"""A session that is opened once a worker and closed when it goes; what happens is written to $LIFESPAN_LOG."""

import os
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
    yield Session()
    note("close")


async def use() -> int:
    clutch_worker.state.used += 1
    return clutch_worker.state.used
