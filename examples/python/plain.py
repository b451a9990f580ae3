"""Plain functions: each call runs in a thread of its worker, so the worker's event loop goes on."""

import time


def blocking_read(seconds: float) -> str:
    """Blocks its thread, as a driver without asyncio would."""
    time.sleep(seconds)
    return "read"


async def quick() -> str:
    """Runs on the loop at once, however many threads are blocked."""
    return "quick"
