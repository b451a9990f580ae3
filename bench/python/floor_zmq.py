"""The other end of clutch-bench's bare DEALER pair: passes each message back until it is killed.

floor_zmq.py ENDPOINT [frame]       frame: as it came, without a copy, which pays for large ones only
"""

from __future__ import annotations

import sys

import zmq


def main(endpoint: str, copy: bool) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.connect(endpoint)
        while True:
            socket.send(socket.recv(copy=copy), copy=copy)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:] != ["frame"])
