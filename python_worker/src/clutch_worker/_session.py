"""One incarnation's link without its sockets: messages in, checked records out, and records in, messages out.

Owns what the order of messages means (BOOT first and once, `seq` without a gap). Everything of a message is checked
before any of it is handed on, so that a message is taken whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from clutch_worker._protocol import (
    FRAMES_PER_RECORD_MAX,
    METADATA_BYTES_MAX,
    METADATA_ENTRIES_MAX,
    RECORDS_PER_MESSAGE_MAX,
    VERSION,
    Boot,
    Cancel,
    Config,
    Credit,
    Extras,
    Payload,
    Ping,
    RemoteProtocolError,
    Run,
    Stop,
    UInt,
    explain,
    map_length,
)

_decode_data = msgspec.msgpack.Decoder(list[int | Run | Boot]).decode
_decode_control = msgspec.msgpack.Decoder(list[int | Cancel | Ping | Stop | Credit]).decode
_decode_config = msgspec.msgpack.Decoder(Config).decode
_decode_extras = msgspec.msgpack.Decoder(Extras).decode
_decode_metadata = msgspec.msgpack.Decoder(dict[str, str]).decode
_decode_credit = msgspec.msgpack.Decoder(tuple[UInt, UInt]).decode

_DATA_TYPES = frozenset((1, 2))
_CONTROL_TYPES = frozenset((9, 10, 12, 15))
_NO_EXTRAS = Payload(b"", {}, {}, 1, 0)
_STREAM_ALONE = b"\x81\xa6stream"  # a map of that key alone

Frames = Sequence[Any]


class Session:
    """What was received on the link so far. `payloads` holds the extras of calls until they are taken."""

    def __init__(self, incarnation: int) -> None:
        self.incarnation = incarnation
        self._head = [VERSION, incarnation]
        self.last_seq = 0
        self.functions = 0
        self.payloads: dict[int, Payload] = {}
        self._booted = False
        self._registered = False
        self._encode = msgspec.msgpack.Encoder().encode

    def encode(self, records: Iterable[Any]) -> bytes:
        """One envelope. Raises what msgspec raises for a value that it cannot encode."""
        return self._encode([VERSION, self.incarnation, *records])

    def registered(self, functions: int) -> None:
        """REGISTER went out: RUN may follow, of that many functions."""
        self.functions = functions
        self._registered = True

    def payload(self, seq: int) -> Payload:
        """The extras of a received call; empty ones where its RUN had none."""
        return self.payloads.get(seq, _NO_EXTRAS)

    def receive_boot(self, frames: Frames) -> Config:
        """The first message on data, which is BOOT and nothing else. Raises RemoteProtocolError."""
        records, _ = self.decode_data(frames)
        if self._booted or len(records) != 1 or type(records[0]) is not Boot:
            raise RemoteProtocolError("out_of_order", "the first message on data must be one BOOT")
        self._booted = True
        return decode_config(records[0].config)

    def receive_runs(self, frames: Frames) -> list[Run]:
        """The calls of a message on data, numbered on from the last. Raises RemoteProtocolError."""
        records = self._open(_decode_data, _DATA_TYPES, frames)
        seq = self.last_seq
        functions = self.functions
        streams: dict[int, Payload] | None = None
        for record in records:
            seq += 1
            if type(record) is not Run or record.seq != seq or record.function >= functions:
                return self._receive_uncommon(records, frames)
            if record.extras is not UNSET:
                payload = _stream_alone(record.extras)
                if payload is None:
                    return self._receive_uncommon(records, frames)
                if streams is None:
                    streams = {}
                streams[seq] = payload
        if len(frames) > 1 or not self._registered:
            return self._receive_uncommon(records, frames)
        if streams is not None:
            self.payloads.update(streams)
        self.last_seq = seq
        return records

    def _receive_uncommon(self, records: list[Any], frames: Frames) -> list[Run]:
        """Calls with extras, and all that is wrong with a message."""
        payloads = _payloads(records, frames)
        for seq, record in enumerate(records, self.last_seq + 1):
            if type(record) is not Run or not self._registered:
                raise RemoteProtocolError("out_of_order", f"{type(record).__name__} before REGISTER or after BOOT")
            if record.seq != seq:
                raise RemoteProtocolError("out_of_order", f"seq {record.seq} where {seq} was due")
            if record.function >= self.functions:
                raise RemoteProtocolError("wrong_field", f"function {record.function} of {self.functions}")
        self.last_seq += len(records)
        self.payloads.update(payloads)
        return records

    def decode_data(self, frames: Frames) -> tuple[list[Any], dict[int, Payload]]:
        """The records of a message on data, and the extras of those that have any, by seq; no order is checked."""
        records = self._open(_decode_data, _DATA_TYPES, frames)
        return records, _payloads(records, frames)

    def receive_control(self, frames: Frames) -> list[Cancel | Ping | Stop | Credit]:
        """The records of a message on control. Raises RemoteProtocolError."""
        records = self._open(_decode_control, _CONTROL_TYPES, frames)
        if len(frames) > 1:
            raise RemoteProtocolError("frame_unnamed", "control carries no frames")
        return records

    def _open(self, decode: Any, types: frozenset[int], frames: Frames) -> list[Any]:
        if not frames:
            raise RemoteProtocolError("not_an_envelope", "no frame")
        try:
            envelope: list[Any] = decode(frames[0])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise explain(types, self.incarnation, bytes(frames[0]), error) from None
        if envelope[:2] != self._head or int in set(map(type, envelope[2:])):
            raise explain(types, self.incarnation, bytes(frames[0]), ValueError("the head of the envelope"))
        if len(envelope) - 2 > RECORDS_PER_MESSAGE_MAX:
            raise RemoteProtocolError("over_limit", f"{len(envelope) - 2} records")
        del envelope[:2]
        return envelope


def _payloads(records: list[Any], frames: Frames) -> dict[int, Payload]:
    """The extras of those that have any, by seq. Raises RemoteProtocolError, also for what is wrong with a BOOT."""
    unnamed = set(range(1, len(frames)))
    payloads = {}
    for record in records:
        if type(record) is Boot:
            decode_config(record.config)
        elif record.extras is not UNSET:
            payloads[record.seq] = _payload(record.extras, frames, unnamed)
    if unnamed:
        raise RemoteProtocolError("frame_unnamed", f"frames {sorted(unnamed)[:8]}")
    return payloads


def decode_config(raw: Raw) -> Config:
    """BOOT's map. Raises RemoteProtocolError."""
    try:
        config = _decode_config(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteProtocolError("wrong_field", f"BOOT: {error}") from None
    if map_length(raw) != len(Config.__struct_fields__):
        raise RemoteProtocolError("wrong_field", "BOOT: a key occurs twice")
    return config


def _stream_alone(raw: Any) -> Payload | None:
    """The commonest extras, a stream's credit and nothing else; None for all others, sound or not."""
    encoded = bytes(raw)
    if not encoded.startswith(_STREAM_ALONE):
        return None
    try:
        return Payload(b"", {}, {}, 1, 0, _decode_credit(encoded[len(_STREAM_ALONE) :]))
    except msgspec.DecodeError:
        return None


def _payload(raw: Any, frames: Frames, unnamed: set[int]) -> Payload:
    try:
        extras = _decode_extras(raw)
        metadata = {} if extras.metadata is UNSET else _decode_metadata(extras.metadata)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteProtocolError("wrong_field", f"extras: {error}") from None
    values = (extras.kwargs, extras.frames, extras.metadata, extras.attempt, extras.deadline, extras.stream)
    if map_length(raw) != sum(value is not UNSET for value in values):
        raise RemoteProtocolError("wrong_field", "extras: a key occurs twice")
    if extras.metadata is not UNSET:
        if (
            map_length(extras.metadata) > METADATA_ENTRIES_MAX
            or memoryview(extras.metadata).nbytes > METADATA_BYTES_MAX
        ):
            raise RemoteProtocolError("over_limit", "metadata")
        if map_length(extras.metadata) != len(metadata):
            raise RemoteProtocolError("wrong_field", "metadata: a key occurs twice")
    named = [] if extras.frames is UNSET else extras.frames
    if len(named) > FRAMES_PER_RECORD_MAX:
        raise RemoteProtocolError("over_limit", f"{len(named)} frames in a record")
    places: dict[int | str, Any] = {}
    for place, number in named:
        if number < 1 or number >= len(frames):
            raise RemoteProtocolError("frame_missing", f"frame {number} of {len(frames) - 1}")
        if number not in unnamed:
            raise RemoteProtocolError("frame_named_twice", f"frame {number}")
        if place is None or place in places:
            raise RemoteProtocolError("wrong_field", f"frames: place {place!r} in the arguments")
        unnamed.remove(number)
        places[place] = frames[number]
    return Payload(
        b"" if extras.kwargs is UNSET else extras.kwargs,
        places,
        metadata,
        1 if extras.attempt is UNSET else extras.attempt,
        0 if extras.deadline is UNSET else extras.deadline,
        None if extras.stream is UNSET else extras.stream,
    )
