"""A target of worker_targets.py, fuzzed: fuzz_worker.py TARGET [-max_total_time=S and other flags of libFuzzer] CORPUS

By atheris, which is libFuzzer for Python. Where it is not to be had, by random damage to the corpus, which does not
know what it has reached; then the flags but for the time are not looked at.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python_worker" / "src"))

try:
    import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]
except ImportError:
    atheris = None

from mutations import damaged


def by_chance(name: str, arguments: list[str]) -> None:
    from worker_targets import TARGETS

    seconds = next((float(flag.split("=")[1]) for flag in arguments if flag.startswith("-max_total_time=")), 10.0)
    seed = int.from_bytes(os.urandom(4))
    sys.stdout.write(f"{name} without atheris, seed {seed}\n")
    random = Random(seed)
    inputs = [path.read_bytes() for path in sorted(Path(arguments[-1]).iterdir())]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        data = damaged(random, random.choice(inputs), random.choice(inputs))
        try:
            TARGETS[name](data)
        except BaseException:
            sys.stdout.write(f"failed on {data.hex()}\n")
            raise


def by_atheris(name: str, arguments: list[str]) -> None:
    with atheris.instrument_imports(include=["clutch_worker", "worker_targets"]):
        from worker_targets import TARGETS
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    (by_chance if atheris is None else by_atheris)(sys.argv[1], sys.argv[2:])
