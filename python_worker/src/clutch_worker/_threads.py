"""Threads for plain functions. They are daemons of our own: an executor's would be joined when the worker exits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Job = TypeVar("Job")


class Threads(Generic[Job]):
    """At most `count` jobs begun and not finished. `begin` is called under the lock, in the order of `put`, and says
    whether to run the job; `execute` runs it in the thread. Neither may raise."""

    def __init__(self, count: int, begin: Callable[[Job], bool], execute: Callable[[Job], bool]) -> None:
        self._count = count
        self._begin = begin
        self._execute = execute
        self._queue: deque[Job] = deque()
        self._condition = threading.Condition()
        self._begun = 0
        self._idle = 0
        self._threads = 0

    def put(self, jobs: list[Job]) -> None:
        """Queues jobs; starts threads while there are fewer than jobs and than `count`."""
        with self._condition:
            self._queue.extend(jobs)
            self._condition.notify(len(jobs))
            missing = min(len(self._queue) - self._idle, self._count - self._threads)
            self._threads += max(0, missing)
        for _ in range(missing):
            threading.Thread(target=self._main, name="clutch-call", daemon=True).start()

    @property
    def begun(self) -> int:
        return self._begun

    def release(self) -> None:
        """A call that went on outside its thread, as an awaitable on the loop, is finished."""
        with self._condition:
            self._begun -= 1
            self._condition.notify()

    def drop(self) -> None:
        """In a forked child, whose other threads are gone and may have held the lock."""
        self._condition = threading.Condition()
        self._queue = deque()

    def _main(self) -> None:
        condition = self._condition
        while True:
            with condition:
                while not self._queue or self._begun >= self._count:
                    self._idle += 1
                    condition.wait()
                    self._idle -= 1
                job = self._queue.popleft()
                self._begun += 1  # before `begin` wakes the loop, which would else count one too few and not look again
                runs = self._begin(job)
                self._begun -= not runs
            if runs and self._execute(job):
                with condition:
                    self._begun -= 1
