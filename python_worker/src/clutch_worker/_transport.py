"""The two lanes: plain zmq sockets on the event loop. Moves messages and knows nothing of what is in them.

The descriptor of a zmq socket is edge-triggered and may swallow an edge at any send or receive, so EVENTS is read
again after each of them until it shows nothing to do. https://github.com/zeromq/pyzmq/issues/1203
"""

from __future__ import annotations

import os
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import zmq

LINGER_MS = 1000
# Messages taken in one turn of the loop, and calls after which the turn is theirs.
_MESSAGES_PER_TURN = 32

Receive = Callable[[list[Any]], int]


class LaneLost(Exception):
    """The supervisor's end of a lane is gone, or never came."""


class Lane:
    """One DEALER. `receive` gets the frames of a message and says how many calls wait for a turn; `turn` follows it."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
        self.socket = context.socket(zmq.DEALER)
        for option, value in (
            (zmq.RECONNECT_IVL, -1),
            (zmq.IMMEDIATE, 1),
            (zmq.LINGER, LINGER_MS),
            (zmq.MAXMSGSIZE, -1),
        ):
            self.socket.setsockopt(option, value)
        self._monitor = self.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED)
        self.socket.connect(endpoint)
        self._held: deque[list[Any]] = deque()
        self._loop: AbstractEventLoop | None = None
        self._service_due = False
        self._forked = False

    def receive_blocking(self, timeout_ms: int) -> list[Any]:
        """The next message, before there is a loop. Raises LaneLost."""
        poller = zmq.Poller()
        poller.register(self.socket, zmq.POLLIN)
        poller.register(self._monitor, zmq.POLLIN)
        ready = dict(poller.poll(timeout_ms))
        if self.socket in ready:
            return self._receive()
        raise LaneLost("the supervisor closed the lane" if ready else f"nothing was received for {timeout_ms} ms")

    def send_blocking(self, frame: bytes, timeout_ms: int) -> None:
        """Sends once connected. Raises LaneLost."""
        if not self.socket.poll(timeout_ms, zmq.POLLOUT):
            raise LaneLost(f"the supervisor could not be reached within {timeout_ms} ms")
        self.socket.send(frame)

    def attach(self, loop: AbstractEventLoop, receive: Receive, turn: Callable[[], None], calls_per_turn: int) -> None:
        """Reads from now on, on this loop. What `receive` raises and a lost lane go to the
        loop's exception handler."""
        self._loop = loop
        self._receive_one = receive
        self._turn = turn
        self._calls_per_turn = calls_per_turn
        loop.add_reader(self.socket.fileno(), self._service)
        loop.add_reader(self._monitor.fileno(), self._on_monitor)
        self.service_soon()
        loop.call_soon(self._on_monitor)

    def send(self, frames: list[Any]) -> None:
        """Sends a message, or keeps it until there is room: none is lost and none overtakes another."""
        if self._forked:
            os._exit(1)  # a child of os.fork() that came back out of user code: it is nobody's worker
        if self._held or not self._send_now(frames):
            self._held.append(frames)
        # The receiving side of the descriptor may have had its edge during the send.
        self.service_soon()

    def service_soon(self) -> None:
        if not self._service_due and self._loop is not None:
            self._service_due = True
            self._loop.call_soon(self._service_after_send)

    @property
    def is_flushed(self) -> bool:
        return not self._held

    @property
    def has_input(self) -> bool:
        return bool(self._events() & zmq.POLLIN)

    def drop(self) -> None:
        """In a forked child, which must not touch the sockets."""
        self._forked = True

    def close(self) -> None:
        """Stops reading. What was sent goes on being delivered for LINGER_MS."""
        if self._loop is not None:
            self._loop.remove_reader(self.socket.fileno())
            self._loop.remove_reader(self._monitor.fileno())
            self._loop = None
        self.socket.disable_monitor()
        self._monitor.close(0)
        self.socket.close()

    def _service_after_send(self) -> None:
        self._service_due = False
        self._service()

    def _service(self) -> None:
        if self._forked:
            os._exit(1)
        waiting = messages = 0
        events = self._events()
        while self._held and events & zmq.POLLOUT:  # room that came during the send that failed has had its edge
            self._send_held()
            events = self._events()
        while events & zmq.POLLIN:
            waiting = self._receive_one(self._receive())
            messages += 1
            if messages == _MESSAGES_PER_TURN or waiting >= self._calls_per_turn:
                self.service_soon()
                break
            events = self._events()
        if messages:
            self._turn()

    def _events(self) -> int:
        return cast(int, self.socket.getsockopt(zmq.EVENTS))

    def _receive(self) -> list[Any]:
        """The frames of one message: the envelope as bytes, payloads as memoryviews."""
        socket = self.socket
        frames: list[Any] = [socket.recv(zmq.NOBLOCK)]
        while socket.getsockopt(zmq.RCVMORE):
            frames.append(socket.recv(zmq.NOBLOCK, copy=False).buffer)
        return frames

    def _send_now(self, frames: list[Any]) -> bool:
        try:
            if len(frames) == 1:
                self.socket.send(frames[0], zmq.NOBLOCK)
            else:
                self.socket.send_multipart(frames, zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return False
        return True

    def _send_held(self) -> None:
        while self._held and self._send_now(self._held[0]):
            self._held.popleft()

    def _on_monitor(self) -> None:
        if self._monitor.poll(0):
            raise LaneLost("the supervisor closed the lane")
