"""Messages over a socket, each led by its length; whoever reads says how much it will take, and for how long."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from time import monotonic

LENGTH = struct.Struct("!Q")
TICK = 0.2
"""Seconds between two looks at a sender that is awaited."""


def send(connection: socket.socket, data: bytes) -> None:
    """Send one message.

    Raises:
        OSError: when the other side is gone, or (TimeoutError) does not read within the socket's timeout.
    """
    connection.sendall(LENGTH.pack(len(data)) + data)


def receive(
    connection: socket.socket, largest: int | None = None, watch: Callable[[], None] | None = None
) -> bytearray:
    """Read one message, of which no more is kept than has come.

    Args:
        connection: where from.
        largest: bytes that a message may have; None for any number.
        watch: called every ``TICK`` seconds until the message is whole; what it raises ends the reading.

    Raises:
        EOFError: when the other side is gone, or says that its message is too large.
    """
    reader = _Reader(connection, watch)
    (length,) = LENGTH.unpack(reader.read(LENGTH.size))
    if largest is not None and length > largest:
        raise EOFError(f"a message of {length} bytes")
    return reader.read(length)


class _Reader:
    def __init__(self, connection: socket.socket, watch: Callable[[], None] | None) -> None:
        self.connection = connection
        self.watch = watch
        self.next_look = monotonic() + TICK
        connection.settimeout(None if watch is None else TICK)

    def read(self, count: int) -> bytearray:
        data = bytearray()
        while len(data) < count:
            try:
                piece = self.connection.recv(min(count - len(data), 2**20))
                if not piece:
                    raise EOFError
                data += piece
            except TimeoutError:
                pass
            # by the clock, and not only when nothing came: a sender may come with one byte at a time
            if self.watch is not None and monotonic() >= self.next_look:
                self.next_look = monotonic() + TICK
                self.watch()
        return data
