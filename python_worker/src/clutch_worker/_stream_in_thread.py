"""Drives an iterator in threads: a thread runs some steps, and between them the stream holds none."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import Context
from typing import Any

from clutch_worker._items import NUMBER_BYTES
from clutch_worker._protocol import STREAM_BATCH_TIME_NS_MAX
from clutch_worker._results import ResultFault
from clutch_worker._streams import Stream

_monotonic_ns = time.monotonic_ns


class InThread:
    """Made in the thread that has just called the function. `run` and what it calls are a thread's; the rest, the
    loop's, which asks for the next `run` only once it has taken what the last one made."""

    __slots__ = ("_context", "_fault", "_in_thread", "_iterator", "_news_due", "_post", "_put", "_was_full", "stream")

    def __init__(
        self,
        stream: Stream,
        iterator: Any,
        context: Context,
        post: Callable[[Callable[[], None]], None],
        put: Callable[[InThread], None],
    ) -> None:
        self.stream = stream
        self._iterator = iterator
        self._context = context
        self._post = post
        self._put = put
        self._in_thread = True
        self._news_due = False
        self._was_full = False
        self._fault: ResultFault | None = None
        stream.driver = self

    @property
    def between_steps(self) -> bool:
        return True  # nothing interrupts a step in a thread

    def run(self) -> None:
        """Some steps, or the closing. Raises nothing."""
        try:
            is_over = self._context.run(self._steps_or_close)
        except BaseException as error:  # SystemExit too: it ends the stream, not the worker
            self.stream.failed(error)
            is_over = True
        self._post(lambda: self._after(is_over))

    def _steps_or_close(self) -> bool:
        """Whether the iterator is over."""
        stream = self.stream
        try:
            if not stream.stopping and self._is_at_end():
                return True
        except ResultFault as fault:
            self._fault = fault
        if self._fault is None and not stream.stopping:
            return False
        if not stream.streams.forked:
            close = getattr(self._iterator, "close", None)
            if close is not None:
                close()
        return True

    def _is_at_end(self) -> bool:
        stream, items, step = self.stream, self.stream.items, self._iterator.__next__
        items_left, bytes_left = items.items_left(), items.bytes_left()
        until = _monotonic_ns() + STREAM_BATCH_TIME_NS_MAX
        self._was_full = False
        while items_left > 0 and bytes_left > 0 and not stream.stopping:
            try:
                item = step()
            except StopIteration:
                return True
            bytes_left -= NUMBER_BYTES + items.add(item)
            items_left -= 1
            if _monotonic_ns() >= until:
                return False
            # The next step may take long, so the item does not wait for it. Set before the loop is woken and reset
            # before it looks: an item is seen by this wake or by a later one.
            if not self._news_due and items_left > 0:
                self._news_due = True
                self._post(self._on_news)
        self._was_full = items_left <= 0
        return False

    def resume(self) -> None:
        if not self._in_thread:
            self._in_thread = True
            self._put(self)

    def _on_news(self) -> None:
        self._news_due = False
        self.stream.flush()

    def _after(self, is_over: bool) -> None:
        stream = self.stream
        stream.flush()
        if self._fault is not None and stream.items.fault is None:
            stream.refuse(stream.items.sent, self._fault)
        if is_over:
            stream.streams.runner.leave_stream(stream)
            return
        self._in_thread = False
        if stream.stopping:
            self.resume()
        elif stream.items.has_credit():
            if self._was_full:
                stream.items.grow()
            self.resume()
