"""The command line itself: help, versions, usage errors."""

from typing import Any

import pytest

COMMANDS = ["run", "call", "stream", "map", "functions", "ps", "drain"]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_has_examples_and_exit_codes(clutch: Any, command: list[str]) -> None:
    done = clutch(*command, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "Examples:" in done.stdout
    for line in [
        "0    done",
        "1    the call failed",
        "2    the command line",
        "3    cannot start",
        "130  ended by Ctrl-C",
    ]:
        assert line in done.stdout


def test_main_help_names_every_command(clutch: Any) -> None:
    text = clutch("--help").stdout
    assert all(f"\n  {name} " in text for name in COMMANDS)


def test_help_says_what_a_duration_is(clutch: Any) -> None:
    for command in [[], ["run"], ["call"], ["map"]]:
        assert "A DURATION is a number with a unit: 30s, 1.5s, 250ms, 2m, 1h" in clutch(*command, "--help").stdout
    assert clutch.json("run", "sample.task", "1", "--timeout", "0.5m")["value"] == 2


def test_help_shows_flags_and_defaults_as_they_are(clutch: Any) -> None:
    assert "--no-progress  " in clutch("map", "--help").stdout
    assert "FUNCTION's" in clutch("run", "--help").stdout
    assert "FUNCTION" not in clutch("functions", "--help").stdout


def test_version(clutch: Any) -> None:
    done = clutch("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("clutch ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["runn"], "did you mean `run`?"),
        (["funktions"], "did you mean `functions`?"),
        (["sample.task", "1"], "write `clutch run sample.task`"),
        ([], "A subcommand is required"),
        (["run"], "FUNCTION is required"),
        (["run", "task"], "`task` is not module.function"),
        (["run", "sample."], "`sample.` is not module.function"),
        (["run", "sample.task", "--tiemout", "3"], "--tiemout"),
        (["run", "sample.task", "--timeout", "soon"], "`soon` is no duration"),
        (["run", "sample.task", "--timeout", "-3s"], "is no duration"),
        (["run", "sample.task", "--workers", "0"], "--workers"),
        (["run", "sample.task", "--retries", "x"], "--retries"),
        (["run", "sample.task", "--priority", "urgent"], "`urgent` is none of low, normal, high"),
        (["run", "sample.task", "--metadata", "x"], "`x` is not KEY=VALUE"),
        (["run", "sample.task", "--log-level", "loud"], "`loud` is none of"),
        (["run", "sample.task", "18446744073709551616"], "beyond the 64 bits"),
        (["run", "sample.task", '{"$bytes": "?"}'], "base64"),
        (["run", "sample.task", "[" * 65 + "]" * 65], "64 deep"),
        (["stream"], "FUNCTION is required"),
        (["stream", "streams.count", "--limit", "0"], "--limit: `0` is no number"),
        (["stream", "streams.count", "--limit", "-1"], "--limit: `-1` is no number"),
        (["map", "sample.task", "--in-flight", "0"], "--in-flight"),
        (["map", "sample.task", "--input", "/nowhere/lines"], "cannot read /nowhere/lines"),
        (["map", "sample.task", "--output", "/nowhere/lines"], "cannot write /nowhere/lines"),
    ],
)
def test_usage_error(clutch: Any, arguments: list[str], said: str) -> None:
    done = clutch(*arguments, stdin=-3)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.startswith("clutch: ")


def test_map_refuses_to_overwrite_its_input(clutch: Any, lines: Any) -> None:
    path = lines([1])
    done = clutch("map", "sample.task", "--input", path, "--output", path)
    assert done.returncode == 2
    assert "same file" in done.stderr
    assert path.read_text() == "1\n"
