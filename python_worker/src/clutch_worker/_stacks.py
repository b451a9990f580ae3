"""Where calls are: stacks as text, taken from any thread while what they show goes on."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from asyncio import AbstractEventLoop, Task
from collections.abc import Iterator
from types import FrameType
from typing import Any

from clutch_worker._api import current
from clutch_worker._protocol import Run

FRAMES_MAX = 32
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def of_task(task: Task[Any], iterator: Any, loop: AbstractEventLoop, loop_thread: int) -> str:
    """Where a task is: what the loop's thread does if it runs just now, else what it awaits, outermost first.
    `iterator` is what a stream's task steps, which an object that does not tell of it hides; None for a call."""
    if asyncio.current_task(loop) is task:
        frame = sys._current_frames().get(loop_thread)
        return _text(_outermost_first(frame))
    return _text([*_awaited(task.get_coro()), *_awaited(iterator)])


def of_thread(call: int) -> str:
    """Where a call is that a thread executes, or the loop in its first step; empty where none does just now."""
    for frame in sys._current_frames().values():
        frames = _outermost_first(frame)
        if any(_has(each, call) for each in frames):
            return _text(frames)
    return ""


def of_loop(loop: AbstractEventLoop, loop_thread: int, calls: dict[Task[Any], int]) -> tuple[int, str]:
    """The call that the loop's thread is at just now, 0 where none is known, and the stack of that thread."""
    frames = _outermost_first(sys._current_frames().get(loop_thread))
    task = asyncio.current_task(loop)
    call = calls.get(task, 0) if task is not None else 0
    if not call:  # it may be in its first step, which ours take
        call = next((found for frame in reversed(frames) for found in _calls_of(frame)), 0)
    if not call and task is not None and sys.version_info >= (3, 12):  # a task that a call started
        call = getattr(task.get_context().get(current), "call", 0)
    return call, _text(frames)


def _has(frame: FrameType, call: int) -> bool:
    return call in _calls_of(frame)


def _calls_of(frame: FrameType) -> list[int]:
    """What a frame of ours is about."""
    if not frame.f_code.co_filename.startswith(_OURS):
        return []
    names = frame.f_locals
    stream = getattr(names.get("self"), "stream", None)
    return [record.call for record in (names.get("record"), getattr(stream, "record", None)) if type(record) is Run]


def _outermost_first(frame: FrameType | None) -> list[FrameType]:
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames[::-1]


def _awaited(awaitable: Any) -> Iterator[FrameType]:
    for _ in range(FRAMES_MAX):
        frame = _either(awaitable, "cr_frame", "ag_frame", "gi_frame")
        if frame is not None:
            yield frame
        awaitable = _either(awaitable, "cr_await", "ag_await", "gi_yieldfrom")
        if awaitable is None:
            return


def _either(value: Any, *names: str) -> Any:
    return next((found for name in names if (found := getattr(value, name, None)) is not None), None)


def _text(frames: list[FrameType]) -> str:
    """As Python prints a stack: the user's part, behind the last frame of ours."""
    ours = [position for position, frame in enumerate(frames) if frame.f_code.co_filename.startswith(_OURS)]
    theirs = frames[ours[-1] + 1 if ours else 0 :][-FRAMES_MAX:]
    return "".join(traceback.StackSummary.extract((frame, frame.f_lineno) for frame in theirs).format())
