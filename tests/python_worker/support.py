"""A supervisor in Python: starts a real worker process with real lanes, page, watchdog and pipes, and speaks to it.

It decodes without the worker's own code, so that a mistake of the worker's codec cannot hide itself.
"""

from __future__ import annotations

import fcntl
import itertools
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import zmq

SOURCES = Path(__file__).parents[2] / "python_worker" / "src"
LAYOUT = 0x636C75746368_0001
PATIENCE_S = 10.0
encode = msgspec.msgpack.encode
RESULT, ERROR, BEGUN, ITEM, END = 6, 7, 8, 13, 14
PLENTY = 1 << 40


def now_ns() -> int:
    return time.monotonic_ns()


class Gone(Exception):
    """The worker ended, or said nothing, where an answer was due."""


class FakeSupervisor:
    """One worker process. `replies` maps a call to its RESULT, END or ERROR record, `items` a stream's to its items;
    `begun` are the totals last told."""

    def __init__(self, directory: Path, incarnation: int = 7) -> None:
        self.incarnation = incarnation
        self.context = zmq.Context()
        self.poller = zmq.Poller()
        self.lanes = {name: self._bind(directory, name) for name in ("data", "control")}
        self.page_fd = os.memfd_create("page", os.MFD_ALLOW_SEALING)
        os.ftruncate(self.page_fd, 4096)
        fcntl.fcntl(self.page_fd, 1033, 0x0002 | 0x0004)  # F_ADD_SEALS: F_SEAL_SHRINK | F_SEAL_GROW
        self._map = mmap.mmap(self.page_fd, 4096)
        self.page = memoryview(self._map).cast("Q")
        self.page[0] = LAYOUT
        self.watchdog, self._watchdog_child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.watchdog.settimeout(PATIENCE_S)
        self.fault_fd = os.memfd_create("fault")
        self.log_fd, self._log_child = os.pipe()
        os.set_blocking(self.log_fd, False)
        self.log = b""
        self.functions: list[dict[str, Any]] = []
        self.left_out: list[list[str]] = []
        self.boot_error: dict[str, Any] | None = None
        self.replies: dict[int, list[Any]] = {}
        self.items: dict[int, list[Any]] = {}
        self.stream_bytes: dict[int, int] = {}
        self.batches: dict[int, list[int]] = {}
        self.payloads: dict[int, list[bytes]] = {}
        self.pongs: list[int] = []
        self.begun = (0, 0)
        self.begun_on_control = 0
        self.messages: list[list[Any]] = []
        self.attached: dict[int, list[Any]] = {}
        self._seq = itertools.count(1)
        self._queued: list[Any] = []
        self._queued_frames: list[bytes] = []
        self.process: subprocess.Popen[bytes]

    def _bind(self, directory: Path, name: str) -> Any:
        lane = self.context.socket(zmq.DEALER)
        lane.setsockopt(zmq.LINGER, 0)
        lane.setsockopt(zmq.SNDTIMEO, 2000)  # a lane without a peer would block for ever
        lane.bind(f"ipc://{directory}/{self.incarnation}.{name}")
        self.poller.register(lane, zmq.POLLIN)
        return lane

    def start(self, directory: Path, environment: dict[str, str] | None = None, python: str = sys.executable) -> None:
        wanted = {3: self.page_fd, 4: self._watchdog_child.fileno(), 5: self.fault_fd, 6: self._log_child}
        # Above the targets first: dup2 onto a number that is still a source would lose that source.
        high = {target: fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for target, fd in wanted.items()}

        def place() -> None:
            for target, fd in high.items():
                os.dup2(fd, target)

        ends = [f"--{name}=ipc://{directory}/{self.incarnation}.{name}" for name in self.lanes]
        self.process = subprocess.Popen(
            [python, "-m", "clutch_worker", *ends, f"--incarnation={self.incarnation}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=place,
            close_fds=True,
            pass_fds=(3, 4, 5, 6),
            env={**os.environ, "PYTHONPATH": str(SOURCES), "PYTHONSAFEPATH": "1", **(environment or {})},
            start_new_session=True,
        )
        for fd in high.values():
            os.close(fd)
        self._watchdog_child.close()
        os.close(self._log_child)

    def boot(self, modules: list[str], path: Path, **config: Any) -> FakeSupervisor:
        """Sends BOOT and waits for REGISTER or BOOT_FAILED."""
        self.wait(lambda: len(self.attached) == 2)
        self.send_data([[1, {**self.config(modules, path), **config}]])
        self.wait(lambda: bool(self.functions) or self.boot_error is not None)
        return self

    @staticmethod
    def config(modules: list[str], path: Path) -> dict[str, Any]:
        return {
            "modules": modules,
            "path": [str(path)],
            "concurrency": 1000,
            "threads": 4,
            "payload_bytes_max": 1 << 20,
            "pool": "default",
            "setup_by": 0,
            "grace_ms": 20,
            "uvloop": bool(os.environ.get("CLUTCH_TEST_UVLOOP")),
        }

    def send_data(self, records: list[Any], *payloads: bytes) -> None:
        self._send("data", [encode([1, self.incarnation, *records]), *payloads])

    def send_control(self, *records: Any) -> None:
        self._send("control", [encode([1, self.incarnation, *records])])

    def _send(self, lane: str, frames: list[bytes]) -> None:
        try:
            self.lanes[lane].send_multipart(frames)
        except zmq.Again:
            raise Gone(f"nobody is at the other end of {lane}") from None

    def index(self, name: str) -> int:
        return next(i for i, function in enumerate(self.functions) if function["name"].endswith("." + name))

    def queue(self, name: str, *args: Any, expires: int = 0, raw: bytes | None = None, **extras: Any) -> int:
        """Adds a RUN to the next message; gives its call, which is seq + 1,000. `frames` maps place to bytes."""
        seq = next(self._seq)
        frames = extras.pop("frames", {})
        if frames:
            extras["frames"] = []
            for place, payload in frames.items():
                self._queued_frames.append(payload)
                extras["frames"].append([place, len(self._queued_frames)])
        if "kwargs" in extras:
            extras["kwargs"] = encode(extras["kwargs"])
        record = [2, seq, 1000 + seq, self.index(name), expires, encode(args) if raw is None else raw]
        self._queued.append([*record, extras] if extras else record)
        return 1000 + seq

    def flush(self) -> None:
        records, frames = self._queued, self._queued_frames
        self._queued, self._queued_frames = [], []
        self.send_data(records, *frames)

    def run(self, name: str, *args: Any, **options: Any) -> int:
        call = self.queue(name, *args, **options)
        self.flush()
        return call

    def stream(self, name: str, *args: Any, items: int = PLENTY, bytes_: int = PLENTY, **options: Any) -> int:
        """Sends the RUN of a stream with that first credit."""
        call = self.queue_stream(name, *args, items=items, bytes_=bytes_, **options)
        self.flush()
        return call

    def queue_stream(self, name: str, *args: Any, items: int = PLENTY, bytes_: int = PLENTY, **options: Any) -> int:
        call = self.queue(name, *args, stream=[items, bytes_], **options)
        self.items[call] = []
        return call

    def credit(self, call: int, items: int, bytes_: int = PLENTY) -> None:
        self.send_control([15, call - 1000, call, items, bytes_])

    def items_of(self, call: int, count: int | None = None) -> list[Any]:
        """The first `count` items once they are there, or all once the stream is over."""
        self.wait(lambda: call in self.replies or (count is not None and len(self.items[call]) >= count))
        return self.items[call]

    def stream_error(self, name: str, *args: Any, **options: Any) -> dict[str, Any]:
        record = self.reply(self.stream(name, *args, **options))
        assert record[0] == ERROR, record
        return record[2]

    def cancel(self, call: int, why: int = 0) -> None:
        self.send_control([9, call - 1000, call, why])

    def reply(self, call: int) -> list[Any]:
        self.wait(lambda: call in self.replies)
        return self.replies[call]

    def value(self, name: str, *args: Any, **options: Any) -> Any:
        record = self.reply(self.run(name, *args, **options))
        assert record[0] == RESULT, record
        return record[2]

    def error(self, name: str, *args: Any, **options: Any) -> dict[str, Any]:
        record = self.reply(self.run(name, *args, **options))
        assert record[0] == ERROR, record
        return record[2]

    def ping(self) -> None:
        """A round trip on control: what was sent on it before has been acted on."""
        n = len(self.pongs) + 1
        self.send_control([10, n])
        self.wait(lambda: n in self.pongs)

    def wait(self, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Takes messages until the condition holds."""
        until = time.monotonic() + patience_s
        while not condition():
            for lane, _ in self.poller.poll(20):
                self._take(lane)
            if condition():
                return
            if time.monotonic() > until:
                raise Gone(f"nothing for {patience_s} s; log: {self.read_log()}")
            if self.process.poll() is not None and not self.poller.poll(0):
                stderr = self.process.stderr.read() if self.process.stderr else b""
                raise Gone(f"exited with {self.process.returncode}; log: {self.read_log()}; stderr: {stderr!r}")

    def _take(self, lane: Any) -> None:
        envelope, *payloads = lane.recv_multipart()
        version, epoch, *records = msgspec.msgpack.decode(envelope)
        assert (version, epoch) == (1, self.incarnation)
        self.messages.append(records)
        on_control = lane is self.lanes["control"]
        for record in records:
            self._act(record, on_control, payloads)
        if not on_control and any(record[0] in (RESULT, ERROR, ITEM, END) for record in records):
            assert records[-1][0] == BEGUN, "a message that carries results ends with the totals"

    def _act(self, record: list[Any], on_control: bool, payloads: list[bytes]) -> None:
        kind = record[0]
        if kind == 3:
            self.attached[record[1]] = record
        elif kind == 4:
            self.functions, self.left_out = record[1], record[2]
        elif kind == 5:
            self.boot_error = record[1]
        elif kind == ITEM:
            self._act_on_items(record, payloads)
        elif kind in (RESULT, ERROR, END):
            assert record[1] not in self.replies, f"call {record[1]} was answered twice"
            self.replies[record[1]] = record
            if record[1] in self.items:
                count = record[2] if kind == END else record[2]["items"]
                assert kind != RESULT
                assert count == len(self.items[record[1]])
            if kind == RESULT and len(record) == 4:
                self.payloads[record[1]] = [payloads[number - 1] for _, number in record[3]]
        elif kind == BEGUN:
            assert record[1] <= self.page[1]
            assert record[2] <= self.page[2]
            self.begun = (record[1], record[2])
            self.begun_on_control += on_control
        elif kind == 11:
            self.pongs.append(record[1])

    def _act_on_items(self, record: list[Any], payloads: list[bytes]) -> None:
        _, call, first, items, *frames = record
        assert call not in self.replies, "an item after the end"
        assert first == len(self.items[call])
        assert 1 <= len(items) <= 4096
        self.batches.setdefault(call, []).append(len(items))
        self.stream_bytes[call] = self.stream_bytes.get(call, 0) + len(encode(items))
        for place, number in frames[0] if frames else []:
            assert items[place] == b""
            items[place] = payloads[number - 1]
            self.stream_bytes[call] += len(payloads[number - 1])
        self.items[call] += items

    def read_log(self) -> bytes:
        try:
            while piece := os.read(self.log_fd, 65536):
                self.log += piece
        except (BlockingIOError, OSError):
            pass
        return self.log

    def stop(self, by_s: float = PATIENCE_S) -> int:
        self.send_control([12, now_ns() + int(by_s * 1e9)])
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self.page.release()
        self._map.close()
        self.watchdog.close()
        for fd in (self.page_fd, self.fault_fd, self.log_fd):
            os.close(fd)
        self.context.destroy(linger=0)


@contextmanager
def worker_process(tmp_path: Path, environment: dict[str, str] | None = None) -> Iterator[FakeSupervisor]:
    """A worker that has not been told to boot yet."""
    with tempfile.TemporaryDirectory(prefix="clutch-", dir="/tmp") as sockets:  # an ipc path has 107 bytes at most
        supervisor = FakeSupervisor(Path(sockets))
        supervisor.start(Path(sockets), environment)
        try:
            yield supervisor
        finally:
            supervisor.close()
