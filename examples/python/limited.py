"""Functions that others bear only so much of: a database with few connections, a service with a licence for three."""

import asyncio

import clutch_worker

running = most = 0


@clutch_worker.limit(2)
async def query(number: int) -> int:
    """How many of it ran at once in this worker, at most, so far."""
    global running, most
    running += 1
    most = max(most, running)
    await asyncio.sleep(0.05)
    running -= 1
    return most


@clutch_worker.limit(3, per="pool")
async def licensed(number: int) -> int:
    await asyncio.sleep(0.2)
    return number


async def other(number: int) -> int:
    return number
