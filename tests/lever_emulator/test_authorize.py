"""From the partner's link to the consent page and back with a code. lever-api.md 2.2, 2.3."""

import pytest

from tests.lever_emulator.client import CALLBACK, authorize_path, callback

PATH = authorize_path("offline_access opportunities:write:admin postings:read:admin")


@pytest.fixture(autouse=True)
def unconnected(lever):
    lever.server.control("POST", f"/accounts/{lever.id}/revoke")


def test_stranger_is_asked_who_they_are_then_for_consent(lever, visitor):
    page = visitor.get(PATH)
    assert page.status_code == 200
    assert "Robin Sommer" in page.text
    assert "Jules Ferro" in page.text  # no Super Admin, offered all the same
    visitor.sign_in(lever.admin)
    consent = visitor.get(PATH)
    assert "Purpose Jobs asks for access" in consent.text
    assert "View and manage all candidates and opportunities" in consent.text
    assert "View all postings" in consent.text
    assert "Stay connected while you are not using the app" in consent.text
    assert ">Accept</button>" in consent.text
    assert ">Decline</button>" in consent.text


def test_accepting_returns_a_code_and_the_state(lever, visitor):
    visitor.sign_in(lever.admin)
    given = visitor.authorize(PATH)
    assert set(given) == {"code", "state"}
    assert given["state"] == "state-of-ours"


def test_declining_returns_access_denied(lever, visitor):
    visitor.sign_in(lever.admin)
    assert visitor.authorize(PATH, "decline") == {
        "error": "access_denied",
        "error_description": "user_did_not_authorize_the_request",
        "state": "state-of-ours",
    }


@pytest.mark.parametrize("role", ["admin", "team member"])
def test_accepting_as_anybody_but_a_super_admin_is_access_denied(lever, visitor, role):
    visitor.sign_in(lever.user(role)["id"])
    assert "Accept" in visitor.get(PATH).text
    given = visitor.authorize(PATH)
    assert given["error"] == "access_denied"
    assert given["state"] == "state-of-ours"
    assert "code" not in given
    assert lever.server.control("GET", f"/accounts/{lever.id}")["grants"] == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_id": "nobody"}, "Unknown client"),
        ({"redirect_uri": CALLBACK.rstrip("/")}, "Callback URL mismatch"),
        ({"redirect_uri": "http://evil.example/"}, "Callback URL mismatch"),
    ],
    ids=["unknown client", "missing slash", "other host"],
)
def test_unknown_client_or_callback_is_an_error_page_without_redirect(lever, visitor, change, words):
    visitor.sign_in(lever.admin)
    answer = visitor.get(authorize_path("offline_access", **change))
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert words in answer.text


def test_consent_is_asked_once(lever, visitor):
    visitor.sign_in(lever.admin)
    visitor.authorize(PATH)
    assert "code" in callback(visitor.get(PATH))


@pytest.mark.parametrize(
    "again",
    [
        authorize_path("offline_access opportunities:write:admin postings:read:admin", prompt="consent"),
        authorize_path("offline_access opportunities:write:admin notes:write:admin"),
    ],
    ids=["prompt=consent", "growing scopes"],
)
def test_consent_is_asked_again(lever, visitor, again):
    visitor.sign_in(lever.admin)
    visitor.authorize(PATH)
    assert ">Accept</button>" in visitor.get(again).text


def test_consent_is_asked_again_after_revocation(lever, visitor):
    visitor.sign_in(lever.admin)
    visitor.authorize(PATH)
    assert (
        visitor.post("/settings/integrations/revoke", client_id="emulatorClientId0000000000000000").status_code == 303
    )
    assert ">Accept</button>" in visitor.get(PATH).text


@pytest.mark.parametrize("audience", ["", "https://api.lever.co/v1"], ids=["missing", "without trailing slash"])
def test_wrong_audience_leaves_only_offline_access(lever, visitor, audience):
    visitor.sign_in(lever.admin)
    path = authorize_path("offline_access opportunities:write:admin", audience=audience)
    page = visitor.get(path).text
    assert "offline_access" in page
    assert "<code>opportunities:write:admin</code>" not in page
    code = visitor.authorize(path)["code"]
    tokens = visitor.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK).json()
    assert tokens["scope"] == "offline_access"
    lever.token = tokens["access_token"]
    lever.get("/opportunities", 403)


def test_sandbox_audience_is_accepted(lever, visitor):
    visitor.sign_in(lever.admin)
    path = authorize_path("postings:read:admin", audience="https://api.sandbox.lever.co/v1/")
    code = visitor.authorize(path)["code"]
    tokens = visitor.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK).json()
    assert tokens["scope"] == "postings:read:admin"


def test_scopes_the_app_was_not_given_are_left_out(lever, visitor):
    visitor.sign_in(lever.admin)
    path = authorize_path("postings:read:admin users:write:admin made-up")
    code = visitor.authorize(path)["code"]
    tokens = visitor.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK).json()
    assert tokens["scope"] == "postings:read:admin"


def test_deactivated_user_is_not_offered_and_cannot_sign_in(lever, visitor):
    user = lever.user("team member")["id"]
    visitor.sign_in(user)
    lever.server.control("POST", f"/users/{user}", active=False)
    assert visitor.get("/").status_code == 303
    assert visitor.post("/login", user=user, next="/").status_code == 400


def test_forged_cookie_is_nobody(lever, visitor):
    visitor.http.cookies.set("lever_emulator_session", f"{lever.admin}.0123")
    assert visitor.get("/candidates").headers["location"].startswith("/login")


@pytest.mark.parametrize("next_address", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(lever, visitor, next_address):
    assert visitor.post("/login", user=lever.admin, next=next_address).headers["location"] == "/"
