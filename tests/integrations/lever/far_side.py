"""A server that speaks bytes, for what goes wrong below HTTP."""

import contextlib
import socket
import threading


class FarSide:
    """A server that speaks bytes: `answer(connection, request)` says what happens to each request."""

    def __init__(self, answer, wrap=None) -> None:
        self.answer, self.wrap = answer, wrap
        self.requests: list[bytes] = []
        self.connections: list[socket.socket] = []
        self.ended = threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'https' if wrap else 'http'}://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        try:
            while True:
                connection, _ = self.listening.accept()
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()
        except OSError:
            return

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection = self.wrap(connection) if self.wrap else connection
            self.connections.append(connection)
            while request := self._read(connection):
                self.requests.append(request)
                self.answer(self, connection, request)
        except OSError:
            pass
        finally:
            connection.close()

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        request = b""
        while b"\r\n\r\n" not in request:
            more = connection.recv(65536)
            if not more:
                return b""
            request += more
        head, _, body = request.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        missing = int(lengths[0]) - len(body) if lengths else 0
        while missing > 0:
            more = connection.recv(65536)
            if not more:
                return b""
            request += more
            missing -= len(more)
        return request

    def drip(self, connection: socket.socket, content: bytes) -> None:
        """Send a byte now and then, until the test has ended."""
        for number in range(len(content)):
            connection.sendall(content[number : number + 1])
            if self.ended.wait(0.05):
                return

    def close(self) -> None:
        self.ended.set()
        with contextlib.suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a connection
        for connection in [self.listening, *self.connections]:
            connection.close()
