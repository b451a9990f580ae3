"""The values of values.json: encodings of one value that a scanner accepts, or refuses for one reason.

`too_many_elements` goes before `truncated`: a count over `elements_max` is refused without a look at what follows;
any other count, or length, that the remaining bytes cannot hold is `truncated`. A map of n entries declares 2n.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from pack import pack


def _text(value: Any) -> Any:
    """JSON for a value: scalars that JSON would blur are tagged."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": struct.pack(">d", value).hex()}
    if isinstance(value, str):
        return {"str": value}
    if isinstance(value, bytes):
        return {"bin": value.hex()}
    if isinstance(value, list):
        return [_text(item) for item in value]
    if isinstance(value, dict):
        return {"map": [[_text(key), _text(item)] for key, item in value.items()]}
    raise TypeError(type(value))


def _good(name: str, encoded: str | bytes, value: Any) -> dict[str, Any]:
    data = bytes.fromhex(encoded) if isinstance(encoded, str) else encoded
    return {"name": name, "hex": data.hex(), "ok": True, "value": _text(value)}


def _open(name: str, encoded: str | bytes, value: Any = None) -> dict[str, Any]:
    """A good value whose `value` JSON does not give, or gives as already tagged."""
    data = bytes.fromhex(encoded) if isinstance(encoded, str) else encoded
    entry = {"name": name, "hex": data.hex(), "ok": True}
    return entry if value is None else {**entry, "value": value}


def _bad(name: str, error: str, encoded: str | bytes) -> dict[str, Any]:
    data = bytes.fromhex(encoded) if isinstance(encoded, str) else encoded
    return {"name": name, "hex": data.hex(), "ok": False, "error": error}


def _scalars() -> list[dict[str, Any]]:
    borders = [
        0,
        1,
        127,
        128,
        255,
        256,
        2**15,
        2**16 - 1,
        2**16,
        2**31,
        2**32 - 1,
        2**32,
        2**53 + 1,
        2**63 - 1,
        2**63,
        2**64 - 1,
        -1,
        -32,
        -33,
        -127,
        -128,
        -129,
        -(2**15),
        -(2**15) - 1,
        -(2**31),
        -(2**31) - 1,
        -(2**63),
    ]
    wide = {
        "uint8": ("cc01", 1),
        "uint16": ("cd0001", 1),
        "uint32": ("ce00000001", 1),
        "uint64": ("cf" + "00" * 7 + "01", 1),
        "int8": ("d001", 1),
        "int16": ("d10001", 1),
        "int32": ("d200000001", 1),
        "int64": ("d3" + "00" * 7 + "01", 1),
        "int8_negative": ("d0ff", -1),
        "int64_negative": ("d3" + "ff" * 8, -1),
    }
    floats = {
        "zero": 0.0,
        "minus_zero": -0.0,
        "half": 0.5,
        "largest": 1.7976931348623157e308,
        "smallest": 5e-324,
        "infinity": math.inf,
        "minus_infinity": -math.inf,
    }
    lengths = (0, 1, 31, 32, 255, 256)
    return [
        _good("nil", "c0", None),
        _good("false", "c2", False),
        _good("true", "c3", True),
        *(_good(f"int_{n}", pack(n), n) for n in borders),
        *(_good(f"int_wide_{name}", encoded, n) for name, (encoded, n) in wide.items()),
        *(_good(f"float_{name}", pack(value), value) for name, value in floats.items()),
        _good("float_nan", "cb7ff8000000000000", struct.unpack(">d", bytes.fromhex("7ff8000000000000"))[0]),
        _good("float32", "ca3fc00000", 1.5),
        *(_good(f"str_{n}", pack("a" * n), "a" * n) for n in lengths),
        _good("str8_short", "d90161", "a"),
        _good("str16_short", "da000161", "a"),
        _good("str32_short", "db0000000161", "a"),
        _good("str_utf8", pack("é€😀\0"), "é€😀\0"),
        _good("str_last_code_point", pack("\U0010ffff"), "\U0010ffff"),
        *(_good(f"bin_{n}", pack(b"\xff" * n), b"\xff" * n) for n in (0, 1, 255, 256)),
        _good("bin16_short", "c50001ff", b"\xff"),
        _good("bin32_short", "c600000001ff", b"\xff"),
    ]


def _containers() -> list[dict[str, Any]]:
    return [
        *(_good(f"array_{n}", pack([None] * n), [None] * n) for n in (0, 1, 15, 16)),
        _good("array16_short", "dc000101", [1]),
        _good("array32_short", "dd0000000101", [1]),
        *(
            _good(f"map_{n}", pack({str(i): i for i in range(n)}), {str(i): i for i in range(n)})
            for n in (0, 1, 15, 16)
        ),
        _good("map16_short", "de0001a16101", {"a": 1}),
        _good("map32_short", "df00000001a16101", {"a": 1}),
        _open(
            "map_keys_of_each_type",
            "87c001c202cb3ff8000000000000030504a16105c4016106d6ff0000000007",
            {
                "map": [
                    [None, {"int": "1"}],
                    [False, {"int": "2"}],
                    [{"float": "3ff8000000000000"}, {"int": "3"}],
                    [{"int": "5"}, {"int": "4"}],
                    [{"str": "a"}, {"int": "5"}],
                    [{"bin": "61"}, {"int": "6"}],
                    [{"timestamp": ["0", 0]}, {"int": "7"}],
                ]
            },
        ),
    ]


def _timestamps() -> list[dict[str, Any]]:
    def stamp(seconds: int, nanoseconds: int = 0) -> dict[str, Any]:
        return {"timestamp": [str(seconds), nanoseconds]}

    def ts64(seconds: int, nanoseconds: int) -> bytes:
        return b"\xd7\xff" + struct.pack(">Q", nanoseconds << 34 | seconds)

    def ts96(seconds: int, nanoseconds: int) -> bytes:
        return b"\xc7\x0c\xff" + struct.pack(">Iq", nanoseconds, seconds)

    return [
        _open("timestamp_32", "d6ff65920080", stamp(0x65920080)),
        _open("timestamp_32_last", "d6ffffffffff", stamp(2**32 - 1)),
        _open("timestamp_64", ts64(1704067200, 123456000), stamp(1704067200, 123456000)),
        _open("timestamp_64_last", ts64(2**34 - 1, 999999999), stamp(2**34 - 1, 999999999)),
        _open("timestamp_96_before_1970", ts96(-1, 500000000), stamp(-1, 500000000)),
        _open("timestamp_96_far", ts96(-(2**63), 0), stamp(-(2**63))),
        _open("timestamp_32_in_ext8", "c704ff00000001", stamp(1)),
        _bad("timestamp_64_nanoseconds_1e9", "unknown_ext", ts64(0, 10**9)),
        _bad("timestamp_96_nanoseconds_1e9", "unknown_ext", ts96(0, 10**9)),
        *(
            _bad(f"timestamp_of_{n}", "unknown_ext", bytes([0xC7, n, 0xFF]) + bytes(n))
            for n in (0, 1, 2, 3, 5, 7, 9, 11, 13, 16)
        ),
        _bad("timestamp_of_fixext1", "unknown_ext", "d4ff00"),
        _bad("timestamp_of_fixext2", "unknown_ext", "d5ff0000"),
        _bad("timestamp_of_fixext16", "unknown_ext", "d8ff" + "00" * 16),
        _bad("ext_fixext1", "unknown_ext", "d40000"),
        _bad("ext_fixext2", "unknown_ext", "d5010000"),
        _bad("ext_fixext4", "unknown_ext", "d60500000000"),
        _bad("ext_fixext8", "unknown_ext", "d780" + "00" * 8),
        _bad("ext_fixext16", "unknown_ext", "d87f" + "00" * 16),
        _bad("ext8", "unknown_ext", "c7010500"),
        _bad("ext16", "unknown_ext", "c800010500"),
        _bad("ext32", "unknown_ext", "c9000000010500"),
        _bad("ext_in_an_array", "unknown_ext", "91d40000"),
        _bad("ext_as_a_key", "unknown_ext", "81d4000001"),
    ]


def _bounds() -> list[dict[str, Any]]:
    cut = {
        "nothing": "",
        "uint8": "cc",
        "uint16": "cd00",
        "uint32": "ce000000",
        "uint64": "cf" + "00" * 7,
        "int8": "d0",
        "int16": "d100",
        "int32": "d2000000",
        "int64": "d3" + "00" * 7,
        "float32": "ca000000",
        "float64": "cb" + "00" * 7,
        "fixstr": "a1",
        "fixstr_body": "a261",
        "str8_head": "d9",
        "str8_body": "d90261",
        "str16_head": "da00",
        "str32_head": "db000000",
        "str32_body": "dbffffffff61",
        "bin8_head": "c4",
        "bin8_body": "c40261",
        "bin16_head": "c500",
        "bin32_head": "c6000000",
        "bin32_body": "c6ffffffff",
        "fixarray": "91",
        "fixarray_second": "92c0",
        "array16_head": "dc00",
        "array16_body": "dc0100c0",
        "array32_head": "dd0000ff",
        "array32_body": "dd00000002c0",
        "fixmap": "81",
        "fixmap_value": "81c0",
        "map16_head": "de00",
        "map16_body": "de0100c0c0",
        "map32_head": "df0000",
        "map32_body": "df00000002c0c0",
        "timestamp_32": "d6ff0000",
        "timestamp_head": "d6",
        "ext8_head": "c70c",
        "ext8_body": "c70cff00",
        "nested": "9291c0",
        "half_a_map_key": "81a261",
    }
    return [
        *(_bad(f"cut_{name}", "truncated", encoded) for name, encoded in cut.items()),
        _bad("trailing_nil", "trailing_bytes", "c0c0"),
        _bad("trailing_after_array", "trailing_bytes", "9101ff"),
        _bad("trailing_zero_bytes", "trailing_bytes", "010000"),
        _bad("reserved", "reserved_byte", "c1"),
        _bad("reserved_in_array", "reserved_byte", "91c1"),
        _bad("reserved_as_key", "reserved_byte", "81c101"),
        _good_depth(64),
        _bad("depth_65", "too_deep", b"\x91" * 65 + b"\xc0"),
        _open("depth_64_of_empty", b"\x91" * 63 + b"\x90"),
        _bad("depth_65_of_empty", "too_deep", b"\x91" * 64 + b"\x90"),
        _open("depth_64_of_maps", b"\x81\xa1a" * 63 + b"\x80"),
        _bad("depth_65_of_maps", "too_deep", b"\x81\xa1a" * 64 + b"\x80"),
        _open("depth_64_twice", b"\x92" + (b"\x91" * 63 + b"\xc0") * 2),
        _bad("depth_65_after_a_shallow_one", "too_deep", b"\x92\x90" + b"\x91" * 64 + b"\xc0"),
        _bad("elements_array32", "too_many_elements", "ddffffffff"),
        _bad("elements_map32", "too_many_elements", "dfffffffff"),
        _bad("elements_one_over", "too_many_elements", b"\xdd" + struct.pack(">I", (4 << 20) + 1)),
        _bad("elements_map_one_over", "too_many_elements", b"\xdf" + struct.pack(">I", (2 << 20) + 1)),
        _bad("elements_in_sum", "too_many_elements", b"\x92\xdd" + struct.pack(">I", (4 << 20) - 1)),
        _bad("elements_at_the_limit_but_absent", "truncated", b"\xdd" + struct.pack(">I", 4 << 20)),
    ]


def _good_depth(n: int) -> dict[str, Any]:
    return _open(f"depth_{n}", b"\x91" * n + b"\xc0")


def _keys() -> list[dict[str, Any]]:
    same = {
        "str": "82a16101a16102",
        "str_other_width": "82a16101d9016102",
        "nil": "82c001c002",
        "bool": "82c301c302",
        "int": "8201010102",
        "int_widths": "820101cc0102",
        "int_signed_width": "820101d00102",
        "int_uint64": "820101cf" + "00" * 7 + "0102",
        "negative_widths": "82ff01d0ff02",
        "float": "82cb" + "00" * 8 + "01cb" + "00" * 8 + "02",
        "bin": "82c4016101c4016102",
        "bin_other_width": "82c4016101c500016102",
        "timestamp": "82d6ff0000000001d6ff0000000002",
        "nested": "9182a16101a16102",
        "in_a_value": "81a16182a16201a16202",
        "third": "83a16101a16202a16103",
        "empty_str": "82a001a002",
        "beside_a_float32": "83a161cc80a161cc80a162ca00000000",  # which may be written longer than it came
    }
    differ = {
        "int_float": "820101cb3ff000000000000002",
        "str_bin": "82a16101c4016102",
        "nil_false": "82c001c202",
        "zero_minus_zero": "82cb" + "00" * 8 + "01cb80" + "00" * 7 + "02",
        "true_one": "82c3010102",
        "one_microsecond": "82d6ff0000000101d7ff000000040000000102",
        "signed_unsigned_border": "82d3" + "80" + "00" * 7 + "01cf80" + "00" * 7 + "02",
        "same_key_in_siblings": "9281a1610181a16102",
    }
    text = {
        "lone_continuation": "a180",
        "ff": "a1ff",
        "cut_sequence": "a1c3",
        "overlong": "a2c080",
        "surrogate": "a3eda080",
        "beyond_unicode": "a4f4908080",
        "as_a_key": "81a1ff01",
        "in_array": "91a1ff",
        "str8": "d901ff",
    }
    return [
        *(_bad(f"same_key_{name}", "duplicate_key", encoded) for name, encoded in same.items()),
        *(_open(f"different_keys_{name}", encoded) for name, encoded in differ.items()),
        _bad("key_is_array", "bad_key", "819001"),
        _bad("key_is_map", "bad_key", "818001"),
        _bad("key_is_full_array", "bad_key", "81910101"),
        _bad("second_key_is_array", "bad_key", "82a161019001"),
        *(_bad(f"utf8_{name}", "invalid_utf8", encoded) for name, encoded in text.items()),
    ]


def values() -> list[dict[str, Any]]:
    return [*_scalars(), *_containers(), *_timestamps(), *_bounds(), *_keys()]
