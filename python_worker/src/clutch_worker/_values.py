"""Arguments: decoded once, straight into what the annotations say, and refused where they are no value of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw
from msgspec import inspect as types

from clutch_worker._protocol import Payload
from clutch_worker._results import SCALARS, ResultFault, is_plain
from clutch_worker._scan import ValueFault, scan

Decode = Callable[[Any], Any]

_AT = re.compile(r" - at `(?P<path>.*)`$")
_HEAD = re.compile(r"\$\[(?P<index>\d+)\]")
# Without these a decoded value cannot hold a map or an extension, so that neither needs looking for.
_LEAF_TYPES = (
    types.NoneType, types.BoolType, types.IntType, types.FloatType, types.StrType, types.BytesType, types.ByteArrayType,
    types.MemoryViewType, types.DateTimeType, types.DateType, types.TimeType, types.TimeDeltaType, types.UUIDType,
    types.DecimalType, types.EnumType, types.LiteralType,
)  # fmt: skip


class ArgumentFault(Exception):
    """An argument does not cross, or does not fit its parameter. The message is for the caller."""


def _refuse_extension(code: int, data: memoryview) -> Any:
    raise ValueError(f"an extension of type {code} does not cross")


def decoder(annotation: Any) -> Decode:
    """A typed decoder. Raises what msgspec raises for an annotation that it cannot build."""
    return msgspec.msgpack.Decoder(annotation, ext_hook=_refuse_extension).decode


decode_untyped = decoder(Any)
_decode_raw_array = decoder(list[Raw])
_decode_raw_map = decoder(dict[str, Raw])
_encode = msgspec.msgpack.Encoder().encode
_DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, ValueError, OverflowError, RecursionError, MemoryError)


def check(data: bytes) -> None:
    """Raises ArgumentFault unless `data` is one value of the domain: what msgspec lets pass is refused here."""
    try:
        value = decode_untyped(data)
        # What lost a doubled key, or two keys equal in Python, does not encode to the same bytes. To compare lengths is
        # not enough: a float32 is written as a float64, whose four bytes more may make up for the lost entry.
        if is_plain(value) and _encode(value) == data:
            return
    except (*_DECODE_ERRORS, ResultFault, TypeError):
        pass
    try:
        scan(data)
    except ValueFault as fault:
        raise ArgumentFault(f"the arguments cannot be read: {fault}") from None
    except RecursionError:
        raise ArgumentFault("the arguments cannot be read: they are nested too deep") from None


def holds_maps(annotation: Any) -> bool:
    """Whether a value of this type may have a map, an extension or anything of unknown type in it."""
    return _holds_maps(types.type_info(annotation))


def _holds_maps(info: types.Type) -> bool:
    if isinstance(info, _LEAF_TYPES):
        return False
    if isinstance(info, types.Metadata):
        return _holds_maps(info.type)
    if isinstance(info, types.UnionType):
        return any(map(_holds_maps, info.types))
    if isinstance(info, (types.ListType, types.SetType, types.FrozenSetType, types.VarTupleType)):
        return _holds_maps(info.item_type)
    if isinstance(info, types.TupleType):
        return any(map(_holds_maps, info.item_types))
    return True


class Parameters:
    """How one function's arguments are decoded: built once, when the worker boots.

    `names` and `annotations` are those of the positional parameters in order; Any where there is none that can be
    built. `rest` is the annotation of `*args`, `keywords` those of parameters by name, `others` that of `**kwargs`.
    """

    def __init__(
        self, names: list[str], annotations: list[Any], rest: Any, keywords: dict[str, Any], others: Any
    ) -> None:
        self._names = names
        self._annotations = annotations
        self._rest = rest
        self._keyword_types = keywords
        self._keywords = {name: decoder(annotation) for name, annotation in keywords.items()}
        self._others = decoder(others)
        self.needs_check = any(map(holds_maps, (*annotations, *([] if rest is None else [rest]))))
        # By the first byte of the arguments, which for up to 15 of them says how many there are.
        self.by_head: list[Decode] = [self._decode_other] * 256
        for count in range(16):
            kinds = self._types(count)
            if kinds is not None:
                untyped = all(kind is Any for kind in kinds)
                self.by_head[0x90 + count] = decode_untyped if untyped else decoder(tuple[tuple(kinds)])  # type: ignore[misc]

    def _types(self, count: int) -> list[Any] | None:
        """The types of so many positional arguments; None for more than there are, which calling will complain of."""
        extra = count - len(self._annotations)
        if extra <= 0:
            return self._annotations[:count]
        return None if self._rest is None else [*self._annotations, *([self._rest] * extra)]

    def _decode_other(self, data: bytes) -> Any:
        raws = _decode_raw_array(data)
        kinds = self._types(len(raws))
        if kinds is None or all(kind is Any for kind in kinds):
            return decode_untyped(data)
        return decoder(tuple[tuple(kinds)])(data)  # type: ignore[misc]

    def positional(self, data: bytes) -> Any:
        """The positional arguments. Raises ArgumentFault."""
        try:
            values = self.by_head[data[0]](data)
        except (*_DECODE_ERRORS, IndexError) as error:
            raise self._fault(data, error) from None
        if self.needs_check:
            for value in values:
                if type(value) not in SCALARS:
                    check(data)
                    break
        return values

    def with_extras(self, data: bytes, extras: Payload) -> tuple[list[Any], dict[str, Any]]:
        """All arguments, those that came as frames in their places. Raises ArgumentFault."""
        positional = list(self.positional(data))
        keywords = self._decode_keywords(extras.kwargs) if extras.kwargs else {}
        for place, frame in extras.frames.items():
            target: Any = keywords if isinstance(place, str) else positional
            try:
                stand_in = target[place]
            except (KeyError, IndexError):
                raise ArgumentFault(f"a frame belongs to argument {place!r}, which there is not") from None
            if not isinstance(stand_in, (bytes, bytearray, memoryview)) or len(stand_in):
                raise ArgumentFault(f"a frame belongs to argument {place!r}, which has a value already")
            # A view keeps the received message alive; what is not asked for as a view is copied once, and owned.
            kind = type(stand_in)
            target[place] = memoryview(frame).toreadonly() if kind is memoryview else kind(frame)
        return positional, keywords

    def _decode_keywords(self, data: bytes) -> dict[str, Any]:
        try:
            raws = _decode_raw_map(data)
        except _DECODE_ERRORS as error:
            check(data)
            raise ArgumentFault(f"the keyword arguments cannot be read: {error}") from None
        values = {}
        for name, raw in raws.items():
            try:
                values[name] = self._keywords.get(name, self._others)(raw)
            except _DECODE_ERRORS as error:
                raise ArgumentFault(_sentence(name, str(error), "$")) from None
        check(data)
        return values

    def _fault(self, data: bytes, error: Exception) -> ArgumentFault:
        """The sentence for a decoder's refusal, with the parameter's name in place of its number."""
        try:
            check(data)
        except ArgumentFault as fault:
            return fault
        text = str(error)
        at = _AT.search(text)
        head = _HEAD.match(at["path"]) if at else None
        if head is None:
            return ArgumentFault(f"the arguments cannot be read: {text}")
        index = int(head["index"])
        name = self._names[index] if index < len(self._names) else f"number {index + 1}"
        return ArgumentFault(_sentence(name, text, f"$[{index}]"))


def _sentence(name: str, text: str, prefix: str) -> str:
    at = _AT.search(text)
    path = f"${at['path'].removeprefix(prefix)}" if at else "$"
    text = _AT.sub("", text)
    return f"argument '{name}': {text}" + (f" at {path}" if path != "$" else "")
