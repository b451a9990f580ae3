from __future__ import annotations

import typing
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clutch_worker._protocol import Payload
from clutch_worker._registry import Function
from clutch_worker._scan import ValueFault, scan
from clutch_worker._values import ArgumentFault, check

encode = msgspec.msgpack.encode


class Item(msgspec.Struct):
    price: float


class Order(msgspec.Struct):
    items: list[Item]


class Opaque:
    pass


def function(call: Any) -> Function:
    return Function(ModuleType("m"), f"m.{call.__name__}", call)


def extras(kwargs: dict[str, Any] | None = None, frames: dict[Any, bytes] | None = None) -> Payload:
    return Payload(encode(kwargs) if kwargs else b"", frames or {}, {}, 1, 0)


async def price(order: Order, count: int = 1, *more: str, note: str = "") -> None: ...


async def untyped(a, b=None): ...


async def opaque(a: list[Opaque], b: int, c: "Nowhere" = None): ...  # type: ignore[name-defined]  # noqa: F821, UP037


async def buffers(a: bytes, b: memoryview, c: bytearray, d: typing.Any = None): ...


def test_arguments_are_decoded_into_what_is_annotated() -> None:
    parameters = function(price).parameters
    positional = parameters.positional(encode([{"items": [{"price": 1.5}]}, 2, "x"]))
    assert positional == (Order([Item(1.5)]), 2, "x")
    many = parameters.positional(encode([{"items": []}, 2, *"abcdefghijklmnopqrst"]))
    assert many[2:] == tuple("abcdefghijklmnopqrst")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (
            [{"items": [{"price": 1}, {"price": "x"}]}],
            "argument 'order': Expected `float`, got `str` at $.items[1].price",
        ),
        ([{"items": 1}], "argument 'order': Expected `array`, got `int` at $.items"),
        ([{}], "argument 'order': Object missing required field `items`"),
        ([{"items": []}, "x"], "argument 'count': Expected `int`, got `str`"),
        ([{"items": []}, 1, 2], "argument 'number 3': Expected `str`, got `int`"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(args: list[Any], text: str) -> None:
    with pytest.raises(ArgumentFault) as caught:
        function(price).parameters.positional(encode(args))
    assert str(caught.value) == text


def test_keywords_are_decoded_and_named() -> None:
    parameters = function(price).parameters
    assert parameters.with_extras(b"\x90", extras({"order": {"items": []}, "note": "n"})) == (
        [],
        {"order": Order([]), "note": "n"},
    )
    with pytest.raises(ArgumentFault, match=r"argument 'order': Expected `array`, got `int` at \$\.items"):
        parameters.with_extras(b"\x90", extras({"order": {"items": 1}}))
    with pytest.raises(ArgumentFault, match="occurs twice"):
        parameters.with_extras(b"\x90", Payload(b"\x82\xa1a\x01\xa1a\x02", {}, {}, 1, 0))


def test_what_cannot_be_built_is_decoded_untyped_with_a_note() -> None:
    served = function(opaque)
    assert [note.split(":")[0] for note in served.notes] == [
        "parameter 'a' is decoded untyped",
        "parameter 'c' is decoded untyped",
    ]
    assert tuple(served.parameters.positional(encode([[1], 2]))) == ([1], 2)
    with pytest.raises(ArgumentFault, match="argument 'b'"):
        served.parameters.positional(encode([[1], "x"]))


def test_frames_come_as_what_is_annotated() -> None:
    frame = memoryview(b"frame")
    positional, _ = function(buffers).parameters.with_extras(
        encode([b"", b"", b"", b""]), extras(frames={0: frame, 1: frame, 2: frame, 3: frame})
    )
    assert [type(value) for value in positional] == [bytes, memoryview, bytearray, bytes]
    assert all(bytes(value) == b"frame" for value in positional)


@pytest.mark.parametrize("data", [b"\x91\x82\xa1a\x01\xa1a\x02", b"\x91\xd4\x05\x00", b"\x91\x81\x90\x01"])
def test_what_msgspec_lets_pass_is_refused(data: bytes) -> None:
    msgspec.msgpack.decode(data)
    for served in (function(untyped), function(opaque)):
        with pytest.raises(ArgumentFault):
            served.parameters.positional(data)


@pytest.mark.parametrize(
    ("annotation", "needs"), [(int, False), (list[str], False), (dict[str, int], True), (Any, True)]
)
def test_only_what_may_hold_a_map_is_looked_through(annotation: Any, needs: bool) -> None:
    async def served(a: annotation) -> None: ...  # type: ignore[valid-type]

    served.__annotations__["a"] = annotation
    assert function(served).needs_check is needs


@given(st.binary(max_size=40))
@example(b"\x82\x01\x01\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00\x02")
@example(b"\x82\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00\x01\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00\x02")
def test_the_fast_check_refuses_what_the_scanner_refuses(data: bytes) -> None:
    try:
        scan(data)
    except ValueFault:
        with pytest.raises(ArgumentFault):
            check(data)
    else:
        check(data)


@given(st.lists(st.binary(min_size=1, max_size=3), min_size=1, max_size=6), st.integers(0x80, 0x8F))
def test_small_maps_of_anything(pieces: list[bytes], head: int) -> None:
    data = bytes([head]) + b"".join(pieces)
    try:
        scan(data)
    except ValueFault:
        with pytest.raises(ArgumentFault):
            check(data)
    else:
        check(data)
