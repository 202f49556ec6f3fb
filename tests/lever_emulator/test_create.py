"""POST /opportunities as JSON. lever-api.md 5.2."""

import time

import pytest

NOWHERE = "00000000-0000-0000-0000-000000000000"


def test_create_answers_the_whole_opportunity(lever):
    backend = lever.posting("Backend Engineer")
    answer = lever.post(
        "/opportunities",
        {
            "name": "Ada Quill",
            "headline": "Fernhill Labs",
            "location": "Hamburg",
            "emails": ["ada.quill@example.com"],
            "phones": [{"type": "mobile", "value": "+49 40 5550 100"}],
            "links": ["https://www.linkedin.com/in/ada-quill-example"],
            "tags": ["Purpose Jobs", "Berlin"],
            "sources": ["Purpose Jobs"],
            "origin": "sourced",
            "postings": [backend["id"]],
            "unknown": "ignored",
        },
        201,
    )
    assert list(answer) == ["deduped", "data"]
    assert answer["deduped"] is False
    data = answer["data"]
    created = data["createdAt"]
    (application,) = data["applications"]
    assert data == {
        "id": data["id"],
        "name": "Ada Quill",
        "contact": data["contact"],
        "headline": "Fernhill Labs",
        "stage": "lead-new",
        "confidentiality": "non-confidential",
        "location": "Hamburg",
        "phones": [{"type": "mobile", "value": "+49 40 5550 100"}],
        "emails": ["ada.quill@example.com"],
        "links": ["https://www.linkedin.com/in/ada-quill-example"],
        "archived": None,
        "tags": ["Purpose Jobs", "Berlin", "Backend Engineer", "Engineering", "Platform", "Full-time"],
        "sources": ["Purpose Jobs"],
        "stageChanges": [{"toStageId": "lead-new", "toStageIndex": 0, "updatedAt": created, "userId": lever.admin}],
        "origin": "sourced",
        "sourcedBy": lever.admin,
        "owner": lever.admin,
        "followers": [lever.admin],
        "applications": [application],
        "createdAt": created,
        "updatedAt": data["updatedAt"],
        "lastInteractionAt": created,
        "lastAdvancedAt": created,
        "snoozedUntil": None,
        "urls": {
            "list": f"{lever.server.url}/candidates",
            "show": f"{lever.server.url}/candidates/{data['id']}",
        },
        "isAnonymized": False,
        "dataProtection": None,
    }
    assert abs(created - time.time() * 1000) < 10_000


def test_application_of_a_create_is_of_type_user_without_a_person(lever):
    posting = lever.posting("Backend Engineer")
    created = lever.create(name="Ada", postings=[posting["id"]])
    (application,) = lever.get(f"/opportunities/{created['id']}", expand="applications")["data"]["applications"]
    assert application["type"] == "user"
    assert application["user"] == lever.admin
    assert application["posting"] == posting["id"]
    assert application["postingOwner"] == posting["owner"]
    assert application["opportunityId"] == application["candidateId"] == created["id"]
    assert (application["name"], application["email"], application["phone"]) == (None, None, None)
    listed = lever.get(f"/opportunities/{created['id']}/applications")
    assert listed["data"] == [application]
    assert lever.get(f"/opportunities/{created['id']}/applications/{application['id']}")["data"] == application


def test_empty_candidate_is_allowed(lever):
    created = lever.create()
    assert (created["name"], created["emails"], created["applications"], created["origin"]) == ("", [], [], "sourced")


@pytest.mark.parametrize(
    ("posting", "sent", "read"),
    [
        ("Backend Engineer", None, "unspecified"),
        ("Backend Engineer", "Lisbon", "Lisbon"),
        ("Backend Engineer", "unspecified", "unspecified"),
        ("Data Scientist", None, "Remote"),
        ("Designer", None, None),
    ],
    ids=["several locations", "one of them", "said to be open", "one location", "no location, a draft"],
)
def test_opportunity_location_is_missing_at_first_and_there_on_the_next_read(lever, posting, sent, read):
    fields = {"postings": [lever.posting(posting)["id"]]} | ({"opportunityLocation": sent} if sent else {})
    created = lever.create(**fields)
    assert "opportunityLocation" not in created
    assert lever.get(f"/opportunities/{created['id']}")["data"].get("opportunityLocation") == read


@pytest.mark.parametrize("origin", ["agency", "applied", "internal", "referred", "university"])
def test_sourced_by_is_only_set_for_origin_sourced(lever, origin):
    created = lever.create(origin=origin)
    assert (created["origin"], created["sourcedBy"], created["owner"]) == (origin, None, lever.admin)


def test_owner_can_be_the_posting_owner(lever):
    owner = lever.user("team member")["id"]
    posting = lever.posting("Backend Engineer")["id"]
    lever.server.control("POST", f"/postings/{posting}", owner=owner)
    path = f"/opportunities?perform_as={lever.admin}&perform_as_posting_owner=true"
    answer = lever.call("POST", path, json={"postings": [posting]})
    assert answer.json()["data"]["owner"] == owner
    assert lever.call("POST", path, json={}).status_code == 400


def test_archived_at_creation(lever):
    reason = next(row for row in lever.get("/archive_reasons")["data"] if row["text"] == "Timing")["id"]
    created = lever.create(createdAt=1_700_000_000_000, archived={"reason": reason, "archivedAt": 1_700_000_100_000})
    assert created["archived"] == {"reason": reason, "archivedAt": 1_700_000_100_000}
    assert created["createdAt"] == 1_700_000_000_000
    assert lever.create(archived={"archivedAt": 1_700_000_100_000})["archived"] is None


def test_the_same_create_again_makes_another(lever):
    fields = {"name": "Ada", "emails": ["ada@example.com"], "postings": [lever.posting("Backend Engineer")["id"]]}
    ids = {lever.create(**fields)["id"] for _ in range(3)}
    assert len(ids) == 3
    assert len(lever.everything(email="ada@example.com")) == 3


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"stage": NOWHERE}, 404, f"stages {NOWHERE} was not found"),
        ({"postings": [NOWHERE]}, 404, f"postings {NOWHERE} was not found"),
        ({"owner": NOWHERE}, 404, f"users {NOWHERE} was not found"),
        ({"followers": [NOWHERE]}, 404, f"users {NOWHERE} was not found"),
        ({"contact": NOWHERE}, 404, f"contacts {NOWHERE} was not found"),
        ({"archived": {"reason": NOWHERE}}, 404, f"archive_reasons {NOWHERE} was not found"),
        ({"postings": [NOWHERE, NOWHERE]}, 400, "An opportunity can be created for one posting only"),
        ({"createdAt": 9_999_999_999_999}, 400, "Invalid field createdAt: must not be in the future"),
        ({"createdAt": "soon"}, 400, "Invalid field createdAt: must be a timestamp in milliseconds"),
        ({"name": 3}, 400, "Invalid field name: must be a string"),
        ({"emails": "ada@example.com"}, 400, "Invalid field emails: must be an array of strings"),
        ({"phones": [{"type": "mobile"}]}, 400, "Invalid field phones: each needs a value"),
    ],
)
def test_bad_field_is_refused_and_nothing_is_made(lever, body, status, message):
    answer = lever.post("/opportunities", body, status)
    assert answer["message"] == message
    assert lever.everything() == []


def test_origin_and_location_must_be_known(lever):
    assert "origin" in lever.post("/opportunities", {"origin": "stolen"}, 400)["message"]
    wish = {"postings": [lever.posting("Data Scientist")["id"]], "opportunityLocation": "Mars"}
    assert "opportunityLocation" in lever.post("/opportunities", wish, 400)["message"]
    assert lever.everything() == []


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"'])
def test_body_must_be_a_json_object(lever, body):
    path = f"/opportunities?perform_as={lever.admin}"
    answer = lever.call("POST", path, data=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequestError")


def test_perform_as_must_be_an_active_user(lever):
    user = lever.user("team member")["id"]
    missing = lever.call("POST", "/opportunities", json={})
    assert (missing.status_code, missing.json()["message"]) == (400, "Missing required parameter: perform_as")
    assert lever.call("POST", f"/opportunities?perform_as={NOWHERE}", json={}).status_code == 400
    lever.server.control("POST", f"/users/{user}", active=False)
    gone = lever.call("POST", f"/opportunities?perform_as={user}", json={})
    assert gone.status_code == 400
    assert gone.json()["message"] == f"Invalid parameter perform_as: user {user} is deactivated"
    assert lever.everything() == []


def test_confidential_posting_needs_the_right(lever):
    posting = lever.posting("Chief Financial Officer")["id"]
    lever.post("/opportunities", {"postings": [posting]}, 403)
    scopes = ["opportunities:write:admin", "confidential:access:admin"]
    plain, lever.token = lever.token, lever.new_token(scopes=scopes)["access_token"]
    created = lever.create(postings=[posting])
    assert created["confidentiality"] == "confidential"
    lever.get(f"/opportunities/{created['id']}")
    lever.token = plain
    assert lever.get(f"/opportunities/{created['id']}", 403)["code"] == "ForbiddenError"
    assert lever.get("/opportunities")["data"] == []


@pytest.mark.parametrize(("position", "status"), [("accept", 201), ("reject", 400)])
def test_closed_posting_is_taken_or_not_by_switch(lever, position, status):
    lever.switch(closed_postings=position)
    lever.post("/opportunities", {"postings": [lever.posting("Support Specialist")["id"]]}, status)
