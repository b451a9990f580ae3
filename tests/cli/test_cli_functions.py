"""`clutch functions` with workers of its own."""

from typing import Any


def test_for_people(clutch: Any) -> None:
    done = clutch("functions", "--module", "sample")
    assert done.returncode == 0
    assert "async def sample.task(number: int) -> int\n" in done.stdout
    assert "def sample.plain(number: int) -> int\n" in done.stdout
    assert "    Gives back what it was called with.\n" in done.stdout
    assert "at most 4 at once a worker" in done.stdout
    assert "Left out:\n" in done.stdout
    assert "sample.NOT_A_FUNCTION: " in done.stdout


def test_for_machines(clutch: Any) -> None:
    answer = clutch.json("functions", "--module", "sample")
    assert answer["ok"] is True
    functions = {each["name"]: each for each in answer["value"]["functions"]}
    assert functions["sample.limited"] == {
        "name": "sample.limited", "kind": "coroutine", "signature": "() -> None", "doc": "At most four.",
        "limit": 4, "per": "worker", "notes": [], "pool": "default",
    }  # fmt: skip
    assert functions["sample.plain"]["kind"] == "plain"
    left_out = {each["name"]: each["why"] for each in answer["value"]["left_out"]}
    assert left_out["sample.NOT_A_FUNCTION"]


def test_a_module_that_is_broken(clutch: Any) -> None:
    assert clutch.json("functions", "--module", "broken", code=3)["error"]["stage"] == "import"
