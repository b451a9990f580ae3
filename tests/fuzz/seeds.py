"""Writes the shared vectors as a corpus: seeds.py fuzz_message|fuzz_scan|fuzz_error DIRECTORY."""

from __future__ import annotations

import json
import sys
from pathlib import Path

VECTORS = Path(__file__).resolve().parents[2] / "protocol" / "vectors"
LINKS = (
    "worker-data-in", "worker-data-out", "worker-control-in", "worker-control-out", "client-out", "client-in",
)  # fmt: skip


def seeds(target: str) -> list[bytes]:
    if target == "fuzz_scan":
        return [bytes.fromhex(vector["hex"]) for vector in json.loads((VECTORS / "values.json").read_text())]
    found = []
    for vector in json.loads((VECTORS / "messages.json").read_text()):
        frames = [bytes.fromhex(frame) for frame in vector["frames"]]
        if not frames:
            continue
        found.append(bytes([LINKS.index(vector["link"]) + 6 * min(len(frames) - 1, 3)]) + frames[0])
        at = frames[0].find(b"\xa4code")
        if target == "fuzz_error" and at > 0:
            found.append(frames[0][at - 1 :])  # from the head of the error's map
    return found


if __name__ == "__main__":
    directory = Path(sys.argv[2])
    for number, seed in enumerate(seeds(sys.argv[1])):
        (directory / f"seed-{number:03}").write_bytes(seed)
