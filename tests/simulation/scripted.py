"""Functions for compare_worker.py: what each does next, and when, is told from outside, on the loop and in threads."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from clutch_worker._protocol import Run
from clutch_worker._stream_in_thread import InThread

PATIENCE_S = 20.0


class Failure(Exception):
    pass


class LoopScript:
    abandoned = False

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._next: asyncio.Future[tuple[str, int]] | None = None
        self.given: deque[tuple[str, int]] = deque()

    async def next(self) -> tuple[str, int]:
        """Swallows cancels: whether one is heeded, and when, is in the trace."""
        while not self.given:
            if self.abandoned:
                return ("unwinds", 0)
            self._next = self._loop.create_future()
            try:
                await self._next
            except asyncio.CancelledError:
                continue
            finally:
                self._next = None
        return self.given.popleft()

    def give(self, command: str, argument: int) -> None:
        self.given.append((command, argument))
        if self._next is not None and not self._next.done():
            self._next.set_result(("", 0))


class ThreadScript:
    abandoned = False

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.waits = False
        self.running = False
        self.given: deque[tuple[str, int]] = deque()

    def next(self) -> tuple[str, int]:
        with self.condition:
            self.waits = True
            self.condition.notify_all()
            while not self.given and not self.abandoned:
                self.condition.wait()
            self.waits = False
            return self.given.popleft() if self.given else ("unwinds", 0)

    def give(self, command: str, argument: int) -> None:
        with self.condition:
            self.given.append((command, argument))
            self.waits = False
            self.condition.notify_all()

    def run(self, execute: Callable[[Any], bool], job: Any) -> None:
        def main() -> None:
            execute(job)
            with self.condition:
                self.running = False
                self.condition.notify_all()

        self.running = True
        threading.Thread(target=main, daemon=True).start()

    def wait(self) -> None:
        """Until it waits for a command, or its thread has nothing left to do."""
        with self.condition:
            if not self.condition.wait_for(lambda: self.waits or not self.running, PATIENCE_S):
                raise AssertionError("a thread does not come to rest")


class Threads:
    """In the place of _threads.Threads: a job is taken when the trace says so, and its thread is waited for."""

    def __init__(self, count: int, begin: Callable[[Any], bool], execute: Callable[[Any], bool]) -> None:
        self.begin = begin
        self.execute = execute
        self.calls: deque[Run] = deque()
        self.steps: dict[int, InThread] = {}
        self.scripts: dict[int, ThreadScript] = {}
        self.begun = 0

    def put(self, jobs: list[Any]) -> None:
        for job in jobs:
            if isinstance(job, InThread):
                self.steps[job.stream.record.seq] = job
            else:
                self.calls.append(job)

    def begin_next(self) -> int:
        job = self.calls.popleft()
        if self.begin(job):
            script = self.scripts[job.seq] = ThreadScript()
            script.run(self.execute, job)
            script.wait()
        return job.seq

    def go_on(self, seq: int) -> ThreadScript:
        """A stream that has room, or is to be closed, gets a thread."""
        script = self.scripts[seq]
        job = self.steps.pop(seq, None)
        if job is not None:
            assert not script.running
            script.run(self.execute, job)
            script.wait()
        return script

    def release(self) -> None: ...
