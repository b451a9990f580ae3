"""Starts a Task and runs its first step at once, which saves most calls a turn of the loop.

On 3.12 and later asyncio does it. On 3.11 the step that a Task schedules while it is constructed is caught, by an
instance attribute `call_soon` on the loop, and run by hand. To be used from a callback, never inside a Task.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import AbstractEventLoop, Task
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

# Raises SystemExit and KeyboardInterrupt if the first step does: the call they come from must be answered with them.
# The text names the task, which also spares asyncio the making of a name.
Start = Callable[[Coroutine[Any, Any, Any], Context, str], "Task[Any]"]


def starter(loop: AbstractEventLoop) -> Start:
    """How coroutines are started on this loop, as things are: ask each turn, for a task factory may be set."""
    if loop.get_task_factory() is not None:
        return _lazy(loop)
    if sys.version_info >= (3, 12):
        return _native(loop)
    return _by_hand(loop)


def _lazy(loop: AbstractEventLoop) -> Start:
    def start(coroutine: Coroutine[Any, Any, Any], context: Context, name: str) -> Task[Any]:
        return loop.create_task(coroutine, context=context, name=name)

    return start


if sys.version_info >= (3, 12):

    def _native(loop: AbstractEventLoop) -> Start:
        def start(coroutine: Coroutine[Any, Any, Any], context: Context, name: str) -> Task[Any]:
            return asyncio.Task(coroutine, loop=loop, context=context, name=name, eager_start=True)

        return start


def _by_hand(loop: AbstractEventLoop) -> Start:
    # Set and deleted as an attribute: `vars(loop)` would give the loop a real __dict__, and each later look-up of any
    # of its attributes would be slower for it, 0.6 us a call that sleeps.
    on_loop: Any = loop
    task_type = asyncio.Task
    first: Any = None
    first_context: Any = None
    more: list[tuple[Any, tuple[Any, ...], Any]] = []

    def catch(callback: Any, *args: Any, context: Any = None) -> None:
        nonlocal first, first_context
        if first is None and not args and not more:
            first, first_context = callback, context
        else:
            more.append((callback, args, context))

    def start(coroutine: Coroutine[Any, Any, Any], context: Context, name: str) -> Task[Any]:
        nonlocal first, first_context
        on_loop.call_soon = catch
        try:
            task: Task[Any] = task_type(coroutine, loop=loop, context=context, name=name)
        finally:
            del on_loop.call_soon
        step, first = first, None
        step_context, first_context = first_context, None
        if not more and step.__self__ is task:  # a Task schedules its step, once and without arguments
            try:
                context.run(step)
            except (SystemExit, KeyboardInterrupt):
                task.exception()  # it goes on by the raise: asyncio need not complain that nobody asked
                raise
            return task  # type: ignore[no-any-return]  # narrowed by the comparison
        # The collector may run a __del__ that schedules something while the Task is made. Whatever it is, and
        # whichever of these is the step, nothing is lost if all of them are scheduled in their order.
        repost, more[:] = more[:], []
        if step is not None:
            loop.call_soon(step, context=step_context)
        for callback, args, other in repost:
            loop.call_soon(callback, *args, context=other)
        return task

    return start
