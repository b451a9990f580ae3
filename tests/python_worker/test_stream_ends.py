"""Every way in which a stream ends, through a real process."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from stream_app import STREAMS, idle
from support import END, ERROR, FakeSupervisor, now_ns

Served = Callable[..., FakeSupervisor]


@pytest.fixture
def app(served: Served) -> FakeSupervisor:
    return served(STREAMS)


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
        ("cancels_itself", [3], "asyncio.exceptions.CancelledError"),
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


def test_a_task_factory_changes_nothing(app: FakeSupervisor) -> None:
    assert app.value("lazily") is None
    assert app.items_of(app.stream("count", 100)) == list(range(100))
    for name, args in (("count", [100]), ("waits_then_gives", []), ("plain_awaitable", [5])):
        call = app.stream(name, *args, items=0)
        app.cancel(call)
        assert app.reply(call)[2]["code"] == "cancelled"
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


KINDS = [
    ("count", [300]), ("ticks", [300]), ("fails_after", [120]), ("sync_fails", [120]), ("endless", [0]),
    ("endless", []), ("sync_endless", []), ("huge", [True]), ("unwinds", [True]), ("swallows", []),
    ("gives_count", [50]), ("plain_awaitable", [50]), ("iterator", [90]),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_what_happens(served: Served, seed: int) -> None:
    """Cancels and credit against items, ends and exceptions: one outcome each, no item lost, the worker idle."""
    dice = random.Random(seed)
    app = served(STREAMS, concurrency=dice.choice([1, 3, 1000]), threads=dice.choice([1, 2, 4]))
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
