"""`clutch stream`, and `run` of a generator: items, when they come, who closes the generator, failures."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import wait_until

MANY = 100_000


def numbers(n: int) -> str:
    return "".join(f"{i}\n" for i in range(n))


@pytest.mark.parametrize("function", ["count", "steps", "opened"])
def test_every_item_is_a_line(clutch: Any, function: str) -> None:
    done = clutch("stream", f"streams.{function}", 5)
    assert (done.returncode, done.stdout, done.stderr) == (0, numbers(5), "")
    assert clutch("stream", f"streams.{function}", 0).stdout == ""


def test_items_are_json_with_and_without_the_flag(clutch: Any) -> None:
    lines = ['"tea"', '{"a": [1, null]}', '{"$bytes": "AAE="}', '{"$float": "nan"}', "18446744073709551615"]
    for flags in [], ["--json"]:
        done = clutch("stream", "streams.values", *flags)
        assert (done.returncode, done.stdout.splitlines()) == (0, lines)


@pytest.mark.parametrize("function", ["count", "steps"])
def test_a_fast_stream_comes_whole_and_in_order(clutch: Any, function: str) -> None:
    done = clutch("stream", f"streams.{function}", MANY)
    assert done.returncode == 0
    assert done.stdout == numbers(MANY)


def test_items_come_before_the_generator_ends(clutch: Any, tmp_path: Path) -> None:
    process = clutch.start("stream", "streams.gated", tmp_path / "go")
    assert process.stdout.readline() == '"first"\n'
    (tmp_path / "go").touch()
    assert clutch.end(process)[:2] == (0, '"second"\n')


@pytest.mark.parametrize("command", ["run", "stream"])
def test_a_generator_is_closed_when_the_reader_leaves(clutch: Any, tmp_path: Path, command: str) -> None:
    process = clutch.start(command, "streams.endless", tmp_path / "it")
    head = subprocess.run(["head", "-3"], stdin=process.stdout, capture_output=True, text=True, check=True)
    process.stdout.close()
    process.stdout = None
    code, _, err = clutch.end(process)
    assert head.stdout == "1\n2\n3\n"
    assert (code, err) == (0, "")
    assert (tmp_path / "it.closed").exists()


def test_one_that_waits_is_closed_when_the_reader_leaves(clutch: Any, tmp_path: Path) -> None:
    process = clutch.start("stream", "streams.waits", tmp_path / "it")
    assert process.stdout.readline() == "1\n"
    process.stdout.close()
    process.stdout = None
    code, _, err = clutch.end(process)
    assert (code, err) == (0, "")
    assert (tmp_path / "it.closed").exists()


@pytest.mark.parametrize("which", ["endless", "waits"])
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_ctrl_c_closes_it(clutch: Any, tmp_path: Path, which: str, flags: list[str]) -> None:
    process = clutch.start("stream", f"streams.{which}", tmp_path / "it", *flags)
    assert process.stdout.readline() == "1\n"
    process.send_signal(signal.SIGINT)
    lines = ["1", *process.stdout.read().splitlines()]
    err = process.stderr.read()
    assert process.wait(timeout=30) == 130
    assert (tmp_path / "it.closed").exists()
    if flags:
        error = json.loads(lines.pop())["error"]
        assert (error["code"], error["items"], err) == ("cancelled", len(lines), "")
    else:
        assert "cancelled" in err
        assert f"after {len(lines)} item" in err
    assert [int(line) for line in lines] == list(range(1, len(lines) + 1))  # whole lines, without a gap


def test_ctrl_c_while_nobody_reads(clutch: Any, tmp_path: Path) -> None:
    process = clutch.start("stream", "streams.endless", tmp_path / "it", 1000)
    assert process.stdout.read(1) == '"'
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    wait_until(tmp_path / "it.closed")
    made = int((tmp_path / "it.closed").read_text())
    assert made < 40_000  # pipe and windows; it did not run on
    assert process.wait(timeout=30) == 143


def test_a_second_ctrl_c_ends_at_once(clutch: Any, tmp_path: Path) -> None:
    process = clutch.start("stream", "streams.swallows", tmp_path / "never")
    assert process.stdout.readline() == "1\n"
    process.send_signal(signal.SIGINT)
    assert "goes on" in process.stderr.readline()  # when its grace is over
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=3) == 130


def test_the_limit(clutch: Any, tmp_path: Path) -> None:
    done = clutch("stream", "streams.endless", tmp_path / "it", "--limit", 7)
    assert (done.returncode, done.stdout, done.stderr) == (0, "".join(f"{i}\n" for i in range(1, 8)), "")
    assert 7 <= int((tmp_path / "it.closed").read_text()) <= 15
    assert clutch("stream", "streams.count", 3, "--limit", 3).stdout == numbers(3)
    assert clutch("stream", "streams.count", 3, "--limit", 9).stdout == numbers(3)
    assert clutch("stream", "streams.count", MANY, "--limit", MANY - 1).stdout == numbers(MANY - 1)


def test_a_closing_that_fails_is_told(clutch: Any) -> None:
    done = clutch("stream", "streams.closes_badly", "--limit", 2)
    assert (done.returncode, done.stdout) == (0, "1\n1\n")
    assert "ValueError: cannot close" in done.stderr


def test_an_exception_after_some_items(clutch: Any) -> None:
    done = clutch("stream", "streams.fails_after", 3)
    assert (done.returncode, done.stdout) == (1, numbers(3))
    assert "after 3 items" in done.stderr
    assert "ValueError: no item 3" in done.stderr
    assert "streams.py" in done.stderr


def test_an_exception_as_json_is_the_last_line(clutch: Any) -> None:
    done = clutch("stream", "streams.fails_after", 3, "--json")
    *items, last = done.stdout.splitlines()
    assert (done.returncode, items, done.stderr) == (1, ["0", "1", "2"], "")
    answer = json.loads(last)
    assert answer["ok"] is False
    assert (answer["error"]["items"], answer["error"]["exception"]["type"]) == (3, "ValueError")


def test_a_worker_that_dies(clutch: Any) -> None:
    done = clutch("stream", "streams.exits_after", 3, "--json", "--log-level", "off")
    *items, last = done.stdout.splitlines()
    error = json.loads(last)["error"]
    assert (done.returncode, items) == (1, ["0", "1", "2"])
    assert (error["code"], error["items"], error["exit_code"]) == ("worker_lost", 3, 3)


def test_what_is_no_stream(clutch: Any) -> None:
    error = clutch.json("stream", "sample.task", 1, code=1)["error"]
    assert error["code"] == "invalid_argument"
    assert "returned an int, which is no stream" in error["message"]


def test_a_name_that_is_wrong(clutch: Any) -> None:
    done = clutch("stream", "streams.coumt", 1)
    assert (done.returncode, done.stdout) == (1, "")
    assert "did you mean `streams.count`?" in done.stderr
    assert clutch("stream", "broken.items").returncode == 3


def test_timeouts(clutch: Any, tmp_path: Path) -> None:
    for flag in ("--timeout", "--attempt-timeout"):
        done = clutch("stream", "streams.waits", tmp_path / "it", flag, "300ms", "--json")
        first, last = done.stdout.splitlines()
        error = json.loads(last)["error"]
        assert (done.returncode, first) == (1, "1")
        assert (error["code"], error["items"]) == ("deadline_exceeded", 1)
        assert flag.removeprefix("--").replace("-", "_") in error["message"]
        assert (tmp_path / "it.closed").exists()


def test_retries(clutch: Any) -> None:
    done = clutch("stream", "streams.flaky", 2, "--retries", 2, "--retry-on", "ConnectionError")
    assert (done.returncode, done.stdout) == (0, "3\n")


def test_output_that_is_full(clutch: Any, tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        code, _, err = clutch.end(clutch.start("stream", "streams.endless", tmp_path / "it", stdout=full))
    assert code == 1
    assert "cannot write standard output: No space left" in err
    assert (tmp_path / "it.closed").exists()


def test_run_reads_a_generator(clutch: Any) -> None:
    for function in ("count", "steps"):
        done = clutch("run", f"streams.{function}", 3)
        assert (done.returncode, done.stdout) == (0, numbers(3))
    done = clutch("run", "streams.fails_after", 1, "--json")
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "0")
    assert json.loads(done.stdout.splitlines()[1])["error"]["items"] == 1


def rss_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def test_memory_stays_flat(clutch: Any, tmp_path: Path) -> None:
    process = clutch.start("stream", "streams.endless", tmp_path / "it", 1000)
    after_some = 0
    for number in range(MANY):
        assert len(process.stdout.readline()) == 1003
        if number == MANY // 5:
            after_some = rss_kib(process.pid)
    assert rss_kib(process.pid) - after_some < 8 * 1024
    process.stdout.close()
    process.stdout = None
    assert clutch.end(process)[0] == 0
    assert os.path.exists(tmp_path / "it.closed")
