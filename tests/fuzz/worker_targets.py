"""Targets on the worker's decoders: each takes bytes, and raises where one of them does what it must not. An input is
taken, or refused by the exception that it is refused by: whatever else is raised is a defect.
"""

from __future__ import annotations

import datetime
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python_worker" / "src"))

import msgspec

from clutch_worker._protocol import Payload, RemoteProtocolError
from clutch_worker._registry import Function
from clutch_worker._results import prepare
from clutch_worker._scan import ValueFault, scan
from clutch_worker._session import Session
from clutch_worker._values import ArgumentFault, check

EPOCH = 7
FUNCTIONS = 8


def scanned(data: bytes) -> bool:
    try:
        scan(data)
    except ValueFault:
        return False
    return True


def checked(data: bytes) -> bool:
    try:
        check(data)
    except ArgumentFault:
        return False
    return True


def worker_value(data: bytes) -> None:
    """The scanner and the check before a call agree; what both take crosses back as the same value."""
    taken = scanned(data)
    assert checked(data) == taken
    if not taken:
        return
    try:
        value = msgspec.msgpack.decode(data)
    except msgspec.ValidationError:  # a time that datetime cannot hold
        return
    wire = prepare(value, 1 << 30)
    if not wire.frames:
        again = bytes(wire.value)
        assert scanned(again)
        assert bytes(prepare(msgspec.msgpack.decode(again), 1 << 30).value) == again


# Messages: the first byte is the link and the number of frames, as in fuzz_message.cpp.


def worker_message(data: bytes) -> None:
    """The two ways to read RUNs, the quick one of the hot path and the other, agree; and so do their extras."""
    if not data:
        return
    frames = [data[1:], *(bytes([number]) for number in range(data[0] // 6 % 4))]
    session = Session(EPOCH)
    if data[0] % 6 == 2:
        with suppress(RemoteProtocolError):
            session.receive_control(frames)
        return
    try:
        records, payloads = session.decode_data(frames)
    except RemoteProtocolError:
        records = None
    if records and records[0].__struct_config__.tag == 1:
        return
    session.registered(FUNCTIONS)
    session.last_seq = records[0].seq - 1 if records else 0
    first = session.last_seq
    try:
        received = session.receive_runs(frames)
    except RemoteProtocolError:
        assert session.last_seq == first, "a message is taken whole or not at all"
        assert not session.payloads
        return
    assert received == records, "the order alone is checked beside what every message is checked for"
    assert session.payloads == payloads
    assert session.last_seq == first + len(received)


# Arguments of functions of all sorts.


class Item(msgspec.Struct):
    price: float
    names: dict[str, int] = {}


async def untyped(*args: Any, **kwargs: Any) -> None: ...
async def scalars(a: int, b: float = 0.0, c: str = "", *, d: bytes = b"", e: bool | None = None) -> None: ...
async def containers(a: list[int], b: dict[str, Any], *c: Item, d: tuple[int, str] = (0, "")) -> None: ...
async def times(a: datetime.datetime, b: memoryview | None = None, **c: list[datetime.date]) -> None: ...


_functions = [Function(ModuleType("m"), f"m.{call.__name__}", call) for call in (untyped, scalars, containers, times)]


def worker_arguments(data: bytes) -> None:
    """The first byte chooses a function and where the positional arguments end and the keywords begin."""
    if not data:
        return
    function = _functions[data[0] % len(_functions)]
    rest = data[1:]
    at = len(rest) - data[0] // len(_functions) % 32
    args, kwargs = rest[: max(at, 0)], rest[max(at, 0) :]
    try:
        positional = function.parameters.positional(args)
    except ArgumentFault:
        pass
    else:
        # A caller's arguments are scanned before the worker has them, or here if they may hold what needs it.
        assert not function.needs_check or scanned(args) or all(type(value) in _SCALARS for value in positional)
    frames: dict[int | str, Any] = {0: memoryview(b"frame")} if data[0] > 127 else {}
    with suppress(ArgumentFault):
        function.parameters.with_extras(args, Payload(kwargs, frames, {}, 1, 0))


_SCALARS = (type(None), bool, int, float, str, bytes)
TARGETS = {target.__name__: target for target in (worker_value, worker_message, worker_arguments)}
