"""The items of one stream between its iterator and the wire: how many may follow, and what was sent. Knows no clock.

Bytes are taken for a little too many until they are encoded (no number has more than nine, and one is an item's
share of its array's head), so that an estimate within the credit is within it in truth.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from clutch_worker._protocol import STREAM_BATCH_BYTES_SOFT, STREAM_BATCH_ITEMS_MAX
from clutch_worker._results import ResultFault, prepare_item

# What a batch may hold as it is: nobody can change it, and its size is known.
NUMBERS = frozenset((int, float, bool, type(None)))
NUMBER_BYTES = 10
_SMALL = 4096  # characters or bytes
_SMALL_BYTES = 4  # what a small text or bytes has beyond its content, less what each item is taken for anyway

_encode = msgspec.msgpack.Encoder().encode


class Part(Struct):
    """Of an ITEM: how many items came before, the encoded array, and the frames of its record with their places."""

    first: int
    encoded: Raw
    size: int
    places: list[tuple[int, int]]
    buffers: list[Any]


class _Frame:
    """An item that travels as a payload frame."""

    __slots__ = ("buffer",)

    def __init__(self, buffer: Any) -> None:
        self.buffer = buffer


class Items:
    """`batch` takes numbers as they are, and anything else by `add`; `left` is how many may follow before the
    next look at the clock, `more` how many after it before a look at all the rest. A thread may add while the loop
    takes."""

    __slots__ = (
        "_framed", "_payload_bytes_max", "_small", "batch", "credit_bytes", "credit_items", "extra", "extra_left",
        "fault", "left", "limit", "more", "sent", "sent_bytes",
    )  # fmt: skip

    def __init__(self, credit_items: int, credit_bytes: int, payload_bytes_max: int) -> None:
        self.credit_items = credit_items
        self.credit_bytes = credit_bytes
        self.batch: list[Any] = []
        self.limit = 1
        self.left = 1
        self.more = 0
        self.extra = 0  # bytes in the batch beyond those of numbers
        self.extra_left = 0
        self.sent = 0
        self.sent_bytes = 0
        self.fault: str | None = None
        self._framed = False
        self._payload_bytes_max = payload_bytes_max
        self._small = _SMALL if payload_bytes_max > _SMALL else payload_bytes_max

    def add(self, item: Any) -> int:
        """Makes an item ready and appends it; gives how many bytes it has beyond a number's. Raises ResultFault."""
        kind = type(item)
        if kind is str or kind is bytes:
            size = len(item)
            if size < self._small and (kind is bytes or item.isascii()):
                self.batch.append(item)
                return size - _SMALL_BYTES if size > _SMALL_BYTES else 0
        elif kind in NUMBERS:
            self.batch.append(item)
            return 0
        wire = prepare_item(item, self._payload_bytes_max)
        if wire.frames:
            self._framed = True
            self.batch.append(_Frame(wire.frames[0][1]))
        else:
            self.batch.append(wire.value)
        return wire.size

    def raise_credit(self, items: int, bytes_: int) -> None:
        self.credit_items = max(self.credit_items, items)
        self.credit_bytes = max(self.credit_bytes, bytes_)

    def has_credit(self) -> bool:
        """Whether the iterator may take a step. Exact where the batch is empty, else too careful by a few bytes."""
        waiting = len(self.batch)
        return (
            self.sent + waiting < self.credit_items
            and self.sent_bytes + waiting * NUMBER_BYTES + self.extra < self.credit_bytes
        )

    def is_full(self) -> bool:
        waiting = len(self.batch)
        return waiting >= self.limit or waiting * NUMBER_BYTES + self.extra > STREAM_BATCH_BYTES_SOFT

    def put(self, item: Any) -> None:
        """As `add`, for who looks by `left`."""
        more = self.add(item)
        self.extra += more
        self.extra_left -= more
        if self.extra_left <= 0:
            self.look_now()

    def look_now(self) -> None:
        """After the item that comes next."""
        self.left = 1
        self.more = 0

    def look_after(self, items_max: int) -> None:
        """Finds out how many numbers, and bytes of others, may follow before the batch is full or the credit used."""
        waiting = len(self.batch)
        bytes_left = self.bytes_left() - waiting * NUMBER_BYTES - self.extra
        room = max(1, min(self.items_left() - waiting, bytes_left // NUMBER_BYTES))
        self.extra_left = bytes_left - room * NUMBER_BYTES
        self.left = min(room, items_max)
        self.more = room - self.left

    def items_left(self) -> int:
        """How many items a batch that is empty may get."""
        return min(self.limit, self.credit_items - self.sent)

    def bytes_left(self) -> int:
        """How many bytes a batch that is empty may get, each item counted with NUMBER_BYTES and what `add` gives."""
        return min(self.credit_bytes - self.sent_bytes, STREAM_BATCH_BYTES_SOFT)

    def grow(self) -> None:
        """The batch was full while there was credit: the next may have twice as many items."""
        self.limit = min(2 * self.limit, STREAM_BATCH_ITEMS_MAX)

    def take(self) -> Part | None:
        """Empties the batch. What does not encode is left out with all that follows it, and told in `fault`."""
        self.left = 1
        self.more = 0
        count = len(self.batch)
        if not count or self.fault is not None:
            return None
        items = self.batch[:count]
        del self.batch[:count]
        self.extra = 0
        first = self.sent
        frames = self._take_frames(items) if self._framed else []
        try:
            encoded = _encode(items)
        except Exception:
            sound = self._sound(items)
            if not sound:
                return None
            del items[sound:]
            frames = [frame for frame in frames if frame[0] < sound]
            encoded = _encode(items)
        size = len(encoded)
        self.sent = first + len(items)
        if not frames:
            self.sent_bytes += size
            return Part(first, Raw(encoded), size, [], [])
        size += sum(len(buffer) for _, buffer in frames)
        self.sent_bytes += size
        places = [(place, number) for number, (place, _) in enumerate(frames, 1)]
        return Part(first, Raw(encoded), size, places, [buffer for _, buffer in frames])

    def refuse(self, number: int, fault: ResultFault) -> None:
        self.fault = f"item {number} does not cross: {str(fault).replace('the result', 'it', 1)}"

    def _take_frames(self, items: list[Any]) -> list[tuple[int, Any]]:
        frames: list[tuple[int, Any]] = []
        for index, item in enumerate(items):
            if type(item) is _Frame:
                frames.append((index, item.buffer))
                items[index] = b""
        return frames

    def _sound(self, items: list[Any]) -> int:
        """How many items come before the first that does not encode: an int that only the encoder found too large."""
        for index, item in enumerate(items):
            try:
                _encode(item)
            except Exception as error:
                try:
                    prepare_item(item, self._payload_bytes_max)
                except ResultFault as fault:
                    self.refuse(self.sent + index, fault)
                else:
                    self.fault = f"item {self.sent + index} does not cross: {error}"
                return index
        raise AssertionError("each item encodes, and their array does not")
