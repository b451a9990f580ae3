"""Streams of one worker: each from its RUN to its END or ERROR. What drives its iterator is in `_stream_on_loop` and
`_stream_in_thread`; here is what both have in common, and what the runner must know of them. The loop's thread alone.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import UNSET

from clutch_worker._calls import cancelled
from clutch_worker._errors import raised
from clutch_worker._items import Items
from clutch_worker._protocol import STREAM_BATCH_TIME_NS_MAX, Credit, Payload, RemoteProtocolError, Run
from clutch_worker._replies import Replies, result_error
from clutch_worker._results import ResultFault, type_name

if TYPE_CHECKING:
    from clutch_worker._runner import Runner

_SLICE_NS_MIN = 50_000


class Driver(Protocol):
    """What steps a stream's iterator. It hands over what it has before it waits for credit."""

    @property
    def between_steps(self) -> bool: ...

    def resume(self) -> None:
        """Goes on if it waits for credit: there is some, or `stopping` was set."""


class Stream:
    """One stream. `stopping` says that the iterator is to be closed instead of stepped, `has_more` that its arguments
    are not all in its RUN's `args`."""

    __slots__ = ("driver", "due", "error", "has_more", "items", "name", "parked", "record", "stopping", "streams")

    def __init__(self, streams: Streams, record: Run, items: Items, has_more: bool) -> None:
        self.streams = streams
        self.record = record
        self.name = streams.runner.functions[record.function].name
        self.items = items
        self.has_more = has_more
        self.driver: Driver | None = None
        self.error: dict[str, Any] | None = None
        self.stopping = False
        self.due = False
        self.parked = False

    def flush(self) -> None:
        """Hands what was produced to the replies. A value found not to cross there stops the stream."""
        if self.items.batch:
            self._hand_over()
        if self.items.fault is not None and not self.stopping:
            self.streams.runner.control.stop_stream(self.record.seq)

    @property
    def is_between_steps(self) -> bool:
        """Whether the iterator is where no CancelledError of ours may reach it."""
        return self.driver is not None and self.driver.between_steps

    def flush_soon(self) -> None:
        """The turn's end flushes it."""
        if not self.due:
            self.due = True
            self.streams.due.append(self)
            self.streams.runner.turn_soon()

    def park(self) -> None:
        """Without credit it is none of the calls that `concurrency` bounds; nor while it is closed after that, which
        the supervisor does not hear of."""
        self.parked = True
        self.streams.parked += 1
        self.streams.runner.turn_soon()  # another call may begin

    def unpark(self) -> None:
        self.parked = False
        self.streams.parked -= 1

    def stop(self) -> None:
        """Before the next step the iterator is closed."""
        self.stopping = True
        self.items.look_now()
        if self.driver is not None:
            self.driver.resume()

    def refuse(self, number: int, fault: ResultFault) -> None:
        """The item of this number does not cross, so the iterator is to be closed."""
        self.stopping = True
        self.items.refuse(number, fault)

    def failed(self, error: BaseException) -> None:
        """The iterator raised, or its closing, which after an error has nothing to add."""
        if self.error is None and not (isinstance(error, CancelledError) and self.stopping):
            self.error = raised(error)

    def answer(self) -> None:
        """The iterator is over: what is left of its items, then how it ended."""
        self.stopping = True
        if self.parked:
            self.unpark()
        self._hand_over()
        streams, record, fault = self.streams, self.record, self.items.fault
        cancel = streams.runner.cancels.get(record.seq)
        error = self.error
        if fault is not None:
            error = result_error(fault)
        elif error is None and cancel is not None:
            error = cancelled(cancel, "run", "started")
        if error is None:
            streams.runner.forget(record)
            streams.replies.end(record.call, self.items.sent)
        else:
            streams.runner.answer_error(record, error)

    def _hand_over(self) -> None:
        part = self.items.take()
        if part is not None:
            self.streams.replies.items(self.record.call, part)


class Streams:
    """`live` are those received and not over, by seq; `parked` counts those on the loop without credit."""

    def __init__(self, runner: Runner, payload_bytes_max: int, replies: Replies) -> None:
        self.runner = runner
        self.replies = replies
        self.live: dict[int, Stream] = {}
        self.early: dict[int, Credit] = {}
        self.due: list[Stream] = []
        self.parked = 0
        self._crowd = 0  # how many produced in the last turn
        self.forked = False
        self._payload_bytes_max = payload_bytes_max

    def receive(self, records: list[Run], payload_of: Callable[[int], Payload]) -> None:
        """Takes those of the calls that are streams. Raises RemoteProtocolError."""
        for record in records:
            seq = record.seq
            early = self.early.pop(seq, None) if self.early else None
            if early is not None and early.call != record.call:
                raise RemoteProtocolError("wrong_field", f"CREDIT of seq {seq} names call {early.call}")
            if record.extras is UNSET:
                continue
            payload = payload_of(seq)
            if payload.credit is not None:
                items = Items(*payload.credit, self._payload_bytes_max)
                if early is not None:
                    items.raise_credit(early.items, early.bytes)
                self.live[seq] = Stream(self, record, items, bool(payload.kwargs or payload.frames))

    def credit(self, record: Credit, is_early: bool) -> None:
        """Acts on a CREDIT, or keeps it for a RUN that is still to come. Raises RemoteProtocolError."""
        stream = self.live.get(record.seq)
        if stream is not None:
            stream.items.raise_credit(record.items, record.bytes)
            if stream.driver is not None and stream.items.has_credit():
                stream.driver.resume()
        if not is_early:
            return
        early = self.early.setdefault(record.seq, record)
        if early.call != record.call:
            raise RemoteProtocolError("wrong_field", f"CREDIT of seq {record.seq} names call {record.call}")
        if early is not record:
            items, bytes_ = max(early.items, record.items), max(early.bytes, record.bytes)
            self.early[record.seq] = Credit(record.seq, record.call, items, bytes_)

    def iterator_of(self, record: Run) -> Any:
        """What a stream's task on the loop steps; None where there is none. From any thread."""
        stream = self.live.get(record.seq)
        return getattr(stream.driver, "iterator", None) if stream is not None else None

    def flush(self) -> None:
        """The end of a turn."""
        due, self.due = self.due, []
        self._crowd = len(due)
        for stream in due:
            stream.due = False
            stream.flush()

    def slice_ns(self) -> int:
        """How long a stream that never pauses may go on: together they let the loop turn in time."""
        return max(_SLICE_NS_MIN, STREAM_BATCH_TIME_NS_MAX // max(1, self._crowd))

    def drop(self) -> None:
        """In a forked child: no iterator takes another step."""
        self.forked = True
        for stream in self.live.values():
            stream.stopping = True
            stream.items.look_now()


def no_stream(name: str, value: Any) -> dict[str, Any]:
    """The error of a stream whose function gave something else."""
    kind = "None" if value is None else type_name(value)
    article = "" if value is None else "an " if kind[0] in "aeiouAEIOU" else "a "
    if hasattr(type(value), "__next__"):
        return result_error(f"{name} gave {article}{kind} on the loop, where only an async iterator is a stream")
    return result_error(f"{name} returned {article}{kind}, which is no stream: call it with call")
