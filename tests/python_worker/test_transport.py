"""The lane against a real zmq peer in the same process: what a full pipe does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from clutch_worker._transport import Lane, LaneLost


@pytest.fixture
def context() -> Iterator[zmq.Context[Any]]:
    context = zmq.Context()
    yield context
    context.destroy(linger=0)


def connected(context: zmq.Context[Any], tmp_path: Path, high_water_mark: int) -> tuple[Lane, zmq.Socket[bytes]]:
    peer = context.socket(zmq.DEALER)
    peer.setsockopt(zmq.RCVHWM, high_water_mark)
    endpoint = f"ipc://@clutch-lane-{tmp_path.name}-{id(peer)}"
    peer.bind(endpoint)
    context.setsockopt(zmq.SNDHWM, high_water_mark)
    lane = Lane(context, endpoint)
    lane.send_blocking(b"hello", 5000)
    assert peer.recv() == b"hello"
    return lane, peer


def test_a_full_pipe_loses_nothing_and_keeps_the_order(context: zmq.Context[Any], tmp_path: Path) -> None:
    lane, peer = connected(context, tmp_path, high_water_mark=4)
    count = 200
    received: list[bytes] = []

    async def body() -> None:
        loop = asyncio.get_running_loop()
        lane.attach(loop, lambda frames: 0, lambda: None, 1)
        for n in range(count):
            lane.send([n.to_bytes(2, "big") + bytes(40_000)])
        assert not lane.is_flushed
        async with asyncio.timeout(20):
            while len(received) < count:
                while peer.poll(0):
                    received.append(peer.recv()[:2])
                await asyncio.sleep(0)
        assert lane.is_flushed

    asyncio.run(body())
    assert received == [n.to_bytes(2, "big") for n in range(count)]
    lane.close()
    peer.close(0)


def test_messages_that_arrive_while_sending_are_not_forgotten(context: zmq.Context[Any], tmp_path: Path) -> None:
    """The descriptor is edge-triggered: a send may swallow the edge of what arrives. Both ways, without timers."""
    lane, peer = connected(context, tmp_path, high_water_mark=1000)
    count = 2000
    received: list[bytes] = []

    async def body() -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def receive(frames: list[bytes]) -> int:
            received.append(frames[0])
            lane.send([frames[0]])
            if len(received) == count:
                done.set_result(None)
            return 0

        lane.attach(loop, receive, lambda: None, 1)

        def flood() -> None:
            for n in range(count):
                peer.send(str(n).encode())
                if n % 3 == 0:
                    peer.recv()

        async with asyncio.timeout(20):
            await asyncio.gather(done, asyncio.to_thread(flood))

    asyncio.run(body())
    assert received == [str(n).encode() for n in range(count)]
    lane.close()
    peer.close(0)


def test_a_send_looks_for_what_arrived_meanwhile(context: zmq.Context[Any], tmp_path: Path) -> None:
    """The edge of a message may be spent inside of a send: without the descriptor, a send alone must find it."""
    lane, peer = connected(context, tmp_path, high_water_mark=10)

    async def body() -> None:
        loop = asyncio.get_running_loop()
        received = loop.create_future()
        lane.attach(loop, lambda frames: received.set_result(frames) or 0, lambda: None, 1)
        await asyncio.sleep(0)
        loop.remove_reader(lane.socket.fileno())
        peer.send(b"quiet")
        lane.socket.poll(5000)
        lane.send([b"anything"])
        async with asyncio.timeout(5):
            assert await received == [b"quiet"]

    asyncio.run(body())
    lane.close()
    peer.close(0)


def test_a_peer_that_leaves_is_noticed(context: zmq.Context[Any], tmp_path: Path) -> None:
    lane, peer = connected(context, tmp_path, high_water_mark=10)
    errors: list[Any] = []

    async def body() -> None:
        loop = asyncio.get_running_loop()
        lost = loop.create_future()
        loop.set_exception_handler(lambda loop, context: lost.set_result(context["exception"]))
        lane.attach(loop, lambda frames: 0, lambda: None, 1)
        peer.close(0)
        async with asyncio.timeout(10):
            errors.append(await lost)
        loop.set_exception_handler(lambda loop, context: None)

    asyncio.run(body())
    assert isinstance(errors[0], LaneLost)
    lane.close()


def test_nobody_listens(context: zmq.Context[Any]) -> None:
    lane = Lane(context, "ipc://@clutch-nobody-listens")
    with pytest.raises(LaneLost):
        lane.send_blocking(b"hello", 50)
    lane.close()
