from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterator
from contextvars import Context
from typing import Any

import pytest

from clutch_worker._eager import starter

var = contextvars.ContextVar("var", default="outer")


@pytest.fixture(params=["asyncio", "debug", "uvloop"])
def loop(request: pytest.FixtureRequest) -> Iterator[asyncio.AbstractEventLoop]:
    loop = pytest.importorskip("uvloop").new_event_loop() if request.param == "uvloop" else asyncio.new_event_loop()
    loop.set_debug(request.param == "debug")
    yield loop
    loop.close()


def in_callback(loop: asyncio.AbstractEventLoop, body: Callable[[], Any]) -> Any:
    """Runs body as a reader's callback would be run: on the loop, in no task."""
    results: list[Any] = []
    loop.call_soon(lambda: results.append(body()))
    loop.call_soon(loop.stop)
    loop.run_forever()
    return results[0]


def test_a_coroutine_that_does_not_suspend_is_done_at_once(loop: asyncio.AbstractEventLoop) -> None:
    async def echo() -> str:
        assert asyncio.current_task() is not None
        return "done"

    def body() -> tuple[bool, str]:
        task = starter(loop)(echo(), Context(), "m.echo")
        return task.done(), task.get_name()

    assert in_callback(loop, body) == (True, "m.echo")
    assert "call_soon" not in vars(loop)


def test_one_that_suspends_goes_on_in_the_same_task_and_context(loop: asyncio.AbstractEventLoop) -> None:
    async def steps() -> list[Any]:
        first = asyncio.current_task()
        var.set("inner")
        async with asyncio.timeout(10):
            await asyncio.sleep(0)
        async with asyncio.TaskGroup() as group:
            child = group.create_task(asyncio.sleep(0, "child"))
        return [first is asyncio.current_task(), var.get(), child.result()]

    task = in_callback(loop, lambda: starter(loop)(steps(), Context(), "m.steps"))
    assert not task.done()
    assert loop.run_until_complete(task) == [True, "inner", "child"]
    assert var.get() == "outer"


def test_what_is_scheduled_while_the_task_is_made_is_not_lost(loop: asyncio.AbstractEventLoop) -> None:
    """A collection inside of the constructor may run a `__del__` that calls call_soon: 48 of 2,000 were lost once."""
    ran: list[str] = []

    class Name:
        def __str__(self) -> str:
            loop.call_soon(ran.append, "foreign")
            return "named"

    async def echo() -> str:
        ran.append("step")
        return "done"

    task = in_callback(loop, lambda: starter(loop)(echo(), contextvars.copy_context(), Name()))  # type: ignore[arg-type]
    assert loop.run_until_complete(task) == "done"
    assert sorted(ran) == ["foreign", "step"]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_what_would_end_the_loop_is_raised_to_the_caller(loop: asyncio.AbstractEventLoop, kind: type) -> None:
    async def leaves() -> None:
        raise kind("bye")

    def body() -> None:
        with pytest.raises(kind, match="bye"):
            starter(loop)(leaves(), Context(), "m.leaves")

    in_callback(loop, body)


def test_a_task_factory_is_respected(loop: asyncio.AbstractEventLoop) -> None:
    made: list[Any] = []

    def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        made.append(coroutine)
        return asyncio.Task(coroutine, loop=loop, **options)

    async def echo() -> str:
        return "done"

    loop.set_task_factory(factory)  # type: ignore[arg-type]
    task = in_callback(loop, lambda: starter(loop)(echo(), Context(), "m.echo"))
    assert loop.run_until_complete(task) == "done"
    assert len(made) == 1
