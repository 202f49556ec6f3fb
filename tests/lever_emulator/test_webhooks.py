"""What subscribers are told, and which of them. lever-api.md 5.15, 6.1 to 6.3."""

import json
from pathlib import Path

import pytest

from tests.lever_emulator.contract import validator
from tests.lever_emulator.receiver import is_signed

VECTORS = json.loads(Path(__file__).with_name("webhook-vectors.json").read_text())
EVERYTHING = (
    "applicationCreated",
    "candidateHired",
    "candidateStageChange",
    "candidateArchiveChange",
    "candidateDeleted",
    "contactCreated",
    "contactUpdated",
)


@pytest.fixture
def ada(lever):
    return lever.create(name="Ada", emails=["ada@example.com"], postings=[lever.posting("Data Scientist")["id"]])


@pytest.fixture
def hooks(lever, ada, receiver):
    """The account's webhooks by event, made once Ada was there."""
    return {row["event"]: row for row in lever.subscribe(f"{receiver.url}/hook?of=acme", *EVERYTHING)}


@pytest.fixture
def rosa(lever, visitor):
    visitor.sign_in(lever.admin)
    return visitor


def ids(row: dict) -> dict:
    return {"opportunityId": row["id"], "candidateId": row["id"], "contactId": row["contact"]}


@pytest.mark.parametrize("body", VECTORS["valid"], ids=lambda body: body["event"])
def test_check_of_these_tests_takes_the_known_signatures(body):
    assert is_signed(body, VECTORS["signatureToken"])


@pytest.mark.parametrize("body", VECTORS["invalid"], ids=["wrong signature", "wrong time"])
def test_check_of_these_tests_refuses_the_known_forgeries(body):
    assert not is_signed(body, VECTORS["signatureToken"])


def test_stage_change_is_told_signed_and_as_described(lever, ada, hooks, receiver):
    before = lever.server.control("GET", "/clock")["now"]
    lever.put(f"/opportunities/{ada['id']}/stage", {"stage": "lead-responded"})
    lever.delivered()
    (arrival,) = receiver.arrivals
    assert arrival.path == "/hook?of=acme"
    assert {name: arrival.headers[name] for name in VECTORS["headers"]} == VECTORS["headers"]
    body = arrival.body
    assert list(body) == ["id", "triggeredAt", "event", "data", "signature", "token"]
    assert body["data"] == ids(ada) | {"fromStageId": "lead-new", "toStageId": "lead-responded"}
    assert body["triggeredAt"] >= before
    assert len(body["token"]) == 48
    assert not list(validator("/components/schemas/WebhookDelivery").iter_errors(body))
    token = hooks["candidateStageChange"]["configuration"]["signatureToken"]
    assert is_signed(body, token)
    assert not is_signed(body, hooks["candidateHired"]["configuration"]["signatureToken"])


def test_archiving_and_coming_back_are_told(lever, ada, hooks, receiver):
    path, timing = f"/opportunities/{ada['id']}/archived", lever.reason("Timing")
    archived = lever.put(path, {"reason": timing})["data"]["archived"]
    lever.put(path, {"reason": timing})
    lever.put(path, {"reason": None})
    lever.delivered()
    first, second = sorted(receiver.bodies, key=lambda body: body["data"]["fromArchived"] is not None)
    assert receiver.events == ["candidateArchiveChange"] * 2
    assert first["data"] == ids(ada) | {"fromArchived": None, "toArchived": archived}
    assert second["data"] == ids(ada) | {"fromArchived": archived, "toArchived": None}


def test_hired_reason_is_told_twice_over(lever, ada, hooks, receiver):
    lever.put(f"/opportunities/{ada['id']}/archived", {"reason": lever.reason("Hired")})
    lever.delivered()
    assert sorted(receiver.events) == ["candidateArchiveChange", "candidateHired"]
    (hired,) = [body for body in receiver.bodies if body["event"] == "candidateHired"]
    assert hired["data"] == ids(ada)


def test_new_candidate_is_told_by_person_and_by_application(lever, hooks, receiver):
    made = lever.create(name="Bo", emails=["bo@example.com"], postings=[lever.posting("Data Scientist")["id"]])
    lever.delivered()
    told = {body["event"]: body["data"] for body in receiver.bodies}
    assert told["applicationCreated"] == ids(made) | {"applicationId": made["applications"][0]}
    assert (told["contactCreated"]["contactId"], told["contactCreated"]["accountId"]) == (made["contact"], lever.id)
    assert told["contactCreated"]["createdAt"] > 0
    assert len(told) == len(receiver.arrivals) == 2


def test_known_person_without_posting_is_told_to_nobody(lever, ada, hooks, receiver):
    lever.create(name="Ada", emails=["ada@example.com"])
    lever.delivered()
    assert receiver.arrivals == []


def test_change_of_a_person_is_told_with_the_contact_alone(lever, ada, hooks, receiver):
    lever.put(f"/contacts/{ada['contact']}", {"headline": "New"})
    lever.post(f"/opportunities/{ada['id']}/addLinks", {"links": ["https://b.example"]})
    lever.delivered()
    assert receiver.events == ["contactUpdated"] * 2
    assert set(receiver.bodies[0]["data"]) == {"contactId", "accountId", "updatedAt"}


def test_what_people_do_on_the_pages_is_told(lever, ada, hooks, receiver, rosa):
    path = f"/candidates/{ada['id']}"
    rosa.post(f"{path}/stage", stage="offer")
    lever.delivered()
    rosa.post(f"{path}/archive", reason=lever.reason("Hired"))
    lever.delivered()
    rosa.post(f"{path}/anonymise")
    lever.delivered()
    rosa.post(f"{path}/delete")
    lever.delivered()
    assert receiver.events[0] == "candidateStageChange"
    assert sorted(receiver.events[1:3]) == ["candidateArchiveChange", "candidateHired"]
    assert receiver.events[3:] == ["contactUpdated", "candidateDeleted"]
    assert receiver.bodies[-1]["data"] == ids(ada) | {"deletedBy": lever.admin}


def test_what_does_not_change_is_not_told(lever, ada, hooks, receiver):
    lever.put(f"/opportunities/{ada['id']}/stage", {"stage": "lead-new"})
    lever.put(f"/opportunities/{ada['id']}/archived", {"reason": None})
    lever.post(f"/opportunities/{ada['id']}/addTags", {"tags": ["x"]})
    lever.delivered()
    assert receiver.arrivals == []


def test_conditions_narrow_by_origin(lever, ada, receiver):
    lever.subscribe(f"{receiver.url}/sourced", "candidateStageChange", conditions={"origins": ["sourced", "agency"]})
    lever.subscribe(f"{receiver.url}/applied", "candidateStageChange", conditions={"origins": ["applied"]})
    lever.put(f"/opportunities/{ada['id']}/stage", {"stage": "offer"})
    lever.delivered()
    assert [arrival.path for arrival in receiver.arrivals] == ["/sourced"]


def test_each_of_two_subscribers_has_its_own_token(lever, ada, receiver):
    url = receiver.url + "/hook"
    one, two = lever.subscribe(url, "candidateStageChange", "candidateStageChange")
    lever.put(f"/opportunities/{ada['id']}/stage", {"stage": "offer"})
    lever.delivered()
    tokens = [hook["configuration"]["signatureToken"] for hook in (one, two)]
    assert sorted(is_signed(body, token) for body in receiver.bodies for token in tokens) == [False, False, True, True]
    assert len({body["token"] for body in receiver.bodies}) == 2


def test_other_account_is_told_nothing(lever, hooks, receiver, server):
    other = server.control("POST", "/accounts", name="Other")
    server.control("POST", f"/accounts/{other['id']}/opportunities", count=1)
    (row,) = server.control("GET", f"/accounts/{other['id']}/opportunities")["opportunities"]
    server.control("POST", f"/opportunities/{row['id']}", stage="offer")
    lever.delivered()
    assert receiver.arrivals == []


def test_subscription_outlives_the_token_that_made_it(lever, ada, hooks, receiver):
    lever.server.control("POST", f"/accounts/{lever.id}/revoke")
    lever.server.control("POST", f"/opportunities/{ada['id']}", stage="offer")
    lever.delivered()
    assert receiver.events == ["candidateStageChange"]
    lever.token = lever.new_token()["access_token"]
    assert len(lever.get("/webhooks")["data"]) == len(EVERYTHING)
    for hook in hooks.values():
        assert lever.call("DELETE", f"/webhooks/{hook['id']}").status_code == 204
    lever.server.control("POST", f"/opportunities/{ada['id']}", stage="lead-new")
    lever.delivered()
    assert len(receiver.arrivals) == 1


def test_event_switched_off_in_settings_is_not_told(lever, ada, hooks, receiver):
    path = f"/accounts/{lever.id}/webhooks"
    lever.server.control("POST", path, events={"candidateStageChange": False})
    lever.server.control("POST", f"/opportunities/{ada['id']}", stage="offer", archive_reason=lever.reason("Timing"))
    lever.delivered()
    assert receiver.events == ["candidateArchiveChange"]
    assert not any(lever.server.control("POST", path, events=False)["events"].values())
    lever.server.control("DELETE", f"/opportunities/{ada['id']}")
    lever.delivered()
    assert len(receiver.arrivals) == 1


def test_changes_through_the_api_can_be_kept_quiet(lever, ada, hooks, receiver):
    lever.switch(webhook_api_changes=False)
    lever.put(f"/opportunities/{ada['id']}/stage", {"stage": "offer"})
    lever.server.control("POST", f"/opportunities/{ada['id']}", stage="lead-new")
    lever.delivered()
    assert [body["data"]["toStageId"] for body in receiver.bodies] == ["lead-new"]


def test_silent_account_tells_nothing_and_logs_nothing(lever, ada, hooks, receiver):
    lever.switch(webhook_deliveries=False)
    lever.put(f"/opportunities/{ada['id']}/stage", {"stage": "offer"})
    lever.delivered()
    assert receiver.arrivals == []
    assert lever.deliveries() == []


def test_customer_without_the_package_is_refused_webhooks(lever):
    lever.switch(webhooks_in_package=False)
    answer = lever.post("/webhooks", {"url": "https://partner.example/", "event": "candidateHired"}, 403)
    assert "select packages" in answer["message"]
    assert lever.get("/webhooks")["data"] == []
