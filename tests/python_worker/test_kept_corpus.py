"""Inputs that fuzzing found, again: tests/fuzz/corpus. `scripts/check fuzz` looks for more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FUZZ = Path(__file__).parents[1] / "fuzz"


@pytest.mark.parametrize("name", ["worker_value", "worker_message", "worker_arguments"])
def test_the_workers_decoders(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FUZZ))
    corpus: Any = __import__("corpus")
    target = __import__("worker_targets").TARGETS[name]
    inputs = [*corpus.seeds(name), *corpus.kept(name)]
    assert len(inputs) > 100
    for data in inputs:
        target(data)
