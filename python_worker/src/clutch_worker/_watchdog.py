"""A thread that answers for the worker while its loop is blocked, and ends it when the supervisor is gone."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import traceback
from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clutch_worker._protocol import Run
from clutch_worker._stacks import of_loop, of_task, of_thread

if TYPE_CHECKING:
    from clutch_worker._registry import Function

ANSWER_BYTES_MAX = 64 << 10
TASKS_MAX = 100
STATUS_SUPERVISOR_GONE = 4

Snapshot = Callable[[], "list[tuple[Run, Function, asyncio.Task[Any] | None]]"]


class Watchdog:
    """`loop` and `snapshot` are set once they exist; until then a dump shows the threads alone."""

    def __init__(self, fd: int) -> None:
        self.loop: AbstractEventLoop | None = None
        self.loop_thread = threading.get_ident()
        self.snapshot: Snapshot | None = None
        self.iterator_of: Callable[[Run], Any] = lambda run: None
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(True)

    def start(self) -> None:
        threading.Thread(target=self._main, name="clutch-watchdog", daemon=True).start()

    def drop(self) -> None:
        """In a forked child."""
        self._socket.close()

    def _main(self) -> None:
        while True:
            try:
                request = self._socket.recv(64)
            except OSError:
                request = b""
            if not request:
                os._exit(STATUS_SUPERVISOR_GONE)
            if request == b"DUMP":
                self._answer(self._dump())
            elif request == b"BLOCKED":
                self._answer("BLOCKED {}\n{}".format(*self._blocked()))
            elif request.startswith(b"WHERE "):
                self._answer(f"WHERE {int(request[6:])}\n{self._where(int(request[6:]))}")

    def _answer(self, text: str) -> None:
        answer = text.encode("utf-8", "backslashreplace")[:ANSWER_BYTES_MAX]
        try:
            self._socket.send(answer.decode("utf-8", "ignore").encode())
        except OSError:
            os._exit(STATUS_SUPERVISOR_GONE)

    def _blocked(self) -> tuple[int, str]:
        """The call that the loop is at, 0 where that is unknown, and where."""
        try:
            if self.loop is None:
                return 0, ""
            running = self.snapshot() if self.snapshot is not None else []
            calls = {task: run.call for run, _, task in running if task is not None}
            return of_loop(self.loop, self.loop_thread, calls)
        except Exception as error:  # what runs changes under us
            return 0, f"(it cannot be shown: {error!r})"

    def _where(self, call: int) -> str:
        """The stack of one call; empty where it has none just now."""
        try:
            for run, _, task in self.snapshot() if self.snapshot is not None else []:
                if run.call == call and task is not None and self.loop is not None:
                    return of_task(task, self.iterator_of(run), self.loop, self.loop_thread)
            return of_thread(call)
        except Exception as error:  # what runs changes under us
            return f"(it cannot be shown: {error!r})"

    def _dump(self) -> str:
        parts: list[str] = []
        for part in (self._threads, self._calls, self._tasks):
            try:
                parts.append(part())
            except Exception as error:  # what runs changes under us; a part of a dump is better than none
                parts.append(f"({part.__name__.strip('_')} cannot be shown: {error!r})\n")
        return "\n".join(parts)

    def _threads(self) -> str:
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        here = threading.get_ident()
        lines: list[str] = []
        for ident, frame in sys._current_frames().items():
            if ident != here:
                lines.append(f"Thread {names.get(ident, '?')}:\n")
                lines.extend(traceback.format_stack(frame))
        return "".join(lines)

    def _calls(self) -> str:
        running = self.snapshot() if self.snapshot is not None else []
        lines = [f"{len(running)} calls\n"]
        for run, function, task in running[:TASKS_MAX]:
            where = "in a thread" if task is None else f"task {task.get_name()}"
            lines.append(f"  call {run.call}: {function.name}, {where}\n")
        return "".join(lines)

    def _tasks(self) -> str:
        loop = self.loop
        if loop is None:
            return ""
        now = asyncio.current_task(loop)
        tasks = asyncio.all_tasks(loop)
        lines = [f"{len(tasks)} tasks; current: {now.get_name() if now else 'none'}\n"]
        for task in list(tasks)[:TASKS_MAX]:
            lines.append(f"Task {task.get_name()}:\n")
            for frame in task.get_stack(limit=16):
                lines.extend(traceback.format_stack(frame, limit=1))
        return "".join(lines)
