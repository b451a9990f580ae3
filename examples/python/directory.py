"""A session that is opened once a worker, before its first call, and closed after its last."""

from collections.abc import AsyncIterator

import clutch_worker


class Session:
    """Stands for a database connection or an HTTP client."""

    def __init__(self) -> None:
        self.people = {"ada": "Ada Lovelace", "grace": "Grace Hopper"}
        self.lookups = 0


@clutch_worker.lifespan
async def session() -> AsyncIterator[Session]:
    """What it yields is `clutch_worker.state`. Failing before the yield fails Pool::start, stage setup."""
    print("session opened")  # noqa: T201  it goes to the log of the C++ program
    yield Session()
    print("session closed")  # noqa: T201


async def find(name: str) -> str:
    """Uses the session of its worker."""
    clutch_worker.state.lookups += 1
    return clutch_worker.state.people[name]


async def lookups() -> int:
    return clutch_worker.state.lookups
