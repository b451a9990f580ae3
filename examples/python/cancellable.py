"""What a cancelled coroutine sees."""

import asyncio

running = 0
cleaned_up = 0


async def work(seconds: float) -> None:
    """Counts itself while it runs, and cleans up however it ends."""
    global running, cleaned_up
    running += 1
    try:
        await asyncio.sleep(seconds)
    finally:
        running -= 1
        cleaned_up += 1


async def counts() -> tuple[int, int]:
    """How many run, and how many have cleaned up."""
    return running, cleaned_up
