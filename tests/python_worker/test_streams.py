"""Streams through a real process: their items, their credit, and every way in which they end."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from support import END, ERROR, FakeSupervisor, now_ns

Served = Callable[..., FakeSupervisor]

APP = """
    import asyncio, contextvars, os, sys, threading, time
    import clutch_worker

    seen = contextvars.ContextVar("seen", default="fresh")
    log, made, gates = [], [0], {}
    async def logged(): return list(log)
    async def steps(): return made[0]
    async def echo(x): return x
    def plain(x): return x
    def open_gate(name): gate(name).set()
    def gate(name): return gates.setdefault(name, threading.Event())

    async def count(n):
        for i in range(n):
            made[0] += 1
            yield i
    async def forever(): await asyncio.Event().wait()
    async def endless(pause=None):
        i = 0
        while True:
            yield i
            i += 1
            if pause is not None:
                await asyncio.sleep(pause)
    async def one_then_waits():
        yield "first"
        await asyncio.Event().wait()
    async def nothing():
        return
        yield
    async def give(values):
        for value in values:
            yield value
    async def fails_after(n):
        for i in range(n):
            yield i
        raise ValueError("in the middle")
    async def leaves(n, kind):
        for i in range(n):
            yield i
        raise {"exit": SystemExit, "interrupt": KeyboardInterrupt, "generator": GeneratorExit}[kind](3)
    async def odd():
        yield 1
        yield [1]
        yield {"a": [1, object()]}
    async def huge(await_after):
        try:
            yield 1
            yield 2
            yield 2**64
            if await_after:
                await asyncio.Event().wait()
            yield 4
        finally:
            log.append("closed")
    async def huge_last():
        yield 1
        yield 2**64
    async def odd_then_cleans():
        try:
            yield object()
        finally:
            await asyncio.sleep(0.01)
            log.append("closed")
    async def large(n, size):
        for i in range(n):
            yield bytes([i % 256]) * size
    async def texts(n, size):
        for i in range(n):
            made[0] += 1
            yield "x" * size
    async def changes():
        value = []
        for i in range(3):
            value.append(i)
            yield value
    async def busy(n, seconds):
        for i in range(n):
            yield i
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                pass
    async def unwinds(awaits):
        task = asyncio.current_task()
        token = seen.set("inside")
        try:
            for i in range(3):
                yield i
            if awaits:
                await asyncio.Event().wait()
            while True:
                yield 3
        except BaseException as error:
            log.append(type(error).__name__)
            raise
        finally:
            await asyncio.sleep(0)
            seen.reset(token)  # raises in another context
            log.append(["finally", task is asyncio.current_task(), seen.get(), clutch_worker.current_call().id])
    async def swallows():
        try:
            yield 0
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                log.append("swallowed")
            yield 1
            log.append("stepped")
            yield 2
        except GeneratorExit:
            log.append("closed")
            raise
    async def swallows_and_ends():
        yield 0
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass
    async def ignores_exit():
        while True:
            try:
                yield 0
            except GeneratorExit:
                pass
    async def yields_in_finally():
        try:
            while True:
                yield 0
        finally:
            yield 1
    async def fails_closing():
        try:
            while True:
                yield 0
        finally:
            raise OSError("cannot close")
    async def hangs_closing():
        try:
            while True:
                yield 0
        finally:
            try:
                await asyncio.Event().wait()
            finally:
                log.append("gave in")
    shared = []
    async def share():
        if not shared:
            async def source():
                yield 0
                await asyncio.Event().wait()
            shared.append(source())
        return shared[0]
    async def within(seconds):
        async with asyncio.timeout(seconds):
            yield 0
            await asyncio.Event().wait()

    class Iterator:
        def __init__(self, n): self.n = n
        def __aiter__(self): return self
        async def __anext__(self):
            if not self.n: raise StopAsyncIteration
            self.n -= 1
            return self.n
    class Closing(Iterator):
        async def __anext__(self):
            if self.n == 1: await asyncio.Event().wait()
            return await super().__anext__()
        async def aclose(self): log.append("aclose")
    async def iterator(n): return Iterator(n)
    async def closing(n): return Closing(n)
    async def gives_count(n): return count(n)
    async def gives(kind): return {"int": 1, "list": [1], "none": None, "iter": iter([1])}[kind]
    def plain_gives(kind): return {"int": 1, "list": [1], "none": None, "iter": iter([5, 6]), "agen": count(3)}[kind]
    def plain_awaitable(n): return gives_count(n)
    def plain_awaitable_int(): return echo(1)
    def plain_fails(): raise ValueError("before it began")
    async def waits_then_gives():
        await asyncio.Event().wait()
        return count(1)

    def ticks(n):
        for i in range(n):
            made[0] += 1
            yield i
    def slow(n, seconds):
        for i in range(n):
            yield i
            time.sleep(seconds)
    def stepwise(n):
        for i in range(n):
            yield i
            gate(i).wait()
    def sync_unwinds():
        seen.set("inside")
        me = clutch_worker.current_call().id
        try:
            while True:
                made[0] += 1
                yield clutch_worker.current_call().cancelled
        except GeneratorExit:
            log.append("GeneratorExit")
            raise
        finally:
            log.append([seen.get(), clutch_worker.current_call().id == me])
    def sync_fails(n):
        yield from range(n)
        raise ValueError("in the middle")
    def sync_exits(n):
        yield from range(n)
        sys.exit(3)
    def sync_ignores():
        while True:
            try:
                yield 0
            except GeneratorExit:
                pass
    def sync_fails_closing():
        try:
            while True: yield 0
        finally:
            raise OSError("cannot close")
    def sync_odd():
        try:
            yield 1
            yield object()
        finally:
            log.append("closed")
    def sync_huge():
        try:
            yield 1
            yield 2**70
            yield 3
        finally:
            log.append("closed")
    def sync_endless():
        i = 0
        while True:
            yield i
            i += 1
    def sync_large(n, size):
        for i in range(n):
            yield bytes([i % 256]) * size
    sync_shared = []
    def sync_share():
        if not sync_shared:
            def source():
                yield 0
                gate("shared").wait()
            sync_shared.append(source())
        return sync_shared[0]
    async def forks(n):
        for i in range(n):
            if i == 3 and os.fork() == 0:
                log.append("child")
            yield os.getpid()
    def sync_forks(n):
        for i in range(n):
            if i == 3 and os.fork() == 0:
                log.append("child")
            yield os.getpid()
"""


@pytest.fixture
def app(served: Served) -> FakeSupervisor:
    return served(APP)


def idle(app: FakeSupervisor) -> None:
    """What began is over: the worker stops at once, and by itself."""
    assert app.stop() == 0
    assert app.read_log() == b""


@pytest.mark.parametrize("name", ["count", "ticks", "gives_count", "plain_awaitable"])
@pytest.mark.parametrize("n", [0, 1, 2, 100, 20_000])
def test_all_items_arrive_in_order(app: FakeSupervisor, name: str, n: int) -> None:
    call = app.stream(name, n)
    assert app.reply(call) == [END, call, n]
    assert app.items[call] == list(range(n))
    idle(app)


def test_values_of_every_kind(app: FakeSupervisor) -> None:
    values = [None, True, -1, 2**64 - 1, 1.5, "é", "x" * 5000, b"\0", [1, [2]], {"a": {"b": [None]}}, {}]
    assert app.items_of(app.stream("give", values)) == values
    assert app.items_of(app.stream("changes")) == [[0], [0, 1], [0, 1, 2]]


def test_batches_grow_and_are_bounded(app: FakeSupervisor) -> None:
    call = app.stream("count", 50_000)
    app.reply(call)
    assert app.batches[call][:3] == [1, 2, 4]
    assert max(app.batches[call]) > 64
    assert len(app.batches[call]) < 2000


@pytest.mark.parametrize("name", ["count", "ticks"])
def test_credit_is_exact_in_items(app: FakeSupervisor, name: str) -> None:
    call = app.stream(name, 1000, items=10)
    assert app.items_of(call, 10) == list(range(10))
    app.ping()
    assert (len(app.items[call]), app.value("steps")) == (10, 10)
    app.credit(call, 10)
    app.credit(call, 7)
    app.ping()
    assert app.value("steps") == 10
    app.credit(call, 11)
    app.items_of(call, 11)
    assert app.value("steps") == 11
    app.credit(call, 1 << 30)
    assert app.reply(call) == [END, call, 1000]
    idle(app)


def test_credit_is_exact_in_bytes(app: FakeSupervisor) -> None:
    call = app.stream("texts", 100, 98, bytes_=1000)  # 100 bytes each, a byte or more for each array's head
    app.items_of(call, 10)
    app.ping()
    assert app.value("steps") == len(app.items[call]) == 10
    assert 1000 <= app.stream_bytes[call] < 1000 + 103
    app.credit(call, 1 << 30, app.stream_bytes[call])
    app.ping()
    assert app.value("steps") == 10
    app.credit(call, 1 << 30, app.stream_bytes[call] + 1)
    app.items_of(call, 11)
    app.ping()
    assert app.value("steps") == 11
    app.credit(call, 1 << 30)
    assert app.reply(call) == [END, call, 100]


@pytest.mark.parametrize("name", ["count", "ticks"])
def test_no_credit_takes_no_step(app: FakeSupervisor, name: str) -> None:
    call = app.stream(name, 5, items=0)
    app.wait(lambda: sum(app.page[1:3]) == 1)
    app.ping()
    assert app.value("steps") == 0
    app.credit(call, 5, 0)
    app.ping()
    app.credit(call, 5, 3)
    app.wait(lambda: app.stream_bytes.get(call, 0) >= 3)
    app.credit(call, 6)
    assert app.items_of(call) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", ["count", "ticks"])
def test_a_credit_that_overtakes_its_run(app: FakeSupervisor, name: str) -> None:
    app.credit(1001, 3)
    app.credit(1001, 2)
    app.ping()
    call = app.stream(name, 9, items=1)
    assert app.items_of(call, 3) == [0, 1, 2]
    app.ping()
    assert app.value("steps") == 3
    app.credit(1002, 5)
    assert app.value("plain", 1) == 1
    app.credit(call, 99)
    app.reply(call)


def test_a_credit_that_names_nothing(app: FakeSupervisor) -> None:
    call = app.stream("count", 3)
    app.reply(call)
    app.credit(call, PLENTY_MORE)
    other = app.run("forever")
    app.credit(other, 5)
    app.ping()
    app.cancel(other)
    assert app.reply(other)[2]["code"] == "cancelled"
    idle(app)


PLENTY_MORE = 1 << 50


@pytest.mark.parametrize("seq", [1, 2])
def test_a_credit_of_another_call_is_a_protocol_error(app: FakeSupervisor, seq: int) -> None:
    app.stream("count", 30, items=1)
    app.wait(lambda: app.page[1] == 1)
    app.send_control([15, seq, 5, 9, 9])
    time.sleep(0.05)  # control before data: a ping might not be answered any more
    if seq == 2:
        app.run("echo", 1)
    assert app.process.wait(5) == 5
    assert b"CREDIT" in app.read_log()


def test_an_item_leaves_before_the_next_await_ends(app: FakeSupervisor) -> None:
    call = app.stream("one_then_waits")
    assert app.items_of(call, 1) == ["first"]
    app.cancel(call)
    assert app.reply(call)[2]["items"] == 1


@pytest.mark.parametrize("name", ["stepwise"])
def test_an_item_of_a_thread_leaves_before_the_next_step_ends(app: FakeSupervisor, name: str) -> None:
    call = app.stream(name, 20)
    for i in range(20):
        assert app.items_of(call, i + 1) == list(range(i + 1))
        app.run("open_gate", i)
    assert app.reply(call) == [END, call, 20]


def test_items_of_a_sudden_stop_in_a_thread_are_not_kept(served: Served) -> None:
    """Fast ones let the batch grow; those before a step that blocks leave all the same."""
    app = served(
        "import threading\n"
        "gate = threading.Event()\n"
        "def bursts():\n    yield from range(5000)\n    gate.wait()\n    yield 'end'\n"
        "def release(): gate.set()\n"
    )
    call = app.stream("bursts")
    assert app.items_of(call, 5000) == list(range(5000))
    assert app.value("release") is None
    assert app.items_of(call)[-1] == "end"


def test_a_slow_producer_on_the_loop_is_not_batched_beyond_a_millisecond(app: FakeSupervisor) -> None:
    call = app.stream("busy", 60, 0.002)
    app.reply(call)
    assert len(app.batches[call]) > 40


def test_a_stream_that_never_pauses_lets_others_in(app: FakeSupervisor) -> None:
    call = app.stream("endless")
    app.items_of(call, 10_000)
    for n in range(20):
        assert app.value("echo", n) == n
    app.cancel(call)
    error = app.reply(call)[2]
    assert (error["code"], error["certainty"], error["stage"]) == ("cancelled", "started", "run")


@pytest.mark.parametrize("name", ["fails_after", "sync_fails"])
@pytest.mark.parametrize("n", [0, 1, 5, 5000])
def test_an_exception_comes_after_the_items(app: FakeSupervisor, name: str, n: int) -> None:
    call = app.stream(name, n)
    error = app.reply(call)[2]
    assert app.items[call] == list(range(n))
    assert (error["code"], error["items"], error["exception"]["message"]) == ("failed", n, "in the middle")
    assert f"in {name}" in error["exception"]["traceback"]
    assert "clutch_worker" not in error["exception"]["traceback"]
    idle(app)


@pytest.mark.parametrize(
    ("name", "args", "kind"),
    [
        ("leaves", [0, "exit"], "SystemExit"),
        ("leaves", [3, "exit"], "SystemExit"),
        ("leaves", [3, "interrupt"], "KeyboardInterrupt"),
        ("leaves", [3, "generator"], "GeneratorExit"),
        ("sync_exits", [3], "SystemExit"),
        ("within", [0.05], "TimeoutError"),
    ],
)
def test_what_would_end_a_process_ends_a_stream(app: FakeSupervisor, name: str, args: list[Any], kind: str) -> None:
    error = app.stream_error(name, *args)
    assert (error["code"], error["exception"]["type"]) == ("failed", kind)
    assert app.value("echo", 1) == 1
    idle(app)


@pytest.mark.parametrize(
    ("name", "args", "text"),
    [
        ("odd", [], "item 2 does not cross: an object of type object does not cross, at $.a[1]"),
        ("sync_odd", [], "item 1 does not cross: an object of type object does not cross, at $"),
        ("huge", [False], "item 2 does not cross: an int beyond"),
        ("huge", [True], "item 2 does not cross: an int beyond"),
        ("huge_last", [], "item 1 does not cross: an int beyond"),
        ("odd_then_cleans", [], "item 0 does not cross: an object of type object"),
        ("sync_huge", [], "item 1 does not cross: an int beyond"),
        ("large", [1, 2 << 20], "item 0 does not cross: it has 2097154 bytes, more than the 1048576"),
    ],
)
def test_an_item_that_does_not_cross_ends_its_stream(
    app: FakeSupervisor, name: str, args: list[Any], text: str
) -> None:
    error = app.stream_error(name, *args)
    assert text in error["message"]
    assert (error["code"], error["stage"], error["certainty"]) == ("invalid_argument", "result", "started")
    if name not in ("odd", "large", "huge_last"):
        assert app.value("logged") == ["closed"]
    idle(app)


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("gives", "int", "app.gives returned an int, which is no stream: call it with call"),
        ("gives", "list", "app.gives returned a list, which is no stream"),
        ("gives", "none", "app.gives returned None, which is no stream"),
        ("gives", "iter", "app.gives gave a list_iterator on the loop"),
        ("plain_gives", "int", "app.plain_gives returned an int, which is no stream: call it with call"),
        ("plain_gives", "list", "app.plain_gives returned a list, which is no stream"),
    ],
)
def test_what_is_no_stream(app: FakeSupervisor, name: str, kind: str, text: str) -> None:
    error = app.stream_error(name, kind)
    assert text in error["message"]
    assert (error["code"], error["stage"], error["certainty"]) == ("invalid_argument", "result", "started")
    idle(app)


def test_iterators_that_are_no_generators(app: FakeSupervisor) -> None:
    assert app.items_of(app.stream("iterator", 3)) == [2, 1, 0]
    assert app.items_of(app.stream("plain_gives", "iter")) == [5, 6]
    assert app.items_of(app.stream("plain_gives", "agen")) == [0, 1, 2]
    assert "returned an int" in app.stream_error("plain_awaitable_int")["message"]
    assert app.stream_error("plain_fails")["exception"]["message"] == "before it began"
    call = app.stream("closing", 3)
    app.items_of(call, 2)
    app.cancel(call)
    assert app.reply(call)[2]["code"] == "cancelled"
    assert app.value("logged") == ["aclose"]
    call = app.stream("iterator", 3, items=1)
    app.items_of(call, 1)
    app.cancel(call)
    assert app.reply(call)[2]["code"] == "cancelled"
    idle(app)


def test_arguments_are_checked_as_ever(app: FakeSupervisor) -> None:
    for name in ("count", "ticks"):
        error = app.stream_error(name)
        assert (error["code"], error["stage"], error["items"]) == ("invalid_argument", "arguments", 0)


def test_a_plain_call_of_a_generator_stays_refused(app: FakeSupervisor) -> None:
    assert "read it with stream" in app.error("count", 3)["message"]
    assert "read it with stream" in app.error("ticks", 3)["message"]


@pytest.mark.parametrize(("why", "code"), [(0, "cancelled"), (1, "deadline_exceeded")])
@pytest.mark.parametrize("awaits", [False, True])
def test_cancel_unwinds_in_the_same_task_and_context(app: FakeSupervisor, why: int, code: str, awaits: bool) -> None:
    call = app.stream("unwinds", awaits, items=99 if awaits else 3)
    app.items_of(call, 3)
    app.ping()
    app.cancel(call, why)
    error = app.reply(call)[2]
    assert (error["code"], error["certainty"], error["stage"], error["items"]) == (code, "started", "run", 3)
    expected = "CancelledError" if awaits else "GeneratorExit"
    assert app.value("logged") == [expected, ["finally", True, "fresh", call]]
    idle(app)


def test_cancel_of_one_that_swallows_it(app: FakeSupervisor) -> None:
    call = app.stream("swallows")
    app.items_of(call, 1)
    app.ping()
    app.cancel(call)
    assert app.reply(call)[2]["code"] == "cancelled"
    assert app.value("logged") == ["swallowed", "closed"]
    call = app.stream("swallows_and_ends")
    app.items_of(call, 1)
    app.cancel(call)
    assert app.reply(call)[2]["code"] == "cancelled", "an END would pass for all of its items"
    idle(app)


def test_cancel_while_the_function_still_awaits(app: FakeSupervisor) -> None:
    call = app.stream("waits_then_gives")
    app.wait(lambda: app.begun[0] == 1)
    app.cancel(call)
    assert app.reply(call)[2]["code"] == "cancelled"
    idle(app)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ignores_exit", "async generator ignored GeneratorExit"),
        ("yields_in_finally", "async generator ignored GeneratorExit"),
        ("fails_closing", "cannot close"),
        ("sync_ignores", "generator ignored GeneratorExit"),
        ("sync_fails_closing", "cannot close"),
    ],
)
@pytest.mark.parametrize("items", [1, 2, 1 << 40])
def test_a_closing_that_fails_is_the_streams_error(app: FakeSupervisor, name: str, text: str, items: int) -> None:
    call = app.stream(name, items=items)
    app.items_of(call, min(items, 5))
    app.cancel(call)
    error = app.reply(call)[2]
    assert (error["code"], error["stage"]) == ("failed", "run")
    assert text in error["exception"]["message"]
    assert app.value("echo", 1) == 1


def test_a_closing_that_hangs_is_cancelled_after_the_grace(app: FakeSupervisor) -> None:
    call = app.stream("hangs_closing", items=1)
    app.items_of(call, 1)
    app.cancel(call)
    assert app.reply(call)[2]["code"] == "cancelled"
    assert app.value("logged") == ["gave in"]
    idle(app)


def test_one_generator_in_two_streams(app: FakeSupervisor) -> None:
    first = app.stream("share")
    app.items_of(first, 1)
    app.ping()
    error = app.stream_error("share")
    assert "already running" in error["exception"]["message"]
    app.cancel(first)
    assert app.reply(first)[2]["code"] == "cancelled"
    first = app.stream("sync_share")
    app.items_of(first, 1)
    time.sleep(0.05)
    assert "already executing" in app.stream_error("sync_share")["exception"]["message"]
    app.value("open_gate", "shared")
    assert app.reply(first) == [END, first, 1]
    idle(app)


def test_a_generator_in_a_thread_is_closed_after_its_step(app: FakeSupervisor) -> None:
    for items in (3, 1 << 40):
        call = app.stream("sync_unwinds", items=items)
        app.items_of(call, 3)
        app.cancel(call)
        assert app.reply(call)[2]["code"] == "cancelled"
    assert app.value("logged") == ["GeneratorExit", ["inside", True]] * 2
    idle(app)


def test_cancelled_or_expired_before_it_began(app: FakeSupervisor) -> None:
    for name in ("count", "ticks"):
        error = app.stream_error(name, 5, expires=now_ns() - 1)
        assert (error["code"], error["certainty"], error["items"]) == ("deadline_exceeded", "not_started", 0)
    app.cancel(1003)
    app.cancel(1004)
    app.ping()
    for name in ("count", "ticks"):
        assert app.stream_error(name, 5)["certainty"] == "not_started"
    assert app.value("steps") == 0
    idle(app)


@pytest.mark.parametrize("name", ["large", "sync_large"])
def test_large_items_are_frames(served: Served, name: str) -> None:
    app = served(APP, payload_bytes_max=2 << 20)
    size = 1 << 20
    call = app.stream(name, 24, size, bytes_=4 << 20)
    app.items_of(call, 4)
    app.ping()
    assert len(app.items[call]) <= 5
    app.credit(call, 100, 1 << 40)
    assert app.items_of(call) == [bytes([i]) * size for i in range(24)]
    assert app.items_of(app.stream(name, 3, 65535)) == [bytes([i]) * 65535 for i in range(3)]


def test_many_at_once(app: FakeSupervisor) -> None:
    calls = [app.queue_stream("count" if n % 2 else "ticks", 500, items=100) for n in range(200)]
    app.flush()
    for call in calls:
        app.items_of(call, 100)
    for call in calls:
        app.credit(call, 1000)
    for call in calls:
        assert app.reply(call) == [END, call, 500]
        assert app.items[call] == list(range(500))
    idle(app)


@pytest.mark.parametrize(("stalled", "fast"), [("count", "count"), ("ticks", "ticks"), ("count", "ticks")])
def test_a_stalled_stream_holds_up_nobody(served: Served, stalled: str, fast: str) -> None:
    app = served(APP, concurrency=1, threads=1)
    first = app.stream(stalled, 100, items=5)
    app.items_of(first, 5)
    second = app.stream(fast, 10_000)
    assert app.reply(second) == [END, second, 10_000]
    assert (app.value("echo", 1), app.value("plain", 2)) == (1, 2)
    assert len(app.items[first]) == 5
    app.credit(first, 1000)
    assert app.reply(first) == [END, first, 100]
    idle(app)


def test_what_runs_counts_against_the_concurrency(served: Served) -> None:
    app = served(APP, concurrency=1, threads=1)
    call = app.stream("endless", 0.001)
    app.items_of(call, 5)
    other = app.run("echo", 1)
    threaded = app.stream("sync_endless", items=10)
    app.items_of(threaded, 10)
    app.ping()
    assert other not in app.replies
    app.cancel(call)
    assert app.reply(other)[2] == 1
    app.cancel(threaded)
    app.reply(threaded)


def test_a_stream_in_a_thread_lets_calls_pass_between_its_steps(served: Served) -> None:
    app = served(APP, threads=1)
    endless = app.stream("sync_endless")
    app.items_of(endless, 100)
    for n in range(5):
        assert app.value("plain", n) == n
    two = [app.stream("ticks", 20_000) for _ in range(2)]
    for call in two:
        assert app.reply(call) == [END, call, 20_000]
    app.cancel(endless)
    assert app.reply(endless)[2]["code"] == "cancelled"
    idle(app)


def test_slow_steps_deliver_one_by_one(app: FakeSupervisor) -> None:
    call = app.stream("slow", 4, 0.15)
    arrived = []
    for n in range(4):
        app.items_of(call, n + 1)
        arrived.append(time.monotonic())
    assert all(later - earlier > 0.1 for earlier, later in itertools.pairwise(arrived))


def test_a_forked_child_is_silent(app: FakeSupervisor) -> None:
    for name in ("forks", "sync_forks"):
        call = app.stream(name, 5000)
        assert set(app.items_of(call)) == {app.process.pid}
        assert app.value("logged") == []


def test_stop_waits_for_a_stream(app: FakeSupervisor) -> None:
    call = app.stream("endless", 0.01, items=10)
    app.items_of(call, 3)
    app.send_control([12, now_ns() + 10**10])
    app.items_of(call, 10)
    assert app.process.poll() is None
    app.cancel(call)
    app.reply(call)
    assert app.process.wait(5) == 0


def test_a_dump_shows_a_stream(app: FakeSupervisor) -> None:
    call = app.stream("endless", items=1)
    app.items_of(call, 1)
    app.watchdog.send(b"DUMP")
    assert f"call {call}: app.endless" in app.watchdog.recv(1 << 20).decode()
    app.cancel(call)


KINDS = [
    ("count", [300]), ("ticks", [300]), ("fails_after", [120]), ("sync_fails", [120]), ("endless", [0]),
    ("endless", []), ("sync_endless", []), ("huge", [True]), ("unwinds", [True]), ("swallows", []),
    ("gives_count", [50]), ("plain_awaitable", [50]), ("iterator", [90]),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_what_happens(served: Served, seed: int) -> None:
    """Cancels and credit against items, ends and exceptions: one outcome each, no item lost, the worker idle."""
    dice = random.Random(seed)
    app = served(APP, concurrency=dice.choice([1, 3, 1000]), threads=dice.choice([1, 2, 4]))
    given: dict[int, int] = {}
    cancelled: set[int] = set()
    try:
        for _ in range(250):
            event = dice.random()
            if event < 0.3:
                name, args = dice.choice(KINDS)
                credit = dice.choice([0, 1, 10, 100])
                given[app.queue_stream(name, *args, items=credit)] = credit
            elif event < 0.4 and app._queued:
                app.flush()
            elif event < 0.7 and given:
                call = dice.choice(list(given))
                given[call] += dice.choice([0, 1, 30])
                app.credit(call, given[call])
            elif event < 0.85 and given:
                call = dice.choice(list(given))
                app.cancel(call, dice.choice([0, 1]))
                cancelled.add(call)
            else:
                app.wait(lambda: True)
                for lane, _ in app.poller.poll(dice.choice([0, 1])):
                    app._take(lane)
            for call, credit in given.items():
                assert len(app.items[call]) <= credit
        if app._queued:
            app.flush()
        for call in given:
            app.credit(call, 400)
        time.sleep(0.02)
        for call in given:
            app.cancel(call)
        for call in given:
            record = app.reply(call)
            if record[0] == ERROR and record[2]["code"] in ("failed", "invalid_argument"):
                assert "middle" in record[2]["message"] or "does not cross" in record[2]["message"], record
            items = app.items[call]
            expected = (list(range(len(items))), [1, 2][: len(items)], [89 - i for i in range(len(items))])
            assert items in (*expected, [0, 1, 2, 3, *[3] * (len(items) - 4)])
        idle(app)
    except BaseException:
        print(f"seed {seed}")  # noqa: T201
        raise
