"""Rule 45: ten thousand questions for a stack, put to a worker that is busy, by its own watchdog thread. A signal to
faulthandler would crash some interpreter within as many."""

from __future__ import annotations

import os
from itertools import cycle
from pathlib import Path

from conftest import Served

QUESTIONS = 10_000
SOURCE = """
    import asyncio

    async def busy(turns):
        for n in range(turns):
            await asyncio.sleep(0)
        return turns

    def plain(turns):
        return sum(range(turns))

    async def waits():
        await asyncio.sleep(3600)

    async def items():
        for n in range(1_000_000_000):
            yield n
            await asyncio.sleep(0)
"""


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_ten_thousand_stack_queries_of_a_busy_worker(served: Served) -> None:
    app = served(SOURCE, threads=2)
    waits = app.run("waits")
    stream = app.stream("items", items=5)
    app.items_of(stream, 1)
    process = app.process.pid
    questions = cycle((b"WHERE %d" % waits, b"BLOCKED", b"WHERE %d" % stream, b"WHERE 1", b"DUMP"))
    early = descriptors = 0
    calls: list[int] = []
    for number in range(QUESTIONS):
        if number % 100 == 0:
            calls += [app.run("busy", 50), app.run("plain", 10_000)]
            due = calls[-20:-19]
            app.wait(lambda due=due: set(due) <= app.replies.keys())
            app.credit(stream, 5 + number)
        if number == QUESTIONS // 10:
            early = resident_bytes(process)
            descriptors = len(os.listdir(f"/proc/{process}/fd"))
        question = next(questions)
        app.watchdog.send(question)
        answer = app.watchdog.recv(1 << 20)
        assert question == b"DUMP" or answer.partition(b"\n")[0].startswith(question.split()[0])
        if question == b"WHERE %d" % waits:
            assert b"in waits" in answer
    for call in calls:
        assert app.reply(call)[0] == 6
    assert app.process.poll() is None
    assert len(os.listdir(f"/proc/{process}/fd")) == descriptors
    assert resident_bytes(process) - early < 8 << 20
