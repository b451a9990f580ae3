"""Writes messages.json and values.json beside this file: `python make.py`. Same input, same bytes.

messages.json: {name, link, epoch (the receiver's own), frames (hex), ok} and `records`, as on the wire with a bin as
{"bin": hex}, or `error`. A message has one fault, so that the order in which a reader checks does not matter.
values.json: {name, hex, ok} and `error`, or (mostly) `value`, with what JSON would blur tagged: int as decimal text,
float as the hex of its eight bytes, timestamp as [seconds, nanoseconds], map as a list of pairs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from messages import messages
from values import values


def _write(name: str, vectors: list[dict[str, Any]]) -> None:
    names = [vector["name"] for vector in vectors]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise SystemExit(f"{name}: two vectors are called {sorted(doubled)}")
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
    Path(__file__).with_name(name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    _write("messages.json", messages())
    _write("values.json", values())
