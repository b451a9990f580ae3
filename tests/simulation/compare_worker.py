"""The Python worker beside the simulator's model of one: the same comes in, functions do the same at the same points,
and the same must go out, message for message.

compare_worker.py SIMULATION [--from N] [--seeds N]    SIMULATION is the program clutch_simulation

The model writes a trace of each worker (worker_trace.hpp); its events are replayed here, each at its simulated time:

    RUN CANCEL CREDIT   a message from the supervisor
    begins              the next call of its execution is begun: it runs, returns at once, or is passed over
    yields returns ends raises unwinds
                        what a function does, which waits for that until then
    turn                the end of a turn of the loop, and what was sent on data in it, with both cells of the page

The real session, runner, streams and replies are what is compared. Not real are the sockets, the clock, and when a
thread takes a call. PROTOCOL.md leaves free, and so is not compared: when a call begins (the trace says so), how the
records of several calls are ordered in one message (each call's are), how many items an ITEM has (the model sends one
at a time here), and how often BEGUN is said on control, where its totals must be the page's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python_worker" / "src"))

import msgspec
from scripted import Failure, LoopScript, Threads

from clutch_worker import _plain, _pulse, _runner, _stream_in_thread, _stream_on_loop
from clutch_worker._protocol import BEGUN, END, ERROR, ITEM, RESULT, Cancel, Config, Credit
from clutch_worker._registry import Function
from clutch_worker._replies import Replies
from clutch_worker._runner import Runner
from clutch_worker._session import Session

NAMES = {RESULT: "RESULT", ERROR: "ERROR", ITEM: "ITEM", END: "END"}
START_NS = 10**15  # the model counts from 0, which on the wire is no time
encode = msgspec.msgpack.encode


class Clock:
    now_ns = START_NS


for module in (_runner, _pulse, _stream_on_loop, _stream_in_thread):
    module._monotonic_ns = lambda: Clock.now_ns  # type: ignore[attr-defined]
_runner.TURN_CALLS = 1  # as the trace says when each begins


class Page:
    def __init__(self) -> None:
        self.cells = memoryview(bytearray(4096)).cast("Q")


class Loop(asyncio.SelectorEventLoop):
    """On the simulated time."""

    def time(self) -> float:
        return Clock.now_ns / 1e9

    def settle(self) -> None:
        """Runs what is ready, and what that makes ready."""
        self.call_soon(self.stop)
        self.run_forever()
        while self._ready:  # type: ignore[attr-defined]
            self.call_soon(self.stop)
            self.run_forever()


_plain.Threads = Threads  # type: ignore[attr-defined, assignment]


class Stepped(Runner):
    """Takes a turn, and begins a call in it, only when it is told to."""

    may_begin = False

    def turn(self) -> None: ...

    def turn_soon(self) -> None: ...

    def take_turn(self) -> None:
        super().turn()

    def _begin_pending(self, until: int) -> None:
        if self.may_begin:
            super()._begin_pending(until)


class Replay:
    """One worker's trace."""

    def __init__(self, trace: dict[str, Any]) -> None:
        self.trace = trace
        self.loop = Loop()
        self.page = Page()
        self.sent: list[list[Any]] = []
        self.told = (0, 0)
        self.scripts: dict[int, LoopScript] = {}
        self.calls: dict[int, list[int]] = {}
        self.kinds = trace["functions"]
        incarnation = trace["incarnation"]
        self.session = Session(incarnation)
        functions = [
            Function(ModuleType("m"), f"m.f{n}", self.on_loop() if kind == "loop" else self.in_thread)
            for n, kind in enumerate(self.kinds)
        ]
        self.session.registered(len(functions))
        config = Config(
            [], [], trace["concurrency"], trace["threads"], 1 << 20, "p", 0, trace["grace_ns"] // 10**6, False
        )
        replies = Replies(incarnation, self.page, 1 << 20, self.send, self.send_control)  # type: ignore[arg-type]
        self.runner = Stepped(self.loop, self.session, functions, {}, config, self.page, replies)  # type: ignore[arg-type]
        self.threads: Any = self.runner.plain._threads

    # The functions that the calls are of. Their arguments are the seq, the tag, and whether the call is a stream.

    def on_loop(self) -> Any:
        async def call(seq: int, tag: int, streams: bool) -> Any:
            return self.stream_on_loop(seq) if streams else await self.coroutine(seq, tag)

        return call

    async def coroutine(self, seq: int, tag: int) -> int:
        command, _ = await self.scripts[seq].next()
        if command == "raises":
            raise Failure
        if command == "unwinds":
            raise asyncio.CancelledError
        return tag

    async def stream_on_loop(self, seq: int) -> Any:
        script = self.scripts[seq]
        try:
            while True:
                command, size = await script.next()
                if command == "ends":
                    return
                if command == "raises":
                    raise Failure
                if command == "unwinds":
                    raise asyncio.CancelledError
                yield item_of(size)
        except GeneratorExit:
            await script.next()  # it takes its time to close
            raise

    def in_thread(self, seq: int, tag: int, streams: bool) -> Any:
        return self.stream_in_thread(seq) if streams else self.plain(seq, tag)

    def plain(self, seq: int, tag: int) -> int:
        command, _ = self.threads.scripts[seq].next()
        if command == "raises":
            raise Failure
        return tag

    def stream_in_thread(self, seq: int) -> Generator[str, None, None]:
        script = self.threads.scripts[seq]
        try:
            while True:
                command, size = script.next()
                if command == "raises":
                    raise Failure
                if command != "yields":
                    return
                yield item_of(size)
        except GeneratorExit:
            script.next()
            raise

    # What goes out.

    def send(self, frames: list[Any]) -> None:
        _, _, *records = msgspec.msgpack.decode(frames[0])
        assert records[-1][0] == BEGUN, "a message on data that carries results has BEGUN as its last record"
        self.hear_begun(records.pop())
        self.sent += records

    def send_control(self, frame: bytes) -> None:
        for record in msgspec.msgpack.decode(frame)[2:]:
            assert record[0] == BEGUN
            self.hear_begun(record)

    def hear_begun(self, record: list[Any]) -> None:
        self.told = (record[1], record[2])
        assert self.told == (self.page.cells[1], self.page.cells[2])

    # The events.

    def replay(self) -> int:
        """Gives how many records were compared. Raises AssertionError at the first that is another."""
        compared = 0
        asyncio.set_event_loop(self.loop)
        for event in self.trace["events"]:
            Clock.now_ns = START_NS + event[1]
            name = event[0]
            if name == "turn":
                compared += self.turn(*event[2:])
            else:
                getattr(self, name.lower(), self.does)(event)
            self.loop.settle()
        return compared

    def run(self, event: list[Any]) -> None:
        records = []
        for seq, call, function, expires, tag, *credit in event[2:]:
            self.calls[seq] = [call, tag, function]
            self.scripts[seq] = LoopScript(self.loop)
            args = encode([seq, tag, bool(credit)])
            record: list[Any] = [2, seq, call, function, expires + START_NS if expires else 0, args]
            records.append([*record, {"stream": credit}] if credit else record)
        self.runner.receive([self.session.encode(records)])

    def cancel(self, event: list[Any]) -> None:
        self.runner.control.cancel(Cancel(event[2], event[3], 0))

    def credit(self, event: list[Any]) -> None:
        self.runner.control.credit(Credit(*event[2:]))

    def begins(self, event: list[Any]) -> None:
        _, _, seq, how = event
        if self.kinds[self.calls[seq][2]] == "thread":
            assert self.threads.begin_next() == seq, "calls of threads begin in their order"
            return
        if how == "returns":
            self.scripts[seq].give(how, 0)
        before = self.page.cells[1]
        assert before < seq
        self.runner.may_begin = True
        self.runner._begin_pending(1 << 63)
        self.runner.may_begin = False
        assert self.page.cells[1] == seq, f"seq {seq} was to begin, and the page shows {self.page.cells[1]}"

    def does(self, event: list[Any]) -> None:
        command, _, seq, argument = event
        if self.kinds[self.calls[seq][2]] == "thread":
            script = self.threads.go_on(seq)
            if script.running:
                script.give(command, argument)
                script.wait()
        else:
            self.scripts[seq].give(command, argument)

    def turn(self, wanted: list[Any], loop: int, thread: int, begun_told: int) -> int:
        self.runner.take_turn()
        sent, self.sent = [as_trace(record) for record in self.sent], []
        by_call = [sorted(records, key=lambda record: int(record[1])) for records in (sent, wanted)]
        assert by_call[0] == by_call[1], f"sent {by_call[0]}\n  where the model sends {by_call[1]}"
        cells = (self.page.cells[1], self.page.cells[2])
        assert cells == (loop, thread), f"the page shows {cells}, the model's {(loop, thread)}"
        if begun_told:
            assert self.told == cells, f"BEGUN told {self.told} of {cells}"
        return len(sent)

    def close(self) -> None:
        """Ends what the worker's death left, and says nothing of it."""
        for script in self.threads.scripts.values():
            with script.condition:
                script.abandoned, script.waits = True, False
                script.condition.notify_all()
            script.wait()
        for waiting in self.scripts.values():
            waiting.abandoned = True
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.settle()
        self.loop.close()


def item_of(size: int) -> str:
    """An item such that an array of it alone has so many bytes."""
    return "x" * (size - 2)


def as_trace(record: list[Any]) -> list[Any]:
    kind, call = NAMES[record[0]], record[1]
    if kind == "ERROR":
        return [kind, call, record[2]["code"], record[2]["stage"], record[2]["certainty"]]
    if kind == "ITEM":
        return [kind, call, record[2], len(record[3]), len(encode(record[3]))]
    return [kind, call, record[2]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=100)
    options = parser.parse_args()
    command = [options.program, "--worker-traces", "--from", str(options.first), "--seeds", str(options.seeds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the simulation failed:\n{done.stdout[-2000:]}")
    workers = records = 0
    for line in done.stdout.splitlines():
        if not line.startswith("{"):
            continue
        trace = json.loads(line)
        replay = Replay(trace)
        try:
            records += replay.replay()
        except BaseException as error:
            at = f"seed {trace['seed']}, incarnation {trace['incarnation']}, {(Clock.now_ns - START_NS) / 1000:.3f} us"
            sys.exit(f"{at}:\n  {type(error).__name__}: {error}")
        replay.close()
        workers += 1
    sys.stdout.write(f"{options.seeds} seeds, {workers} workers, {records} records sent as by the model\n")
    if records < 10 * options.seeds:
        sys.exit("too few to show anything")


if __name__ == "__main__":
    main()
