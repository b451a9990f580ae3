"""The commands that speak to a daemon: none there, and a real one."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import BIN, HERE, PYTHON, wait_until

CONFIG = """
listen = "{endpoint}"

[pool.first]
modules = ["sample", "streams"]
path = ["{modules}"]
python = "{python}"
workers = 2

[pool.second]
modules = ["sample", "streams"]
path = ["{modules}"]
python = "{python}"
"""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("daemon")
    folder.chmod(0o700)
    endpoint = f"ipc://{folder}/d.sock"
    config = folder / "clutch.toml"
    config.write_text(CONFIG.format(endpoint=endpoint, modules=HERE / "modules", python=PYTHON))
    with (folder / "log").open("w") as log:
        daemon = subprocess.Popen([BIN / "clutchd", "--config", config], stdout=log, stderr=log)
    wait_until_it_answers(endpoint, daemon, folder / "log")
    yield endpoint
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=30) == 0


@pytest.fixture
def own_daemon(tmp_path: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """An endpoint and the daemon there, for a test that ends it."""
    tmp_path.chmod(0o700)
    endpoint = f"ipc://{tmp_path}/d.sock"
    config = tmp_path / "clutch.toml"
    config.write_text(CONFIG.format(endpoint=endpoint, modules=HERE / "modules", python=PYTHON))
    with (tmp_path / "log").open("w") as log:
        daemon = subprocess.Popen(
            [BIN / "clutchd", "--config", config, "--set", "pool.first.stop_timeout=1s"], stdout=log, stderr=log
        )
    wait_until_it_answers(endpoint, daemon, tmp_path / "log")
    yield endpoint, daemon
    daemon.kill()
    daemon.wait()


def test_drain_lets_calls_finish_and_waits_for_the_end(clutch: Any, own_daemon: Any, tmp_path: Path) -> None:
    endpoint, daemon = own_daemon
    held = clutch.start("call", "sample.wait_for_file", tmp_path / "go", "--connect", endpoint, "--pool", "second")
    wait_until(tmp_path / "go.begun")
    drain = clutch.start("drain", "--connect", endpoint)
    while "refused" not in (late := clutch("call", "sample.task", "1", "--connect", endpoint)).stderr:
        assert late.returncode in (0, 1, 3)
    assert drain.poll() is None
    (tmp_path / "go").touch()
    assert clutch.end(held)[0] == 0
    code, out, err = clutch.end(drain)
    assert (code, out, err) == (0, f"the daemon (pid {daemon.pid}) has ended\n", "")
    assert daemon.wait(timeout=30) == 0
    gone = clutch("drain", "--connect", endpoint)
    assert gone.returncode == 3


def test_drain_tells_of_calls_that_were_lost(clutch: Any, own_daemon: Any, tmp_path: Path) -> None:
    endpoint, daemon = own_daemon
    held = clutch.start("call", "sample.wait_for_file", tmp_path / "never", "--connect", endpoint, "--pool", "first")
    wait_until(tmp_path / "never.begun")
    done = clutch.json("drain", "--connect", endpoint, code=1)
    assert done == {"ok": True, "value": {"pid": daemon.pid, "lost": 1}}
    assert "worker_lost" in clutch.end(held)[2]
    assert "cut short: sample.wait_for_file (1)" in (tmp_path / "log").read_text()


def wait_until_it_answers(endpoint: str, daemon: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        assert daemon.poll() is None, log.read_text()
        done = subprocess.run(
            [BIN / "clutch", "ps", "--connect", endpoint], capture_output=True, timeout=30, check=False
        )
        if done.returncode == 0:
            return
        time.sleep(0.05)
    raise AssertionError(done.stderr)


@pytest.mark.parametrize(
    "command",
    [
        ["call", "sample.task", "1"],
        ["stream", "streams.count", "1", "--connect", "default"],
        ["ps"],
        ["functions"],
        ["map", "sample.task", "--connect", "default"],
    ],
)
def test_no_daemon(clutch: Any, tmp_path: Path, command: list[str]) -> None:
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = clutch(*command, env=environment, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (3, "")
    assert "clutchd" in done.stderr
    answer = clutch(*command, "--json", env=environment, stdin=subprocess.DEVNULL)
    assert (answer.returncode, json.loads(answer.stdout)["error"]["code"]) == (3, "unavailable")


def test_an_endpoint_that_is_none(clutch: Any) -> None:
    done = clutch("ps", "--connect", "nonsense")
    assert done.returncode == 3
    assert "nonsense" in done.stderr


def test_call(clutch: Any, endpoint: str) -> None:
    to = ["--connect", endpoint, "--pool", "first"]
    assert clutch.json("call", "sample.task", "21", *to) == {"ok": True, "value": 42}
    assert clutch.json("call", "sample.echo", "[1]", "a=2", *to)["value"] == {"args": [[1]], "kwargs": {"a": 2}}
    error = clutch.json("call", "sample.boom", *to, code=1)["error"]
    assert (error["code"], error["exception"]["type"]) == ("failed", "ValueError")


def test_the_users_own_daemon_is_the_default(clutch: Any, tmp_path: Path, endpoint: str) -> None:
    (tmp_path / "clutch").mkdir(mode=0o700)
    (tmp_path / "clutch/clutchd.sock").symlink_to(endpoint.removeprefix("ipc://"))
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = clutch("call", "sample.task", "21", "--pool", "first", env=environment)
    assert (done.returncode, done.stdout) == (0, "42\n")


def test_map(clutch: Any, endpoint: str, lines: Any) -> None:
    done = clutch("map", "sample.half_fail", "--connect", endpoint, "--pool", "second", "--input", lines(range(100)))
    assert done.returncode == 1
    got = [json.loads(line) for line in done.stdout.splitlines()]
    assert got[::2] == list(range(0, 100, 2))
    assert all(line["ok"] is False for line in got[1::2])


def test_functions(clutch: Any, endpoint: str) -> None:
    value = clutch.json("functions", "--connect", endpoint)["value"]
    assert {each["pool"] for each in value["functions"] if each["name"] == "sample.task"} == {"first", "second"}
    assert "async def sample.task(number: int) -> int" in clutch("functions", "--connect", endpoint).stdout


def test_ps(clutch: Any, endpoint: str) -> None:
    value = clutch.json("ps", "--connect", endpoint)["value"]
    assert [(pool["name"], len(pool["workers"])) for pool in value["pools"]] == [("first", 2), ("second", 1)]
    text = clutch("ps", "--connect", endpoint).stdout
    assert "workers of first\n" in text
    assert str(value["pools"][0]["workers"][0]["pid"]) in text


def test_ctrl_c_cancels_in_the_daemon(clutch: Any, endpoint: str, tmp_path: Path) -> None:
    name = tmp_path / "never"
    process = clutch.start("call", "sample.wait_for_file", name, "--connect", endpoint, "--pool", "first")
    wait_until(tmp_path / "never.begun")
    process.send_signal(signal.SIGINT)
    assert clutch.end(process)[0] == 130
    wait_until(tmp_path / "never.cancelled")


@pytest.mark.parametrize("command", ["stream", "call"])
def test_streams(clutch: Any, endpoint: str, command: str) -> None:
    to = ["--connect", endpoint, "--pool", "second"]
    done = clutch(command, "streams.count", 20_000, *to)
    assert (done.returncode, done.stdout) == (0, "".join(f"{i}\n" for i in range(20_000)))
    done = clutch(command, "streams.fails_after", 2, "--json", *to)
    *items, last = done.stdout.splitlines()
    error = json.loads(last)["error"]
    assert (done.returncode, items, error["items"], error["exception"]["type"]) == (1, ["0", "1"], 2, "ValueError")


def test_leaving_a_stream_closes_it_in_the_daemon(clutch: Any, endpoint: str, tmp_path: Path) -> None:
    to = ["--connect", endpoint, "--pool", "first"]
    assert clutch("stream", "streams.endless", tmp_path / "limit", "--limit", 3, *to).stdout == "1\n2\n3\n"
    assert (tmp_path / "limit.closed").exists()
    process = clutch.start("stream", "streams.waits", tmp_path / "signal", *to)
    assert process.stdout.readline() == "1\n"
    process.send_signal(signal.SIGINT)
    assert clutch.end(process)[0] == 130
    assert (tmp_path / "signal.closed").exists()
