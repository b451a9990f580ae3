"""Plain functions: begun and run in threads, their outcomes carried to the loop in batches."""

from __future__ import annotations

import inspect
import os
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from clutch_worker._api import current
from clutch_worker._errors import call_error, raised
from clutch_worker._page import CELL_BEGUN_THREAD, Page
from clutch_worker._protocol import Config, Run
from clutch_worker._replies import Replies, result_error
from clutch_worker._results import ResultFault, prepare
from clutch_worker._stream_in_thread import InThread
from clutch_worker._stream_on_loop import is_async
from clutch_worker._streams import Stream, no_stream
from clutch_worker._threads import Threads
from clutch_worker._values import ArgumentFault

if TYPE_CHECKING:
    from clutch_worker._runner import Runner


class PlainCalls:
    """`calls` are those received and not answered, by seq. All is the loop's but `_begin`, `_execute` and `_post`,
    which run in the threads."""

    def __init__(self, runner: Runner, loop: AbstractEventLoop, config: Config, page: Page, replies: Replies) -> None:
        self.calls: dict[int, Run] = {}
        self._runner = runner
        self._loop = loop
        self._payload_bytes_max = config.payload_bytes_max
        self._page = page
        self._replies = replies
        self._threads: Threads[Run | InThread] = Threads(config.threads, self._begin, self._execute)
        self._outcomes: deque[Callable[[], None]] = deque()
        self._wake_due = False
        self._forked = False
        self._context = copy_context()

    def put(self, records: list[Run]) -> None:
        self.calls.update((record.seq, record) for record in records)
        self._threads.put([*records])

    @property
    def begun(self) -> int:
        """Begun and not finished."""
        return self._threads.begun

    def release(self, record: Run) -> None:
        """The awaitable that a call returned is done."""
        self.calls.pop(record.seq, None)
        self._threads.release()

    def leave(self, record: Run) -> None:
        """A stream is over, or goes on on the loop."""
        self.calls.pop(record.seq, None)

    def drop(self) -> None:
        """In a forked child, which may be one of the threads: it must not take another call."""
        self._forked = True
        self._outcomes.clear()
        self._threads.drop()

    def _begin(self, record: Run | InThread) -> bool:
        """Under the threads' lock: the cell, then the clock and the cancel mark."""
        if isinstance(record, InThread):
            return True
        self._page.cells[CELL_BEGUN_THREAD] = record.seq
        refusal = self._runner.refusal(record)
        if refusal is None:
            self._replies.begun_news = True
            self._wake()
            return True
        self._post(lambda: self._end_with_error(record, refusal))
        return False

    def _execute(self, record: Run | InThread) -> bool:
        """Runs a call; False if it goes on as an awaitable on the loop."""
        if isinstance(record, InThread):
            record.run()
            return True
        stream = self._runner.streams.live.get(record.seq)
        if stream is not None:
            self._begin_stream(record, stream)
            return True
        context = Context()
        try:
            value = context.run(self._call, record)
            awaitable = inspect.isawaitable(value)
            wire = None if awaitable else prepare(value, self._payload_bytes_max)
        except ArgumentFault as fault:
            error = call_error("invalid_argument", "arguments", "not_started", str(fault))
            self._post(lambda: self._end_with_error(record, error))
        except ResultFault as fault:
            error = result_error(str(fault))
            self._post(lambda: self._end_with_error(record, error))
        except BaseException as exception:  # SystemExit too: it ends the call, not the worker
            error = raised(exception)
            self._post(lambda: self._end_with_error(record, error))
        else:
            if wire is None:
                self._post(lambda: self._adopt(record, value, context))
                return False
            self._post(lambda: self._end(record, lambda: self._replies.wire(record.call, wire)))
        return True

    def _begin_stream(self, record: Run, stream: Stream) -> None:
        context = Context()
        try:
            value = context.run(self._call, record)
            goes_on_loop = is_async(value) or inspect.isawaitable(value)
        except ArgumentFault as fault:
            error = call_error("invalid_argument", "arguments", "not_started", str(fault))
        except BaseException as exception:
            error = raised(exception)
        else:
            if goes_on_loop:
                self._post(lambda: self._runner.adopt_stream(stream, value, context))
                return
            if hasattr(type(value), "__next__"):
                InThread(stream, value, context, self._post, self._put_stream).run()
                return
            error = no_stream(stream.name, value)
        self._post(lambda: self._end_with_error(record, error))

    def _put_stream(self, stream: InThread) -> None:
        self._threads.put([stream])

    def _call(self, record: Run) -> Any:
        current.set(record)
        return self._runner.call(self._runner.functions[record.function], record)

    def _post(self, outcome: Callable[[], None]) -> None:
        if self._forked:
            os._exit(1)  # a child of os.fork() that came back out of user code: it is nobody's worker
        self._outcomes.append(outcome)
        self._wake()

    def _wake(self) -> None:
        # Set before the loop is woken and reset before it looks: an outcome is seen by this wake or by a later one.
        if not self._wake_due:
            self._wake_due = True
            self._loop.call_soon_threadsafe(self._collect, context=self._context)

    def _collect(self) -> None:
        self._wake_due = False
        while self._outcomes:
            self._outcomes.popleft()()
        self._runner.turn()

    def _adopt(self, record: Run, awaitable: Awaitable[Any], context: Context) -> None:
        self._runner.adopt(record, awaitable, context)

    def _end_with_error(self, record: Run, error: dict[str, Any]) -> None:
        self._end(record, lambda: self._runner.answer_error(record, error))

    def _end(self, record: Run, answer: Callable[[], None]) -> None:
        self.calls.pop(record.seq, None)
        answer()
        self._runner.forget(record)
