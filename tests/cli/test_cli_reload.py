"""`clutch reload` and SIGHUP, and a pool that fails beside one that serves: of a daemon that is each test's own."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import BIN, PYTHON
from test_cli_daemon import wait_until_it_answers

CONFIG = """
listen = "{endpoint}"

[pool.steady]
modules = ["versioned"]
path = ["{folder}"]
python = "{python}"
workers = 2

[pool.frail]
modules = ["frail"]
path = ["{folder}"]
python = "{python}"
restarts_max = 1
"""
FRAIL = "import os\n\nasync def abort():\n    os.abort()\n"


class Daemon:
    def __init__(self, folder: Path) -> None:
        folder.chmod(0o700)
        self.folder = folder
        self.endpoint = f"ipc://{folder}/d.sock"
        self.write("async def version(): return 1\n")
        (folder / "frail.py").write_text(FRAIL)
        config = folder / "clutch.toml"
        config.write_text(CONFIG.format(endpoint=self.endpoint, folder=folder, python=PYTHON))
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen([BIN / "clutchd", "--config", config], stdout=log, stderr=log)
        wait_until_it_answers(self.endpoint, self.process, folder / "log")

    def write(self, code: str) -> None:
        (self.folder / "versioned.py").write_text(code)

    def log(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(tmp_path)
    yield made
    made.process.send_signal(signal.SIGTERM)
    assert made.process.wait(timeout=30) == 0


def eventually(holds: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_new_code(clutch: Any, daemon: Daemon) -> None:
    daemon.write("async def version():\n    return 2\n")
    done = clutch("reload", "--connect", daemon.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.splitlines()) == ["frail: reloaded", "steady: reloaded"]
    assert clutch("call", "versioned.version", "--connect", daemon.endpoint).stdout == "2\n"


def test_code_that_does_not_start(clutch: Any, daemon: Daemon) -> None:
    daemon.write("import module_that_is_nowhere  # of another size: Python trusts a .pyc of the same second\n")
    done = clutch("reload", "--connect", daemon.endpoint)
    assert done.returncode == 1
    assert done.stdout == "frail: reloaded\n"
    assert "steady: not reloaded, its workers serve on as they were" in done.stderr
    assert "No module named 'module_that_is_nowhere'" in done.stderr
    assert "versioned.py" in done.stderr
    assert clutch("call", "versioned.version", "--connect", daemon.endpoint).stdout == "1\n"
    pools = clutch.json("reload", "--connect", daemon.endpoint, code=1)["value"]["pools"]
    assert {pool["name"]: pool["reloaded"] for pool in pools} == {"steady": False, "frail": True}


def test_one_pool(clutch: Any, daemon: Daemon) -> None:
    daemon.write("async def version():\n    return 2\n")
    done = clutch("reload", "--pool", "frail", "--connect", daemon.endpoint)
    assert (done.returncode, done.stdout) == (0, "frail: reloaded\n")
    assert clutch("call", "versioned.version", "--connect", daemon.endpoint).stdout == "1\n"
    done = clutch("reload", "--pool", "steady", "--connect", daemon.endpoint)
    assert (done.returncode, done.stdout) == (0, "steady: reloaded\n")
    assert clutch("call", "versioned.version", "--connect", daemon.endpoint).stdout == "2\n"


def test_a_pool_that_is_not_there(clutch: Any, daemon: Daemon) -> None:
    done = clutch("reload", "--pool", "steddy", "--connect", daemon.endpoint)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no pool `steddy`" in done.stderr


def test_sighup(clutch: Any, daemon: Daemon) -> None:
    daemon.write("async def version():\n    return 2\n")
    daemon.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: daemon.log().count("reloaded: every worker runs the code as it is now") == 2)
    assert clutch("call", "versioned.version", "--connect", daemon.endpoint).stdout == "2\n"


def test_a_pool_that_fails_leaves_the_others_serving(clutch: Any, daemon: Daemon) -> None:
    told: list[str] = []

    def has_failed() -> bool:
        told.append(clutch("call", "frail.abort", "--connect", daemon.endpoint).stderr)
        return "the pool has failed" in told[-1]

    assert eventually(has_failed)
    assert "SIGABRT" in told[-1]
    assert "not_started" in told[-1] or "not started" in told[-1]
    assert clutch("call", "versioned.version", "--connect", daemon.endpoint).stdout == "1\n"
    pools = {pool["name"]: pool for pool in clutch.json("ps", "--connect", daemon.endpoint)["value"]["pools"]}
    assert pools["steady"]["state"] == "running"
    assert pools["frail"]["state"] in ("failed", "stopped")
    assert pools["frail"]["ends"]["crash"] == 2
