"""Imports well, but its lifespan fails: Pool::start gives an error of stage setup."""

from collections.abc import AsyncIterator

import clutch_worker


@clutch_worker.lifespan
async def connection() -> AsyncIterator[None]:
    raise ConnectionError("the database is away")
    yield
