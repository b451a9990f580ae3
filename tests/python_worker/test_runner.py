"""The runner without sockets: what bounds a turn."""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any

import msgspec
import pytest

from clutch_worker import _runner
from clutch_worker._page import CELL_BEGUN_LOOP
from clutch_worker._protocol import Config
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
