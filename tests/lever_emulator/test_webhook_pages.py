"""Settings, Webhooks: what a Super Admin sees and turns there."""

import re

import pytest

from tests.lever_emulator.receiver import is_signed

HOOKS = "/settings/webhooks"


@pytest.fixture
def ada(lever):
    return lever.create(name="Ada", emails=["ada@example.com"])


@pytest.fixture
def rosa(lever, visitor):
    visitor.sign_in(lever.admin)
    return visitor


def listed(page: str) -> list[str]:
    return re.findall(r'href="(/settings/webhooks/deliveries/[^"]+)"', page)


def test_event_is_switched_off_and_on(rosa, lever, server):
    rosa.post(f"{HOOKS}/events", candidateHired="on")
    events = server.control("GET", f"/accounts/{lever.id}/webhooks")["events"]
    assert [event for event, on in events.items() if on] == ["candidateHired"]
    assert 'name="candidateHired" checked' in rosa.get(HOOKS).text
    rosa.post(f"{HOOKS}/events", candidateHired="on", all="off")
    assert not any(server.control("GET", f"/accounts/{lever.id}/webhooks")["events"].values())
    rosa.post(f"{HOOKS}/events", all="on")
    assert all(server.control("GET", f"/accounts/{lever.id}/webhooks")["events"].values())


def test_webhook_is_added_by_hand_and_belongs_to_settings(rosa, lever, ada, receiver):
    rosa.post(HOOKS, event="candidateStageChange", url=f"{receiver.url}/by-hand", origins="sourced")
    (hook,) = lever.server.control("GET", f"/accounts/{lever.id}/webhooks")["webhooks"]
    assert lever.get("/webhooks")["data"] == []
    assert hook["configuration"]["conditions"]["origins"] == ["sourced"]
    token = re.search(r"<code>([0-9a-f]{48})</code>", rosa.get(HOOKS).text)[1]
    lever.server.control("POST", f"/opportunities/{ada['id']}", stage="offer")
    lever.delivered()
    assert is_signed(receiver.bodies[0], token)
    assert lever.call("DELETE", f"/webhooks/{hook['id']}").status_code == 404
    lever.put("/webhooks", {"data": [{"id": hook["id"], "url": "https://x.example/"}]}, 404)
    rosa.post(f"{HOOKS}/{hook['id']}/delete")
    assert lever.server.control("GET", f"/accounts/{lever.id}/webhooks")["webhooks"] == []


def test_webhook_of_the_api_is_not_changed_in_settings(rosa, lever, receiver):
    (hook,) = lever.subscribe(receiver.url, "candidateHired")
    assert hook["configuration"]["signatureToken"] not in rosa.get(HOOKS).text
    assert rosa.post(f"{HOOKS}/{hook['id']}/delete").status_code == 400
    assert rosa.post(HOOKS, event="candidateHired", url="http://partner.example/").status_code == 400
    assert len(lever.get("/webhooks")["data"]) == 1


@pytest.mark.parametrize(("status", "said"), [(200, "Received: answered 200"), (503, "Refused: answered 503")])
def test_verify_connection_says_what_came_of_it(rosa, lever, receiver, status, said):
    receiver.answers = [status]
    (hook,) = lever.subscribe(receiver.url, "candidateHired")
    answer = rosa.post(f"{HOOKS}/{hook['id']}/verify")
    assert said in rosa.get(answer.headers["location"]).text
    assert receiver.bodies[0]["data"] == {}


def test_log_shows_deliveries_and_reruns_them(rosa, lever, ada, receiver):
    lever.subscribe(receiver.url, "candidateStageChange", "candidateArchiveChange")
    receiver.answers = [401, 200]
    lever.server.control("POST", f"/opportunities/{ada['id']}", stage="offer")
    lever.delivered()
    lever.server.control("POST", f"/opportunities/{ada['id']}", archive_reason=lever.reason("Timing"))
    lever.delivered()
    assert len(listed(rosa.get(HOOKS).text)) == 2
    (waiting,) = listed(rosa.get(f"{HOOKS}?state=waiting").text)
    page = rosa.get(waiting).text
    assert "401" in page
    assert ada["id"] in page
    answer = rosa.post(f"{waiting}/rerun")
    assert "Received: answered 200" in rosa.get(answer.headers["location"]).text
    assert listed(rosa.get(f"{HOOKS}?state=waiting").text) == []
    rosa.post(f"{HOOKS}/rerun", state="delivered")
    lever.delivered()
    assert len(receiver.arrivals) == 5


def test_others_than_super_admins_are_sent_away(lever, visitor, receiver):
    (hook,) = lever.subscribe(receiver.url, "candidateHired")
    visitor.sign_in(lever.user("admin")["id"])
    for path in (HOOKS, f"{HOOKS}/events", f"{HOOKS}/{hook['id']}/verify", f"{HOOKS}/rerun"):
        assert visitor.post(path, event="candidateHired", url="https://x.example/").status_code == 400
    assert "Super Admins" in visitor.get(HOOKS).text
    assert receiver.arrivals == []
    assert len(lever.get("/webhooks")["data"]) == 1


def test_other_account_reaches_neither_webhooks_nor_deliveries(lever, ada, visitor, receiver, server):
    (hook,) = lever.subscribe(receiver.url, "candidateStageChange")
    server.control("POST", f"/opportunities/{ada['id']}", stage="offer")
    lever.delivered()
    (row,) = lever.deliveries()
    other = server.control("POST", "/accounts", name="Other")
    visitor.sign_in(other["super_admin"])
    assert visitor.post(f"{HOOKS}/{hook['id']}/verify").status_code == 404
    assert visitor.get(f"{HOOKS}/deliveries/{row['id']}").status_code == 404
    assert visitor.post(f"{HOOKS}/deliveries/{row['id']}/rerun").status_code == 404
    assert listed(visitor.get(HOOKS).text) == []
    assert len(receiver.arrivals) == 1
