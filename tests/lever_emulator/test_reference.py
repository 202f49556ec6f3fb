"""Stages, users, tags, sources, archive reasons, webhook subscriptions. lever-api.md 5.8, 5.10, 5.11, 5.15."""

import pytest

ALL_ORIGINS = {"agency", "applied", "internal", "referred", "sourced", "university"}


def test_stages_come_in_pipeline_order(northwind):
    stages = northwind.get("/stages")
    assert [row["text"] for row in stages["data"]] == [
        "New lead",
        "Reached out",
        "Responded",
        "New applicant",
        "Recruiter screen",
        "On-site interview",
        "Offer",
    ]
    assert stages["data"][0] == {"id": "lead-new", "text": "New lead"}
    assert northwind.get("/stages/lead-new")["data"] == {"id": "lead-new", "text": "New lead"}
    answer = northwind.get("/stages/00000000-0000-0000-0000-000000000000", 404)
    assert answer == {
        "code": "ResourceNotFound",
        "message": "stages 00000000-0000-0000-0000-000000000000 was not found",
    }


def test_disposition_stages_carry_the_rank(northwind):
    data = northwind.get("/disposition_stages")["data"]
    assert data["stages"][1] == {
        "id": "lead-reached-out",
        "text": "Reached out",
        "pipeline": "lead",
        "rank": 3,
        "hasInterview": False,
    }
    assert len(data["archiveReasons"]) == 5


def test_archive_reasons_by_type(northwind):
    assert [row["text"] for row in northwind.get("/archive_reasons", type="hired")["data"]] == ["Hired"]
    assert len(northwind.get("/archive_reasons", type="non-hired")["data"]) == 4
    reason = northwind.get("/archive_reasons")["data"][0]
    assert northwind.get(f"/archive_reasons/{reason['id']}")["data"] == reason
    northwind.get("/archive_reasons", 400, type="fired")


def test_users_are_active_and_newest_first(northwind):
    names = [row["name"] for row in northwind.get("/users")["data"]]
    assert names == ["Jun Park", "Lena Hoff", "Tomas Vrba", "Imani Okafor", "Rosa Lindqvist"]
    everybody = northwind.get("/users", includeDeactivated="true")["data"]
    assert len(everybody) == 6
    assert everybody[-1]["name"] == "Pat Former"


def test_users_by_email_and_role(northwind):
    (rosa,) = northwind.get("/users", email="ROSA@northwind.example")["data"]
    assert (rosa["name"], rosa["username"], rosa["accessRole"]) == ("Rosa Lindqvist", "rosa", "super admin")
    assert northwind.get(f"/users/{rosa['id']}")["data"] == rosa
    assert len(northwind.get("/users", accessRole=["admin", "interviewer"])["data"]) == 2
    assert len(northwind.call("GET", "/users?accessRole[]=admin&accessRole[]=interviewer").json()["data"]) == 2
    northwind.get("/users/nobody", 404)


def test_users_are_made_deactivated_and_reactivated(lever):
    lever.token = lever.new_token(scopes=["users:write:admin"])["access_token"]
    made = lever.post("/users", {"name": "Nia", "email": "nia@acme.example"}, 201)["data"]
    assert (made["accessRole"], made["username"], made["deactivatedAt"]) == ("interviewer", "nia", None)
    lever.post("/users", {"name": "Nia", "email": "NIA@acme.example"}, 400)
    lever.post("/users", {"name": "Nia"}, 400)
    assert lever.post(f"/users/{made['id']}/deactivate")["data"]["deactivatedAt"] > 0
    assert lever.post(f"/users/{made['id']}/reactivate")["data"]["deactivatedAt"] is None


def test_tags_and_sources_appear_by_use_and_are_sorted_by_text(lever):
    lever.token = lever.new_token(scopes=["opportunities:write:admin", "tags:read:admin", "sources:read:admin"])[
        "access_token"
    ]
    lever.create(tags=["Zeal", "Full-time", "Full-Time", "art"], sources=["Purpose Jobs"])
    lever.create(tags=["art"])
    assert lever.get("/tags")["data"] == [
        {"count": 2, "text": "art"},
        {"count": 1, "text": "Full-Time"},
        {"count": 1, "text": "Full-time"},
        {"count": 1, "text": "Zeal"},
    ]
    assert {"count": 1, "text": "Purpose Jobs"} in lever.get("/sources")["data"]
    assert {"count": 0, "text": "LinkedIn"} in lever.get("/sources")["data"]
    page = lever.get("/tags", limit=3)
    assert [row["text"] for row in lever.get("/tags", offset=page["next"])["data"]] == ["Zeal"]


def test_webhook_shows_its_token_once(lever):
    wish = {"url": "https://partner.example/hook", "event": "candidateStageChange"}
    made = lever.post("/webhooks", wish, 201)["data"]
    token = made["configuration"].pop("signatureToken")
    assert len(token) == 48
    assert set(made["configuration"]["conditions"]["origins"]) == ALL_ORIGINS
    listed = lever.get("/webhooks")
    assert listed == {"data": [made]}
    assert lever.post("/webhooks", wish, 201)["data"]["id"] != made["id"]
    assert lever.call("DELETE", f"/webhooks/{made['id']}").status_code == 204
    assert len(lever.get("/webhooks")["data"]) == 1
    assert lever.call("DELETE", f"/webhooks/{made['id']}").status_code == 404


def test_webhook_conditions_only_for_four_events(lever):
    body = {"url": "https://p.example/", "event": "candidateDeleted", "configuration": {"conditions": {"origins": []}}}
    assert set(lever.post("/webhooks", body, 201)["data"]["configuration"]) == {"signatureToken"}
    body = body | {"event": "candidateHired", "configuration": {"conditions": {"origins": ["sourced"]}}}
    made = lever.post("/webhooks", body, 201)["data"]
    assert made["configuration"]["conditions"] == {"origins": ["sourced"]}
    change = {"data": [{"id": made["id"], "url": "https://new.example/"}]}
    assert lever.put("/webhooks", change)["data"][0]["url"] == "https://new.example/"


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://partner.example/hook", 201),
        ("http://127.0.0.1:8000/hook", 201),
        ("http://localhost:8000/hook", 201),
        ("http://partner.example/hook", 400),
        ("ftp://127.0.0.1/", 400),
        ("https://", 400),
        (None, 400),
    ],
)
def test_webhook_address_is_https_but_for_loopback(lever, url, status):
    lever.post("/webhooks", {"url": url, "event": "candidateHired"}, status)


def test_loopback_can_be_refused_and_events_must_exist(lever):
    lever.switch(http_webhooks=False)
    lever.post("/webhooks", {"url": "http://127.0.0.1:8000/hook", "event": "candidateHired"}, 400)
    lever.post("/webhooks", {"url": "https://partner.example/", "event": "candidateSighed"}, 400)
    assert lever.get("/webhooks")["data"] == []
