"""The functions most examples call: plain asyncio, nothing of clutch."""

import asyncio
import os
from collections.abc import AsyncIterator


async def async_function(value: str) -> str:
    """Takes a second, all of it waiting, so that many run at once in one worker."""
    await asyncio.sleep(1)
    return f"Processed: {value}"


async def long_operation(value: str) -> str:
    """Takes five seconds: for timeouts and cancelling."""
    await asyncio.sleep(5)
    return f"Finished: {value}"


async def task(id: int) -> int:
    """Doubles its number, at once."""
    return id * 2


async def async_generator() -> AsyncIterator[int]:
    """Five items, half a second apart."""
    for item in range(5):
        await asyncio.sleep(0.5)
        yield item


async def risky_operation(stage: str) -> object:
    """Fails at the stage named: "run", "result" or "transport"; anything else passes.

    The stages before these need no help: a wrong name fails at "lookup", a stage that is no string at "arguments".
    """
    if stage == "run":
        try:
            int("forty-two")
        except ValueError as error:
            failure = RuntimeError("the operation failed")
            failure.add_note("a note says what was being done")
            raise failure from error
    if stage == "result":
        return {"items": [1, object()]}  # an object() means nothing outside of this process
    if stage == "transport":
        os._exit(7)  # what a crash in an extension or the kernel's OOM killer would do
    return "passed"
