"""`clutch map`: order, failing lines, bounds, the progress bar, Ctrl-C, closed pipes."""

import json
import os
import pty
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import wait_until

MANY = 200_000


def values(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_lines_come_in_the_order_of_the_input(clutch: Any, lines: Any) -> None:
    done = clutch("map", "sample.half_fail", "--workers", 2, "--input", lines(range(100)))
    assert done.returncode == 1
    got = values(done.stdout)
    assert got[::2] == list(range(0, 100, 2))
    assert [line["ok"] for line in got[1::2]] == [False] * 50
    assert [line["error"]["exception"]["message"] for line in got[1::2]] == [f"odd: {n}" for n in range(1, 100, 2)]
    assert "100 lines done, 50 failed" in done.stderr


def test_stdin_to_stdout(clutch: Any) -> None:
    done = clutch("map", "sample.task", input="1\n2\n3")
    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n4\n6\n", "")


def test_no_lines(clutch: Any) -> None:
    done = clutch("map", "sample.task", input="")
    assert (done.returncode, done.stdout) == (0, "")


def test_an_output_file(clutch: Any, lines: Any, tmp_path: Path) -> None:
    done = clutch("map", "sample.task", "--input", lines([1, 2]), "--output", tmp_path / "out")
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "out").read_text() == "2\n4\n"


def test_json_lines(clutch: Any) -> None:
    done = clutch("map", "sample.task", "--json", input="1\n")
    assert done.stdout == '{"ok": true, "value": 2}\n'


def test_a_line_is_one_argument(clutch: Any) -> None:
    got = values(clutch("map", "sample.echo", input='[1, 2]\n{"a": 1}\n"x"\n').stdout)
    assert [line["args"] for line in got] == [[[1, 2]], [{"a": 1}], ["x"]]


def test_spread(clutch: Any) -> None:
    got = values(clutch("map", "sample.echo", "--spread", input='[1, 2]\n{"a": 1}\n"x"\n[]\n').stdout)
    assert got == [
        {"args": [1, 2], "kwargs": {}},
        {"args": [], "kwargs": {"a": 1}},
        {"args": ["x"], "kwargs": {}},
        {"args": [], "kwargs": {}},
    ]


@pytest.mark.parametrize(
    "line", ["tea", "", "  ", "[1", '"\\ud800"', "18446744073709551616", "1e999", "[" * 65 + "]" * 65, "1 2"]
)
def test_a_line_that_is_wrong_fails_alone(clutch: Any, line: str) -> None:
    done = clutch("map", "sample.task", input=f"1\n{line}\n3\n")
    assert done.returncode == 1
    before, wrong, after = values(done.stdout)
    assert (before, after) == (2, 6)
    assert (wrong["error"]["code"], wrong["error"]["stage"]) == ("invalid_argument", "arguments")


def test_a_line_that_is_not_utf8(clutch: Any) -> None:
    done = subprocess.run(
        clutch.command("map", "sample.task"), input=b'1\n"\xff"\n', capture_output=True, timeout=50, check=False
    )
    assert done.returncode == 1
    assert b'"ok": false' in done.stdout.splitlines()[1]


def test_results_go_out_while_the_input_is_silent(clutch: Any) -> None:
    process = clutch.start("map", "sample.task", stdin=subprocess.PIPE)
    for number in range(3):
        process.stdin.write(f"{number}\n")
        process.stdin.flush()
        assert process.stdout.readline() == f"{2 * number}\n"
    assert clutch.end(process)[0] == 0


def rss_kib(pid: int, key: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(key)).split()[1])


def test_memory_stays_flat(clutch: Any, lines: Any) -> None:
    process = clutch.start("map", "sample.task", "--workers", 2, "--input", lines(range(MANY)))
    after_some = 0
    for number in range(MANY):
        assert process.stdout.readline() == f"{2 * number}\n"
        if number == MANY // 10:
            after_some = rss_kib(process.pid, "VmRSS")
        if number == MANY - 100:  # held up by the pipe, so it is still there
            assert rss_kib(process.pid, "VmHWM") - after_some < 8 * 1024
    assert clutch.end(process)[0] == 0


def test_in_flight_bounds_the_calls(clutch: Any, lines: Any) -> None:
    most = values(clutch("map", "sample.at_once", "--workers", 1, "--in-flight", 4, "--input", lines(range(200))).stdout)
    assert len(most) == 200
    assert max(most) == 4


def test_what_is_under_way_does_not_hold_up_what_is_done(clutch: Any, tmp_path: Path) -> None:
    go = tmp_path / "go"
    process = clutch.start("map", "sample.held", "--spread", "--in-flight", 4, stdin=subprocess.PIPE)
    fed = threading.Thread(target=feed, args=(process.stdin, 5, go, 100))
    fed.start()
    assert [process.stdout.readline() for _ in range(5)] == [f"{n}\n" for n in range(5)]
    go.touch()
    assert values(process.stdout.read()) == list(range(5, 100))
    fed.join()
    assert process.wait(timeout=30) == 0


def feed(stdin: Any, hold_from: int, name: Path, count: int) -> None:
    try:
        for number in range(count):
            stdin.write(json.dumps([number, hold_from, str(name)]) + "\n")
            stdin.flush()
        stdin.close()
    except BrokenPipeError:
        pass


def test_ctrl_c_lets_what_is_under_way_end(clutch: Any, tmp_path: Path) -> None:
    go = tmp_path / "go"
    process = clutch.start("map", "sample.held", "--spread", "--in-flight", 8, stdin=subprocess.PIPE)
    fed = threading.Thread(target=feed, args=(process.stdin, 5, go, 1_000_000))
    fed.start()
    first = [process.stdout.readline() for _ in range(5)]
    process.send_signal(signal.SIGINT)
    go.touch()
    rest = process.stdout.read()
    said = process.stderr.read()
    fed.join()
    assert process.wait(timeout=30) == 130
    got = [json.loads(line) for line in [*first, *rest.splitlines()]]
    assert got == list(range(len(got)))
    assert rest == "" or rest.endswith("\n")
    assert f"interrupted: {len(got):,} lines done" in said
    assert f"begin with line {len(got) + 1}" in said


def test_ctrl_c_cancels_what_does_not_end(clutch: Any, tmp_path: Path) -> None:
    never = tmp_path / "never"
    process = clutch.start("map", "sample.held", "--spread", "--in-flight", 8, stdin=subprocess.PIPE)
    fed = threading.Thread(target=feed, args=(process.stdin, 5, never, 1_000_000))
    fed.start()
    for number in range(5):
        assert process.stdout.readline() == f"{number}\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.read() == ""
    said = process.stderr.read()
    fed.join()
    assert process.wait(timeout=30) == 130
    assert "interrupted: 5 lines done" in said
    assert "begin with line 6" in said
    assert (tmp_path / "never.cancelled").exists()


def test_ctrl_c_does_not_wait_for_blocked_code(clutch: Any, tmp_path: Path) -> None:
    process = clutch.start("map", "sample.block", stdin=subprocess.PIPE)
    process.stdin.write(json.dumps(str(tmp_path / "map")) + "\n")
    process.stdin.flush()
    wait_until(tmp_path / "map.begun")
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)  # two at once may be one
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert time.monotonic() - before < 8, "it did not wait for stop_timeout, 10 s, beside cancelling"


def test_output_that_is_closed(clutch: Any, lines: Any) -> None:
    process = clutch.start("map", "sample.task", "--input", lines(range(MANY)))
    assert [process.stdout.readline() for _ in range(3)] == ["0\n", "2\n", "4\n"]
    process.stdout.close()
    process.stdout = None
    code, _, err = clutch.end(process)
    assert (code, err) == (141, "")


def read_until(master: int, text: bytes) -> bytes:
    seen = b""
    while text not in seen:
        try:
            got = os.read(master, 4096)
        except OSError:  # EIO: nobody has the other end any more
            got = b""
        assert got, seen
        seen += got
    return seen


def test_the_progress_bar(clutch: Any, lines: Any, tmp_path: Path) -> None:
    go = tmp_path / "go"
    path = lines([[n, 9, str(go)] for n in range(10)])
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    process = clutch.start(
        "map",
        "sample.held",
        "--spread",
        "--input",
        path,
        "--output",
        tmp_path / "out",
        stdout=None,
        stderr=slave,
        env=environment,
    )
    os.close(slave)
    bar = read_until(master, b"9 lines")
    assert b"\r\x1b[K[####" in bar
    assert b"90%" in bar
    go.touch()
    assert b"\r\x1b[K" in read_until(master, b"10 lines done")
    assert process.wait(timeout=30) == 0
    os.close(master)


def test_no_progress_bar_but_on_a_terminal(clutch: Any) -> None:
    assert clutch("map", "sample.task", input="1\n").stderr == ""


def test_an_import_that_raises(clutch: Any) -> None:
    done = clutch("map", "broken.function", input="1\n")
    assert done.returncode == 3
    assert "LookupError" in done.stderr
