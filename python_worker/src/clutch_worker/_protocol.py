"""The records of the worker's link and their bounds: PROTOCOL.md in Python. Knows no socket, no clock and no state."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

VERSION = 1

# Bounds of limits.hpp that this side checks.
DEPTH_MAX = 64
ELEMENTS_MAX = 4 << 20
FRAME_THRESHOLD_BYTES = 64 << 10
RECORDS_PER_MESSAGE_MAX = 4096
ENVELOPE_BYTES_SOFT = 256 << 10
FRAMES_PER_RECORD_MAX = 256
METADATA_ENTRIES_MAX = 64
METADATA_BYTES_MAX = 16 << 10
ERROR_BYTES_MAX = 1 << 20
CAUSES_MAX = 8
GROUP_MEMBERS_MAX = 16
STREAM_BATCH_ITEMS_MAX = 4096
STREAM_BATCH_BYTES_SOFT = 256 << 10
STREAM_BATCH_TIME_NS_MAX = 1_000_000

# Types of the records that this side sends.
ATTACH, REGISTER, BOOT_FAILED, RESULT, ERROR, BEGUN, PONG, ITEM, END = 3, 4, 5, 6, 7, 8, 11, 13, 14
KNOWN_TYPES = frozenset((*range(1, 16), *range(20, 31)))

CANCELLED, DEADLINE = 0, 1

UInt = Annotated[int, Meta(ge=0)]
Kind = Literal["coroutine", "async_generator", "generator", "plain"]


class RemoteProtocolError(Exception):
    """The supervisor sent what PROTOCOL.md does not allow. `reason` is one of the names that the vectors use."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class Config(Struct, forbid_unknown_fields=True, frozen=True):
    """BOOT's map. Times are absolute CLOCK_MONOTONIC nanoseconds, 0 for none."""

    modules: list[str]
    path: list[str]
    concurrency: UInt
    threads: UInt
    payload_bytes_max: UInt
    pool: str
    setup_by: UInt
    grace_ms: UInt
    uvloop: bool


Place = Annotated[int, Meta(ge=0, le=ELEMENTS_MAX)] | str | None


class Extras(Struct, forbid_unknown_fields=True, frozen=True):
    """What a RUN has only if its caller asked for it."""

    kwargs: bytes | UnsetType = UNSET
    frames: list[tuple[Place, UInt]] | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    attempt: UInt | UnsetType = UNSET
    deadline: UInt | UnsetType = UNSET
    stream: tuple[UInt, UInt] | UnsetType = UNSET


class Boot(Struct, array_like=True, tag=1, forbid_unknown_fields=True, frozen=True):
    config: Raw


class Run(Struct, array_like=True, tag=2, forbid_unknown_fields=True, frozen=True, gc=False):
    """One call. `extras` stays undecoded until its call is checked, see `Payload`."""

    seq: UInt
    call: UInt
    function: UInt
    expires: UInt
    args: bytes
    extras: Raw | UnsetType = UNSET


class Payload(Struct, frozen=True):
    """A RUN's extras, checked: the payload frames are the buffers themselves, by place. `credit` is a stream's first:
    items and bytes; None for a call that wants one result."""

    kwargs: bytes
    frames: dict[int | str, Any]
    metadata: dict[str, str]
    attempt: int
    deadline: int
    credit: tuple[int, int] | None = None


class Cancel(Struct, array_like=True, tag=9, forbid_unknown_fields=True, frozen=True):
    seq: UInt
    call: UInt
    why: Literal[0, 1]


class Ping(Struct, array_like=True, tag=10, forbid_unknown_fields=True, frozen=True):
    n: UInt


class Stop(Struct, array_like=True, tag=12, forbid_unknown_fields=True, frozen=True):
    by: UInt


class Credit(Struct, array_like=True, tag=15, forbid_unknown_fields=True, frozen=True):
    """Totals since the stream began."""

    seq: UInt
    call: UInt
    items: UInt
    bytes: UInt


def map_length(encoded: Any) -> int:
    """How many entries the header of a MessagePack map declares: a decoder that lost a doubled key has fewer."""
    head = memoryview(encoded)
    first = head[0]
    if first == 0xDE:
        return int.from_bytes(head[1:3], "big")
    if first == 0xDF:
        return int.from_bytes(head[1:5], "big")
    return first & 0x0F


def explain(lane_types: frozenset[int], epoch: int, frame: bytes, cause: Exception) -> RemoteProtocolError:
    """Names what is wrong with an envelope that the typed decoder refused. Slow, and only for a link that is lost."""
    try:
        envelope = msgspec.msgpack.decode(frame, type=list[Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return RemoteProtocolError("trailing_bytes" if "trailing" in str(error) else "not_an_envelope", str(error))
    heads: list[Any] = []
    for raw in envelope[:2]:
        try:
            heads.append(msgspec.msgpack.decode(raw, type=int))
        except msgspec.DecodeError:
            return RemoteProtocolError("not_an_envelope", "version or epoch is no integer")
    if len(heads) < 2 and heads != [] and heads[0] != VERSION:
        return RemoteProtocolError("wrong_version", str(heads[0]))
    if len(heads) < 2:
        return RemoteProtocolError("not_an_envelope", "too short")
    if heads[0] != VERSION:
        return RemoteProtocolError("wrong_version", str(heads[0]))
    if heads[1] != epoch:
        return RemoteProtocolError("wrong_epoch", f"{heads[1]}, not {epoch}")
    for raw in envelope[2:]:
        fault = _explain_record(lane_types, raw)
        if fault is not None:
            return fault
    return RemoteProtocolError("wrong_field", str(cause))


def _explain_record(lane_types: frozenset[int], raw: Raw) -> RemoteProtocolError | None:
    try:
        fields = msgspec.msgpack.decode(raw, type=list[Raw])
        kind = msgspec.msgpack.decode(fields[0], type=UInt)
    except (msgspec.DecodeError, IndexError):
        return RemoteProtocolError("not_an_envelope", "a record is no array that begins with its type")
    if kind not in KNOWN_TYPES:
        return RemoteProtocolError("unknown_type", str(kind))
    if kind not in lane_types:
        return RemoteProtocolError("wrong_lane", f"type {kind}")
    fewest, most = {1: (2, 2), 2: (6, 7), 9: (4, 4), 10: (2, 2), 12: (2, 2), 15: (5, 5)}[kind]
    if not fewest <= len(fields) <= most:
        return RemoteProtocolError("wrong_arity", f"type {kind} with {len(fields) - 1} fields")
    return None
