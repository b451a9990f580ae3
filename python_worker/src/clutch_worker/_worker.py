"""A worker's life: attach, boot, serve, stop. Puts the other modules together and decides how the process ends."""

from __future__ import annotations

import argparse
import asyncio
import atexit
import faulthandler
import gc
import logging
import os
import platform
import signal
import sys
import threading
import time
from asyncio import AbstractEventLoop
from contextlib import suppress
from typing import Any

import msgspec
import zmq

from clutch_worker import _logs
from clutch_worker._lifespan import Lifespans
from clutch_worker._page import Page
from clutch_worker._protocol import (
    ATTACH,
    BOOT_FAILED,
    PONG,
    REGISTER,
    Cancel,
    Config,
    Credit,
    Ping,
    RemoteProtocolError,
    Stop,
)
from clutch_worker._registry import BootFailure, Registry
from clutch_worker._replies import Replies
from clutch_worker._runner import TURN_CALLS, Runner
from clutch_worker._session import Session
from clutch_worker._transport import Lane, LaneLost
from clutch_worker._watchdog import Watchdog

FD_PAGE, FD_WATCHDOG, FD_FAULTHANDLER, FD_LOGS = 3, 4, 5, 6
STATUS_BOOT_FAILED, STATUS_LINK_LOST = 1, 5
FAULT_SIGNAL = signal.SIGRTMIN + 3
CONNECT_MS = 10_000
# Of the time that STOP gives, what is kept for leaving the lifespans.
_LEAVE_SHARE, _LEAVE_S_MAX = 0.2, 2.0

_log = logging.getLogger("clutch_worker")


class Worker:
    """One process, one incarnation."""

    def __init__(self, data: str, control: str, incarnation: int) -> None:
        self._log_handler = _logs.install(FD_LOGS)
        self._page = Page(FD_PAGE)
        self._watchdog = Watchdog(FD_WATCHDOG)
        self._watchdog.start()
        self._session = Session(incarnation)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._data = Lane(self._context, data)
        self._control = Lane(self._context, control)
        self._runner: Runner | None = None
        self._lifespans: Lifespans | None = None
        self._stop: Stop | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._status: int | None = None
        os.register_at_fork(after_in_child=self._drop)

    def run(self) -> int:
        """The worker's whole life; gives the exit status."""
        self._attach()
        config = self._session.receive_boot(self._data.receive_blocking(-1))
        registry = Registry()
        try:
            registry.load(config.modules, config.path)
        except BootFailure as failure:
            return self._boot_failed(failure)
        loop = _new_loop(config.uvloop)
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(self._on_exception)
        self._watchdog.loop = loop
        self._control.attach(loop, self._on_control, lambda: None, 1 << 30)
        starting = loop.create_task(self._start(loop, config, registry), name="clutch-start")
        self._run_loop(loop)
        if starting.done() and not starting.cancelled() and (error := starting.exception()) is not None:
            raise error
        self._data.close()
        self._control.close()
        self._context.term()
        return self._status or 0

    def _run_loop(self, loop: AbstractEventLoop) -> None:
        """Runs until there is a status. SystemExit and KeyboardInterrupt of a task are its call's, which has them by
        then: the loop goes on."""
        while self._status is None:
            try:
                loop.run_forever()
            except (SystemExit, KeyboardInterrupt) as error:
                _log.warning("%s was raised in a task; the worker goes on", type(error).__name__)

    def _attach(self) -> None:
        packages = {"pyzmq": zmq.__version__, "msgspec": msgspec.__version__}
        for number, lane in enumerate((self._data, self._control)):
            record = (ATTACH, number, os.getpid(), platform.python_version(), packages)
            lane.send_blocking(self._session.encode([record]), CONNECT_MS)

    def _boot_failed(self, failure: BootFailure) -> int:
        self._data.send_blocking(self._session.encode([(BOOT_FAILED, failure.error)]), CONNECT_MS)
        self._data.close()
        self._control.close()
        self._context.term()
        return STATUS_BOOT_FAILED

    async def _start(self, loop: AbstractEventLoop, config: Config, registry: Registry) -> None:
        self._lifespans = Lifespans(registry.modules)
        timeout_s = max(0.0, (config.setup_by - time.monotonic_ns()) / 1e9) if config.setup_by else None
        try:
            await self._lifespans.enter(loop, timeout_s)
        except BootFailure as failure:
            self._data.send_blocking(self._session.encode([(BOOT_FAILED, failure.error)]), CONNECT_MS)
            self._end(STATUS_BOOT_FAILED)
            return
        replies = Replies(
            self._session.incarnation, self._page, config.payload_bytes_max, self._data.send, self._send_control
        )
        states = self._lifespans.states
        runner = Runner(loop, self._session, registry.functions, states, config, self._page, replies)
        self._runner = runner
        self._watchdog.snapshot = runner.snapshot
        self._watchdog.iterator_of = runner.streams.iterator_of
        register = (REGISTER, [function.as_map() for function in registry.functions], registry.left_out)
        self._data.send_blocking(self._session.encode([register]), CONNECT_MS)
        self._session.registered(len(registry.functions))
        gc.freeze()  # what the imports made stays: the collector need not walk it again and again
        # From a plain callback, so that the context the calls descend from is not this task's.
        loop.call_soon(self._data.attach, loop, runner.receive, runner.turn, TURN_CALLS)
        if self._stop is not None:
            self._stop_runner(self._stop)

    def _send_control(self, frame: bytes) -> None:
        self._control.send([frame])

    def _on_control(self, frames: list[Any]) -> int:
        for record in self._session.receive_control(frames):
            if type(record) is Ping:
                self._send_control(self._session.encode([(PONG, record.n)]))
            elif type(record) is Cancel:
                if self._runner is not None:
                    self._runner.control.cancel(record)
            elif type(record) is Credit:
                if self._runner is not None:
                    self._runner.control.credit(record)
            elif type(record) is Stop:
                self._on_stop(record)
        return 0

    def _on_stop(self, stop: Stop) -> None:
        if self._stop is not None and stop.by >= self._stop.by > 0:
            return
        self._stop = stop
        if stop.by:
            timer = threading.Timer(max(0.0, _seconds_to(stop.by)), os._exit, (0,))
            timer.daemon = True  # it ends a worker whose loop, or whose lifespan, does not come to an end
            timer.start()
        if self._runner is not None:
            self._stop_runner(stop)

    def _stop_runner(self, stop: Stop) -> None:
        runner = self._runner
        if runner is None:
            return
        loop = asyncio.get_running_loop()
        runner.on_idle = self._on_idle
        # RUNs that were sent before STOP may be on data still: a turn of it comes before the look at what is left.
        self._data.service_soon()
        loop.call_soon(runner.turn_soon)
        if stop.by:
            left = _seconds_to(stop.by)
            loop.call_later(max(0.0, left - min(_LEAVE_S_MAX, left * _LEAVE_SHARE)), self._leave_soon)

    def _on_idle(self) -> None:
        if self._data.has_input:
            self._data.service_soon()
        else:
            self._leave_soon()

    def _leave_soon(self) -> None:
        if self._leaving is None:
            self._leaving = asyncio.get_running_loop().create_task(self._leave(), name="clutch-leave")

    async def _leave(self) -> None:
        runner, lifespans, stop = self._runner, self._lifespans, self._stop
        if runner is not None and not runner.is_idle:
            _log.warning("the time to stop is over with %d calls running", len(runner.snapshot()))
        if lifespans is not None:
            timeout_s = max(0.0, _seconds_to(stop.by) - 0.1) if stop is not None and stop.by else None
            trouble = await lifespans.leave(timeout_s)
            if trouble is not None:
                _log.error("%s", trouble)
        # A full pipe says nothing of its last message: `by` ends this where the supervisor does not read.
        while not (self._data.is_flushed and self._control.is_flushed):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        self._end(0)

    def _end(self, status: int) -> None:
        if self._status is None:
            self._status = status
        asyncio.get_running_loop().stop()

    def _on_exception(self, loop: AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, (RemoteProtocolError, LaneLost)):
            _log.critical("the link to the supervisor is unusable: %s", error)
            self._status = STATUS_LINK_LOST
            loop.stop()
            return
        _log.error("%s", context.get("message", "an error in the event loop"), exc_info=error)

    def _drop(self) -> None:
        """After os.fork(), in the child: nothing of it may look like this worker to the supervisor."""
        self._page.drop()
        self._data.drop()
        self._control.drop()
        self._log_handler.drop()
        self._watchdog.drop()
        faulthandler.disable()
        if self._runner is not None:
            self._runner.drop()
        for fd in (FD_PAGE, FD_FAULTHANDLER, FD_LOGS):
            with suppress(OSError):
                os.close(fd)


def _seconds_to(time_ns: int) -> float:
    return (time_ns - time.monotonic_ns()) / 1e9


def _new_loop(use_uvloop: bool) -> AbstractEventLoop:
    if use_uvloop:
        try:
            import uvloop
        except ImportError:
            _log.info("uvloop is not installed: the worker uses asyncio's own loop")
        else:
            loop: AbstractEventLoop = uvloop.new_event_loop()
            return loop
    return asyncio.new_event_loop()


def main(arguments: list[str]) -> int:
    """Runs a worker and ends the process, without waiting for threads that user code left behind."""
    parser = argparse.ArgumentParser(prog="clutch_worker")
    parser.add_argument("--data", required=True)
    parser.add_argument("--control", required=True)
    parser.add_argument("--incarnation", required=True, type=int)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable(FD_FAULTHANDLER)
    faulthandler.register(FAULT_SIGNAL, FD_FAULTHANDLER, all_threads=True, chain=False)
    for name in ("PYTHONPATH", "PYTHONSAFEPATH"):  # the supervisor's, for this start: not for the user's own children
        os.environ.pop(name, None)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        status = Worker(options.data, options.control, options.incarnation).run()
    except (RemoteProtocolError, LaneLost) as error:
        _log.critical("the link to the supervisor is unusable: %s", error)
        status = STATUS_LINK_LOST
    except Exception:
        _log.critical("the worker failed", exc_info=True)
        status = STATUS_LINK_LOST
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)
