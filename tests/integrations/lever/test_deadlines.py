"""A far side that misbehaves on the wire: every call ends on time, and knows what it does not know."""

import gzip
import json
import socket
import time

import pytest

from integrations.errors import TryLater
from tests.integrations.lever.far_side import FarSide

pytestmark = pytest.mark.real_http

DEADLINE = 0.6
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
STAGES = b'{"data":[],"hasNext":false}'


@pytest.fixture
def far_side():
    sides = []

    def start(answer) -> FarSide:
        sides.append(FarSide(answer))
        return sides[-1]

    yield start
    for side in sides:
        side.close()


def full(body: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return status + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def client_of(side, deadline=DEADLINE):
    from integrations.lever.client import LeverClient

    return LeverClient(f"{side.url}/v1", "access-token", deadline=deadline)


def error_of(call) -> tuple[TryLater, float]:
    started = time.monotonic()
    with pytest.raises(TryLater) as caught:
        call()
    return caught.value, time.monotonic() - started


def note(client):
    return lambda: client.add_note("id", "text", perform_as="user")


@pytest.mark.parametrize(
    "answer",
    [
        lambda side, connection, request: side.drip(connection, OK + b"Content-Length: 9999\r\n\r\n" + b"x" * 9999),
        lambda side, connection, request: side.drip(connection, OK + b"X-Endless: " + b"x" * 9999),
        lambda side, connection, request: side.ended.wait(10),
    ],
    ids=["a body that drips", "headers that drip", "silence"],
)
def test_a_call_ends_on_time_however_slowly_the_answer_comes(far_side, answer):
    client = client_of(far_side(answer))
    error, seconds = error_of(note(client))
    assert (error.code, error.unknown) == ("timeout", True)
    assert DEADLINE <= seconds < DEADLINE + 2


def test_a_read_that_ends_late_changed_nothing(far_side):
    client = client_of(far_side(lambda side, connection, request: side.ended.wait(10)))
    error, seconds = error_of(client.check)
    assert (error.code, error.unknown) == ("timeout", False)
    assert seconds < DEADLINE + 2


def test_an_upload_that_is_not_read_ends_on_time(far_side):
    side = far_side(lambda side, connection, request: None)
    side._read = lambda connection: side.ended.wait(10) and b""
    client = client_of(side)
    error, seconds = error_of(lambda: client.add_note("id", "x" * 30_000_000, perform_as="user"))
    assert (error.code, error.unknown) == ("timeout", True)
    assert DEADLINE <= seconds < DEADLINE + 2


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 2",
        OK + b"Content-Length: 500\r\n\r\n{",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"nonsense\r\n\r\n",
    ],
    ids=["nothing", "half the status", "half the body", "half a chunk", "nonsense"],
)
def test_a_connection_that_drops_leaves_the_outcome_open(far_side, sent):
    def answer(side, connection, request):
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_RDWR)

    error, seconds = error_of(note(client_of(far_side(answer))))
    assert (error.code, error.unknown) == ("dropped", True)
    assert seconds < DEADLINE


def test_half_the_headers_are_no_answer(far_side):
    def answer(side, connection, request):
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)

    error, _ = error_of(note(client_of(far_side(answer))))
    assert (error.code, error.unknown) == ("unclear", True)


def test_where_nobody_listens_nothing_happened(far_side):
    side = far_side(None)
    side.close()
    error, seconds = error_of(note(client_of(side)))
    assert (error.code, error.unknown) == ("unreachable", False)
    assert seconds < DEADLINE


def test_an_answer_without_end_is_not_swallowed(far_side):
    body = gzip.compress(b"x" * 40_000_000)

    def answer(side, connection, request):
        connection.sendall(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    error, _ = error_of(client_of(far_side(answer), deadline=5).check)
    assert (error.code, error.unknown) == ("dropped", False)


def test_the_status_counts_even_if_its_body_never_comes(far_side):
    def answer(side, connection, request):
        connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 9\r\nContent-Length: 500\r\n\r\n{")
        side.ended.wait(10)

    error, _ = error_of(note(client_of(far_side(answer))))
    assert (error.code, error.unknown, error.after) == ("unavailable", True, 9)


def test_calls_share_one_connection_after_good_and_bad_answers(far_side):
    answers = iter([full(STAGES), full(b'{"code":"x"}', b"HTTP/1.1 500 Oops"), full(STAGES)])
    side = far_side(lambda side, connection, request: connection.sendall(next(answers)))
    client = client_of(side)
    client.check()
    error_of(client.check)
    client.check()
    assert (len(side.requests), len(side.connections)) == (3, 1)


def test_a_connection_that_was_silent_for_long_is_not_used_again(far_side, monkeypatch):
    side = far_side(lambda side, connection, request: connection.sendall(full(STAGES)))
    client = client_of(side)
    client.check()
    monkeypatch.setattr("integrations.deadlines.IDLE_MAX_SECONDS", 0)
    client.check()
    assert (len(side.requests), len(side.connections)) == (2, 2)


def test_a_redirect_at_the_same_host_is_followed_with_everything(far_side):
    def answer(side, connection, request):
        moved = full(b"", b"HTTP/1.1 308 Permanent Redirect\r\nLocation: /v2/notes?perform_as=user")
        connection.sendall(full(b"{}") if request.startswith(b"POST /v2/notes?perform_as=user ") else moved)

    side = far_side(answer)
    note(client_of(side))()
    head, _, body = side.requests[1].partition(b"\r\n\r\n")
    assert b"Authorization: Bearer access-token" in head
    assert json.loads(body) == {"value": "text"}


def test_a_redirect_to_somebody_else_is_not_followed(far_side):
    other = far_side(lambda side, connection, request: connection.sendall(full(b"{}")))
    moved = full(b"", b"HTTP/1.1 301 Moved\r\nLocation: " + other.url.encode())
    side = far_side(lambda side, connection, request: connection.sendall(moved))
    error, _ = error_of(note(client_of(side)))
    assert (error.code, error.unknown, other.requests) == ("redirected", False, [])


def test_a_redirect_in_circles_ends(far_side):
    moved = full(b"", b"HTTP/1.1 301 Moved\r\nLocation: /v1/again")
    side = far_side(lambda side, connection, request: connection.sendall(moved))
    error, _ = error_of(client_of(side).check)
    assert (error.code, len(side.requests)) == ("redirected", 4)
