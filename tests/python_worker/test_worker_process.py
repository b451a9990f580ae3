"""The real process, end to end: boot, calls, and every way in which they and it end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import ERROR, RESULT, FakeSupervisor, Gone, encode, now_ns, worker_process

Served = Callable[..., FakeSupervisor]

APP = """
    import asyncio, contextvars, functools, os, sys, threading, time
    import clutch_worker

    gate = threading.Event()
    seen = contextvars.ContextVar("seen", default="fresh")
    async def echo(x): return x
    async def typed(order: dict[str, list[int]], n: int = 1) -> int: return n
    async def two(a, *, b=2): return [a, b]
    runs = []
    async def ran(): return runs
    def wrapper(name, inner):
        @functools.wraps(inner)
        def call(*args, **kwargs):
            runs.append(name)
            return inner(*args, **kwargs)
        return call
    wrapped = wrapper("wrapped", echo)
    plain_wrapped = wrapper("plain_wrapped", lambda x: x)
    async def pair(a, b): return [a, b]
    @functools.wraps(pair)
    def wrapped_closely(a):
        runs.append("wrapped_closely")
        return pair(a, a)
    async def forever(): await asyncio.Event().wait()
    async def fails(text):
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError(text) from error
    async def late_fails(): await asyncio.sleep(0); raise ValueError("late")
    async def leaves(): sys.exit(3)
    async def late_leaves(): await asyncio.sleep(0); sys.exit(3)
    async def interrupts(): await asyncio.sleep(0); raise KeyboardInterrupt
    async def closes(): raise GeneratorExit
    async def cancels_itself(): raise asyncio.CancelledError("of its own")
    async def swallows():
        swallowed = 0
        while swallowed < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
        return swallowed
    async def within(seconds):
        try:
            async with asyncio.timeout(seconds):
                await asyncio.Event().wait()
        except TimeoutError:
            return "timed out"
    async def tasks():
        async with asyncio.TaskGroup() as group:
            a, b = group.create_task(echo(1)), group.create_task(echo(2))
        return [a.result(), b.result(), asyncio.current_task().get_name()]
    async def context():
        was = seen.get()
        seen.set("used")
        return was
    async def who():
        call = clutch_worker.current_call()
        return [call.id, call.function, call.attempt, call.metadata, call.time_left, call.cancelled]
    async def block(seconds): time.sleep(seconds); return seconds
    async def blocks_later(): await asyncio.sleep(0.1); time.sleep(30)
    async def forks():
        pid = os.fork()
        return "child" if pid == 0 else [pid, os.waitpid(pid, 0)[1]]
    async def numbers():
        yield 1
    def plain(x): return x
    def plain_forever(): gate.wait()
    def plain_until_cancelled():
        call = clutch_worker.current_call()
        while not call.cancelled:
            time.sleep(0.001)
        return [call.function, "saw it"]
    def plain_fails(): raise OSError(2, "no")
    def plain_leaves(): sys.exit(3)
    def returns_coroutine(x): return echo(x)
    def returns_forever(): return forever()
    def plain_forks():
        pid = os.fork()
        return "child" if pid == 0 else [pid, os.waitpid(pid, 0)[1]]
    def generator(): yield 1
    async def buffer(data: memoryview): return [type(data).__name__, len(data), data]
    async def data(data: bytes): return data
    async def environment(): return [os.environ.get("PYTHONPATH"), sys.path[0]]
    async def prints(text): print(text)
    async def surrogate(): return "\\ud800"
    async def big(): return 2**64
    async def odd(): return {"a": [1, 2, 3, object()]}
"""


@pytest.fixture
def app(served: Served) -> FakeSupervisor:
    return served(APP)


def test_values_cross(app: FakeSupervisor) -> None:
    for value in (None, True, -1, 2**64 - 1, -(2**63), 1.5, "é", b"\0", [1, [2]], {"a": {"b": [None]}}, {}):
        assert app.value("echo", value) == value


def test_keyword_arguments(app: FakeSupervisor) -> None:
    assert app.value("two", 1, kwargs={"b": 3}) == [1, 3]


def test_python_says_what_is_wrong_with_the_arity(app: FakeSupervisor) -> None:
    for args, kwargs, text in (
        ((), {}, "two() missing 1 required positional argument: 'a'"),
        ((1, 2), {}, "two() takes 1 positional argument but 2 were given"),
        ((1,), {"c": 1}, "two() got an unexpected keyword argument 'c'"),
    ):
        error = app.error("two", *args, **({"kwargs": kwargs} if kwargs else {}))
        assert (error["code"], error["stage"], error["certainty"]) == ("invalid_argument", "arguments", "not_started")
        assert text in error["message"]


@pytest.mark.parametrize("name", ["wrapped", "plain_wrapped"])
def test_a_type_error_after_a_wrapper_ran_is_the_functions(app: FakeSupervisor, name: str) -> None:
    """Its code ran: to say not_started would be false."""
    error = app.error(name, 1, 2)
    assert (error["code"], error["stage"], error["certainty"]) == ("failed", "run", "started")
    assert error["exception"]["type"] == "TypeError"
    assert "takes 1 positional argument but 2 were given" in error["exception"]["message"]
    assert app.value("ran") == [name]


def test_a_wrapper_without_room_for_the_arguments_never_runs(app: FakeSupervisor) -> None:
    error = app.error("wrapped_closely", 1, 2)
    assert (error["code"], error["stage"], error["certainty"]) == ("invalid_argument", "arguments", "not_started")
    assert app.value("ran") == []


def test_a_value_of_the_wrong_type_is_named_with_its_path(app: FakeSupervisor) -> None:
    error = app.error("typed", {"a": [1, "x"]})
    assert error["message"] == "argument 'order': Expected `int`, got `str` at $[...][1]"
    assert (error["code"], error["stage"]) == ("invalid_argument", "arguments")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x91\x82\xa1a\x01\xa1a\x02", "a key occurs twice"),
        (b"\x91\xd4\x05\x00", "an extension that is no timestamp"),
        (b"\x91\x81\x90\x01", "an array or a map is used as a key"),
        (b"\x91" * 65 + b"\xc0", "nested deeper than 64"),
        (b"\xdd\xff\xff\xff\xff", "elements"),
        (b"\x91\xa1\xff", "not UTF-8"),
        (b"", "ends in the middle"),
        (b"\xc0", "arguments cannot be read"),
        (b"\x90\x90", "bytes follow"),
    ],
)
def test_arguments_outside_the_domain_are_that_calls_error(app: FakeSupervisor, raw: bytes, reason: str) -> None:
    error = app.error("echo", raw=raw)
    assert reason in error["message"]
    assert (error["code"], error["stage"], error["certainty"]) == ("invalid_argument", "arguments", "not_started")
    assert app.value("echo", 1) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [("surrogate", "lone surrogate"), ("big", "2**64-1"), ("odd", "type object does not cross, at $.a[3]")],
)
def test_a_result_that_does_not_cross_spares_its_neighbours(app: FakeSupervisor, name: str, text: str) -> None:
    calls = [app.queue("echo", 1), app.queue(name), app.queue("echo", 2)]
    app.flush()
    good, bad, other = map(app.reply, calls)
    assert (good[2], other[2]) == (1, 2)
    assert text in bad[2]["message"]
    assert (bad[2]["code"], bad[2]["stage"], bad[2]["certainty"]) == ("invalid_argument", "result", "started")


def test_an_exception_arrives_as_data(app: FakeSupervisor) -> None:
    error = app.error("fails", "broken")
    assert (error["code"], error["stage"], error["certainty"]) == ("failed", "run", "started")
    exception = error["exception"]
    assert (exception["type"], exception["message"], exception["explicit"]) == ("ValueError", "broken", True)
    assert (exception["cause"]["type"], exception["cause"]["message"]) == ("KeyError", "'inner'")
    assert "in fails" in exception["traceback"]
    assert "clutch_worker" not in exception["traceback"]
    assert "in late_fails" in app.error("late_fails")["exception"]["traceback"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("leaves", "SystemExit"),
        ("late_leaves", "SystemExit"),
        ("interrupts", "KeyboardInterrupt"),
        ("closes", "GeneratorExit"),
        ("plain_leaves", "SystemExit"),
        ("plain_fails", "FileNotFoundError"),
        ("cancels_itself", "asyncio.exceptions.CancelledError"),
    ],
)
def test_what_would_end_a_process_ends_a_call(app: FakeSupervisor, name: str, kind: str) -> None:
    running = app.run("forever")
    error = app.error(name)
    assert (error["code"], error["exception"]["type"]) == ("failed", kind)
    assert app.value("echo", 1) == 1
    app.cancel(running)
    assert app.reply(running)[2]["code"] == "cancelled"


@pytest.mark.parametrize(("why", "code"), [(0, "cancelled"), (1, "deadline_exceeded")])
def test_cancel_of_a_running_call(app: FakeSupervisor, why: int, code: str) -> None:
    call = app.run("forever")
    app.wait(lambda: app.begun[0] == 1)
    app.cancel(call, why)
    error = app.reply(call)[2]
    assert (error["code"], error["certainty"], error["stage"]) == (code, "started", "run")


def test_a_cancel_that_overtakes_its_run(app: FakeSupervisor) -> None:
    app.cancel(1001)
    app.ping()
    error = app.error("echo", 1)
    assert (error["code"], error["certainty"], error["stage"]) == ("cancelled", "not_started", "queue")
    app.cancel(1002)
    app.ping()
    assert app.error("plain", 1)["certainty"] == "not_started"


def test_a_cancel_of_a_call_that_is_over_does_nothing(app: FakeSupervisor) -> None:
    assert app.value("echo", 1) == 1
    app.cancel(1001)
    app.ping()
    assert app.value("echo", 2) == 2


def test_a_cancel_is_repeated_until_the_call_gives_in(app: FakeSupervisor) -> None:
    call = app.run("swallows")
    app.wait(lambda: app.begun[0] == 1)
    app.cancel(call)
    assert app.reply(call)[2] == 3


def test_a_cancel_is_only_a_mark_for_a_thread(app: FakeSupervisor) -> None:
    call = app.run("plain_until_cancelled")
    app.wait(lambda: app.begun[1] == 1)
    app.cancel(call)
    assert app.reply(call)[2] == ["app.plain_until_cancelled", "saw it"]


def test_expired_before_it_began(app: FakeSupervisor) -> None:
    for name in ("echo", "plain"):
        error = app.error(name, 1, expires=now_ns() - 1)
        assert (error["code"], error["certainty"], error["stage"]) == ("deadline_exceeded", "not_started", "queue")
    assert (app.page[1], app.page[2]) == (1, 2)
    assert app.value("echo", 1, expires=now_ns() + 10**10) == 1


def test_begun_is_told_on_control_when_calls_stay(app: FakeSupervisor) -> None:
    calls = [app.queue("forever") for _ in range(3)]
    app.flush()
    app.wait(lambda: app.begun == (3, 0))
    assert app.begun_on_control == 1
    assert app.page[1] == 3
    for call in calls:
        app.cancel(call)
        app.reply(call)


def test_only_so_many_run_at_once(served: Served) -> None:
    app = served(APP, concurrency=2, threads=2)
    calls = [app.queue("forever") for _ in range(3)] + [app.queue("plain_forever") for _ in range(3)]
    app.flush()
    app.wait(lambda: app.begun == (2, 5))
    app.ping()
    assert (app.page[1], app.page[2]) == (2, 5)
    app.cancel(calls[0])
    app.reply(calls[0])
    app.wait(lambda: app.begun == (3, 5))
    app.cancel(calls[1])
    app.reply(calls[1])


def test_what_a_plain_function_left_on_the_loop_keeps_its_threads_room(served: Served) -> None:
    app = served(APP, threads=1)
    first, second = app.queue("returns_forever"), app.queue("plain", 1)
    app.flush()
    app.wait(lambda: app.begun[1] == 1)
    app.ping()
    assert app.page[2] == 1
    app.cancel(first)
    assert app.reply(first)[2]["code"] == "cancelled"
    assert app.reply(second)[2] == 1


def test_what_waits_for_room_is_cancelled_at_once(served: Served) -> None:
    app = served(APP, concurrency=1)
    first, second = app.queue("forever"), app.queue("forever")
    app.flush()
    app.wait(lambda: app.begun[0] == 1)
    app.cancel(second)
    assert app.reply(second)[2]["certainty"] == "not_started"
    app.cancel(first)
    assert app.reply(first)[2]["certainty"] == "started"


def test_replies_leave_while_a_long_batch_runs(app: FakeSupervisor) -> None:
    calls = [app.queue("block", 0.05) for _ in range(24)]
    app.flush()
    app.reply(calls[0])
    assert calls[-1] not in app.replies
    app.reply(calls[-1])
    assert len([m for m in app.messages if any(record[0] == RESULT for record in m)]) >= 4


def test_a_deep_burst_is_answered_once_each(app: FakeSupervisor) -> None:
    calls: list[int] = []
    for _ in range(20):
        calls += [app.queue("echo", n) for n in range(250)]
        app.flush()
    app.wait(lambda: len(app.replies) == len(calls))
    assert [app.replies[call][2] for call in calls[:3]] == [0, 1, 2]


def test_asyncio_works_inside_of_a_first_step(app: FakeSupervisor) -> None:
    assert app.value("within", 0.001) == "timed out"
    assert app.value("tasks") == [1, 2, "app.tasks"]


def test_each_call_has_a_fresh_context(app: FakeSupervisor) -> None:
    assert [app.value("context"), app.value("context")] == ["fresh", "fresh"]


def test_current_call(app: FakeSupervisor) -> None:
    extras = {"attempt": 2, "metadata": {"k": "v"}, "deadline": now_ns() + 10**10}
    id_, function, attempt, metadata, left, cancelled = app.value("who", **extras)
    assert (id_, function, attempt, metadata, cancelled) == (1001, "app.who", 2, {"k": "v"}, False)
    assert 9 < left < 10
    assert app.value("who")[2:] == [1, {}, None, False]


def test_threads_and_what_they_return(app: FakeSupervisor) -> None:
    assert [app.value("plain", n) for n in range(3)] == [0, 1, 2]
    assert app.value("returns_coroutine", 5) == 5
    assert app.value("plain", {"a": [1]}, kwargs={}) == {"a": [1]}


def test_generators_are_registered_and_refused(app: FakeSupervisor) -> None:
    kinds = {function["name"]: function["kind"] for function in app.functions}
    assert (kinds["app.numbers"], kinds["app.generator"]) == ("async_generator", "generator")
    for name in ("numbers", "generator"):
        error = app.error(name)
        assert (error["code"], error["certainty"]) == ("invalid_argument", "not_started")
        assert "read it with stream" in error["message"]


def test_large_bytes_travel_as_frames(app: FakeSupervisor) -> None:
    large = os.urandom(100_000)
    call = app.run("buffer", b"", frames={0: large})
    assert app.reply(call)[2] == ["memoryview", 100_000, b""]
    assert app.reply(call)[3] == [[2, 1]]
    assert app.payloads[call] == [large]
    call = app.run("data", kwargs={"data": b""}, frames={"data": large})
    assert app.reply(call)[2:] == [b"", [[None, 1]]]
    assert app.payloads[call] == [large]
    assert app.value("echo", b"x" * 65535) == b"x" * 65535


def test_a_frame_without_a_place_is_that_calls_error(app: FakeSupervisor) -> None:
    assert "which there is not" in app.error("echo", 1, frames={3: b"x"})["message"]
    assert "a value already" in app.error("echo", 1, frames={0: b"x"})["message"]


def test_a_result_over_the_bound(served: Served) -> None:
    app = served(APP + "\n    async def large(n): return 'x' * n\n", payload_bytes_max=10_000)
    assert "more than the 10000" in app.error("large", 20_000)["message"]
    assert app.value("large", 9_000) == "x" * 9_000


def test_a_forked_child_is_silent(app: FakeSupervisor) -> None:
    for name, seq in (("forks", 1), ("plain_forks", 2)):
        pid, status = app.value(name)
        assert pid > 0
        assert os.waitstatus_to_exitcode(status) == 1
        assert app.page[1 if name == "forks" else 2] == seq
    assert app.value("echo", 1) == 1


def test_the_environment_is_the_users(app: FakeSupervisor, tmp_path: Path) -> None:
    assert app.value("environment") == [None, str(tmp_path)]


def test_what_is_printed_arrives_at_once(app: FakeSupervisor) -> None:
    assert app.value("prints", "hello") is None
    assert app.process.stdout is not None
    assert app.process.stdout.readline() == b"hello\n"


def test_sigint_is_ignored(app: FakeSupervisor) -> None:
    app.process.send_signal(signal.SIGINT)
    assert app.value("echo", 1) == 1
    assert app.read_log() == b""


def test_stop_finishes_what_runs(app: FakeSupervisor) -> None:
    call = app.run("within", 0.05)
    app.wait(lambda: app.begun[0] == 1)
    app.send_control([12, now_ns() + 10**10])
    assert app.reply(call)[2] == "timed out"
    assert app.process.wait(5) == 0


def test_stop_ends_at_its_time(app: FakeSupervisor) -> None:
    app.run("forever")
    app.run("plain_forever")
    app.wait(lambda: app.begun == (1, 2))
    start = time.monotonic()
    assert app.stop(by_s=0.3) == 0
    assert time.monotonic() - start < 3


def test_stop_ends_a_blocked_loop(app: FakeSupervisor) -> None:
    app.run("blocks_later")
    app.wait(lambda: app.begun[0] == 1)
    app.send_control([12, now_ns() + 3 * 10**8])
    app.ping()
    app.wait(lambda: app.page[1] == 1)
    assert app.process.wait(5) == 0


def where(app: FakeSupervisor, call: int) -> str:
    app.watchdog.send(b"WHERE %d" % call)
    head, _, stack = app.watchdog.recv(1 << 20).decode().partition("\n")
    assert head == f"WHERE {call}"
    return stack


def test_the_watchdog_says_where_a_call_is(served: Served) -> None:
    app = served(
        """
        import asyncio, threading, time

        gate = threading.Event()
        async def inner(): await asyncio.Event().wait()
        async def outer(): await inner()
        async def blocks(): time.sleep(1.0)
        def waits(): gate.wait()
        async def items():
            yield 1
            await inner()
        def steps():
            yield 1
            gate.wait()
        """
    )
    outer, waits = app.run("outer"), app.run("waits")
    items, steps = app.stream("items"), app.stream("steps")
    app.items_of(items, 1)
    app.items_of(steps, 1)
    app.ping()
    assert "in outer" in where(app, outer)
    assert "in inner" in where(app, outer)
    assert "in waits" in where(app, waits)
    assert "clutch_worker" not in where(app, waits).split("in waits")[0]
    assert "in items" in where(app, items)
    assert "in inner" in where(app, items)
    assert "in steps" in where(app, steps)
    assert where(app, 1 << 40) == ""
    blocks = app.run("blocks")
    deadline = time.monotonic() + 0.9
    while "in blocks" not in where(app, blocks) and time.monotonic() < deadline:
        pass
    assert "in blocks" in where(app, blocks)


def test_the_watchdog_ends_it_with_the_supervisor(app: FakeSupervisor) -> None:
    app.run("block", 30)
    app.wait(lambda: app.page[1] == 1)
    app.watchdog.close()
    assert app.process.wait(5) != 0


@pytest.mark.parametrize("name", ["forever", "plain_until_cancelled"])
def test_the_page_beats_while_a_call_is_in_flight(app: FakeSupervisor, name: str) -> None:
    call = app.run(name)
    app.wait(lambda: app.page[7] == 1)
    ticks = app.page[3]
    app.wait(lambda: app.page[3] >= ticks + 3)
    assert 0 < app.page[4] <= now_ns()
    app.cancel(call)
    app.wait(lambda: call in app.replies and app.page[7] == 0)


def test_the_page_shows_a_blocked_first_step(app: FakeSupervisor) -> None:
    app.run("block", 1)
    app.wait(lambda: app.page[5] == 1)
    assert app.page[1] == 1
    assert 0 < app.page[6] <= now_ns()
    assert app.page[4] == app.page[6], "the latest tick is that of the turn which began it"
    app.wait(lambda: app.page[5] == 0)


def test_dump_of_a_blocked_loop(app: FakeSupervisor) -> None:
    waiting = app.run("forever")
    app.wait(lambda: app.begun[0] == 1)
    app.run("block", 1)
    app.wait(lambda: app.page[1] == 2)
    app.watchdog.send(b"DUMP")
    text = app.watchdog.recv(1 << 20).decode()
    assert "in block" in text
    assert f"call {waiting}: app.forever" in text
    assert "in forever" in text
    app.cancel(waiting)


def test_a_lost_lane_ends_it(app: FakeSupervisor) -> None:
    app.lanes["control"].close(0)
    assert app.process.wait(5) == 5
    assert b"CRITICAL\tclutch_worker\tthe link to the supervisor is unusable" in app.read_log()
    app.lanes["control"] = app.lanes["data"]


@pytest.mark.parametrize(
    "envelope",
    [b"\xc1", encode([1, 6, [10, 1]]), encode([2, 7]), encode([1, 7, [99]]), encode([1, 7, [2, 5, 1, 0, 0, b"\x90"]])],
)
def test_garbage_ends_it_with_a_word(app: FakeSupervisor, envelope: bytes) -> None:
    app.lanes["data"].send(envelope)
    assert app.process.wait(5) == 5
    assert b"CRITICAL\tclutch_worker" in app.read_log()


def test_a_function_out_of_range_is_a_protocol_error(app: FakeSupervisor) -> None:
    app.send_data([[2, 1, 1, len(app.functions), 0, b"\x90"]])
    assert app.process.wait(5) == 5


def test_the_lifespan_gives_the_state(served: Served) -> None:
    app = served(
        """
        import asyncio, clutch_worker
        class Thing: value = 1
        @clutch_worker.lifespan
        async def lifespan():
            task = asyncio.current_task()
            yield Thing()
            print("left", task is asyncio.current_task(), flush=True)
        async def read():
            clutch_worker.state.value += 1
            return [clutch_worker.state.value, clutch_worker.state.get() is not None]
        def read_plain(): return clutch_worker.state.value
        """
    )
    assert app.value("read") == [2, True]
    assert app.value("read_plain") == 2
    assert ["app.lifespan", "it is the module's lifespan"] in app.left_out
    assert app.stop() == 0
    assert app.process.stdout is not None
    assert app.process.stdout.read() == b"left True\n"


@pytest.mark.parametrize(
    ("source", "stage", "text"),
    [
        ("import nowhere_at_all", "import", "ModuleNotFoundError"),
        ("def broken(:\n", "import", "SyntaxError"),
        ("raise SystemExit(0)", "import", "SystemExit"),
        (
            "import clutch_worker\n@clutch_worker.lifespan\nasync def s():\n    raise OSError('x')\n    yield\n",
            "setup",
            "OSError",
        ),
    ],
)
def test_a_boot_that_fails(served: Served, source: str, stage: str, text: str) -> None:
    app = served(source)
    assert app.boot_error is not None
    assert (app.boot_error["stage"], app.boot_error["certainty"]) == (stage, "not_started")
    assert text in app.boot_error["message"]
    assert "app.py" in app.boot_error["exception"]["traceback"]
    assert app.process.wait(5) == 1


def test_a_lifespan_that_takes_too_long(served: Served) -> None:
    app = served(
        "import asyncio, clutch_worker\n@clutch_worker.lifespan\nasync def s():\n"
        "    await asyncio.sleep(99)\n    yield\n",
        setup_by=now_ns() + 10**9,
    )
    assert app.boot_error is not None
    assert "not entered within" in app.boot_error["message"]
    assert app.process.wait(5) == 1


def test_logs_are_escaped_lines(served: Served) -> None:
    app = served(
        """
        import logging
        log = logging.getLogger("shop")
        async def speaks(text):
            secret = "hunter2"
            try:
                raise ValueError("no")
            except ValueError:
                log.warning("said %s", text, exc_info=True)
        async def floods():
            for _ in range(1000):
                log.warning("x" * 1000)
        """
    )
    app.value("speaks", "a\x1b[31m\nb\tc")
    line = app.read_log().splitlines()[0]
    assert line.startswith(b"WARNING\tshop\tsaid a\\x1b[31m\\nb\\tc\\n")
    assert b"hunter2" not in line
    assert app.value("floods") is None
    app.read_log()
    app.value("speaks", "again")
    assert b"log records were dropped" in app.read_log()
    assert all(len(line) < 4096 for line in app.log.splitlines())


def test_a_missing_package_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "zmq.py").write_text("raise ImportError")
    sources = Path(__file__).parents[2] / "python_worker" / "src"
    with worker_process(tmp_path, {"PYTHONPATH": f"{tmp_path}:{sources}"}) as supervisor:
        assert supervisor.process.wait(10) == 3
        assert supervisor.process.stderr is not None
        text = supervisor.process.stderr.read().decode()
        assert text.count("\n") == 1
        assert "-m pip install pyzmq" in text


def test_no_answer_is_a_failure_of_the_test(app: FakeSupervisor) -> None:
    """The harness notices a death, so that a test that waits for nothing cannot pass by it."""
    app.process.kill()
    with pytest.raises(Gone):
        app.value("echo", 1)


def test_every_error_record_has_what_is_always_there(app: FakeSupervisor) -> None:
    records: list[Any] = [app.reply(app.run(name)) for name in ("numbers", "plain_fails", "echo", "odd")]
    assert all(record[0] == ERROR for record in records)
    assert all({"code", "stage", "certainty", "message"} <= record[2].keys() for record in records)
