"""Drives an async iterator on the loop, in one task for all of its life, its closing included."""

from __future__ import annotations

import os
import time
import types
from asyncio import AbstractEventLoop, Future
from collections.abc import Generator
from types import AsyncGeneratorType
from typing import Any

from clutch_worker._items import NUMBERS
from clutch_worker._protocol import STREAM_BATCH_TIME_NS_MAX
from clutch_worker._results import ResultFault
from clutch_worker._streams import Stream, no_stream

# Items between two readings of the clock while they come fast, and the time that says they do not.
_STRIDE = 32
_SLOW_NS = 50_000

_monotonic_ns = time.monotonic_ns


class OnLoop:
    """`between_steps` says that the iterator is at its `yield`, where no CancelledError of ours may reach it."""

    __slots__ = ("_future", "_items", "_looked", "_loop", "_stream", "_until", "between_steps", "iterator")

    def __init__(self, stream: Stream, loop: AbstractEventLoop) -> None:
        self.between_steps = True
        self.iterator: Any = None
        self._stream = stream
        self._items = stream.items
        self._loop = loop
        self._future: Future[None] | None = None
        self._looked = self._until = 0
        stream.driver = self

    async def drive(self, source: Any) -> Stream:
        """The whole stream. Raises nothing, SystemExit included: the stream is asked how it ended."""
        stream = self._stream
        iterator = self.iterator = source if type(source) is AsyncGeneratorType else await self._iterator_of(source)
        if iterator is None:
            return stream
        try:
            if await self._iterate(iterator):
                return stream
        except BaseException as error:
            stream.failed(error)
        try:
            await self._close(iterator)
        except BaseException as error:
            stream.failed(error)
        return stream

    async def _iterator_of(self, source: Any) -> Any:
        """What is to be stepped; None where there is nothing, of which the stream has been told."""
        stream = self._stream
        try:
            if not is_async(source):
                if stream.stopping and hasattr(source, "close"):
                    source.close()
                    return None
                self.between_steps = False
                source = await source
            if not is_async(source):
                stream.error = no_stream(stream.name, source)
                return None
            return source.__aiter__()
        except BaseException as error:
            stream.failed(error)
            return None

    def resume(self) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def _iterate(self, iterator: Any) -> bool:
        """True at the iterator's end, False where it is to be closed. The loop costs most of what an item costs."""
        items, numbers = self._items, NUMBERS
        append, put = items.batch.append, items.put
        if not items.has_credit() or self._stream.stopping:
            await self._credit()
            if self._stream.stopping:
                return False
        self.between_steps = False
        async for item in iterator:
            if type(item) in numbers:
                append(item)
            else:
                try:
                    put(item)
                except ResultFault as fault:
                    self._stream.refuse(items.sent + len(items.batch), fault)
                    return False
            left = items.left - 1
            if left > 0:
                items.left = left
            elif self._is_due():
                if items.has_credit() and not self._stream.stopping:
                    await _turn()
                else:
                    await self._credit()
                if self._stream.stopping:
                    return False
                self._looked = _monotonic_ns()
                self.between_steps = False
        return True

    def _is_due(self) -> bool:
        """Whether the batch is to leave before another step; then it has been handed over."""
        items, stream = self._items, self._stream
        full = items.limit == 1
        if full:  # the first item: it is early because nothing else is looked at
            stream.streams.runner.turn_soon()
        else:
            now = _monotonic_ns()
            if items.more and now < self._until and now - self._looked < _SLOW_NS:
                self._looked = now
                items.left = min(items.more, _STRIDE)
                items.more -= items.left
                return False
            if len(items.batch) == 1:
                self._until = now + stream.streams.slice_ns()
                stream.flush_soon()
            step_ns = now - self._looked
            self._looked = now
            # After a long step another is to be expected, for which the item need not wait.
            late = now >= self._until or step_ns >= STREAM_BATCH_TIME_NS_MAX
            full = items.is_full()
            if not (full or late or stream.stopping or not items.has_credit()):
                items.look_after(1)
                return False
        if stream.streams.forked:
            os._exit(1)  # a child of os.fork() that came back out of user code: it is nobody's worker
        self.between_steps = True
        stream.flush()
        if full and items.has_credit():
            items.grow()
        return True

    async def _credit(self) -> None:
        """Until there is some or the stream is stopped."""
        stream = self._stream
        self.between_steps = True
        if stream.stopping:
            return
        self._future = self._loop.create_future()
        stream.park()
        try:
            await self._future
        finally:
            self._future = None
            if not stream.stopping:
                stream.unpark()

    async def _close(self, iterator: Any) -> None:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            self.between_steps = False
            await close()


def is_async(value: Any) -> bool:
    return hasattr(type(value), "__aiter__")


@types.coroutine
def _turn() -> Generator[None, None, None]:
    """Lets the loop turn once, as asyncio.sleep(0) does."""
    yield
