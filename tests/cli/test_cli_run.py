"""`clutch run`: arguments, values, the log."""

import json
import subprocess
from typing import Any

import pytest


def echoed(clutch: Any, *arguments: str) -> Any:
    return clutch.json("run", "sample.echo", *arguments)["value"]


def test_arguments_are_json_or_strings(clutch: Any) -> None:
    given = [
        "42",
        "-5",
        "1.5",
        "true",
        "null",
        "tea",
        "",
        '"42"',
        "[1,2]",
        "[]",
        "{}",
        '{"a": [1]}',
        "[tea",
        "map",
        "é",
    ]
    assert echoed(clutch, *given)["args"] == [
        42,
        -5,
        1.5,
        True,
        None,
        "tea",
        "",
        "42",
        [1, 2],
        [],
        {},
        {"a": [1]},
        "[tea",
        "map",
        "é",
    ]


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
    integers = "18446744073709551615, -9223372036854775808"
    floats = '{"$float": "nan"}, {"$float": "inf"}, -0.0, 1.0, 0.1'
    assert text == '{"ok": true, "value": [' + integers + ", " + floats + "]}\n"
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
    assert value == {"2": "int", "null": "nil", "true": "bool"}


def test_lone_surrogates(clutch: Any) -> None:
    error = clutch.json("run", "sample.lone_surrogate", code=1)["error"]
    assert (error["code"], error["stage"]) == ("invalid_argument", "result")
    assert clutch("run", "sample.typed", r'"\ud800"').stdout == "str: '\"\\\\ud800\"'\n"  # no JSON: as it stands


def test_an_argument_that_is_not_utf8(clutch: Any) -> None:
    done = subprocess.run(
        [*(part.encode() for part in clutch.command("run", "sample.echo")), b"\xff"],
        capture_output=True,
        timeout=50,
        check=False,
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


def test_a_priority_is_taken(clutch: Any) -> None:
    assert clutch.json("run", "sample.task", "21", "--priority", "high")["value"] == 42


def test_metadata(clutch: Any) -> None:
    assert clutch.json("run", "sample.metadata", "--metadata", "a=1", "--metadata", "b=x=y")["value"] == {
        "a": "1",
        "b": "x=y",
    }
