"""Things that go wrong on purpose, and that they go wrong in exactly that way."""

import socket
import time

import pytest
import requests

from tests.lever_emulator.client import CLIENT


def create(lever, name="Ada", **options):
    return lever.call("POST", f"/opportunities?perform_as={lever.admin}", json={"name": name}, **options)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "BadRequestError"),
        (401, "UnauthorizedError"),
        (403, "ForbiddenError"),
        (404, "ResourceNotFound"),
        (429, "TooManyRequestsError"),
        (500, "InternalServerError"),
        (502, "BadGatewayError"),
        (503, "ServiceUnavailableError"),
    ],
)
def test_status_is_answered_so_many_times_and_nothing_happens(lever, status, code):
    lever.fault(endpoint="POST /v1/opportunities", kind="status", status=status, count=2)
    for _ in range(2):
        answer = create(lever)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert lever.everything() == []
    assert create(lever).status_code == 201
    assert lever.server.control("GET", "/faults")["faults"][0]["active"] is False


def test_a_status_can_be_the_kind_and_carry_retry_after(lever):
    lever.fault(endpoint="POST /v1/opportunities", kind="429", retry_after=3, count=1)
    assert create(lever).headers["retry-after"] == "3"


def test_dropped_before_leaves_nothing(lever):
    lever.fault(endpoint="POST /v1/opportunities", kind="drop_before", count=1)
    with pytest.raises(requests.ConnectionError):
        create(lever)
    assert lever.everything() == []
    assert create(lever).status_code == 201


def test_dropped_after_did_it_and_loses_the_answer(lever):
    lever.fault(endpoint="POST /v1/opportunities", kind="drop_after", count=1)
    with pytest.raises(requests.ConnectionError):
        create(lever)
    assert [row["name"] for row in lever.everything()] == ["Ada"]
    (entry,) = lever.server.control("GET", "/requests", account=lever.id, fault="drop_after")["requests"]
    assert (entry["status"], entry["template"]) == (0, "/v1/opportunities")


def test_half_a_body_did_it_and_breaks_off(lever):
    lever.fault(endpoint="POST /v1/opportunities", kind="half_body", count=1)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        create(lever)
    assert len(lever.everything()) == 1


@pytest.mark.parametrize(("when", "held_at_time_out"), [("after", 1), ("before", 0)])
def test_slow_answer_is_handled_at_once_or_late(lever, when, held_at_time_out):
    lever.fault(endpoint="POST /v1/opportunities", kind="slow", seconds=0.4, when=when, count=1)
    with pytest.raises(requests.ReadTimeout):
        lever.http.post(
            f"{lever.server.url}/v1/opportunities?perform_as={lever.admin}",
            json={"name": "Ada"},
            headers={"Authorization": f"Bearer {lever.token}"},
            timeout=0.1,
        )
    assert len(lever.everything()) == held_at_time_out
    deadline = time.monotonic() + 5
    while len(lever.everything()) < 1:
        assert time.monotonic() < deadline, "a request whose client went away is handled all the same"


def test_slow_answer_holds_up_nobody_else(lever):
    lever.fault(endpoint="GET /v1/stages", kind="slow", seconds=3, count=1)
    with pytest.raises(requests.ReadTimeout):
        lever.http.get(
            f"{lever.server.url}/v1/stages", headers={"Authorization": f"Bearer {lever.token}"}, timeout=0.05
        )
    begun = time.monotonic()
    lever.get("/stages")
    assert time.monotonic() - begun < 2


def test_dripping_answer_outlasts_a_time_out_per_read(lever):
    lever.fault(endpoint="GET /v1/stages", kind="drip", seconds=0.6, count=1)
    begun = time.monotonic()
    answer = lever.http.get(
        f"{lever.server.url}/v1/stages", headers={"Authorization": f"Bearer {lever.token}"}, timeout=0.3
    )
    assert len(answer.json()["data"]) == 7
    assert time.monotonic() - begun >= 0.5


def test_invalid_grant_and_failing_token_endpoint(lever, visitor):
    token = lever.new_token()["refresh_token"]
    lever.fault(kind="invalid_grant", count=1)
    dead = visitor.token(grant_type="refresh_token", refresh_token=token)
    assert (dead.status_code, dead.json()["error"]) == (403, "invalid_grant")
    lever.fault(endpoint="POST /oauth/token", kind="503", count=1)
    away = visitor.token(grant_type="refresh_token", refresh_token=token)
    assert (away.status_code, away.json()["error"]) == (503, "server_error")
    assert visitor.token(grant_type="refresh_token", refresh_token=token).status_code == 200


def test_lost_answer_of_the_token_endpoint_has_rotated_the_token(lever, visitor):
    token = lever.new_token()["refresh_token"]
    lever.fault(endpoint="POST /oauth/token", kind="drop_after", count=1)
    with pytest.raises(requests.ConnectionError):
        visitor.http.post(
            f"{lever.server.url}/oauth/token",
            data={**CLIENT, "grant_type": "refresh_token", "refresh_token": token},
            timeout=5,
        )
    assert visitor.token(grant_type="refresh_token", refresh_token=token).status_code == 403


def test_fault_of_one_account_leaves_another_alone(lever, server):
    server.control("POST", "/faults", account="somebody-else", kind="500", path="/v1/**")
    assert create(lever).status_code == 201


@pytest.mark.parametrize(
    ("path", "hit", "missed"),
    [
        ("/v1/opportunities", "/opportunities", "/opportunities/x"),
        ("/v1/opportunities/*", "/opportunities/x", "/opportunities/x/notes"),
        ("/v1/opportunities/{opportunity}/notes", "/opportunities/x/notes", "/opportunities/x"),
        ("/v1/**", "/opportunities/x/notes/y", None),
    ],
)
def test_path_of_a_fault_matches_by_segment(lever, path, hit, missed):
    lever.fault(path=path, kind="502")
    assert lever.call("GET", hit).status_code == 502
    if missed:
        assert lever.call("GET", missed).status_code != 502


def test_share_with_a_seed_is_the_same_every_time(lever):
    def run() -> list[int]:
        lever.server.control("DELETE", "/faults")
        lever.fault(endpoint="GET /v1/stages", kind="500", share=0.3, seed=7)
        return [lever.call("GET", "/stages").status_code for _ in range(40)]

    first = run()
    assert first == run()
    assert 4 <= first.count(500) <= 22


def test_skip_lets_the_first_ones_through(lever):
    lever.fault(endpoint="GET /v1/stages", kind="500", skip=2, count=1)
    assert [lever.call("GET", "/stages").status_code for _ in range(4)] == [200, 200, 500, 200]


def test_half_a_request_is_not_taken_for_a_whole_one(lever, server):
    head = f"POST /v1/opportunities?perform_as={lever.admin} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n"
    head += f"Content-Type: application/json\r\nAuthorization: Bearer {lever.token}\r\n\r\n"
    server.control("DELETE", "/requests")
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(head.encode())
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(head.encode() + b'{"name": "Ada"')
    deadline = time.monotonic() + 5
    while len(server.control("GET", "/requests", template="half a request")["requests"]) < 2:
        assert time.monotonic() < deadline, "the emulator notices that the client went away"
    assert lever.everything() == []


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"kind": "explode"}, "kind must be one of"),
        ({"kind": "status", "status": 418}, "status must be one of"),
        ({"kind": "500", "path": "v1"}, "path must begin with /"),
        ({"kind": "500", "share": 2}, "share must be between 0 and 1"),
        ({"kind": "500", "count": -1}, "count must be a number that is not negative"),
        ({"kind": "slow", "when": "never"}, "when must be before"),
        ({"kind": "500", "colour": "red"}, "A fault has no 'colour'"),
    ],
)
def test_bad_fault_is_refused_with_a_sentence(server, wish, words):
    status, sentence = server.refused("POST", "/faults", **wish)
    assert status == 400
    assert sentence.startswith(words)
