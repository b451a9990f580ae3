from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from support import FakeSupervisor, worker_process

Served = Callable[..., FakeSupervisor]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """`served(source, **config)`: a real worker that serves a module `app` of that source."""
    with ExitStack() as stack:

        def start(source: str, *, environment: dict[str, str] | None = None, **config: Any) -> FakeSupervisor:
            (tmp_path / "app.py").write_text(dedent(source))
            supervisor = stack.enter_context(worker_process(tmp_path, environment))
            return supervisor.boot(["app"], tmp_path, **config)

        yield start
