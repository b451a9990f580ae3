"""Random values and messages of the protocol, and random damage to them. All of it comes from the one Random."""

from __future__ import annotations

import struct
from random import Random

# Heads and numbers at which decoders change their minds.
_HEADS = bytes([
    0x00, 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x91, 0x92, 0x93, 0x9F, 0xA0, 0xA1, 0xBF, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5,
    0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF, 0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8,
    0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE0, 0xFF,
])  # fmt: skip
_NUMBERS = (0, 1, 2, 127, 128, 255, 256, 65535, 65536, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1)
_TEXTS = ("", "a", "b", "x", "a" * 31, "a" * 32, "é", "\U0001f600", "\0", "kwargs", "stream")
_FLOATS = (0.0, -0.0, 1.0, 1.5, -1.0, float("inf"), float("nan"), 1e300, 128.0)


class Bytes:
    """Encodes by choice what has several encodings: any width for an int, a length, a float."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def uint(self, number: int) -> bytes:
        widths = [(0xCC, ">B", 8), (0xCD, ">H", 16), (0xCE, ">I", 32), (0xCF, ">Q", 64), (0xD3, ">q", 63)]
        fits = [(head, form) for head, form, bits in widths if number < 1 << bits]
        if number < 128 and (not fits or self.random.random() < 0.7):
            return bytes([number])
        head, form = fits[0] if self.random.random() < 0.7 else self.random.choice(fits)
        return bytes([head]) + struct.pack(form, number)

    def integer(self, number: int) -> bytes:
        if number >= 0:
            return self.uint(number)
        if number >= -32 and self.random.random() < 0.7:
            return struct.pack(">b", number)
        forms = [(0xD0, ">b", 7), (0xD1, ">h", 15), (0xD2, ">i", 31), (0xD3, ">q", 63)]
        head, form = self.random.choice([(head, form) for head, form, bits in forms if number >= -(1 << bits)])
        return bytes([head]) + struct.pack(form, number)

    def length(self, count: int, fix: int, fix_max: int, heads: dict[int, int]) -> bytes:
        if count <= fix_max and self.random.random() < 0.8:
            return bytes([fix | count])
        wide = [(width, head) for width, head in heads.items() if count < 1 << 8 * width]
        width, head = wide[0] if self.random.random() < 0.7 else self.random.choice(wide)
        return bytes([head]) + count.to_bytes(width, "big")

    def array(self, items: list[bytes]) -> bytes:
        return self.length(len(items), 0x90, 15, {2: 0xDC, 4: 0xDD}) + b"".join(items)

    def map(self, pairs: list[tuple[bytes, bytes]]) -> bytes:
        return self.length(len(pairs), 0x80, 15, {2: 0xDE, 4: 0xDF}) + b"".join(key + item for key, item in pairs)

    def text(self, text: str | bytes) -> bytes:
        body = text if isinstance(text, bytes) else text.encode()
        return self.length(len(body), 0xA0, 31, {1: 0xD9, 2: 0xDA, 4: 0xDB}) + body

    def binary(self, body: bytes) -> bytes:
        return self.length(len(body), 0, -1, {1: 0xC4, 2: 0xC5, 4: 0xC6}) + body

    def real(self, number: float) -> bytes:
        narrow = self.random.random() < 0.4 and not abs(number) > 3e38
        return b"\xca" + struct.pack(">f", number) if narrow else b"\xcb" + struct.pack(">d", number)

    def timestamp(self) -> bytes:
        seconds, nanoseconds = self.random.choice(_NUMBERS[:12]), self.random.choice((0, 1, 999_999_999, 10**9))
        size = self.random.choice((4, 8, 12))
        if size == 4:
            body = struct.pack(">I", seconds & 0xFFFFFFFF)
        elif size == 8:
            body = struct.pack(">Q", nanoseconds << 34 | seconds & (1 << 34) - 1)
        else:
            body = struct.pack(">Iq", nanoseconds, seconds * self.random.choice((1, -1)))
        head = {4: b"\xd6", 8: b"\xd7", 12: b"\xc7\x0c"}[size]
        return head + (b"\xff" if self.random.random() < 0.95 else b"\x01") + body


class Generator(Bytes):
    """Mostly sound; doubled keys come by themselves, as the choice is small."""

    def scalar(self) -> bytes:
        random = self.random
        kind = random.randrange(10)
        if kind < 3:
            number = random.choice(_NUMBERS)
            return self.integer(-number if random.random() < 0.4 and number <= 2**63 else number)
        if kind == 3:
            return self.real(random.choice(_FLOATS))
        if kind < 6:
            return self.text(random.choice(_TEXTS))
        if kind == 6:
            return self.binary(random.randbytes(256 if random.random() < 0.02 else random.randrange(4)))
        if kind == 7:
            return self.timestamp()
        return random.choice((b"\xc0", b"\xc2", b"\xc3"))

    def value(self, depth: int = 0) -> bytes:
        random = self.random
        if depth > 4 or random.random() < 0.5:
            return self.scalar()
        count = random.choice((15, 16, 17)) if random.random() < 0.05 else random.randrange(5)
        if random.random() < 0.5:
            return self.array([self.value(depth + 1) for _ in range(count)])
        return self.map([(self.scalar(), self.value(depth + 1)) for _ in range(count)])

    def deep(self) -> bytes:
        levels = self.random.choice((62, 63, 64, 65))
        opened = b"".join(self.random.choice((b"\x91", b"\x81\xa1k")) for _ in range(levels))
        return opened + self.random.choice((b"\xc0", b"\x90", b"\x80"))

    def number(self) -> bytes:
        return self.uint(self.random.choice(_NUMBERS) if self.random.random() < 0.3 else self.random.randrange(4))

    def extras(self, frames: list[int]) -> bytes:
        """`frames` are the numbers that this RUN is to name."""
        random = self.random
        pairs: dict[str, bytes] = {}
        if random.random() < 0.4:
            pairs["kwargs"] = self.binary(self.map([(self.text("k"), self.value(3))]))
        if frames or random.random() < 0.1:
            places = [random.choice((self.uint(number), self.text(f"k{number}"))) for number in range(len(frames))]
            if random.random() < 0.1 and places:
                places[0] = random.choice((b"\xc0", self.uint(2**32), places[-1]))
            named = zip(places, frames, strict=True)
            pairs["frames"] = self.array([self.array([place, self.uint(number)]) for place, number in named])
        if random.random() < 0.3:
            keys = [f"{n}" for n in range(random.choice((64, 65)))] if random.random() < 0.1 else ["a", "é"]
            if random.random() < 0.1:
                keys.append(keys[0])
            texts = [(self.text(key), self.text("v")) for key in keys]
            pairs["metadata"] = self.map(texts)
        for key in ("attempt", "deadline"):
            if random.random() < 0.3:
                pairs[key] = self.number()
        if random.random() < 0.4:
            pairs["stream"] = self.array([self.number(), self.number()])
        keyed = [(self.text(key), item) for key, item in pairs.items()]
        if keyed and random.random() < 0.05:
            keyed.append(random.choice(keyed))
        random.shuffle(keyed)
        return self.map(keyed)

    def run(self, seq: int, frames: list[int]) -> bytes:
        args = self.binary(self.array([self.value(2) for _ in range(self.random.randrange(4))]))
        fields = [b"\x02", self.uint(seq), self.number(), self.number(), self.number(), args]
        if frames or self.random.random() < 0.5:
            fields.append(self.extras(frames))
        return self.array(fields)

    def data(self, epoch: int) -> tuple[bytes, int]:
        """RUNs, and how many payload frames come with them."""
        frames = self.random.choice((0, 0, 1, 3))
        count = self.random.choice((0, 1, 1, 2, 5)) or int(frames > 0)
        shares: list[list[int]] = [[] for _ in range(count)]
        for number in range(1, frames + 1):
            self.random.choice(shares).append(number)
        runs = [self.run(seq, share) for seq, share in enumerate(shares, 1)]
        return self.array([b"\x01", self.uint(epoch), *runs]), frames

    def control(self, epoch: int) -> bytes:
        records = []
        for _ in range(self.random.randrange(4)):
            kind, fields = self.random.choice(((9, 3), (10, 1), (12, 1), (15, 4)))
            records.append(self.array([self.uint(kind), *(self.number() for _ in range(fields))]))
        return self.array([b"\x01", self.uint(epoch), *records])


def damaged(random: Random, data: bytes, other: bytes) -> bytes:
    """One to four small things done to it; `other` is where foreign pieces come from."""
    out = bytearray(data)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(out) + 1)
        what = random.randrange(8)
        if what == 0 and out:
            out[at % len(out)] ^= 1 << random.randrange(8)
        elif what == 1 and out:
            out[at % len(out)] = random.choice(_HEADS)
        elif what == 2:
            out[at:at] = bytes([random.choice(_HEADS)])
        elif what == 3:
            del out[at : at + random.choice((1, 1, 2, 4, 9))]
        elif what == 4:
            out[at:at] = struct.pack(">Q", random.choice(_NUMBERS))[random.choice((0, 4, 6, 7)) :]
        elif what == 5:
            start = random.randrange(len(other) + 1)
            out[at:at] = other[start : start + random.randint(1, 12)]
        elif what == 6:
            out[at:at] = out[at : at + random.randint(1, 12)]
        elif random.random() < 0.3:
            del out[at:]
    return bytes(out)
