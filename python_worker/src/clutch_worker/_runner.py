"""Calls as tasks: begins them in order, bounds how many run, and hands on how each ended.

Owns the order of a beginning (cell, then clock and cancel mark, then first step), on which the supervisor's
`not_started` rests. Knows no socket. All of it runs on the loop's thread, but what `_plain` calls from its threads.
"""

from __future__ import annotations

import inspect
import time
from asyncio import AbstractEventLoop, Task
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any

from msgspec import UNSET

from clutch_worker._api import current, serve
from clutch_worker._calls import CurrentCalls, cancelled, expired, is_a_stream, raised_within
from clutch_worker._control import Control
from clutch_worker._eager import starter
from clutch_worker._errors import call_error, raised
from clutch_worker._page import (
    CELL_BEGUN_LOOP,
    CELL_FIRST_STEP,
    CELL_FIRST_STEP_SINCE,
    CELL_TICK_TIME,
    CELL_TICKS,
    Page,
)
from clutch_worker._plain import PlainCalls
from clutch_worker._protocol import RESULT, Cancel, Config, Run
from clutch_worker._pulse import Pulse
from clutch_worker._registry import Function
from clutch_worker._replies import Replies
from clutch_worker._results import SCALARS
from clutch_worker._session import Session
from clutch_worker._stream_on_loop import OnLoop, is_async
from clutch_worker._streams import Stream, Streams, no_stream
from clutch_worker._values import ArgumentFault, check

TURN_CALLS = 128
TURN_NS = 1_000_000
_CLOCK_EVERY = 3  # the clock is read after each fourth call: a mask
_SMALL_CHARS = 4096
_PLAIN = frozenset((int, bool, float, type(None)))

_monotonic_ns = time.monotonic_ns


class Runner:
    """The calls of one worker. `on_idle` is called at the end of a turn after which nothing is left to do."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        session: Session,
        functions: list[Function],
        states: dict[str, Any],
        config: Config,
        page: Page,
        replies: Replies,
    ) -> None:
        self._loop = loop
        self._session = session
        self.functions = functions
        self._concurrency = config.concurrency
        self._payload_bytes_max = config.payload_bytes_max
        self._page = page
        self._replies = replies
        self.pending: deque[Run] = deque()
        self.tasks: dict[Task[Any], Run] = {}
        self.by_seq: dict[int, Task[Any]] = {}
        self._tails: set[int] = set()  # calls of threads that go on as tasks: their room is the threads'
        self.cancels: dict[int, Cancel] = {}
        self.streams = Streams(self, config.payload_bytes_max, replies)
        self.plain = PlainCalls(self, loop, config, page, replies)
        self.control = Control(self, loop, session, config.grace_ms / 1000)
        self._pulse = Pulse(loop, page, self._in_flight)
        self._turn_due = False
        self._append = replies.records.append
        self._on_done = self._done  # bound once
        self._context = copy_context()
        self._any_threaded = any(function.threaded for function in functions)
        self.on_idle: Callable[[], None] | None = None
        serve(CurrentCalls(session, functions, states, self.cancels))

    def receive(self, frames: list[Any]) -> int:
        """Takes a message on data; gives how many calls wait for a turn of the loop. Raises RemoteProtocolError."""
        records = self._session.receive_runs(frames)
        functions = self.functions
        pending = self.pending
        threaded: list[Run] = []
        if self.cancels:
            self.control.check_early_cancels(records)
        if self._session.payloads or self.streams.early:
            self.streams.receive(records, self._session.payload)
        if not self._any_threaded:
            pending.extend(records)
            return len(pending)
        for record in records:
            if functions[record.function].threaded:
                threaded.append(record)
            else:
                pending.append(record)
        if threaded:
            self.plain.put(threaded)
        return len(pending)

    def turn(self) -> None:
        """Begins what may begin, within the bounds of a turn, sends what there is to say, comes back for the rest."""
        self._turn_due = True  # for what is due before its end
        now_ns = _monotonic_ns()
        cells = self._page.cells
        cells[CELL_TICK_TIME] = now_ns
        cells[CELL_TICKS] += 1
        if self.pending:
            cells[CELL_FIRST_STEP_SINCE] = now_ns
            try:
                self._begin_pending(now_ns + TURN_NS)
            finally:
                self._page.cells[CELL_FIRST_STEP] = 0
        if self.streams.due:
            self.streams.flush()
        self._turn_due = False
        if self.tasks or self.plain.calls or self._pulse.shown:
            self._pulse.show()
        self._replies.flush()
        if self.pending and self._may_begin():
            self.turn_soon()
        elif self.on_idle is not None and self.is_idle:
            self.on_idle()

    def turn_soon(self) -> None:
        if not self._turn_due:
            self._turn_due = True
            self._loop.call_soon(self.turn, context=self._context)

    @property
    def is_idle(self) -> bool:
        return not (self.pending or self.tasks or self.plain.calls)

    def snapshot(self) -> list[tuple[Run, Function, Task[Any] | None]]:
        """What runs, for a dump of the stacks. May be called from another thread, and then is a little out of date."""
        tasks = [(run, self.functions[run.function], task) for task, run in self.tasks.copy().items()]
        threads = [(run, self.functions[run.function], None) for run in self.plain.calls.copy().values()]
        return [*tasks, *threads]

    def drop(self) -> None:
        """In a forked child: it begins nothing more."""
        self.pending.clear()
        self.streams.drop()
        self.plain.drop()

    def _may_begin(self) -> bool:
        record = self.pending[0]
        return (
            len(self.tasks) - len(self._tails) - self.streams.parked < self._concurrency
            or record.seq in self.cancels
            or 0 < record.expires <= _monotonic_ns()
        )

    def _in_flight(self) -> int:
        """Begun and not finished, but for streams that wait for credit."""
        return max(0, len(self.tasks) - len(self._tails) - self.streams.parked + self.plain.begun)

    def _begin_pending(self, until: int) -> None:
        """The hot path. What it does not do for the plain case is done in `_begin_otherwise`."""
        pending, tasks, functions, cancels = self.pending, self.tasks, self.functions, self.cancels
        page, set_current, settle = self._page, current.set, self._settle
        room = self._concurrency + len(self._tails) + self.streams.parked
        start = starter(self._loop)
        count = TURN_CALLS
        while pending:
            if len(tasks) >= room and not self._may_begin():
                break
            record = pending.popleft()
            page.cells[CELL_BEGUN_LOOP] = record.seq
            page.cells[CELL_FIRST_STEP] = record.seq
            function = functions[record.function]
            set_current(record)
            context = copy_context()
            if record.expires or cancels or record.extras is not UNSET or not function.inert:
                coroutine = self._begin_otherwise(record, function, context)
            else:
                data = record.args
                try:
                    values = function.decoders[data[0]](data)
                    if function.needs_check:
                        for value in values:
                            if type(value) not in SCALARS:
                                check(data)
                                break
                    coroutine = function.call(*values)
                except Exception as error:  # of decoding or of the arity: no code of the function has run
                    self._refuse(record, function, error)
                    coroutine = None
            if coroutine is not None:
                try:
                    task = start(coroutine, context, function.name)
                except (SystemExit, KeyboardInterrupt) as error:
                    self.answer_error(record, raised(error))
                else:
                    if task.done():
                        settle(record, task)
                    else:
                        self._keep(record, task)
            count -= 1
            if not count & _CLOCK_EVERY:
                now_ns = _monotonic_ns()
                if not count or now_ns >= until:
                    break
                page.cells[CELL_FIRST_STEP_SINCE] = now_ns

    def _begin_otherwise(self, record: Run, function: Function, context: Context) -> Coroutine[Any, Any, Any] | None:
        """The coroutine of a call with something uncommon about it; None if it is answered already."""
        stream = self.streams.live.get(record.seq)
        if record.expires or self.cancels or (stream is None and function.is_stream):
            refusal = self.refusal(record)
            if refusal is not None:
                self.answer_error(record, refusal)
                return None
        if stream is not None and function.inert_stream and not stream.has_more:
            try:
                generator = function.call(*function.parameters.positional(record.args))
            except Exception as error:  # as in `_begin_pending`: no code of the function has run
                self._refuse(record, function, error)
                return None
            return OnLoop(stream, self._loop).drive(generator)
        try:
            made = context.run(self.call, function, record)
        except ArgumentFault as error:
            self._refuse(record, function, error)
            return None
        except BaseException as error:
            self.answer_error(record, raised(error))
            return None
        if stream is not None:
            return self._begin_stream(stream, made)
        if inspect.iscoroutine(made):
            return made
        if inspect.isawaitable(made):
            return wait_for_it(made)
        self.forget(record)
        self._replies.value(record.call, made)
        return None

    def _begin_stream(self, stream: Stream, made: Any) -> Coroutine[Any, Any, Any] | None:
        if is_async(made) or inspect.isawaitable(made):
            return OnLoop(stream, self._loop).drive(made)
        self.answer_error(stream.record, no_stream(stream.name, made))
        return None

    def call(self, function: Function, record: Run) -> Any:
        """Calls the function with its arguments. Raises ArgumentFault where they do not fit, else what it raises."""
        extras = self._session.payload(record.seq)
        positional, keywords = function.parameters.with_extras(record.args, extras)
        try:
            return function.call(*positional, **keywords)
        except TypeError as error:
            if raised_within(error, function, positional, keywords):
                raise
            raise ArgumentFault(str(error)) from None

    def _refuse(self, record: Run, function: Function, error: Exception) -> None:
        """Answers for arguments that cannot be read, are of a wrong type, or do not fit the function's parameters."""
        try:
            function.parameters.positional(record.args)
        except ArgumentFault as fault:
            error = fault
        self.answer_error(record, call_error("invalid_argument", "arguments", "not_started", str(error)))

    def refusal(self, record: Run) -> dict[str, Any] | None:
        """Why a call that is being begun must not run: its cell is written by now, and the clock is read after it."""
        cancel = self.cancels.get(record.seq)
        if cancel is not None:
            return cancelled(cancel, "queue", "not_started")
        if record.expires and _monotonic_ns() >= record.expires:
            return expired()
        function = self.functions[record.function]
        return is_a_stream(function) if function.is_stream and record.seq not in self.streams.live else None

    def _keep(self, record: Run, task: Task[Any]) -> None:
        self.tasks[task] = record
        self.by_seq[record.seq] = task
        self._replies.begun_news = True
        task.add_done_callback(self._on_done, context=self._context)
        if record.seq in self.cancels:  # its own first step let a CANCEL in, as a nested loop would
            self.control.cancel_again(record.seq)

    def _done(self, task: Task[Any]) -> None:
        record = self.tasks.pop(task)
        del self.by_seq[record.seq]
        if record.seq in self._tails:
            self._tails.remove(record.seq)
            self.plain.release(record)
        self._settle(record, task)
        if not self._turn_due:
            self.turn_soon()

    def _settle(self, record: Run, task: Task[Any]) -> None:
        """Answers for a task that is done."""
        try:
            value = task.result()
        except BaseException as error:
            self._fail(record, task, error)
            return
        if type(value) is Stream:
            value.answer()
            return
        if self.cancels or record.extras is not UNSET:
            self.forget(record)
        kind = type(value)
        if kind in _PLAIN or (kind is str and len(value) < _SMALL_CHARS):
            self._append((RESULT, record.call, value))
        else:
            self._replies.value(record.call, value)

    def _fail(self, record: Run, task: Task[Any], error: BaseException) -> None:
        """Answers with what `task.result()` raised: it gives the traceback once, and is not to be asked again."""
        cancel = self.cancels.get(record.seq)
        if cancel is not None and task.cancelled():
            self.answer_error(record, cancelled(cancel, "run", "started"))
        else:
            self.answer_error(record, raised(error))

    def answer_error(self, record: Run, error: dict[str, Any]) -> None:
        stream = self.streams.live.get(record.seq)
        if stream is not None:
            error["items"] = stream.items.sent
        self.forget(record)
        self._replies.error(record.call, error)

    def forget(self, record: Run) -> None:
        self.cancels.pop(record.seq, None)
        if self._session.payloads.pop(record.seq, None) is not None:
            self.streams.live.pop(record.seq, None)

    def adopt(self, record: Run, awaitable: Awaitable[Any], context: Context) -> None:
        """Goes on with what a plain function returned, on the loop and in its call's context."""
        self._tails.add(record.seq)
        self._keep(
            record,
            self._loop.create_task(wait_for_it(awaitable), context=context, name=self.functions[record.function].name),
        )

    def adopt_stream(self, stream: Stream, source: Any, context: Context) -> None:
        """Goes on, as a stream of the loop, with what a plain function returned; its thread is free."""
        self.plain.leave(stream.record)
        drive = OnLoop(stream, self._loop).drive(source)
        self._keep(stream.record, self._loop.create_task(drive, context=context, name=stream.name))

    def leave_stream(self, stream: Stream) -> None:
        """A stream of threads is over."""
        self.plain.leave(stream.record)
        stream.answer()


async def wait_for_it(awaitable: Awaitable[Any]) -> Any:
    """A coroutine of what is merely awaitable."""
    return await awaitable
