"""`/_control`: what tests, benches and demos rely on."""

import pytest


def test_reset_begins_with_the_seed(lever, server):
    lever.create(name="Ada")
    lever.fault(kind="500", path="/v1/**")
    server.control("POST", "/clock", advance_seconds=60)
    server.control("POST", "/switches", rotation="lenient", rate=3)
    (account,) = server.control("POST", "/reset")["accounts"]
    assert account["name"] == "Northwind Instruments"
    assert account["opportunities"] == 1
    state = server.control("GET")
    assert state["faults"] == []
    assert state["clock"]["advanced_seconds"] == 0
    assert (state["switches"]["rotation"], state["switches"]["rate"]) == ("strict", None)
    assert state["counters"]["requests"] == 0
    assert lever.call("GET", "/stages").status_code == 401


def test_state_tells_what_benches_measure(server):
    state = server.control("GET")
    assert state["cpu_seconds"] > 0
    assert state["max_rss_bytes"] > 10_000_000
    assert state["apps"][0]["client_id"] == "emulatorClientId0000000000000000"


def test_account_is_made_to_order(server):
    made = server.control(
        "POST",
        "/accounts",
        name="Halden Robotics",
        users=[{"name": "Ida Moe", "email": "ida@halden.example", "accessRole": "super admin"}],
        postings=[{"text": "Welder", "team": "Shop", "location": "Oslo", "state": "internal"}],
    )
    assert [user["email"] for user in made["users"]] == ["ida@halden.example"]
    assert made["super_admin"] == made["users"][0]["id"]
    (posting,) = made["postings"]
    assert (posting["text"], posting["state"], posting["categories"]["team"]) == ("Welder", "internal", "Shop")
    assert server.control("GET", f"/accounts/{made['id']}")["name"] == "Halden Robotics"


def test_account_of_many_postings(server):
    made = server.control("POST", "/accounts", name="Many", postings=500)
    assert len({posting["text"] for posting in made["postings"]}) == 500


def test_many_opportunities_at_once(lever, server):
    posting = lever.posting("Backend Engineer")["id"]
    server.control("POST", f"/accounts/{lever.id}/opportunities", count=250, posting=posting, email_prefix="p")
    assert len(lever.get("/opportunities", posting_id=posting, limit=100)["data"]) == 100
    assert len(lever.get("/opportunities", email="p249@example.com")["data"]) == 1


def test_many_opportunities_are_spread_and_named(lever, server):
    postings = [lever.posting(text)["id"] for text in ("Backend Engineer", "Data Scientist")]
    wish = {"count": 6, "postings": postings, "stages": ["lead-new", "offer"], "tags": ["Purpose Jobs"], "ids": True}
    made = server.control("POST", f"/accounts/{lever.id}/opportunities", **wish)
    rows = {row["id"]: row for row in lever.everything(tag="Purpose Jobs")}
    assert set(made["ids"]) == set(rows)
    assert [rows[key]["stage"] for key in made["ids"]] == ["lead-new", "offer"] * 3
    assert [rows[key]["posting"] for key in made["ids"]] == postings * 3


def test_many_opportunities_are_told_to_nobody(lever, server, receiver):
    lever.subscribe(receiver.url, "contactCreated", "applicationCreated")
    posting = lever.posting("Backend Engineer")["id"]
    server.control("POST", f"/accounts/{lever.id}/opportunities", count=5, posting=posting)
    lever.delivered()
    assert (receiver.arrivals, lever.deliveries()) == ([], [])


def test_many_postings_at_once(lever, server):
    assert server.control("POST", f"/accounts/{lever.id}/postings", count=300)["postings"] == 305
    page = lever.get("/postings", state=["published"], limit=100)
    assert page["hasNext"] is True
    assert len({row["text"] for row in server.control("GET", f"/accounts/{lever.id}")["postings"]}) >= 300


def test_everything_about_an_opportunity_is_told(lever, server):
    created = lever.create(name="Ada", emails=["a@example.com"], tags=["Purpose Jobs"])
    lever.post(f"/opportunities/{created['id']}/notes", {"value": "hello"}, 201)
    (row,) = lever.everything(email="A@example.com")
    assert row["notes"][0]["values"] == ["hello"]
    assert row["posting"] is None
    assert row["account"] == lever.id
    assert server.control("GET", f"/opportunities/{created['id']}") == row
    assert lever.everything(tag="purpose jobs") == []
    assert len(lever.everything(tag="Purpose Jobs", contact=created["contact"])) == 1


def test_people_act_in_the_app(lever, server):
    created = lever.create(name="Ada")
    changed = server.control("POST", f"/opportunities/{created['id']}", stage="offer")
    assert changed["stage"] == "offer"
    reason = lever.get("/archive_reasons")["data"][0]["id"]
    archived = server.control("POST", f"/opportunities/{created['id']}", archive_reason=reason)
    assert archived["archived"]["reason"] == reason
    back = server.control("POST", f"/opportunities/{created['id']}", archive_reason=None)
    assert back["archived"] is None


def test_log_and_counters_tell_each_request(lever, server):
    server.control("DELETE", "/requests")
    created = lever.create(name="Ada")
    lever.get(f"/opportunities/{created['id']}")
    lever.get("/opportunities/nobody", 404)
    newest, second, oldest = server.control("GET", "/requests", account=lever.id)["requests"]
    assert (newest["status"], newest["method"], newest["path"]) == (404, "GET", "/v1/opportunities/nobody")
    assert second["template"] == "/v1/opportunities/{opportunity}"
    assert (oldest["status"], oldest["template"]) == (201, "/v1/opportunities")
    assert oldest["duration_ms"] < 1000
    assert len(server.control("GET", "/requests", status=404)["requests"]) == 1
    assert len(server.control("GET", "/requests", limit=2)["requests"]) == 2
    counters = server.control("GET", "/counters")
    assert counters["by_endpoint"]["GET /v1/opportunities/{opportunity}"] == {"200": 1, "404": 1}
    assert (counters["requests"], counters["answered_429"]) == (3, 0)


def test_apps_are_registered(server, visitor):
    body = {"client_id": "second", "client_secret": "secret", "redirect_uris": ["http://localhost:1/"]}
    server.control("POST", "/apps", **body)
    form = {"client_id": "second", "client_secret": "secret", "grant_type": "refresh_token", "refresh_token": "x"}
    assert visitor.token(**form).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/accounts", {}, 400),
        ("POST", "/accounts", {"name": "x", "users": [{"name": "y"}]}, 400),
        ("POST", "/accounts", {"name": "x", "postings": [{"team": "y"}]}, 400),
        ("GET", "/accounts/nobody", {}, 404),
        ("POST", "/accounts/nobody/tokens", {}, 404),
        ("POST", "/accounts/nobody/postings", {"count": 1}, 404),
        ("POST", "/postings/nothing", {"state": "closed"}, 404),
        ("DELETE", "/opportunities/nobody", {}, 404),
        ("POST", "/users/nobody", {"active": False}, 404),
        ("POST", "/clock", {"advance_seconds": "soon"}, 400),
        ("POST", "/switches", {"colour": "red"}, 400),
        ("POST", "/switches", {"rotation": "wild"}, 400),
        ("POST", "/switches", {"rate": 0}, 400),
        ("POST", "/switches", {"quirks": "yes"}, 400),
        ("DELETE", "/faults/fault-x", {}, 404),
    ],
)
def test_bad_call_gets_a_sentence(server, method, path, body, status):
    got, sentence = server.refused(method, path, **body)
    assert got == status
    assert sentence.endswith(".")
