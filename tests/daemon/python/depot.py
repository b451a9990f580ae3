"""What the daemon's tests call."""

import asyncio
import contextlib
import os
import pathlib
import signal
import subprocess
import time


async def double(x: int) -> int:
    return 2 * x


async def echo(value):
    return value


async def nap(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


async def blob(size: int) -> bytes:
    return bytes(size)


async def size(data: bytes) -> int:
    return len(data)


async def note(path: str, text: str) -> None:
    """Appends a line, so that a test can count what was executed."""
    with pathlib.Path(path).open("a") as file:
        file.write(text + "\n")


async def nap_and_note(path: str, seconds: float) -> None:
    """Notes how it ended: `began`, then `done` or `cancelled`."""
    await note(path, "began")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        await note(path, "cancelled")
        raise
    await note(path, "done")


async def wait_for_file(path: str) -> None:
    while not pathlib.Path(path).exists():
        await asyncio.sleep(0.005)


async def stubborn(path: str) -> None:
    """Swallows every cancel until there is a file."""
    while not pathlib.Path(path).exists():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)


async def block(path: str) -> None:
    """Does not let the loop turn until there is a file."""
    while not pathlib.Path(path).exists():
        time.sleep(0.005)


async def ask(program: str, endpoint: str, *call: str) -> str:
    """Calls back, by the command line: what that printed."""
    command = [program, "call", "--connect", endpoint, "--json", *call]
    asked = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    return (await asked.communicate())[0].decode()


async def ask_and_block(program: str, endpoint: str, *call: str) -> str:
    """The same, and nothing of this worker's loop runs meanwhile."""
    command = [program, "call", "--connect", endpoint, "--json", *call]
    return subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout.decode()  # noqa: ASYNC221


async def die(why: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def pid() -> int:
    return os.getpid()


def shout(lines: int, width: int = 100) -> None:
    for _ in range(lines):
        print("x" * width, flush=True)


async def hoard(size: int) -> int:
    return len(bytearray(size))


def limits() -> dict[str, int]:
    import resource

    names = ("RLIMIT_AS", "RLIMIT_NOFILE", "RLIMIT_NPROC")
    return {name: resource.getrlimit(getattr(resource, name))[0] for name in names}


def identity() -> dict[str, object]:
    status = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
    return {
        "uids": status["Uid"].split(),
        "gids": status["Gid"].split(),
        "groups": sorted(os.getgroups()),
        "no_new_privs": int(status["NoNewPrivs"]),
    }


def has_safe_path() -> bool:
    import sys

    return sys.flags.safe_path and not {"", os.getcwd()} & set(sys.path)
