"""What the tests of streams serve: generators of every kind and temper."""

from __future__ import annotations

from support import FakeSupervisor

STREAMS = """
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
    async def cancels_itself(n):
        for i in range(n):
            yield i
        raise asyncio.CancelledError("of its own")
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

    async def sleeps_then_gives(seconds):
        await asyncio.sleep(seconds)
        return count(1)
    async def lazily():
        loop = asyncio.get_running_loop()
        loop.set_task_factory(lambda loop, coroutine, **options: asyncio.Task(coroutine, loop=loop, **options))

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
    def mixed_in_thread(n):
        for i in range(n):
            yield i if i % 3 else bytes([i % 256]) * 65536
    async def mixed(n):
        for item in mixed_in_thread(n):
            yield item
    sync_shared = []
    def sync_share():
        if not sync_shared:
            def source():
                yield 0
                gate("shared").wait()
            sync_shared.append(source())
        return sync_shared[0]
    def trace(path, parent):
        if os.getpid() != parent:
            with open(path, "a") as file:
                file.write("the child goes on\\n")
    async def forks(n, path):
        parent = os.getpid()
        try:
            for i in range(n):
                if i == 3:
                    os.fork()
                yield os.getpid()
                trace(path, parent)
        finally:
            trace(path, parent)
    def sync_forks(n, path):
        parent = os.getpid()
        try:
            for i in range(n):
                if i == 5:  # its batch has an item, for which the loop has been woken
                    os.fork()
                yield os.getpid()
                trace(path, parent)
        finally:
            trace(path, parent)
"""


def idle(app: FakeSupervisor) -> None:
    """What began is over: the worker stops at once, and by itself."""
    assert app.stop() == 0
    assert app.read_log() == b""
