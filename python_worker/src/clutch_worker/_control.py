"""CANCEL and CREDIT: they come on another lane than RUN, so they may be early or late. The loop's thread alone."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from contextvars import copy_context
from typing import TYPE_CHECKING

from clutch_worker._protocol import Cancel, Credit, RemoteProtocolError, Run
from clutch_worker._session import Session

if TYPE_CHECKING:
    from clutch_worker._runner import Runner


class Control:
    """Acts on the runner's calls. A task is cancelled again each `grace_s` until it gives in."""

    def __init__(self, runner: Runner, loop: AbstractEventLoop, session: Session, grace_s: float) -> None:
        self._runner = runner
        self._loop = loop
        self._session = session
        self._grace_s = grace_s
        self._context = copy_context()

    def cancel(self, record: Cancel) -> None:
        """Whichever of its call's RUN and end came first. Raises RemoteProtocolError."""
        runner, seq = self._runner, record.seq
        known = self._known(record)
        if (known is None and seq <= self._session.last_seq) or seq in runner.cancels:
            return
        runner.cancels[seq] = record
        if seq in runner.streams.live:
            self.stop_stream(seq)
        elif seq in runner.by_seq:
            self.cancel_again(seq)
        if runner.pending:
            runner.turn_soon()  # one that waits for room is answered without it

    def credit(self, record: Credit) -> None:
        """Whichever of its call's RUN and end came first. Raises RemoteProtocolError."""
        is_early = record.seq > self._session.last_seq
        if self._known(record) is not None or is_early:
            self._runner.streams.credit(record, is_early)

    def stop_stream(self, seq: int) -> None:
        """Has a stream closed: at its `yield`, or by a CancelledError where it awaits, until it gives in."""
        self._runner.streams.live[seq].stop()
        self.cancel_again(seq)

    def cancel_again(self, seq: int) -> None:
        runner = self._runner
        task = runner.by_seq.get(seq)
        if task is not None:
            stream = runner.streams.live.get(seq)
            if stream is None or not stream.is_between_steps:
                task.cancel()
            self._loop.call_later(self._grace_s, self.cancel_again, seq, context=self._context)

    def check_early_cancels(self, records: list[Run]) -> None:
        """Raises RemoteProtocolError where a CANCEL that came before its RUN named another call."""
        for record in records:
            cancel = self._runner.cancels.get(record.seq)
            if cancel is not None and cancel.call != record.call:
                raise RemoteProtocolError("wrong_field", f"CANCEL of seq {record.seq} names call {cancel.call}")

    def _known(self, record: Cancel | Credit) -> Run | None:
        """The call that is meant, None if it is over or still to come. Raises RemoteProtocolError."""
        runner, seq = self._runner, record.seq
        known: Run | None = runner.plain.calls.get(seq)
        task = runner.by_seq.get(seq)
        if task is not None:
            known = runner.tasks[task]
        elif known is None and seq <= self._session.last_seq:
            known = next((waiting for waiting in runner.pending if waiting.seq == seq), None)
        if known is not None and known.call != record.call:
            name = type(record).__name__.upper()
            raise RemoteProtocolError("wrong_field", f"{name} of seq {seq} names call {record.call}, not {known.call}")
        return known
