"""A partner's webhook address: remembers what came and answers as told."""

import hashlib
import hmac
import http.server
import json
import threading
import time
from dataclasses import dataclass, field


def is_signed(body: dict, signature_token: str) -> bool:
    """Check a signature as lever-api.md 6.2 says, with nothing of the emulator's code."""
    message = f"{body['token']}{body['triggeredAt']}".encode()
    wanted = hmac.new(signature_token.encode(), message, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, body["signature"])


@dataclass
class Arrival:
    path: str
    headers: dict[str, str]
    body: dict
    at: float
    connection: int


@dataclass
class Receiver:
    """`answers` are given one after the other, the last one for ever; (status, seconds) waits first."""

    answers: list[int | tuple[int, float]] = field(default_factory=lambda: [200])
    arrivals: list[Arrival] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def handler(receiver):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet an answer

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                arrival = Arrival(self.path, dict(self.headers), body, time.monotonic(), self.client_address[1])
                with receiver.lock:
                    receiver.arrivals.append(arrival)
                    answer = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                status, seconds = answer if isinstance(answer, tuple) else (answer, 0)
                threading.Event().wait(seconds)
                if status == 0:  # hang up without a word
                    self.close_connection = True
                    return
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", receiver.url + "/elsewhere")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *arguments) -> None:
                pass

        return Handler

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def events(self) -> list[str]:
        return [arrival.body["event"] for arrival in self.arrivals]

    @property
    def bodies(self) -> list[dict]:
        return [arrival.body for arrival in self.arrivals]
