from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import uuid
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch_worker._results import ResultFault, prepare
from clutch_worker._scan import scan

BOUND = 1 << 20
decode = msgspec.msgpack.decode


class Colour(enum.Enum):
    RED = "red"


class Text(str):
    pass


class Count(int):
    pass


@dataclasses.dataclass
class Point:
    x: Any
    y: Any = 2


class Struct(msgspec.Struct):
    point: Point


def sent(value: Any) -> Any:
    return decode(prepare(value, BOUND).value)


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        ((1, (2,)), [1, [2]]),
        ({3}, [3]),
        (frozenset({"a"}), ["a"]),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (decimal.Decimal("1.50"), "1.50"),
        (datetime.date(2024, 1, 2), "2024-01-02"),
        (datetime.datetime(2024, 1, 2, 3, 4, 5), "2024-01-02T03:04:05"),
        ([datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)], [datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)]),
        (Colour.RED, "red"),
        ({Colour.RED: [Colour.RED]}, {"red": ["red"]}),
        (Struct(Point({1})), {"point": {"x": [1], "y": 2}}),
        ([bytearray(b"x"), memoryview(b"y")], [b"x", b"y"]),
        ({1: "int", "1": "str", b"1": "bin", None: 0}, {1: "int", "1": "str", b"1": "bin", None: 0}),
        (Text("subclass"), "subclass"),
        ([Text("subclass"), {Text("k"): Count(2)}], ["subclass", {"k": 2}]),
    ],
)
def test_what_crosses(value: Any, arrives: Any) -> None:
    assert sent(value) == arrives


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def cycle() -> list[Any]:
    value: list[Any] = []
    value.append({"a": value})
    return value


def point_cycle() -> Point:
    point = Point(1)
    point.x = [point]
    return point


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, 2, 3, object()]}, "type object does not cross, at $.a[3]"),
        ([1j], "type complex does not cross, at $[0]"),
        (2**64, "an int beyond -2**63 … 2**64-1 does not cross, at $"),
        ({"k": [-(2**63) - 1]}, "2**64-1 does not cross, at $.k[0]"),
        (["ok", "\ud800"], "lone surrogate does not cross, at $[1]"),
        (nested(65), "nested deeper than 64"),
        (cycle(), "contains itself"),
        (point_cycle(), "contains itself"),
        (msgspec.msgpack.Ext(5, b"x"), "Ext does not cross"),
        ([msgspec.Raw(b"\x01")], "Raw does not cross, at $[0]"),
        (Struct(Point(msgspec.Raw(b"\xc1"))), "Raw does not cross, at $.point.x"),
        ({(1, 2): 3}, "an array is no key"),
        ({Colour.RED: 1, "red": 2}, "become the same"),
        ({float("nan"): 1, float("-nan"): 2, 1: 3}, None),
        (lambda: 1, "type function does not cross"),
        (Point, "type type does not cross"),
        (["x" * (BOUND + 1)], f"more than the {BOUND}"),
        (b"x" * (BOUND + 1), f"more than the {BOUND}"),
    ],
)
def test_what_does_not_cross_says_what_and_where(value: Any, text: str | None) -> None:
    if text is None:
        assert len(sent(value)) == 3  # two NaN of different bits are two keys
        return
    with pytest.raises(ResultFault) as caught:
        prepare(value, BOUND)
    assert text in str(caught.value)


def test_the_deepest_that_crosses() -> None:
    assert sent(nested(64)) == nested(64)
    with pytest.raises(ResultFault, match="nested deeper than 64"):
        sent(nested(65))


def test_what_was_returned_can_change_no_more() -> None:
    value = [[1]]
    wire = prepare(value, BOUND)
    value[0].append(2)
    assert decode(wire.value) == [[1]]
    buffer = bytearray(b"a" * (64 << 10))
    wire = prepare(buffer, BOUND)
    buffer[0] = 0
    assert wire.frames[0][1][:1] == b"a"


def test_large_bytes_are_frames_and_a_view_is_not_copied() -> None:
    large = bytes(64 << 10)
    assert prepare(large, BOUND).frames == [(None, large)]
    assert prepare(large[1:], BOUND).frames == []
    wire = prepare([1, large, b"small", memoryview(large)], BOUND)
    assert decode(wire.value) == [1, b"", b"small", b""]
    assert [place for place, _ in wire.frames] == [1, 3]
    assert wire.frames[1][1].obj is large
    assert prepare([[large]], BOUND).frames == []


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(-(2**63), 2**64 - 1) | st.binary(), inner),
)


@given(values)
def test_values_of_the_domain_come_back_as_they_were(value: Any) -> None:
    encoded = bytes(memoryview(prepare(value, BOUND).value))
    scan(encoded)
    assert decode(encoded) == value
