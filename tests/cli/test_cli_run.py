"""`clutch run`: arguments, values, failures, Ctrl-C."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest


def echoed(clutch: Any, *arguments: str) -> Any:
    return clutch.json("run", "sample.echo", *arguments)["value"]


def test_arguments_are_json_or_strings(clutch: Any) -> None:
    given = ["42", "-5", "1.5", "true", "null", "tea", "", '"42"', "[1,2]", "[]", "{}", '{"a": [1]}', "[tea", "map", "é"]
    assert echoed(clutch, *given)["args"] == [42, -5, 1.5, True, None, "tea", "", "42", [1, 2], [], {}, {"a": [1]}, "[tea", "map", "é"]


def test_a_slip_in_json_is_told(clutch: Any) -> None:
    done = clutch("run", "sample.typed", "[1, 2")
    assert (done.returncode, done.stdout) == (0, "str: '[1, 2'\n")
    assert "is no JSON and is passed as a string" in done.stderr


def test_keyword_arguments(clutch: Any) -> None:
    got = echoed(clutch, "1", "colour=red", "n=3", "list=[1]", "empty=", "eq=a=b", '"a=b"', "1=2", "a b=c", "größe=1")
    assert got["args"] == [1, "a=b", "1=2", "a b=c"]
    assert got["kwargs"] == {"colour": "red", "n": 3, "list": [1], "empty": "", "eq": "a=b", "größe": 1}


def test_a_keyword_given_twice_is_the_calls_error(clutch: Any) -> None:
    error = clutch.json("run", "sample.echo", "a=1", "a=2", code=1)["error"]
    assert (error["code"], error["stage"]) == ("invalid_argument", "arguments")


def test_what_follows_two_dashes_is_no_flag(clutch: Any) -> None:
    assert echoed(clutch, "--", "--json", "-x", "k=--y") == {"args": ["--json", "-x"], "kwargs": {"k": "--y"}}


def test_flags_may_stand_after_the_arguments(clutch: Any) -> None:
    assert clutch("run", "sample.task", "21", "--timeout", "30s", "--json").stdout == '{"ok": true, "value": 42}\n'


@pytest.mark.parametrize("number", [2**64 - 1, 2**63, -(2**63), 2**53 + 1])
def test_integers_are_exact(clutch: Any, number: int) -> None:
    assert echoed(clutch, str(number))["args"] == [number]


def test_numbers_that_json_lacks(clutch: Any) -> None:
    text = clutch("run", "sample.numbers", "--json").stdout
    assert text == '{"ok": true, "value": [18446744073709551615, -9223372036854775808, {"$float": "nan"}, {"$float": "inf"}, -0.0, 1.0, 0.1]}\n'
    assert clutch("run", "sample.typed", '{"$float": "-inf"}').stdout == "float: -inf\n"


def test_bytes(clutch: Any) -> None:
    assert clutch("run", "sample.typed", '{"$bytes": "AAEC/w=="}').stdout == "bytes: b'\\x00\\x01\\x02\\xff'\n"
    assert echoed(clutch, '{"$bytes": "AAEC/w=="}')["args"] == [{"$bytes": "AAEC/w=="}]


def test_bytes_that_travel_as_a_frame(clutch: Any, lines: Any) -> None:
    base64 = "AAEC" * 30_000
    done = clutch("map", "sample.echo", "--input", lines([{"$bytes": base64}]))
    assert json.loads(done.stdout)["args"] == [{"$bytes": base64}]


def test_times_and_keys(clutch: Any) -> None:
    assert clutch("run", "sample.moment").stdout == '"2024-05-17T08:30:00.25Z"\n'
    value = clutch.json("run", "sample.awkward_keys")["value"]
    assert value["null"] == "nil"


def test_lone_surrogates(clutch: Any) -> None:
    error = clutch.json("run", "sample.lone_surrogate", code=1)["error"]
    assert (error["code"], error["stage"]) == ("invalid_argument", "result")
    assert clutch("run", "sample.typed", r'"\ud800"').stdout == "str: '\"\\\\ud800\"'\n"  # no JSON: as it stands


def test_an_argument_that_is_not_utf8(clutch: Any) -> None:
    done = subprocess.run(
        [*(part.encode() for part in clutch.command("run", "sample.echo")), b"\xff"], capture_output=True, timeout=50, check=False
    )
    assert done.returncode == 1
    assert b"UTF-8" in done.stderr


def test_values_for_people(clutch: Any) -> None:
    assert clutch("run", "sample.typed", "1").stdout == "int: 1\n"
    assert clutch("run", "sample.boom").stdout == ""
    done = clutch("run", "sample.echo", "1", "a=[]")
    assert done.stdout == '{\n  "args": [\n    1\n  ],\n  "kwargs": {\n    "a": []\n  }\n}\n'


def test_a_plain_function(clutch: Any) -> None:
    assert clutch.json("run", "sample.plain", "1") == {"ok": True, "value": 2}


def test_prints_are_shown_on_stderr(clutch: Any) -> None:
    done = clutch("run", "sample.prints", "hello there")
    assert (done.returncode, done.stdout) == (0, "null\n")
    assert "hello there" in done.stderr
    assert "hello there" not in clutch("run", "sample.prints", "hello there", "--log-level", "off").stderr


def test_the_log_level(clutch: Any) -> None:
    assert clutch("run", "sample.task", "1").stderr == ""
    assert "ready" in clutch("run", "sample.task", "1", "--log-level", "info").stderr


def test_metadata(clutch: Any) -> None:
    assert clutch.json("run", "sample.metadata", "--metadata", "a=1", "--metadata", "b=x=y")["value"] == {"a": "1", "b": "x=y"}


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
    assert (error["code"], error["stage"], error["certainty"], error["exception"]) == ("not_found", "lookup", "not_started", None)
    assert "did you mean `sample.task`?" in error["message"]


def test_python_refuses_the_arguments(clutch: Any) -> None:
    error = clutch.json("run", "sample.task", "1", "2", code=1)["error"]
    assert (error["code"], error["stage"]) == ("invalid_argument", "arguments")


def test_timeouts(clutch: Any, tmp_path: Path) -> None:
    for flag in ("--timeout", "--attempt-timeout"):
        error = clutch.json("run", "sample.wait_for_file", tmp_path / "never", flag, "100ms", code=1)["error"]
        assert (error["code"], error["certainty"]) == ("deadline_exceeded", "started")


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
    assert subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=50, check=False).stdout == "here\n"


def test_a_python_that_will_not_do(clutch: Any, tmp_path: Path) -> None:
    done = clutch("run", "sample.task", "1", "--python", tmp_path / "python")
    assert done.returncode == 3
    assert f"no Python to run at {tmp_path}/python" in done.stderr


def test_a_python_without_the_packages(clutch: Any, tmp_path: Path) -> None:
    subprocess.run([clutch_python(), "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=50)
    done = clutch("run", "sample.task", "1", "--python", tmp_path / "venv/bin/python")
    assert done.returncode == 3
    assert "pip install" in done.stderr


def clutch_python() -> str:
    from conftest import PYTHON

    return PYTHON


def wait_until(path: Path) -> None:
    give_up = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < give_up
        time.sleep(0.005)


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
