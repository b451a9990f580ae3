"""What goes back: replies of one turn gathered and encoded as one message. Used on the loop's thread alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from clutch_worker._errors import call_error
from clutch_worker._items import Part
from clutch_worker._page import Page
from clutch_worker._protocol import BEGUN, END, ENVELOPE_BYTES_SOFT, ERROR, ITEM, RESULT, VERSION
from clutch_worker._results import ResultFault, Wire, prepare

_RECORDS_MAX = 2048
_HEAD = 2  # version and epoch are the first elements of the list of records


class Replies:
    """`send_data` takes the frames of a message, `send_control` an envelope; both keep what they cannot send yet."""

    def __init__(
        self,
        incarnation: int,
        page: Page,
        payload_bytes_max: int,
        send_data: Callable[[list[Any]], None],
        send_control: Callable[[bytes], None],
    ) -> None:
        self._incarnation = incarnation
        self._page = page
        self._payload_bytes_max = payload_bytes_max
        self._send_data = send_data
        self._send_control = send_control
        self._encode = msgspec.msgpack.Encoder().encode
        # The list keeps its identity: the runner appends small scalars to it without a call in between.
        self.records: list[Any] = [VERSION, incarnation]
        self.begun_news = False
        self._bytes = 0
        self._told = (0, 0)

    def value(self, call: int, value: Any) -> None:
        """A result that may be anything."""
        try:
            wire = prepare(value, self._payload_bytes_max)
        except ResultFault as fault:
            self.error(call, result_error(str(fault)))
        else:
            self.wire(call, wire)

    def wire(self, call: int, wire: Wire) -> None:
        """A result made ready before, for instance in a thread."""
        if wire.frames:
            places = [(place, number) for number, (place, _) in enumerate(wire.frames, 1)]
            self._send_framed((RESULT, call, wire.value, places), [buffer for _, buffer in wire.frames])
            return
        self.records.append((RESULT, call, wire.value))
        self._count(wire.size)

    def error(self, call: int, error: dict[str, Any]) -> None:
        self.records.append((ERROR, call, error))
        self._count(1024)

    def items(self, call: int, part: Part) -> None:
        """Some items of a stream, behind all that was said before."""
        if part.buffers:
            self.flush()
            self._send_framed((ITEM, call, part.first, part.encoded, part.places), part.buffers)
            return
        self.records.append((ITEM, call, part.first, part.encoded))
        self._count(part.size)

    def end(self, call: int, items: int) -> None:
        self.records.append((END, call, items))

    def flush(self) -> None:
        """The end of a turn: results, totals behind them, and totals on control if calls began and did not end."""
        records = self.records
        while len(records) > _HEAD:
            batch = records[: _HEAD + _RECORDS_MAX]
            self._send_data([self._encode_batch(batch)])
            del records[_HEAD : _HEAD + _RECORDS_MAX]
        self._bytes = 0
        if self.begun_news:
            self.begun_news = False
            totals = self._totals()
            if totals != self._told:
                self._told = totals
                self._send_control(self._encode([VERSION, self._incarnation, (BEGUN, *totals)]))

    def _totals(self) -> tuple[int, int]:
        cells = self._page.cells
        return cells[1], cells[2]

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > ENVELOPE_BYTES_SOFT:
            self.flush()

    def _encode_batch(self, batch: list[Any]) -> bytes:
        # Totals on data spare those on control only if they go out now, which a full pipe delays: so not `_told`.
        batch.append((BEGUN, *self._totals()))
        try:
            return self._encode(batch)
        except Exception:
            return self._encode([*batch[:_HEAD], *map(self._sendable, batch[_HEAD:])])

    def _sendable(self, record: Any) -> Any:
        """The record, or an error in place of a scalar that only the encoder could tell to be outside the domain."""
        try:
            self._encode(record)
        except Exception:
            kind, call, value = record
            try:
                prepare(value, self._payload_bytes_max)
            except ResultFault as fault:
                return (ERROR, call, result_error(str(fault)))
            return (ERROR, call, call_error("internal", "result", "started", f"record {kind} does not encode"))
        return record

    def _send_framed(self, record: Any, buffers: list[Any]) -> None:
        head = [VERSION, self._incarnation, record, (BEGUN, *self._totals())]
        self._send_data([self._encode(head), *buffers])


def result_error(message: str) -> dict[str, Any]:
    """The map of an ERROR for a result that does not cross."""
    return call_error("invalid_argument", "result", "started", message)
