"""What no source may use, whatever it is for: a rule that reads the source cannot be forgotten."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lines_of(folders: list[str], endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and path.is_file():
                for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    yield f"{path.relative_to(ROOT)}:{number}", line


def found(pattern: str, folders: list[str], endings: tuple[str, ...], but_for: str = r"(?!)") -> list[str]:
    return [
        f"{place}: {line.strip()}"
        for place, line in lines_of(folders, endings)
        if re.search(pattern, line) and not re.search(but_for, f"{place} {line}")
    ]


PICKLES = (
    r"\b(import|from)\s+\(?\s*(c?[pP]ickle|_pickle|marshal|shelve|dill|cloudpickle|joblib|copyreg)\b"
    r"|\bpickle\.|\bmarshal\."
)
CLOCKS = r"system_clock|CLOCK_REALTIME|gettimeofday|\btime\(nullptr\)|std::time\(|high_resolution_clock|timespec_get"
STAMPS = r"pool_log\.cpp|log\.hpp|client_engine\.cpp:\d+ .*LogRecord\{|codec/chrono\.hpp|value\.(hpp|cpp)|scalars\.hpp"
PYTHONS_CLOCKS = r"\btime\.time\(|datetime\.now\(|CLOCK_REALTIME"


def test_nothing_is_pickled() -> None:
    """Rule 42: unpickling runs what the sender likes."""
    assert found(PICKLES, ["python_worker/src", "scripts", "protocol/vectors", "bench", "examples"], (".py",)) == []


def test_no_clock_that_can_be_set_decides_anything() -> None:
    """Only CLOCK_MONOTONIC counts: a step of the wall clock does nothing. Stamps of log records are for people."""
    assert found(CLOCKS, ["supervisor", "protocol", "client_lib"], (".cpp", ".hpp"), STAMPS) == []
    assert found(PYTHONS_CLOCKS, ["python_worker/src"], (".py",)) == []


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        ("import pickle", True),
        ("from marshal import loads", True),
        ("x = pickle.loads(y)", True),
        ("pickled_herring = 1", False),
    ],
)
def test_the_rule_bites(line: str, bad: bool) -> None:
    assert bool(re.search(PICKLES, line)) is bad
