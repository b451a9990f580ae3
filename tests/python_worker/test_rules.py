"""Rules 43 to 49 of docs/reliability.md, where no other file shows them: what user code may do to the loop that serves
it. Each is run on asyncio's loop and on uvloop by `scripts/check matrix`."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable

import pytest

from support import END, ERROR, RESULT, SOURCES, FakeSupervisor, now_ns

Served = Callable[..., FakeSupervisor]

APP = """
    import asyncio, contextvars, gc, sys, threading, time, weakref
    import clutch_worker

    seen = contextvars.ContextVar("seen", default="fresh")
    gate = threading.Event()
    log = []
    async def logged(): return list(log)
    async def collect(): return gc.collect() >= 0
    def open_gate(): gate.set()

    class Wait:
        # Nothing but its waiter knows of it: a task that only its future holds is garbage with it.
        def __await__(self):
            future = asyncio.get_running_loop().create_future()
            weakref.finalize(future, log.append, "collected")
            waited.append(weakref.ref(future))
            yield from future
    waited = []
    async def wake():
        gc.collect()
        for future in [reference() for reference in waited]:
            if future is not None and not future.done():
                future.set_result(None)
        waited.clear()
    async def waits(x):
        seen.set(x)
        await Wait()
        return [x, seen.get()]
    async def leaves(kind):
        await Wait()
        raise {"exit": SystemExit, "interrupt": KeyboardInterrupt, "generator": GeneratorExit}[kind](3)
    async def items(n):
        for i in range(n):
            await Wait()
            yield i
    async def endless():
        try:
            while True:
                yield 0
        finally:
            gc.collect()
            log.append(asyncio.current_task() is not None)

    async def context():
        before = seen.get()
        seen.set("left behind")
        return before
    def plain_context():
        before = seen.get()
        seen.set("left behind")
        return before
    async def steps_context():
        yield seen.get()
        seen.set("left behind")
        yield seen.get()
    def plain_steps_context():
        yield seen.get()
        seen.set("left behind")
        yield seen.get()

    class _Meta(type):
        @property
        def __module__(cls): raise SystemExit("no module")
    class _Hostile(Exception, metaclass=_Meta):
        def __str__(self): raise KeyboardInterrupt
        @property
        def __class__(self): raise SystemExit
        @property
        def __notes__(self): raise SystemExit
        @property
        def __cause__(self): raise GeneratorExit
    async def hostile(): raise _Hostile
    async def hostile_later(): await asyncio.sleep(0); raise _Hostile
    def plain_hostile(): raise _Hostile
    async def hostile_steps():
        yield 1
        raise _Hostile
    def plain_hostile_steps():
        yield 1
        raise _Hostile

    async def alive(): return True
    def closes_slowly():
        try:
            while True:
                yield 0
        finally:
            gate.wait()
"""


@pytest.fixture
def app(served: Served) -> FakeSupervisor:
    return served(APP)


def woken(app: FakeSupervisor, calls: list[int]) -> None:
    """Lets all that waits go on, collecting garbage each time, until the calls are answered."""
    until = time.monotonic() + 30
    while not all(call in app.replies for call in calls):
        assert time.monotonic() < until
        assert app.value("wake") is None


def test_no_receive_is_a_coroutine() -> None:
    """Rule 43: a cancelled receive of zmq.asyncio loses messages, so there is nothing that could be cancelled."""
    for path in SOURCES.glob("clutch_worker/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            assert not any("zmq.asyncio" in f"{module}.{name}" or name == "zmq.asyncio" for name in names), path


def test_garbage_that_is_collected_takes_no_call_along(app: FakeSupervisor) -> None:
    """Rule 44: nothing but the worker holds a task whose future nobody else knows."""
    calls = [app.run("waits", n) for n in range(20)]
    calls += [app.stream("items", 3) for _ in range(5)]
    app.wait(lambda: app.begun[0] == 25)
    assert app.value("collect")
    assert "collected" not in app.value("logged")
    woken(app, calls)
    assert [app.replies[call][0] for call in calls] == [RESULT] * 20 + [END] * 5
    assert [app.replies[call][2] for call in calls[:20]] == [[n, n] for n in range(20)]
    assert all(app.items[call] == [0, 1, 2] for call in calls[20:])


@pytest.mark.parametrize(("kind", "name"), [
    ("exit", "SystemExit"), ("interrupt", "KeyboardInterrupt"), ("generator", "GeneratorExit"),
])  # fmt: skip
def test_what_would_end_a_process_while_garbage_is_collected(app: FakeSupervisor, kind: str, name: str) -> None:
    call = app.run("leaves", kind)
    app.wait(lambda: app.begun[0] == 1)
    woken(app, [call])
    record = app.replies[call]
    assert (record[0], record[2]["exception"]["type"]) == (ERROR, name)
    assert app.value("alive") is True


def test_a_stream_that_is_left_is_closed_by_its_own_task(app: FakeSupervisor) -> None:
    """Rule 47: not by the collector, nor by asyncio's hook for generators that are forgotten."""
    call = app.stream("endless", items=3)
    app.items_of(call, 3)
    assert app.value("collect")
    assert app.value("logged") == []
    app.cancel(call)
    assert app.reply(call)[2]["code"] == "cancelled"
    assert app.value("logged") == [True]


def test_a_closing_in_a_thread_that_hangs_does_not_keep_the_worker(app: FakeSupervisor) -> None:
    """Rule 47: nothing interrupts a thread, but neither calls nor the end wait for it."""
    call = app.stream("closes_slowly", items=1)
    app.items_of(call, 1)
    app.cancel(call)
    app.ping()
    assert app.value("alive") is True
    app.send_control([12, now_ns() + 300_000_000])
    assert app.process.wait(10) == 0
    assert call not in app.replies


@pytest.mark.parametrize("name", ["hostile", "hostile_later", "plain_hostile"])
def test_an_exception_that_refuses_everything_is_its_calls_error(app: FakeSupervisor, name: str) -> None:
    """Rule 48: else its caller would wait for ever, or the worker would end."""
    error = app.error(name)
    assert (error["code"], error["stage"]) == ("failed", "run")
    assert "KeyboardInterrupt" in error["exception"]["message"]
    assert app.value("alive") is True


@pytest.mark.parametrize("name", ["hostile_steps", "plain_hostile_steps"])
def test_an_exception_that_refuses_everything_is_its_streams_error(app: FakeSupervisor, name: str) -> None:
    error = app.stream_error(name)
    assert (error["code"], error["items"]) == ("failed", 1)
    assert app.value("alive") is True


@pytest.mark.parametrize("name", ["context", "plain_context"])
def test_what_a_call_leaves_in_its_context_the_next_does_not_see(app: FakeSupervisor, name: str) -> None:
    """Rule 49, for many at once, too, and where one thread serves them all."""
    calls = [app.queue(name) for _ in range(100)]
    app.flush()
    assert {app.reply(call)[2] for call in calls} == {"fresh"}
    assert app.value(name) == "fresh"


@pytest.mark.parametrize("name", ["steps_context", "plain_steps_context"])
def test_a_stream_has_one_context_of_its_own(app: FakeSupervisor, name: str) -> None:
    """Rule 49: fresh where it begins, and the same in all its steps, also with a wait for credit between them."""
    calls = [app.stream(name, items=1) for _ in range(10)]
    for call in calls:
        app.items_of(call, 1)
        app.credit(call, 3)
    assert [app.items_of(call) for call in calls] == [["fresh", "left behind"]] * 10
    assert all(app.replies[call][0] == END for call in calls)
    assert app.value("context") == "fresh"
