"""Runs the built `clutch`: CLUTCH_BIN_DIR says where it is, CLUTCH_TEST_PYTHON which Python the workers run."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
BIN = Path(os.environ.get("CLUTCH_BIN_DIR", HERE.parents[1] / "build/release/bin")).absolute()
PYTHON = os.environ.get("CLUTCH_TEST_PYTHON", sys.executable)
TIMEOUT_S = 50


def wait_until(path: Path) -> None:
    """Until another process has made the file."""
    give_up = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < give_up
        time.sleep(0.005)


class Clutch:
    """Commands, with the tests' modules and Python. What is still running at the end of a test is killed."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []

    @staticmethod
    def command(*args: object) -> list[str]:
        """An embedded command gets the modules' folder and the Python, unless it names its own."""
        words = [str(arg) for arg in args]
        before = words[: words.index("--")] if "--" in words else words
        flags = []
        embedded = words[:1] in (["run"], ["stream"], ["map"], ["functions"])
        if embedded and "--connect" not in before and "--help" not in before:
            if "--path" not in before:
                flags += ["--path", str(HERE / "modules")]
            if "--python" not in before:
                flags += ["--python", PYTHON]
        return [str(BIN / "clutch"), *words[:1], *flags, *words[1:]]

    def __call__(self, *args: object, **more: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*args), capture_output=True, text=True, check=False, **{"timeout": TIMEOUT_S, **more}
        )

    def json(self, *args: object, code: int = 0) -> Any:
        """The one line of --json, having checked the exit code and that nothing else is on stdout."""
        words = [str(arg) for arg in args]
        done = self(*words[:1], "--json", *words[1:])
        assert done.returncode == code, done.stderr
        assert done.stdout.count("\n") == 1
        return json.loads(done.stdout)

    def start(self, *args: object, **more: Any) -> subprocess.Popen[str]:
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(self.command(*args), text=True, **{**streams, **more})
        self.started.append(process)
        return process

    @staticmethod
    def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
        out, err = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, out or "", err or ""

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None and not stream.closed:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()


@pytest.fixture
def clutch() -> Iterator[Clutch]:
    made = Clutch()
    yield made
    made.close()


@pytest.fixture
def lines(tmp_path: Path) -> Any:
    """lines(values) writes them as JSON lines to a file and gives its path."""

    def write(values: Any) -> Path:
        path = tmp_path / "input.jsonl"
        with path.open("w") as file:
            file.writelines(json.dumps(value) + "\n" for value in values)
        return path

    return write
