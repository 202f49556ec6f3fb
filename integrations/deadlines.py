"""A `requests` adapter whose calls end on time.

The time-outs of `requests` count from one read to the next: `timeout=(1, 2)` lasted twelve seconds on an answer that
drips. Here the socket itself knows when the call must be over, for what is sent and for the headers and the body that
come back. Only looking up the host's name is outside, which Python cannot interrupt.
"""

import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

# Gateways forget a silent connection without a word (some after a minute, most after six), and a request sent into one
# has an unknown outcome. A new connection costs less than looking whether a create was done.
IDLE_MAX_SECONDS = 30


class _Clock(threading.local):
    """When the call of this thread must be over, on the monotonic clock."""

    ends_at = float("inf")

    def seconds_left(self) -> float:
        """Return the time left; raise TimeoutError when there is none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's deadline has passed")
        return left


_clock = _Clock()


@contextmanager
def call_until(ends_at: float) -> Iterator[None]:
    """Let this thread's calls in the block end at this moment of the monotonic clock."""
    _clock.ends_at = ends_at
    try:
        yield
    finally:
        _clock.ends_at = float("inf")


class _Reader(io.RawIOBase):
    """What is read from a socket, each read with the time that is left to the whole call."""

    def __init__(self, raw: Any, connected: socket.socket) -> None:
        self._raw, self._socket = raw, connected

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(_clock.seconds_left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock))


class _Connection:
    """Goes before a connection of urllib3."""

    sock: Any
    response_class = _Response
    used_at = 0.0

    @property
    def is_connected(self) -> bool:
        """Say whether it can be used again; the pool closes those that cannot."""
        is_fresh = time.monotonic() - self.used_at < IDLE_MAX_SECONDS
        return is_fresh and super().is_connected  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        self.sock.settimeout(_clock.seconds_left())
        super().send(data)  # type: ignore[misc]
        self.used_at = time.monotonic()


class _HTTPConnection(_Connection, HTTPConnection):  # type: ignore[misc]
    pass


class _HTTPSConnection(_Connection, HTTPSConnection):  # type: ignore[misc]
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class DeadlineAdapter(HTTPAdapter):
    """Keeps connections open, repeats nothing, and keeps to `call_until`."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
