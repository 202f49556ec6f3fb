"""How deliveries are sent: tries, time-outs, doubles, the log, reruns. lever-api.md 6.4."""

import json
import time

import pytest

from tests.lever_emulator.client import Server, free_port
from tests.lever_emulator.receiver import is_signed
from tests.lever_emulator.test_process import lever_of

GAPS = [10, 60, 300, 1800, 7200]


@pytest.fixture
def ada(lever):
    return lever.create(name="Ada", emails=["ada@example.com"])


@pytest.fixture
def hook(lever, ada, receiver):
    return lever.subscribe(f"{receiver.url}/hook", "candidateStageChange")[0]


@pytest.fixture
def clock(server):
    """Push the emulator's clock; it is set back afterwards."""
    pushed = []

    def push(seconds: float) -> None:
        pushed.append(seconds)
        server.control("POST", "/clock", advance_seconds=seconds)

    yield push
    server.control("POST", "/clock", advance_seconds=-sum(pushed))


def move(lever, row: dict, stage: str = "offer") -> None:
    lever.server.control("POST", f"/opportunities/{row['id']}", stage=stage)


def test_delivery_is_in_the_log_with_its_answer(lever, ada, hook, receiver):
    move(lever, ada)
    lever.delivered()
    (row,) = lever.deliveries()
    assert (row["webhook"], row["event"], row["opportunity"]) == (hook["id"], "candidateStageChange", ada["id"])
    assert row["state"] == "delivered"
    assert row["body"] == receiver.bodies[0]
    (tried,) = row["tries"]
    assert (tried["status"], tried["error"], tried["kind"]) == (200, None, "first")
    assert tried["url"] == f"{receiver.url}/hook"
    assert 0 < tried["durationMs"] < 5000


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_received(lever, ada, hook, receiver, status):
    receiver.answers = [status]
    move(lever, ada)
    lever.delivered(retries=True)
    assert [row["state"] for row in lever.deliveries()] == ["delivered"]


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410, 500, 503, 0])
def test_anything_else_is_tried_five_times_more_on_the_emulators_clock(lever, ada, hook, receiver, clock, status):
    receiver.answers = [status]
    move(lever, ada)
    for number, gap in enumerate(GAPS, 1):
        lever.delivered()
        assert len(receiver.arrivals) == number
        clock(gap - 5)
        lever.delivered()
        assert len(receiver.arrivals) == number, "not before its time"
        clock(6)
    lever.delivered(retries=True)
    (row,) = lever.deliveries()
    assert row["state"] == "failed"
    assert [tried["status"] for tried in row["tries"]] == [status] * 6
    assert len({body["token"] for body in receiver.bodies}) == 1
    assert {arrival.path for arrival in receiver.arrivals} == {"/hook"}


def arrived(receiver, count: int) -> None:
    """Wait until so many have come."""
    deadline = time.monotonic() + 10
    while len(receiver.arrivals) < count:
        assert time.monotonic() < deadline, f"{len(receiver.arrivals)} of {count} came"
        time.sleep(0.005)


def test_retry_that_is_received_ends_it(lever, ada, hook, receiver):
    lever.switch(webhook_retry_scale=0)
    receiver.answers = [500, 500, 200]
    move(lever, ada)
    lever.delivered(retries=True)
    (row,) = lever.deliveries()
    assert [tried["status"] for tried in row["tries"]] == [500, 500, 200]
    assert row["state"] == "delivered"


def test_slow_answer_is_a_failure(lever, ada, hook, receiver):
    lever.switch(webhook_timeout_seconds=0.1)
    receiver.answers = [(200, 0.5)]
    move(lever, ada)
    lever.delivered()
    (row,) = lever.deliveries()
    assert row["tries"][0]["error"] == "No answer within 0.1 s."
    assert row["state"] == "waiting"


def test_nobody_listening_is_a_failure(lever, ada):
    lever.subscribe(f"http://127.0.0.1:{free_port()}/", "candidateStageChange")
    move(lever, ada)
    lever.delivered()
    (row,) = lever.deliveries()
    assert (row["state"], row["tries"][0]["status"]) == ("waiting", 0)
    assert row["tries"][0]["error"]


def test_slow_subscriber_delays_neither_the_api_nor_others(lever, ada, hook, receiver):
    lever.subscribe(f"http://localhost:{receiver.server.server_port}/", "candidateArchiveChange")
    receiver.answers = [(200, 1.0)]
    for stage in ("offer", "lead-new") * 10:
        move(lever, ada, stage)
    arrived(receiver, 1)
    receiver.answers = [200]
    begun = time.monotonic()
    lever.put(f"/opportunities/{ada['id']}/archived", {"reason": lever.reason("Timing")})
    arrived(receiver, 9)
    assert time.monotonic() - begun < 0.9
    assert "candidateArchiveChange" in receiver.events
    lever.delivered()


def test_connections_are_kept(lever, ada, hook, receiver):
    for stage in ("offer", "lead-new") * 3:
        move(lever, ada, stage)
        lever.delivered()
    assert len({arrival.connection for arrival in receiver.arrivals}) == 1


def test_kept_connection_that_was_closed_is_replaced(lever, ada, hook, receiver):
    receiver.answers = [200, 0, 200]
    for stage in ("offer", "lead-new"):
        move(lever, ada, stage)
        lever.delivered()
    assert [row["state"] for row in lever.deliveries()] == ["delivered"] * 2
    assert len(lever.deliveries(limit=1)[0]["tries"]) == 1


def test_doubled_delivery_comes_twice_with_one_token(lever, ada, hook, receiver):
    lever.switch(webhook_doubled=1)
    move(lever, ada)
    lever.delivered()
    assert len(receiver.arrivals) == 2
    assert receiver.bodies[0] == receiver.bodies[1]
    assert sorted(tried["kind"] for tried in lever.deliveries()[0]["tries"]) == ["double", "first"]


def test_delayed_deliveries_wait_for_the_clock(lever, ada, hook, receiver, clock):
    lever.switch(webhook_delay_seconds=3600)
    move(lever, ada)
    answer = lever.server.control("POST", "/deliveries/wait", account=lever.id, timeout_seconds=0.05)
    assert (answer["quiet"], receiver.arrivals) == (False, [])
    clock(3601)
    lever.delivered()
    assert len(receiver.arrivals) == 1


def test_shuffled_deliveries_come_out_of_order_and_all(lever, ada, hook, receiver):
    lever.switch(webhook_shuffle_seconds=0.3)
    for stage in ("offer", "lead-new") * 20:
        move(lever, ada, stage)
    lever.delivered()
    times = [body["triggeredAt"] for body in receiver.bodies]
    assert len(times) == 40
    assert times != sorted(times)


def test_paused_deliveries_go_out_when_resumed(lever, ada, hook, receiver):
    lever.server.control("POST", "/deliveries/pause")
    move(lever, ada)
    answer = lever.server.control("POST", "/deliveries/wait", timeout_seconds=0.05)
    assert (answer["quiet"], answer["outstanding"], answer["paused"]) == (False, 1, True)
    assert receiver.arrivals == []
    lever.server.control("POST", "/deliveries/resume")
    lever.delivered()
    assert len(receiver.arrivals) == 1


def test_what_is_sent_by_hand_goes_out_though_paused(lever, ada, hook, receiver):
    move(lever, ada)
    lever.delivered()
    lever.server.control("POST", "/deliveries/pause")
    assert lever.server.control("POST", f"/webhooks/{hook['id']}/verify")["status"] == 200
    assert lever.server.control("POST", f"/deliveries/{lever.deliveries()[-1]['id']}/rerun")["state"] == "delivered"
    assert len(receiver.arrivals) == 3
    lever.server.control("POST", "/deliveries/resume")


def test_rerun_for_a_deleted_webhook_says_so(lever, ada, hook, receiver):
    move(lever, ada)
    lever.delivered()
    lever.call("DELETE", f"/webhooks/{hook['id']}")
    lever.server.control("POST", f"/deliveries/{lever.deliveries()[0]['id']}/rerun")
    lever.delivered()
    assert len(receiver.arrivals) == 1


def test_rerun_sends_the_same_once_more(lever, ada, hook, receiver):
    receiver.answers = [404]
    move(lever, ada)
    lever.delivered()
    (row,) = lever.deliveries()
    receiver.answers = [200]
    again = lever.server.control("POST", f"/deliveries/{row['id']}/rerun")
    assert (again["state"], [tried["kind"] for tried in again["tries"]]) == ("delivered", ["first", "rerun"])
    assert receiver.bodies[0] == receiver.bodies[1]


def test_all_of_a_state_are_rerun(lever, ada, hook, receiver):
    receiver.answers = [500, 200]
    move(lever, ada)
    lever.delivered()
    move(lever, ada, "lead-new")
    lever.delivered()
    assert lever.server.control("POST", "/deliveries/rerun", account=lever.id, state="waiting") == {"rerun": 1}
    lever.delivered()
    assert len(receiver.arrivals) == 3
    assert lever.server.control("POST", "/deliveries/rerun", account=lever.id) == {"rerun": 2}
    lever.delivered()
    assert len(receiver.arrivals) == 5


def test_verify_connection_sends_signed_empty_data_once(lever, hook, receiver):
    receiver.answers = [500]
    tried = lever.server.control("POST", f"/webhooks/{hook['id']}/verify")
    assert (tried["status"], tried["kind"]) == (500, "verify")
    (body,) = receiver.bodies
    assert list(body) == ["triggeredAt", "event", "data", "signature", "token"]
    assert (body["event"], body["data"]) == ("candidateStageChange", {})
    assert is_signed(body, hook["configuration"]["signatureToken"])
    lever.delivered(retries=True)


def test_deleted_webhook_gets_no_retry(lever, ada, hook, receiver, clock):
    receiver.answers = [500]
    move(lever, ada)
    lever.delivered()
    lever.call("DELETE", f"/webhooks/{hook['id']}")
    clock(11)
    lever.delivered(retries=True)
    assert len(receiver.arrivals) == 1
    assert lever.deliveries()[0]["state"] == "cancelled"


def test_log_keeps_a_thousand_and_everything_is_sent(lever, ada, hook, receiver, server):
    server.control("POST", f"/accounts/{lever.id}/storm", count=1_500, seed=1)
    lever.delivered(timeout_seconds=60)
    moves = lever.everything()[0]["stageChanges"]
    assert len(lever.deliveries(limit=5000)) == 1_000
    assert len(receiver.arrivals) == len(moves) - 1
    assert len(moves) > 1_100


def test_log_forgets_after_two_weeks(lever, ada, hook, receiver, clock):
    move(lever, ada)
    lever.delivered()
    clock(15 * 86_400)
    move(lever, ada, "lead-new")
    lever.delivered()
    assert [row["body"]["data"]["toStageId"] for row in lever.deliveries()] == ["lead-new"]


def test_log_and_retries_survive_a_restart(receiver, tmp_path):
    server = Server("--state", str(tmp_path / "state.sqlite3"))
    try:
        lever = lever_of(server)
        lever.token = lever.new_token()["access_token"]
        lever.subscribe(receiver.url, "candidateStageChange")
        ada = lever.create(name="Ada")
        receiver.answers = [500, 200]
        move(lever, ada)
        lever.delivered()
        server.stop()
        server.start()
        assert len(lever.deliveries()[0]["tries"]) == 1
        server.control("POST", "/clock", advance_seconds=11)
        lever.delivered(retries=True)
        assert [tried["status"] for tried in lever.deliveries()[0]["tries"]] == [500, 200]
    finally:
        server.stop()
    assert receiver.bodies[0] == receiver.bodies[1]


def test_storm_gives_signed_bodies_without_sending(lever, hook, receiver, server):
    server.control("POST", f"/accounts/{lever.id}/opportunities", count=200)
    wish = {"count": 500, "send": False, "doubled": 0.2, "forged": 0.05, "shuffled": True, "seed": 7}
    made = server.control("POST", f"/accounts/{lever.id}/storm", **wish)["deliveries"]
    token = hook["configuration"]["signatureToken"]
    bodies = [(json.loads(one["body"]), one["forged"]) for one in made]
    assert all(is_signed(body, token) is not forged for body, forged in bodies)
    true = [body for body, forged in bodies if not forged]
    assert 10 <= len(bodies) - len(true) <= 45
    assert 40 <= len(true) - len({body["token"] for body in true}) <= 150
    assert receiver.arrivals == []
    assert lever.deliveries() == []
    assert {one["url"] for one in made} == {f"{receiver.url}/hook"}
    last = max((body for body in true), key=lambda body: body["triggeredAt"])
    moved = {row["id"]: row for row in lever.everything()}
    assert len(moved[last["data"]["opportunityId"]]["stageChanges"]) > 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/deliveries/nothing/rerun", {}, 404),
        ("POST", "/webhooks/nothing/verify", {}, 404),
        ("DELETE", "/webhooks/nothing", {}, 404),
        ("POST", "/deliveries/wait", {"account": "nobody"}, 404),
        ("POST", "/accounts/nobody/storm", {"count": 1}, 404),
        ("POST", "/accounts/nobody/webhooks", {"events": True}, 404),
        ("POST", "/switches", {"webhook_doubled": 2}, 400),
        ("POST", "/switches", {"webhook_timeout_seconds": 0}, 400),
    ],
)
def test_bad_call_gets_a_sentence(server, method, path, body, status):
    got, sentence = server.refused(method, path, **body)
    assert got == status
    assert sentence.endswith(".")


@pytest.mark.parametrize("body", [{}, {"events": {"candidateSighed": True}}, {"events": {"candidateHired": "on"}}])
def test_events_are_switched_by_name(lever, server, body):
    assert server.refused("POST", f"/accounts/{lever.id}/webhooks", **body)[0] == 400


@pytest.mark.parametrize("body", [{}, {"count": 0}, {"count": True}, {"count": 1}, {"count": 1, "opportunities": []}])
def test_storm_needs_a_count_and_somebody(lever, server, body):
    assert server.refused("POST", f"/accounts/{lever.id}/storm", **body)[0] == 400
