"""Codes, access tokens, refresh tokens and their end. lever-api.md 2.4 to 2.9."""

import base64
import hashlib
import json

import pytest

from tests.lever_emulator.client import AUDIENCE, CALLBACK, CLIENT, authorize_path
from tests.lever_emulator.contract import check

SCOPE = "offline_access opportunities:write:admin postings:read:admin"
PATH = authorize_path(SCOPE)
DAY = 86_400


@pytest.fixture(autouse=True)
def clock(server):
    yield
    pushed = server.control("GET", "/clock")["advanced_seconds"]
    server.control("POST", "/clock", advance_seconds=-pushed)


@pytest.fixture
def connected(lever, visitor):
    """Return the answer of a fresh exchange."""
    visitor.sign_in(lever.admin)
    code = visitor.authorize(PATH)["code"]
    answer = visitor.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    check("POST", "/oauth/token", answer.status_code, answer.headers["content-type"], answer.json())
    lever.token = answer.json()["access_token"]
    return answer.json()


def refused(answer, status: int, error: str, description: str) -> None:
    check("POST", "/oauth/token", answer.status_code, answer.headers["content-type"], answer.json())
    assert (answer.status_code, answer.json()) == (status, {"error": error, "error_description": description})


def refresh(visitor, token: str):
    return visitor.token(grant_type="refresh_token", refresh_token=token)


def test_code_gives_tokens_that_name_account_and_user(lever, connected):
    assert connected["token_type"] == "Bearer"
    assert connected["expires_in"] == 3600
    assert connected["scope"] == SCOPE
    assert connected["refresh_token"].startswith("v1.")
    header, claims, signature = connected["access_token"].split(".")
    decoded = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims)]
    assert decoded[0] == {"alg": "HS512", "v": "2.0", "kid": "emulator"}
    assert len(base64.urlsafe_b64decode(signature + "==")) == 64
    assert decoded[1]["https://oauth.lever.co/accountId"] == lever.id
    assert decoded[1]["https://oauth.lever.co/userId"] == lever.admin
    assert decoded[1]["https://oauth.lever.co/clientId"] == CLIENT["client_id"]
    assert decoded[1]["aud"] == AUDIENCE
    assert decoded[1]["exp"] - decoded[1]["iat"] == 3600
    assert decoded[1]["scope"] == SCOPE


def test_json_body_is_understood(lever, visitor):
    visitor.sign_in(lever.admin)
    body = {**CLIENT, "grant_type": "authorization_code", "code": visitor.authorize(PATH)["code"]}
    assert visitor.http.post(f"{lever.server.url}/oauth/token", json=body).status_code == 200


def test_no_refresh_token_without_offline_access(lever, visitor):
    visitor.sign_in(lever.admin)
    code = visitor.authorize(authorize_path("postings:read:admin"))["code"]
    assert (
        "refresh_token" not in visitor.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK).json()
    )


def test_code_works_once(lever, visitor):
    visitor.sign_in(lever.admin)
    code = visitor.authorize(PATH)["code"]
    assert visitor.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK).status_code == 200
    again = visitor.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    refused(again, 403, "invalid_grant", "Invalid authorization code")


def test_code_dies_after_ten_minutes(lever, visitor):
    visitor.sign_in(lever.admin)
    code = visitor.authorize(PATH)["code"]
    lever.server.control("POST", "/clock", advance_seconds=601)
    late = visitor.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    refused(late, 403, "invalid_grant", "Invalid authorization code")


@pytest.mark.parametrize(
    ("changes", "status", "error", "description"),
    [
        ({"client_secret": "wrong"}, 401, "access_denied", "Unauthorized"),
        ({"client_id": "nobody"}, 401, "access_denied", "Unauthorized"),
        ({"client_secret": ""}, 400, "invalid_request", "Missing required parameter: client_secret"),
        ({"grant_type": ""}, 400, "invalid_request", "Missing required parameter: grant_type"),
        ({"grant_type": "password"}, 403, "unauthorized_client", "Grant type 'password' not allowed for the client."),
        ({"code": ""}, 400, "invalid_request", "Missing required parameter: code"),
        ({"code": "made-up"}, 403, "invalid_grant", "Invalid authorization code"),
    ],
)
def test_token_request_is_refused(visitor, changes, status, error, description):
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK} | changes
    refused(visitor.token(**form), status, error, description)


def test_other_redirect_uri_than_in_the_first_step_is_refused(lever, visitor):
    visitor.sign_in(lever.admin)
    code = visitor.authorize(PATH)["code"]
    answer = visitor.token(grant_type="authorization_code", code=code, redirect_uri="http://localhost/other/")
    text = f"The redirect URI is wrong. You sent http://localhost/other/, and we expected {CALLBACK}"
    refused(answer, 403, "unauthorized_client", text)


def test_pkce_is_honoured_if_sent(lever, visitor):
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"verifier").digest()).rstrip(b"=").decode()
    path = authorize_path(SCOPE, code_challenge=challenge, code_challenge_method="S256")
    visitor.sign_in(lever.admin)
    code = visitor.authorize(path)["code"]
    wrong = visitor.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier="other")
    refused(wrong, 403, "invalid_grant", "Failed to verify code verifier")
    missing = visitor.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    refused(missing, 403, "invalid_grant", "Failed to verify code verifier")
    right = visitor.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier="verifier")
    assert right.status_code == 200


def test_refresh_gives_a_new_pair_and_the_old_refresh_token_dies(lever, visitor, connected):
    renewed = refresh(visitor, connected["refresh_token"]).json()
    assert renewed["scope"] == SCOPE
    assert renewed["refresh_token"] != connected["refresh_token"]
    assert renewed["access_token"] != connected["access_token"]
    refused(refresh(visitor, connected["refresh_token"]), 403, "invalid_grant", "Unknown or invalid refresh token.")
    assert refresh(visitor, renewed["refresh_token"]).status_code == 200


def test_lenient_rotation_takes_an_old_refresh_token_again(lever, visitor, connected):
    lever.switch(rotation="lenient")
    assert refresh(visitor, connected["refresh_token"]).status_code == 200
    assert refresh(visitor, connected["refresh_token"]).status_code == 200


def test_family_rotation_kills_all_descendants_of_a_reused_token(lever, visitor, connected):
    lever.switch(rotation="family")
    renewed = refresh(visitor, connected["refresh_token"]).json()
    assert refresh(visitor, connected["refresh_token"]).status_code == 403
    assert refresh(visitor, renewed["refresh_token"]).status_code == 403


def test_access_token_dies_after_an_hour(lever, connected):
    lever.get("/opportunities")
    lever.server.control("POST", "/clock", advance_seconds=3601)
    assert lever.get("/opportunities", 401)["code"] == "UnauthorizedError"


def test_access_tokens_can_be_let_run_out_at_once(lever, visitor, connected):
    lever.server.control("POST", f"/accounts/{lever.id}/expire_tokens")
    lever.get("/opportunities", 401)
    assert refresh(visitor, connected["refresh_token"]).status_code == 200


@pytest.mark.parametrize(("days", "status"), [(89, 200), (91, 403)])
def test_refresh_token_dies_after_ninety_idle_days(lever, visitor, connected, days, status):
    lever.server.control("POST", "/clock", advance_seconds=days * DAY)
    assert refresh(visitor, connected["refresh_token"]).status_code == status


def test_refresh_token_dies_after_a_year_however_used(lever, visitor, connected):
    token = connected["refresh_token"]
    for _ in range(6):
        lever.server.control("POST", "/clock", advance_seconds=60 * DAY)
        token = refresh(visitor, token).json()["refresh_token"]
    lever.server.control("POST", "/clock", advance_seconds=6 * DAY)
    refused(refresh(visitor, token), 403, "invalid_grant", "Unknown or invalid refresh token.")


def test_partner_can_revoke_its_grant(lever, visitor, connected):
    body = {**CLIENT, "token": connected["refresh_token"]}
    assert visitor.http.post(f"{lever.server.url}/oauth/revoke", json=body).status_code == 200
    lever.get("/opportunities", 401)
    assert refresh(visitor, connected["refresh_token"]).status_code == 403
    assert visitor.http.post(f"{lever.server.url}/oauth/revoke", json=body).status_code == 200


def test_revoke_access_kills_access_and_refresh_tokens_at_once(lever, visitor, connected):
    page = visitor.get("/settings/integrations").text
    assert "Purpose Jobs" in page
    assert "Revoke Access" in page
    visitor.post("/settings/integrations/revoke", client_id=CLIENT["client_id"])
    lever.get("/opportunities", 401)
    refused(refresh(visitor, connected["refresh_token"]), 403, "invalid_grant", "Unknown or invalid refresh token.")
    assert "No app has access to this account." in visitor.get("/settings/integrations").text


def test_revoking_in_one_account_leaves_another_alone(lever, visitor, connected):
    other = lever.server.control("POST", "/accounts", name="Other")
    token = lever.server.control("POST", f"/accounts/{other['id']}/tokens")["access_token"]
    visitor.post("/settings/integrations/revoke", client_id=CLIENT["client_id"])
    lever.token = token
    lever.get("/opportunities")


@pytest.mark.parametrize(("kills", "status"), [(False, 200), (True, 401)])
def test_deactivating_the_user_ends_their_grant_by_switch(lever, connected, kills, status):
    lever.switch(deactivation_kills_grants=kills)
    lever.server.control("POST", f"/users/{lever.admin}", active=False)
    lever.get("/opportunities", status)
