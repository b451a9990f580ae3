"""The rules of credit and of batches, without a loop and a clock."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from clutch_worker._items import Items
from clutch_worker._replies import Replies
from clutch_worker._results import ResultFault
from clutch_worker._streams import Streams

MANY = 1 << 40


def items_with(credit_items: int = MANY, credit_bytes: int = MANY, payload_bytes_max: int = 1 << 20) -> Items:
    return Items(credit_items, credit_bytes, payload_bytes_max)


def add(items: Items, *values: object) -> None:
    for value in values:
        items.extra += items.add(value)


def test_what_is_taken_is_encoded_and_counted() -> None:
    items = items_with()
    add(items, 1, 2.5, None, "text", b"bytes", [1, {"a": 2}])
    part = items.take()
    assert part is not None
    assert msgspec.msgpack.decode(part.encoded) == [1, 2.5, None, "text", b"bytes", [1, {"a": 2}]]
    assert (part.first, part.size, items.sent, items.sent_bytes) == (0, len(bytes(part.encoded)), 6, part.size)
    assert items.take() is None
    add(items, 7)
    second = items.take()
    assert second is not None
    assert (second.first, items.sent_bytes) == (6, part.size + 2)


def test_credit_is_items_and_bytes() -> None:
    items = items_with(2, 100)
    add(items, 1)
    assert items.has_credit()
    add(items, 1)
    assert not items.has_credit()
    items.raise_credit(1, 1000)
    assert not items.has_credit(), "a total that is lower takes nothing back and gives nothing"
    items.raise_credit(10, 0)
    assert items.has_credit()
    add(items, "x" * 2000)
    assert not items.has_credit()


def test_an_estimate_is_never_below_the_truth() -> None:
    for values in (
        [2**63] * 5000,
        [1.5] * 20,
        ["x" * 4095] * 40,
        [b"x" * 300] * 17,
        ["é" * 9] * 16,
        [[1, "x"]] * 15,
        [""],
    ):
        items = items_with(MANY, 0)
        items.extra_left = 0
        for value in values:
            items.extra += items.add(value)
        estimate = 10 * len(values) + items.extra
        part = items.take()
        assert part is not None
        assert part.size <= estimate


@pytest.mark.parametrize("credit_bytes", [1, 9, 10, 11, 25, 100, 1000, 70_000])
@pytest.mark.parametrize("value", [1, 2**60, "x" * 30, [1, 2, 3]])
def test_at_most_one_item_goes_beyond_the_bytes(credit_bytes: int, value: object) -> None:
    """As the driver on the loop does it, at any credit: the last item alone crosses the line."""
    items = items_with(MANY, credit_bytes)
    items.limit = 4096
    sizes: list[int] = []
    while items.has_credit():
        items.put(value)
        items.left -= 1
        if items.left > 0:
            continue
        if items.more:
            items.left, items.more = items.more, 0
            continue
        if not items.is_full() and items.has_credit():
            items.look_after(32)
            continue
        part = items.take()
        assert part is not None
        sizes.append(part.size)
    assert sum(sizes) >= credit_bytes
    assert sum(sizes[:-1]) < credit_bytes
    assert sum(sizes) < credit_bytes + len(msgspec.msgpack.encode(value)) + 3


def test_a_batch_doubles_up_to_its_bound() -> None:
    items = items_with()
    sizes = []
    for _ in range(14):
        sizes.append(items.items_left())
        items.grow()
    assert sizes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4096]


def test_a_batch_is_full_by_bytes() -> None:
    items = items_with()
    items.limit = 4096
    add(items, b"x" * 50_000)
    assert not items.is_full()
    add(items, b"x" * 250_000)
    assert items.is_full()


def test_the_next_look_is_before_the_credit_ends() -> None:
    items = items_with(10, MANY)
    items.limit = 4096
    add(items, 1, 2)
    items.look_after(100)
    assert (items.left, items.more) == (8, 0)
    items.raise_credit(1000, MANY)
    items.look_after(100)
    assert (items.left, items.more) == (100, 898)
    items = items_with(MANY, 55)
    items.limit = 4096
    add(items, 1)
    items.look_after(100)
    assert items.left == 4


def test_large_bytes_are_frames_of_their_item() -> None:
    items = items_with()
    large = b"x" * 65536
    add(items, 1, large, memoryview(large), "text")
    part = items.take()
    assert part is not None
    assert msgspec.msgpack.decode(part.encoded) == [1, b"", b"", "text"]
    assert part.places == [(1, 1), (2, 2)]
    assert [bytes(buffer) for buffer in part.buffers] == [large, large]
    assert part.size == len(bytes(part.encoded)) + 2 * 65536
    add(items, [large])
    inner = items.take()
    assert inner is not None
    assert (inner.buffers, inner.first) == ([], 4), "only an item itself is a frame"


def test_nobody_changes_an_item_afterwards() -> None:
    items = items_with()
    value, raw = [1], bytearray(b"x" * 70_000)
    add(items, value, raw)
    value.append(2)
    raw[0] = 0
    part = items.take()
    assert part is not None
    assert msgspec.msgpack.decode(part.encoded)[0] == [1]
    assert part.buffers == [b"x" * 70_000]


def test_what_does_not_encode_is_told_with_its_number() -> None:
    items = items_with()
    add(items, 1)
    items.take()
    add(items, 2, b"y" * 65536, 2**64, 3)
    part = items.take()
    assert part is not None
    assert msgspec.msgpack.decode(part.encoded) == [2, b""]
    assert (part.first, part.places, items.sent) == (1, [(1, 1)], 3)
    assert items.fault == "item 3 does not cross: an int beyond -2**63 … 2**64-1 does not cross, at $"
    add(items, 4)
    assert items.take() is None, "nothing follows a fault"


def test_an_item_over_the_bound_is_refused() -> None:
    items = items_with(payload_bytes_max=1000)
    with pytest.raises(ResultFault, match="more than the 1000"):
        items.add("x" * 2000)
    with pytest.raises(ResultFault, match=r"\$\.a\[1\]"):
        items.add({"a": [1, object()]})


def test_streams_that_never_pause_share_a_millisecond() -> None:
    class Producing:
        due = True

        def flush(self) -> None: ...

    nobody: Any = None
    streams = Streams(nobody, 1 << 20, nobody)
    assert streams.slice_ns() == 1_000_000
    for count, slice_ns in ((10, 100_000), (1000, 50_000), (1, 1_000_000), (0, 1_000_000)):
        streams.due = [Producing()] * count  # type: ignore[list-item]
        streams.flush()
        assert streams.slice_ns() == slice_ns


def test_frames_do_not_overtake_what_waits_for_the_turns_end() -> None:
    class Page:
        cells = (0, 0, 0)

    sent: list[list[Any]] = []
    page: Any = Page()
    replies = Replies(7, page, 1 << 20, sent.append, lambda frame: None)
    items = items_with()
    for value in (1, b"x" * 65536, 2):
        add(items, value)
        part = items.take()
        assert part is not None
        replies.items(42, part)
    replies.end(42, 3)
    replies.flush()
    records = [record for frames in sent for record in msgspec.msgpack.decode(frames[0])[2:] if record[0] != 8]
    assert records == [[13, 42, 0, [1]], [13, 42, 1, [b""], [[0, 1]]], [13, 42, 2, [2]], [14, 42, 3]]
