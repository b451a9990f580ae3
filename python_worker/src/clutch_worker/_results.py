"""What a function returned, made ready for the wire at once, so that nobody can change it before it is sent.

Checks at C speed where a container holds plain scalars; looks for the culprit only once something failed.
"""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from clutch_worker._protocol import DEPTH_MAX, ELEMENTS_MAX, FRAME_THRESHOLD_BYTES, FRAMES_PER_RECORD_MAX

# Scalars that cannot be outside the domain, or that the encoder itself refuses (a lone surrogate, a large int).
SCALARS = frozenset((type(None), bool, int, float, str, bytes))
_LEAVES = SCALARS | {bytearray, memoryview, datetime.datetime}
_BUILTIN = (bytes, bytearray, memoryview, datetime.datetime)
_ARRAYS = (list, tuple, set, frozenset)

_SUBCLASSED: tuple[Any, ...] = (str, int, float, bytes)


def _plain_scalar(value: Any) -> Any:
    """A subclass of a scalar (numpy.float64, a str with markup) as what it is; msgspec knows the exact types alone."""
    for kind in _SUBCLASSED:
        if isinstance(value, kind):
            return kind(value)
    raise TypeError


_encode = msgspec.msgpack.Encoder(enc_hook=_plain_scalar).encode


class ResultFault(Exception):
    """The value does not cross. The message says what and where, such as `... at $.a[3]`."""


class Wire(NamedTuple):
    """A result as RESULT carries it: `value` is a scalar or encoded, `frames` pairs of place and buffer."""

    value: Any
    size: int
    frames: list[tuple[Any, Any]]


def prepare(value: Any, payload_bytes_max: int) -> Wire:
    """Encodes a result. Raises ResultFault for what is outside the domain or larger than payload_bytes_max."""
    frames: list[tuple[Any, Any]] = []
    if isinstance(value, (bytes, bytearray, memoryview)):
        if _size(value) >= FRAME_THRESHOLD_BYTES:
            frames.append((None, _frozen(value)))
            value = b""
    elif isinstance(value, (list, tuple)) and any(
        isinstance(item, (bytes, bytearray, memoryview)) and _size(item) >= FRAME_THRESHOLD_BYTES for item in value
    ):
        value = _take_frames(value, frames)
    return _wire(value, frames, payload_bytes_max)


def prepare_item(value: Any, payload_bytes_max: int) -> Wire:
    """As `prepare`, for an item of a stream: a frame's place is the item itself, whose number its sender knows."""
    frames: list[tuple[Any, Any]] = []
    if isinstance(value, (bytes, bytearray, memoryview)) and _size(value) >= FRAME_THRESHOLD_BYTES:
        frames.append((None, _frozen(value)))
        value = b""
    return _wire(value, frames, payload_bytes_max)


def _wire(value: Any, frames: list[tuple[Any, Any]], payload_bytes_max: int) -> Wire:
    encoded = _encoded(value)
    size = len(encoded) + sum(_size(buffer) for _, buffer in frames)
    if size > payload_bytes_max:
        raise ResultFault(f"the result has {size} bytes, more than the {payload_bytes_max} that may cross")
    return Wire(Raw(encoded), size, frames)


def _size(value: Any) -> int:
    return value.nbytes if isinstance(value, memoryview) else len(value)


def _frozen(value: Any) -> Any:
    """The buffer itself where nobody can write to it, else a copy: it is sent after user code has run again."""
    if isinstance(value, memoryview) and value.readonly and value.c_contiguous and value.ndim == 1:
        return value.cast("B") if value.format != "B" else value
    return value if type(value) is bytes else bytes(value)


def _take_frames(value: list[Any] | tuple[Any, ...], frames: list[tuple[Any, Any]]) -> list[Any]:
    items = list(value)
    for index, item in enumerate(items):
        large = isinstance(item, (bytes, bytearray, memoryview)) and _size(item) >= FRAME_THRESHOLD_BYTES
        if large and len(frames) < FRAMES_PER_RECORD_MAX:
            frames.append((index, _frozen(item)))
            items[index] = b""
    return items


def _encoded(value: Any) -> bytes:
    try:
        plain = is_plain(value)
        if not plain:
            value = _to_builtins(value)
            if not is_plain(value):
                raise ResultFault(_culprit(value) or f"a {type_name(value)} does not cross")
        return _encode(value)
    except ResultFault:
        raise
    except RecursionError:
        raise ResultFault(f"the result is nested deeper than {DEPTH_MAX}, or contains itself") from None
    except Exception as error:
        # The encoder runs code of the user's (a property, an __iter__ of a subclass), so anything may come out.
        raise ResultFault(_culprit(value) or f"the result does not cross: {error}") from None


def _to_builtins(value: Any) -> Any:
    return msgspec.to_builtins(value, builtin_types=_BUILTIN, enc_hook=_plain_scalar)


def is_plain(value: Any) -> bool:
    """Whether a value has builtins alone. Raises ResultFault where it is too deep or large, or a key is wrong."""
    return _is_plain(value, "$", 0, [0])


def _is_plain(value: Any, path: str, depth: int, elements: list[int]) -> bool:
    kind = type(value)
    if kind in _LEAVES:
        return True
    if kind is not dict and kind not in _ARRAYS:
        return False
    if depth == DEPTH_MAX:
        raise ResultFault(f"the value is nested deeper than {DEPTH_MAX}, or contains itself, at {path[:80]}")
    elements[0] += len(value) * (2 if kind is dict else 1)
    if elements[0] > ELEMENTS_MAX:
        raise ResultFault(f"the value has more than {ELEMENTS_MAX} elements")
    plain = True
    if kind is dict:
        keys = set(map(type, value))
        if not keys <= _LEAVES or float in keys:  # NaN is not equal to itself: a dict may hold it twice
            _check_keys(value, path)
            plain = keys <= _LEAVES
        if set(map(type, value.values())) <= SCALARS:
            return plain
        pairs = [(f"{path}.{key}" if type(key) is str else f"{path}[...]", item) for key, item in value.items()]
    else:
        if set(map(type, value)) <= SCALARS:
            return True
        pairs = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    for where, item in pairs:
        if type(item) not in SCALARS and not _is_plain(item, where, depth + 1, elements):
            plain = False
    return plain


def _check_keys(value: dict[Any, Any], path: str) -> None:
    wire = set()
    for key in value:
        if isinstance(key, _ARRAYS):
            raise ResultFault(f"a key of type {type_name(key)} does not cross: an array is no key, at {path}")
        wire.add(_encode(_to_builtins(key)))
    if len(wire) < len(value):
        raise ResultFault(f"two keys would become the same on the wire, at {path}")


def type_name(value: Any) -> str:
    """The value's type as people write it."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _culprit(value: Any, path: str = "$", depth: int = 0) -> str | None:
    """A sentence about the first part of a value that does not encode, with its path; None if all of it does."""
    if depth > DEPTH_MAX:
        return f"the result is nested deeper than {DEPTH_MAX}, or contains itself"
    for where, part in _parts(value, path):
        found = _culprit(part, where, depth + 1)
        if found is not None:
            return found
    try:
        _encode(value)
    except RecursionError:
        return f"the result is nested deeper than {DEPTH_MAX}, or contains itself"
    except OverflowError:
        return f"an int beyond -2**63 … 2**64-1 does not cross, at {path}"
    except UnicodeEncodeError:
        return f"text with a lone surrogate does not cross, at {path}"
    except TypeError:
        return f"an object of type {type_name(value)} does not cross, at {path}"
    except Exception as error:
        return f"an object of type {type_name(value)} does not cross ({type(error).__name__}), at {path}"
    if isinstance(value, (Raw, msgspec.msgpack.Ext)):
        return f"an object of type {type_name(value)} does not cross, at {path}"
    return None


def _parts(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        pairs = [(f"{path}.{key}" if type(key) is str else f"{path}[...]", item) for key, item in value.items()]
        return [(path, key) for key in value] + pairs
    if isinstance(value, _ARRAYS):
        return [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    names: list[str] = []
    if isinstance(value, msgspec.Struct):
        names = list(value.__struct_fields__)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
    return [(f"{path}.{name}", getattr(value, name)) for name in names if hasattr(value, name)]
