"""The emulator's own HTTP client: POSTs webhook bodies over kept connections, and looks at the status alone."""

import asyncio
import ssl
import urllib.parse
from typing import cast

import httptools

IDLE_PER_ORIGIN = 16


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address: what connections are shared by."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Outgoing:
    """Kept connections by origin. Every failure is an OSError; deadlines are the caller's (`asyncio.timeout`)."""

    def __init__(self) -> None:
        self._idle: dict[str, list[_Connection]] = {}
        self._tls: ssl.SSLContext | None = None

    async def post(self, url: str, body: bytes) -> int:
        """POST a JSON body as Lever does; return the status. A redirect is not followed."""
        origin = origin_of(url)
        request = _request(url, body)
        connection = self._take(origin)
        if connection is not None:
            try:
                return await self._ask(origin, connection, request)
            except ConnectionError:
                pass  # the other side had closed the kept connection: once more over a new one
        return await self._ask(origin, await self._connect(url), request)

    def close(self) -> None:
        """Close what is idle."""
        for connections in self._idle.values():
            for connection in connections:
                connection.abort()
        self._idle.clear()

    async def _ask(self, origin: str, connection: "_Connection", request: bytes) -> int:
        kept = False
        try:
            status = await connection.ask(request)
            kept = connection.is_open and connection.may_be_kept
            return status
        finally:
            idle = self._idle.setdefault(origin, [])
            if kept and len(idle) < IDLE_PER_ORIGIN:
                idle.append(connection)
            else:
                connection.abort()

    def _take(self, origin: str) -> "_Connection | None":
        idle = self._idle.get(origin, [])
        while idle:
            connection = idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _connect(self, url: str) -> "_Connection":
        parts = urllib.parse.urlsplit(url)
        secure = parts.scheme == "https"
        if secure and self._tls is None:
            self._tls = ssl.create_default_context()
        _, connection = await asyncio.get_running_loop().create_connection(
            _Connection, parts.hostname or "", parts.port or (443 if secure else 80), ssl=self._tls if secure else None
        )
        return connection


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self.is_open = False
        self.may_be_kept = False
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0

    async def ask(self, request: bytes) -> int:
        """Send a request and return the status of the whole answer."""
        if self._transport is None or not self.is_open:
            raise ConnectionResetError("The connection was closed.")
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self._transport.write(request)
        return await self._answer

    def abort(self) -> None:
        """Close at once."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._answer is None or self._answer.done():
            self.abort()  # more than was asked for
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail("The answer is not HTTP.")
            self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """End: an answer without a length ends with its connection."""
        self.is_open = False
        if self._status:
            self._finish(self._status)
        self._fail("The connection was closed without an answer.")

    # What the parser calls

    def on_headers_complete(self) -> None:
        """Remember the status; the headers do not matter."""
        self._status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        """Finish, unless it was an interim answer."""
        if self._status >= 200:
            self.may_be_kept = self._parser.should_keep_alive()
            self._finish(self._status)

    def _finish(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)

    def _fail(self, sentence: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError(sentence))


def _request(url: str, body: bytes) -> bytes:
    parts = urllib.parse.urlsplit(url)
    path = urllib.parse.quote(f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", safe="/?&=%:@!$'()*+,;~")
    host = parts.netloc.rpartition("@")[2]
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Lever-Webhooks\r\nContent-Type: application/json\r\n"
        f"Accept: */*\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("latin-1", "replace") + body
