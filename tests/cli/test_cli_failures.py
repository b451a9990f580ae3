"""`clutch run` that fails: exit codes, stories, JSON; retries, Ctrl-C, output that takes nothing."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import PYTHON, wait_until


def test_an_exception(clutch: Any) -> None:
    done = clutch("run", "sample.boom")
    assert (done.returncode, done.stdout) == (1, "")
    assert "ValueError: no such tea" in done.stderr
    assert "sample.py" in done.stderr
    answer = clutch.json("run", "sample.boom", code=1)
    assert answer["ok"] is False
    error = answer["error"]
    assert {key: error[key] for key in ("code", "stage", "certainty", "attempts")} == {
        "code": "failed", "stage": "run", "certainty": "started", "attempts": 1,
    }  # fmt: skip
    assert (error["exception"]["type"], error["exception"]["message"]) == ("ValueError", "no such tea")
    assert "in boom" in error["exception"]["traceback"]
    assert isinstance(error["message"], str)


def test_causes_and_notes(clutch: Any) -> None:
    exception = clutch.json("run", "sample.chained", code=1)["error"]["exception"]
    assert (exception["type"], exception["notes"], exception["explicit_cause"]) == ("RuntimeError", ["a note"], True)
    assert exception["cause"]["type"] == "KeyError"


def test_an_error_without_an_exception(clutch: Any) -> None:
    error = clutch.json("run", "sample.tusk", "1", code=1)["error"]
    assert (error["code"], error["stage"], error["certainty"], error["exception"]) == (
        "not_found",
        "lookup",
        "not_started",
        None,
    )
    assert "did you mean `sample.task`?" in error["message"]


def test_python_refuses_the_arguments(clutch: Any) -> None:
    error = clutch.json("run", "sample.task", "1", "2", code=1)["error"]
    assert (error["code"], error["stage"]) == ("invalid_argument", "arguments")


def test_timeouts(clutch: Any, tmp_path: Path) -> None:
    for flag in ("--timeout", "--attempt-timeout"):
        error = clutch.json("run", "sample.wait_for_file", tmp_path / "never", flag, "100ms", code=1)["error"]
        assert (error["code"], error["certainty"]) == ("deadline_exceeded", "started")


def test_blocked_code_does_not_hold_up_the_end(clutch: Any, tmp_path: Path) -> None:
    before = time.monotonic()
    error = clutch.json("run", "sample.block", tmp_path / "run", "--timeout", "300ms", code=1)["error"]
    assert error["code"] == "deadline_exceeded"
    assert time.monotonic() - before < 5, "it did not wait for stop_timeout, 10 s"


def test_a_lifespan_has_its_time_at_the_end(clutch: Any, tmp_path: Path) -> None:
    (tmp_path / "spans.py").write_text(
        "import asyncio, pathlib, clutch_worker\n"
        "@clutch_worker.lifespan\nasync def span():\n    yield\n    await asyncio.sleep(1)\n"
        "    pathlib.Path(__file__).with_name('left').touch()\n"
        "async def fails(): raise ValueError\n"
    )
    assert clutch("run", "spans.fails", "--path", tmp_path).returncode == 1
    assert (tmp_path / "left").exists()


def test_a_worker_that_exits(clutch: Any) -> None:
    error = clutch.json("run", "sample.exits", code=1)["error"]
    assert (error["code"], error["exit_code"]) == ("worker_lost", 3)


def test_retries(clutch: Any, tmp_path: Path) -> None:
    retry = ["--retries", "3", "--retry-on", "ConnectionError"]
    assert clutch.json("run", "sample.flaky", tmp_path / "a", 2, *retry)["value"] == 3
    error = clutch.json("run", "sample.flaky", tmp_path / "b", 9, *retry, code=1)["error"]
    assert error["attempts"] == 4
    assert clutch.json("run", "sample.flaky", tmp_path / "c", 1, "--retries", "3", code=1)["error"]["attempts"] == 1


def test_an_import_that_raises(clutch: Any) -> None:
    done = clutch("run", "broken.function")
    assert (done.returncode, done.stdout) == (3, "")
    assert "LookupError: this module is broken" in done.stderr
    assert "broken.py" in done.stderr
    error = clutch.json("run", "broken.function", code=3)["error"]
    assert (error["stage"], error["exception"]["type"]) == ("import", "LookupError")


def test_a_module_that_is_not_there(clutch: Any, tmp_path: Path) -> None:
    done = clutch("run", "sample.task", "1", "--path", tmp_path)
    assert done.returncode == 3
    assert "No module named 'sample'" in done.stderr
    assert "--path" in done.stderr


def test_the_path_is_the_current_directory_by_default(clutch: Any, tmp_path: Path) -> None:
    (tmp_path / "here.py").write_text("async def f():\n    return 'here'\n")
    command = [part for part in clutch.command("run", "here.f") if part != "--path" and not part.endswith("/modules")]
    assert (
        subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=50, check=False).stdout
        == "here\n"
    )


def test_a_python_that_will_not_do(clutch: Any, tmp_path: Path) -> None:
    done = clutch("run", "sample.task", "1", "--python", tmp_path / "python")
    assert done.returncode == 3
    assert f"no Python to run at {tmp_path}/python" in done.stderr


def test_a_python_without_the_packages(clutch: Any, tmp_path: Path) -> None:
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=50)
    done = clutch("run", "sample.task", "1", "--python", tmp_path / "venv/bin/python")
    assert done.returncode == 3
    assert done.stderr.count("pip install") == 1
    assert done.stderr.count("\n") == 1


def test_what_a_module_says_while_it_is_imported_is_shown(clutch: Any, tmp_path: Path) -> None:
    (tmp_path / "speaks.py").write_text("import sys\nprint('hear me', file=sys.stderr)\nasync def f(): pass\n")
    done = clutch("run", "speaks.f", "--path", tmp_path)
    assert done.stderr.count("hear me") == 1


@pytest.mark.parametrize(("which", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_the_call(clutch: Any, tmp_path: Path, which: signal.Signals, code: int) -> None:
    name = tmp_path / "never"
    process = clutch.start("run", "--json", "sample.wait_for_file", name)
    wait_until(tmp_path / "never.begun")
    process.send_signal(which)
    ended, out, _ = clutch.end(process)
    assert ended == code
    assert json.loads(out)["error"]["code"] == "cancelled"
    assert (tmp_path / "never.cancelled").exists()


def test_output_that_is_closed(clutch: Any, tmp_path: Path) -> None:
    name = tmp_path / "file"
    process = clutch.start("run", "sample.wait_for_file", name)
    wait_until(tmp_path / "file.begun")
    process.stdout.close()
    process.stdout = None
    name.touch()
    code, _, err = clutch.end(process)
    assert (code, err) == (141, "")


def test_output_that_is_full(clutch: Any) -> None:
    with open("/dev/full", "w") as full:
        code, _, err = clutch.end(clutch.start("run", "sample.task", "1", stdout=full))
    assert code == 1
    assert "cannot write standard output: No space left" in err
