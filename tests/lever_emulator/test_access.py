"""Who may call what. lever-api.md 2.10, 3.1, 4.4, 4.5."""

import base64

import pytest

CALLS = [
    ("GET", "/opportunities", "opportunities:read:admin"),
    ("GET", "/opportunities/deleted", "opportunities:read:admin"),
    ("POST", "/opportunities", "opportunities:write:admin"),
    ("GET", "/postings", "postings:read:admin"),
    ("GET", "/stages", "stages:read:admin"),
    ("GET", "/users", "users:read:admin"),
    ("GET", "/archive_reasons", "archive_reasons:read:admin"),
    ("GET", "/tags", "tags:read:admin"),
    ("GET", "/sources", "sources:read:admin"),
    ("GET", "/webhooks", "webhooks:read:admin"),
    ("POST", "/webhooks", "webhooks:write:admin"),
    ("GET", "/contacts/x", "contact:read:admin"),
    ("PUT", "/contacts/x", "contact:write:admin"),
    ("GET", "/opportunities/x/notes", "notes:read:admin"),
    ("POST", "/opportunities/x/notes", "notes:write:admin"),
    ("GET", "/opportunities/x/files", "files:read:admin"),
    ("POST", "/opportunities/x/files", "files:write:admin"),
    ("GET", "/opportunities/x/resumes", "resumes:read:admin"),
    ("GET", "/opportunities/x/applications", "applications:read:admin"),
    ("PUT", "/opportunities/x/stage", "opportunities:write:admin"),
]


@pytest.mark.parametrize(("method", "path", "scope"), CALLS, ids=[f"{method} {path}" for method, path, _ in CALLS])
def test_call_needs_its_scope(lever, method, path, scope):
    lever.token = lever.new_token(scopes=["offline_access", "requisitions:read:admin"])["access_token"]
    answer = lever.call(method, path)
    assert answer.status_code == 403
    assert answer.json() == {"code": "ForbiddenError", "message": f"This token lacks the scope {scope}"}
    lever.token = lever.new_token(scopes=[scope])["access_token"]
    assert lever.call(method, path).status_code in (200, 400, 404)


def test_write_scope_includes_read(lever):
    lever.token = lever.new_token(scopes=["opportunities:write:admin"])["access_token"]
    lever.get("/opportunities")


def test_read_scope_does_not_include_write(lever):
    lever.token = lever.new_token(scopes=["opportunities:read:admin"])["access_token"]
    lever.post("/opportunities", {}, 403)
    assert lever.everything() == []


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer made-up", "Basic !!!", "Basic " + base64.b64encode(b"wrong:").decode(), "Digest x"],
)
def test_unknown_caller_is_401(lever, header):
    answer = lever.call("GET", "/opportunities", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["code"] == "UnauthorizedError"


def test_api_key_is_taken_as_basic_user_name(lever):
    lever.create(name="Ada")
    key = base64.b64encode(f"{lever.account['api_key']}:".encode()).decode()
    answer = lever.call("GET", "/opportunities", headers={"Authorization": f"Basic {key}"})
    assert len(answer.json()["data"]) == 1


def test_token_of_one_account_sees_nothing_of_another(lever, server):
    mine = lever.create(name="Ada", emails=["ada@example.com"])
    other = server.control("POST", "/accounts", name="Other")
    lever.token = server.control("POST", f"/accounts/{other['id']}/tokens")["access_token"]
    assert lever.get("/opportunities")["data"] == []
    assert lever.get(f"/opportunities/{mine['id']}", 404) == {
        "code": "ResourceNotFound",
        "message": f"opportunities {mine['id']} was not found",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/me"),
        ("GET", "/contacts"),
        ("POST", "/contacts"),
        ("PUT", "/opportunities/x"),
        ("DELETE", "/opportunities/x"),
        ("PUT", "/opportunities/x/tags"),
        ("POST", "/opportunities/bulk"),
        ("PATCH", "/opportunities/x"),
        ("GET", "/nothing/at/all"),
    ],
)
def test_what_lever_does_not_offer_is_404(lever, method, path):
    answer = lever.call(method, path)
    assert answer.status_code == 404
    assert answer.json() == {"code": "NotFoundError", "message": f"{method} /v1{path} does not exist"}


def test_answers_carry_levers_headers(lever):
    headers = lever.call("GET", "/stages").headers
    assert headers["server"] == "lever-data-api"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["x-lever-region"] == "global"
    assert "retry-after" not in headers
