"""The runner without sockets: what bounds a turn."""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any

import msgspec
import pytest

from clutch_worker import _pulse, _runner
from clutch_worker._page import (
    CELL_BEGUN_LOOP,
    CELL_FIRST_STEP,
    CELL_FIRST_STEP_SINCE,
    CELL_IN_FLIGHT,
    CELL_TICK_TIME,
    CELL_TICKS,
)
from clutch_worker._protocol import Config
from clutch_worker._pulse import Pulse
from clutch_worker._registry import Function
from clutch_worker._replies import Replies
from clutch_worker._runner import TURN_CALLS, Runner
from clutch_worker._session import Session

encode = msgspec.msgpack.encode


class MemoryPage:
    def __init__(self) -> None:
        self.cells = memoryview(bytearray(4096)).cast("Q")


async def echo(x):
    return x


def runs(count: int) -> bytes:
    return encode([1, 7, *([2, n, 100 + n, 0, 0, encode([n])] for n in range(1, count + 1))])


def replies_of_each_turn(count: int, call: Any = echo, page: Any = None) -> list[int]:
    """How many results each message of a batch of so many calls has."""
    sent: list[int] = []
    page = page or MemoryPage()

    async def body() -> None:
        session = Session(7)
        session.registered(1)
        config = Config([], [], 1000, 1, 1 << 20, "default", 0, 100, False)

        def send(frames: list[Any]) -> None:
            records = msgspec.msgpack.decode(frames[0])[2:]
            assert records[-1][0] == 8
            sent.append(len(records) - 1)

        replies = Replies(7, page, 1 << 20, send, lambda frame: None)
        functions = [Function(ModuleType("m"), "m.echo", call)]
        runner = Runner(asyncio.get_running_loop(), session, functions, {}, config, page, replies)
        runner.receive([runs(count)])
        asyncio.get_running_loop().call_soon(runner.turn)
        idle = asyncio.Event()
        runner.on_idle = idle.set
        await idle.wait()

    asyncio.run(body())
    return sent


def test_a_call_is_shown_begun_before_its_first_step() -> None:
    """On this rests `not_started`: what the page does not show when a deadline passes has not run, and will not."""
    page = MemoryPage()
    shown: list[int] = []

    async def looks(x: int) -> None:
        shown.append(page.cells[CELL_BEGUN_LOOP])

    replies_of_each_turn(3, looks, page)
    assert shown == [1, 2, 3]


def test_a_turn_is_bounded_in_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_runner, "_monotonic_ns", lambda: 1)  # no time passes
    assert replies_of_each_turn(2 * TURN_CALLS + 5) == [TURN_CALLS, TURN_CALLS, 5]


def test_a_turn_is_bounded_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(0, 1 << 40, _runner.TURN_NS))
    monkeypatch.setattr(_runner, "_monotonic_ns", lambda: next(times))
    assert replies_of_each_turn(10) == [4, 4, 2]


def test_the_page_shows_the_call_in_its_first_step_and_since_when(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(100, 1 << 30, 10))
    monkeypatch.setattr(_runner, "_monotonic_ns", lambda: next(times))
    page = MemoryPage()
    shown: list[tuple[int, int]] = []

    async def looks(x: int) -> None:
        shown.append((page.cells[CELL_FIRST_STEP], page.cells[CELL_FIRST_STEP_SINCE]))

    replies_of_each_turn(5, looks, page)
    assert [step for step, _ in shown] == [1, 2, 3, 4, 5]
    assert shown[0][1] == shown[3][1] == 100, "the clock is not read for each call"
    assert shown[4][1] > 100
    assert page.cells[CELL_FIRST_STEP] == 0


def test_a_turn_ticks_and_shows_what_is_in_flight() -> None:
    page = MemoryPage()
    shown: list[tuple[int, int]] = []

    async def pauses(x: int) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the turn that began it is over
        shown.append((page.cells[CELL_TICKS], page.cells[CELL_IN_FLIGHT]))

    replies_of_each_turn(3, pauses, page)
    assert shown[0] == (1, 3)
    assert page.cells[CELL_TICKS] >= 2
    assert page.cells[CELL_TICK_TIME] > 0
    assert page.cells[CELL_IN_FLIGHT] == 0


def test_a_loop_with_calls_beats_and_an_idle_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pulse, "BEAT_S", 0.001)
    page = MemoryPage()
    in_flight = 1

    async def until(ticks: int) -> None:
        for _ in range(10_000):
            if page.cells[CELL_TICKS] >= ticks:
                return
            await asyncio.sleep(0.001)

    async def body() -> tuple[int, int]:
        nonlocal in_flight
        pulse = Pulse(asyncio.get_running_loop(), page, lambda: in_flight)
        pulse.show()
        pulse.show()  # one beat at a time, however many turns there are
        await until(5)
        assert page.cells[CELL_IN_FLIGHT] == 1
        in_flight = 0
        await until(page.cells[CELL_TICKS] + 1)
        before = page.cells[CELL_TICKS]
        await asyncio.sleep(0.01)
        return before, page.cells[CELL_TICKS]

    before, after = asyncio.run(body())
    assert before == after
