"""A MessagePack writer for the vectors: explicit where a vector needs one particular width, shortest form otherwise.

Deliberately apart from the encoders under test: a vector made by the encoder it is to check would prove nothing.
"""

from __future__ import annotations

import struct


class Raw(bytes):
    """Bytes that are already MessagePack and are put in as they are."""


def _length(n: int, fix: int | None, fix_max: int, heads: tuple[int | None, int, int]) -> bytes:
    if fix is not None and n <= fix_max:
        return bytes([fix | n])
    one, two, four = heads
    if one is not None and n < 1 << 8:
        return struct.pack(">BB", one, n)
    if n < 1 << 16:
        return struct.pack(">BH", two, n)
    return struct.pack(">BI", four, n)


def _int(n: int) -> bytes:
    if 0 <= n < 128 or -32 <= n < 0:
        return struct.pack("b" if n < 0 else "B", n)
    if n > 0:
        for head, form, bits in ((0xCC, ">BB", 8), (0xCD, ">BH", 16), (0xCE, ">BI", 32), (0xCF, ">BQ", 64)):
            if n < 1 << bits:
                return struct.pack(form, head, n)
    for head, form, bits in ((0xD0, ">Bb", 7), (0xD1, ">Bh", 15), (0xD2, ">Bi", 31), (0xD3, ">Bq", 63)):
        if n >= -(1 << bits):
            return struct.pack(form, head, n)
    raise ValueError(n)


def pack(value: object) -> bytes:
    """The shortest MessagePack of a value of None, bool, int, float, str, bytes, list, dict and Raw."""
    if isinstance(value, Raw):
        return bytes(value)
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _int(value)
    if isinstance(value, float):
        return struct.pack(">Bd", 0xCB, value)
    if isinstance(value, str):
        text = value.encode()
        return _length(len(text), 0xA0, 31, (0xD9, 0xDA, 0xDB)) + text
    if isinstance(value, bytes):
        return _length(len(value), None, 0, (0xC4, 0xC5, 0xC6)) + value
    if isinstance(value, list):
        return _length(len(value), 0x90, 15, (None, 0xDC, 0xDD)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        head = _length(len(value), 0x80, 15, (None, 0xDE, 0xDF))
        return head + b"".join(pack(key) + pack(item) for key, item in value.items())
    raise TypeError(type(value))
