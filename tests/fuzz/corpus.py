"""The kept corpus: corpus/NAME.hex, an input a line. It is small; what a long round finds is added by --keep.

corpus.py TARGET DIRECTORY   writes the shared vectors and the kept corpus as files, for libFuzzer and atheris
corpus.py --lines TARGET     says them in hex, for replay.cpp
corpus.py --keep TARGET DIRECTORY
                             adds the smallest of a directory's files, as many as there is room for
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).resolve().parents[2] / "protocol" / "vectors"
KEPT = Path(__file__).resolve().parent / "corpus"
KEPT_LINES_MAX = 200
KEPT_BYTES_MAX = 160  # of one input
LINKS = (
    "worker-data-in", "worker-data-out", "worker-control-in", "worker-control-out", "client-out", "client-in",
)  # fmt: skip


def vectors(file: str) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads((VECTORS / file).read_text())
    return read


def kept(target: str) -> list[bytes]:
    path = KEPT / f"{target}.hex"
    return [bytes.fromhex(line) for line in path.read_text().splitlines()] if path.exists() else []


def message_input(link: str, frames: int, envelope: bytes) -> bytes:
    """An input of the targets that read messages: a first byte says where the envelope comes from and with what."""
    return bytes([LINKS.index(link) + 6 * min(frames, 3)]) + envelope


def seeds(target: str) -> list[bytes]:
    """The vectors, as inputs of this target."""
    values = [bytes.fromhex(vector["hex"]) for vector in vectors("values.json")]
    if target in ("scan", "worker_value"):
        return values
    if target in ("value", "worker_arguments"):
        return [bytes([number % 256]) + value for number, value in enumerate(values)]
    if target == "nursery":
        return nursery_messages()
    found = []
    for vector in vectors("messages.json"):
        frames = [bytes.fromhex(frame) for frame in vector["frames"]]
        if not frames:
            continue
        found.append(message_input(vector["link"], len(frames) - 1, frames[0]))
        at = frames[0].find(b"\xa4code")
        if target == "error" and at > 0:
            found.append(frames[0][at - 1 :])  # from the head of the error's map
    return found


def nursery_messages() -> list[bytes]:
    """As supervisor/nursery/messages.hpp has them, and one request."""
    header = struct.Struct("=IQiiiI")
    kinds = [(1, 7, 0, 0, 0), (2, 7, 0, 0, 0), (3, 0, 0, 0, 0), (4, 0, 0, 0, 0), (5, 7, 99, 0, 0), (7, 7, 9, 0, 1)]
    magic = struct.pack("=I", 0x436E7531)
    found = [magic + header.pack(*kind, 0) for kind in kinds]
    found.append(magic + header.pack(6, 7, 2, 0, 0, 4) + b"gone")
    texts = [b"/tmp", b"python", b"-m", b"PATH=/bin"]
    strings = b"".join(struct.pack("=I", len(text)) + text for text in texts)
    counts = struct.pack("=8I", 2, 1, 1, 1, 1, 3, 1000, 1000)
    found.append(magic + counts + strings + struct.pack("=5I", 0, 7, 1024, 0, 1000))
    return found


def write(target: str, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate([*seeds(target), *kept(target)]):
        (directory / f"seed-{number:04}").write_bytes(seed)


def keep(target: str, directory: Path) -> None:
    """A directory that libFuzzer or atheris worked in: what is in it reached something new when it was found."""
    lines = set(kept(target))
    known = lines | set(seeds(target))
    found = sorted({path.read_bytes() for path in directory.iterdir()} - known, key=lambda data: (len(data), data))
    lines.update([data for data in found if len(data) <= KEPT_BYTES_MAX][: KEPT_LINES_MAX - len(lines)])
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{target}.hex").write_text("".join(f"{line.hex()}\n" for line in sorted(lines)))


if __name__ == "__main__":
    if sys.argv[1] == "--keep":
        keep(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1] == "--lines":
        for data in filter(None, [*seeds(sys.argv[2]), *kept(sys.argv[2])]):
            sys.stdout.write(f"{data.hex()}\n")
    else:
        write(sys.argv[1], Path(sys.argv[2]))
