"""What `clutch` says on stderr, by --log-level."""

from typing import Any


def test_debug_tells_each_step_of_a_call(clutch: Any) -> None:
    done = clutch("run", "sample.echo", "quince", "--log-level", "debug")
    assert done.returncode == 0
    steps = [line.partition(": ")[2] for line in done.stderr.splitlines() if "`sample.echo`, attempt 1: " in line]
    assert [step.split(" ")[0].rstrip(",") for step in steps] == ["accepted", "queued", "sent", "begun", "returned"]
    assert "quince" not in done.stderr


def test_a_failed_import_is_told_once(clutch: Any) -> None:
    done = clutch("run", "broken.function")
    assert done.stderr.count("cannot be imported") == 1
    assert done.stderr.count("LookupError: this module is broken") == 2  # in the sentence, and the traceback's last line


def test_info_tells_none(clutch: Any) -> None:
    done = clutch("run", "sample.echo", "quince", "--log-level", "info")
    assert "ready: " in done.stderr
    assert "sample.echo" not in done.stderr
