"""Streams through a real process: their items, their credit, and what they leave to others."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app import STREAMS, idle
from support import END, FakeSupervisor, now_ns

Served = Callable[..., FakeSupervisor]


@pytest.fixture
def app(served: Served) -> FakeSupervisor:
    return served(STREAMS)


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
    app.credit(call, 1 << 50)
    other = app.run("forever")
    app.credit(other, 5)
    app.ping()
    app.cancel(other)
    assert app.reply(other)[2]["code"] == "cancelled"
    idle(app)


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


def test_a_busy_producer_on_the_loop_is_batched_within_a_millisecond(app: FakeSupervisor) -> None:
    call = app.stream("busy", 300, 0.0001)
    app.reply(call)
    assert max(app.batches[call]) < 20


def test_a_stream_that_never_pauses_lets_others_in(app: FakeSupervisor) -> None:
    call = app.stream("endless")
    app.items_of(call, 10_000)
    for n in range(20):
        assert app.value("echo", n) == n
    app.cancel(call)
    error = app.reply(call)[2]
    assert (error["code"], error["certainty"], error["stage"]) == ("cancelled", "started", "run")


@pytest.mark.parametrize("name", ["large", "sync_large"])
def test_large_items_are_frames(served: Served, name: str) -> None:
    app = served(STREAMS, payload_bytes_max=2 << 20)
    size = 1 << 20
    call = app.stream(name, 24, size, bytes_=4 << 20)
    app.items_of(call, 4)
    app.ping()
    assert len(app.items[call]) <= 5
    app.credit(call, 100, 1 << 40)
    assert app.items_of(call) == [bytes([i]) * size for i in range(24)]
    assert app.items_of(app.stream(name, 3, 65535)) == [bytes([i]) * 65535 for i in range(3)]


@pytest.mark.parametrize("name", ["mixed", "mixed_in_thread"])
def test_frames_overtake_nothing(app: FakeSupervisor, name: str) -> None:
    expected = [i if i % 3 else bytes([i % 256]) * 65536 for i in range(300)]
    assert app.items_of(app.stream(name, 300)) == expected


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
    app = served(STREAMS, concurrency=1, threads=1)
    first = app.stream(stalled, 100, items=5)
    app.items_of(first, 5)
    second = app.stream(fast, 10_000)
    assert app.reply(second) == [END, second, 10_000]
    assert (app.value("echo", 1), app.value("plain", 2)) == (1, 2)
    calls = [app.queue("echo", n) for n in range(500)]  # more than one turn begins
    app.flush()
    assert [app.reply(call)[2] for call in calls] == list(range(500))
    assert len(app.items[first]) == 5
    app.credit(first, 1000)
    assert app.reply(first) == [END, first, 100]
    idle(app)


def test_what_runs_counts_against_the_concurrency(served: Served) -> None:
    app = served(STREAMS, concurrency=1, threads=1)
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


def test_a_stream_that_is_closed_without_credit_holds_up_nobody(served: Served) -> None:
    app = served(STREAMS, concurrency=1)
    call = app.stream("hangs_closing", items=1)
    app.items_of(call, 1)
    app.cancel(call)
    assert app.value("echo", 1) == 1
    assert call not in app.replies
    app.reply(call)  # its cancel is repeated
    idle(app)


def test_a_stream_that_goes_on_counts_again(served: Served) -> None:
    app = served(STREAMS, concurrency=1)
    call = app.stream("endless", 0.001, items=5)
    app.items_of(call, 5)
    assert app.value("echo", 1) == 1
    app.credit(call, 1 << 40)
    app.items_of(call, 10)
    other = app.run("echo", 2)
    app.items_of(call, 50)
    assert other not in app.replies
    app.cancel(call)
    assert app.reply(other)[2] == 2


def test_room_comes_free_with_the_wait_for_credit(served: Served) -> None:
    app = served(STREAMS, concurrency=1)
    calls = [app.queue_stream("sleeps_then_gives", 0.05, items=0), app.queue("echo", 1)]
    app.flush()
    assert app.reply(calls[1])[2] == 1
    app.credit(calls[0], 5)
    assert app.items_of(calls[0]) == [0]


def test_a_stream_in_a_thread_lets_calls_pass_between_its_steps(served: Served) -> None:
    app = served(STREAMS, threads=1)
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


def test_a_slow_stream_holds_its_thread_for_a_step(served: Served) -> None:
    app = served(STREAMS, threads=1)
    call = app.stream("slow", 300, 0.003)
    app.items_of(call, 70)
    before = len(app.items[call])
    assert app.value("plain", 1) == 1
    assert len(app.items[call]) < before + 20
    app.cancel(call)
    app.reply(call)


def test_slow_steps_deliver_one_by_one(app: FakeSupervisor) -> None:
    call = app.stream("slow", 4, 0.15)
    arrived = []
    for n in range(4):
        app.items_of(call, n + 1)
        arrived.append(time.monotonic())
    assert all(later - earlier > 0.1 for earlier, later in itertools.pairwise(arrived))


def test_a_forked_child_takes_no_step(app: FakeSupervisor, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for name in ("forks", "sync_forks"):
        call = app.stream(name, 5000, str(trace))
        assert set(app.items_of(call)) == {app.process.pid}
        assert not trace.exists()


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
