"""The token bucket and latency. lever-api.md 3.2."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.lever_emulator.client import Server


@pytest.fixture
def limited(lever):
    """An account with Lever's burst and a slow refill, so that a busy machine changes nothing."""
    lever.switch(rate=1, burst=20)
    return lever


def statuses(lever, count: int) -> list[int]:
    return [lever.call("GET", "/stages").status_code for _ in range(count)]


def test_burst_of_twenty_then_429_in_levers_envelope(limited):
    got = statuses(limited, 30)
    assert got[:20] == [200] * 20
    assert got[20] == 429
    answer = limited.call("GET", "/stages")
    assert answer.json() == {"code": "TooManyRequestsError", "message": "Too many requests"}
    assert "retry-after" not in answer.headers


def test_bucket_refills_at_ten_a_second(lever):
    lever.switch(rate=10, burst=20)
    while lever.call("GET", "/stages").status_code == 200:
        pass
    begun, got = time.monotonic(), []
    while time.monotonic() - begun < 1:
        got.append(lever.call("GET", "/stages").status_code)
    took = time.monotonic() - begun
    assert min(len(got), 10 * took - 2) <= got.count(200) <= 10 * took + 1


def test_lever_gives_ten_a_second_and_twenty_at_once_by_default():
    running = Server()
    try:
        switches = running.control("GET", "/switches")
    finally:
        running.stop()
    assert (switches["rate"], switches["burst"]) == (10, 20)


def test_retry_after_by_switch(limited):
    limited.switch(retry_after=True)
    statuses(limited, 25)
    assert limited.call("GET", "/stages").headers["retry-after"] == "1"


def test_each_account_has_its_own_bucket(limited, server):
    statuses(limited, 25)
    other = server.control("POST", "/accounts", name="Other")["id"]
    server.control("POST", "/switches", account=other, rate=1, burst=20)
    limited.token = server.control("POST", f"/accounts/{other}/tokens")["access_token"]
    assert statuses(limited, 5) == [200] * 5


def test_two_tokens_of_one_account_share_a_bucket(limited):
    statuses(limited, 20)
    limited.token = limited.new_token()["access_token"]
    assert 429 in statuses(limited, 5)


def test_token_endpoint_and_strangers_take_no_tokens(limited, visitor):
    for _ in range(25):
        assert visitor.token(grant_type="refresh_token", refresh_token="x").status_code == 403
    token, limited.token = limited.token, "wrong"
    assert statuses(limited, 25) == [401] * 25
    limited.token = token
    assert statuses(limited, 20) == [200] * 20


def test_refused_calls_are_counted(limited, server):
    before = server.control("GET", "/counters")["rate_limited"]
    got = statuses(limited, 30).count(429)
    counters = server.control("GET", "/counters")
    assert counters["rate_limited"] - before == got
    assert counters["by_account"][limited.id]["429"] == got


def test_latency_delays_every_answer_and_holds_up_nobody(lever):
    lever.switch(latency_ms=300)
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: lever.call("GET", "/stages").status_code, range(8)))
    took = time.monotonic() - begun
    assert got == [200] * 8
    assert 0.3 <= took < 2.2
