"""Fails if the test run marked by CLUTCH_TEST_RUN left a process, a file in its scratch directory or shared memory.

    left_behind.py SCRATCH

What is on its way out has a few seconds.
"""

# ruff: noqa: T201

import os
import signal
import sys
import time
from pathlib import Path

PATIENCE_S = 5.0


def processes(marker: bytes) -> dict[int, str]:
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) in (os.getpid(), os.getppid()):
            continue
        try:
            if marker in (entry / "environ").read_bytes().split(b"\0"):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                found[int(entry.name)] = command[:200]
        except OSError:
            pass  # another user's, or gone
    return found


def files(scratch: Path) -> list[str]:
    left = []
    for path in sorted((scratch / "run").rglob("*")) + sorted((scratch / "tmp").rglob("*")):
        if path.is_socket() or not kept_by_tools(path.relative_to(scratch)):
            left.append(str(path))
    return left


def kept_by_tools(path: Path) -> bool:
    """pytest keeps the directories of its latest runs; ccache makes its own even when it is told of another."""
    inside = path.parts
    return inside[:2] == ("run", "ccache-tmp") or (inside[0] == "tmp" and inside[1].startswith("pytest-"))


def shared_memory(scratch: Path) -> list[str]:
    before = set((scratch / "shm-before").read_text().split())
    ours = ("clutch", "psm_", "sem.mp-", "pym-")
    return [name for name in sorted(os.listdir("/dev/shm")) if name not in before and name.startswith(ours)]


def main() -> int:
    scratch = Path(sys.argv[1])
    marker = b"CLUTCH_TEST_RUN=" + os.environb[b"CLUTCH_TEST_RUN"]
    give_up = time.monotonic() + PATIENCE_S
    while True:
        running, kept, shared = processes(marker), files(scratch), shared_memory(scratch)
        if not (running or kept or shared):
            return 0
        if time.monotonic() > give_up:
            break
        time.sleep(0.1)
    for pid, command in running.items():
        print(f"left behind: process {pid}: {command}")
        os.kill(pid, signal.SIGKILL)  # ours, by its marker: the next run shall not find it
    for path in kept:
        print(f"left behind: file {path}")
    for name in shared:
        print(f"left behind: shared memory /dev/shm/{name}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
