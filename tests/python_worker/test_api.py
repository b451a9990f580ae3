from __future__ import annotations

import copy
from typing import Any

import pytest

import clutch_worker


def test_what_is_public() -> None:
    assert clutch_worker.__all__ == ["current_call", "lifespan", "limit", "state"]
    public = {name for name in vars(clutch_worker) if not name.startswith("_")}
    assert public == set(clutch_worker.__all__)


def test_outside_of_a_call() -> None:
    with pytest.raises(LookupError, match="no clutch call"):
        clutch_worker.current_call()
    with pytest.raises(LookupError, match="only inside a call"):
        clutch_worker.state.get()
    with pytest.raises(LookupError):
        _ = clutch_worker.state.anything
    assert copy.copy(clutch_worker.state) is not None


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [((0,), {}, ValueError), (("4",), {}, TypeError), ((True,), {}, TypeError), ((1,), {"per": "host"}, ValueError)],
)
def test_limits_that_make_no_sense(arguments: Any, options: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"clutch_worker\.limit"):
        clutch_worker.limit(*arguments, **options)


def test_a_lifespan_is_an_async_generator_function() -> None:
    with pytest.raises(TypeError, match="async generator"):

        @clutch_worker.lifespan
        async def no_yield() -> None: ...
