"""Whether bytes are one value of the protocol's domain, and where and why not. Slow and exact: the last word.

The hot path asks `_values` first, which calls this only for what it cannot clear at C speed.
"""

from __future__ import annotations

import struct
from typing import Any

from clutch_worker._protocol import DEPTH_MAX, ELEMENTS_MAX

# Header byte -> (kind, bytes of the length or number that follow it).
_SIZED = {
    0xC4: ("bin", 1), 0xC5: ("bin", 2), 0xC6: ("bin", 4),
    0xD9: ("str", 1), 0xDA: ("str", 2), 0xDB: ("str", 4),
    0xC7: ("ext", 1), 0xC8: ("ext", 2), 0xC9: ("ext", 4),
    0xDC: ("array", 2), 0xDD: ("array", 4), 0xDE: ("map", 2), 0xDF: ("map", 4),
    0xD4: ("ext", 0), 0xD5: ("ext", 0), 0xD6: ("ext", 0), 0xD7: ("ext", 0), 0xD8: ("ext", 0),
}  # fmt: skip
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_SENTENCES = {
    "truncated": "the data ends in the middle of a value",
    "trailing_bytes": "bytes follow the value",
    "too_deep": f"it is nested deeper than {DEPTH_MAX}",
    "unknown_ext": "an extension that is no timestamp",
    "duplicate_key": "a key occurs twice in one map",
    "invalid_utf8": "text that is not UTF-8",
    "bad_key": "an array or a map is used as a key",
    "too_many_elements": f"more than {ELEMENTS_MAX} elements",
    "reserved_byte": "the byte 0xc1, which MessagePack does not use",
    "same_in_python": "two keys that are equal in Python, such as 1 and 1.0, would become one",
}


class ValueFault(Exception):
    """The bytes are outside the domain. `reason` is a name of the vectors, `path` reads like `$.items[3]`."""

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(f"{_SENTENCES[reason]}, at {path}")
        self.reason = reason
        self.path = path


class _Scanner:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.elements = 0

    def take(self, n: int, path: str) -> bytes:
        end = self.at + n
        if end > len(self.data):
            raise ValueFault("truncated", path)
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def value(self, path: str, depth: int) -> tuple[str, Any]:
        """Passes over one value; gives its kind and, of a scalar, what tells it apart as a key."""
        head = self.take(1, path)[0]
        if head < 0x80 or head >= 0xE0:
            return "int", head if head < 0x80 else head - 0x100
        if head < 0x90:
            return self.container("map", head & 0x0F, path, depth)
        if head < 0xA0:
            return self.container("array", head & 0x0F, path, depth)
        if head < 0xC0:
            return self.text(head & 0x1F, path)
        if head in _NUMBERS:
            form = _NUMBERS[head]
            (number,) = struct.unpack(form, self.take(struct.calcsize(form), path))
            return ("float", struct.pack(">d", number)) if form in (">f", ">d") else ("int", number)
        if head in (0xC0, 0xC2, 0xC3):
            return ("nil", None) if head == 0xC0 else ("bool", head == 0xC3)
        if head == 0xC1:
            raise ValueFault("reserved_byte", path)
        kind, width = _SIZED[head]
        length = int.from_bytes(self.take(width, path), "big")
        if kind in ("array", "map"):
            return self.container(kind, length, path, depth)
        if kind == "str":
            return self.text(length, path)
        if kind == "bin":
            return "bin", self.take(length, path)
        return self.extension(length if width else 1 << (head - 0xD4), path)

    def text(self, length: int, path: str) -> tuple[str, str]:
        try:
            return "str", self.take(length, path).decode()
        except UnicodeDecodeError:
            raise ValueFault("invalid_utf8", path) from None

    def extension(self, length: int, path: str) -> tuple[str, Any]:
        code = self.take(1, path)[0]
        body = self.take(length, path)
        if code != 0xFF or length not in (4, 8, 12):
            raise ValueFault("unknown_ext", path)
        if length == 4:
            return "timestamp", (0, int.from_bytes(body, "big"))
        if length == 8:
            both = int.from_bytes(body, "big")
            nanoseconds, seconds = both >> 34, both & ((1 << 34) - 1)
        else:
            nanoseconds, seconds = struct.unpack(">Iq", body)
        if nanoseconds > 999_999_999:
            raise ValueFault("unknown_ext", path)
        return "timestamp", (nanoseconds, seconds)

    def container(self, kind: str, count: int, path: str, depth: int) -> tuple[str, None]:
        if depth == DEPTH_MAX:
            raise ValueFault("too_deep", path)
        declared = count if kind == "array" else 2 * count
        self.elements += declared
        if self.elements > ELEMENTS_MAX:
            raise ValueFault("too_many_elements", path)
        if declared > len(self.data) - self.at:
            raise ValueFault("truncated", path)
        if kind == "array":
            for index in range(count):
                self.value(f"{path}[{index}]", depth + 1)
        else:
            self.entries(count, path, depth)
        return kind, None

    def entries(self, count: int, path: str, depth: int) -> None:
        seen: set[Any] = set()
        in_python: set[Any] = set()
        for _ in range(count):
            start = self.at
            if start < len(self.data) and _opens_container(self.data[start]):
                raise ValueFault("bad_key", path)
            key = self.value(path, depth + 1)
            if key in seen:
                raise ValueFault("duplicate_key", path)
            seen.add(key)
            kind, content = key
            if kind in ("int", "bool", "float"):
                content = struct.unpack(">d", content)[0] if kind == "float" else content
                if content in in_python:
                    raise ValueFault("same_in_python", path)
                in_python.add(content)
            elif kind == "timestamp":
                nanoseconds, seconds = content
                micros = ("timestamp", seconds * 10**6 + (nanoseconds + 500) // 1000)  # as msgspec rounds
                if micros in in_python:
                    raise ValueFault("same_in_python", path)
                in_python.add(micros)
            self.value(f"{path}.{content}" if kind == "str" else f"{path}[...]", depth + 1)


def _opens_container(head: int) -> bool:
    return 0x80 <= head < 0xA0 or 0xDC <= head < 0xE0


def scan(data: bytes) -> None:
    """Raises ValueFault unless `data` is exactly one value of the domain."""
    scanner = _Scanner(data)
    scanner.value("$", 0)
    if scanner.at != len(data):
        raise ValueFault("trailing_bytes", "$")
