"""OAuth: the consent page's address, and tokens for a code or a refresh token."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from integrations import errors

TOKEN = "https://auth.lever.co/oauth/token"
REDIRECT = "https://purpose.example/integrations/lever/callback/"
ACCOUNT = "c4f2a858-aba9-5168-a8bc-19b137e24a96"
ROSA = "ba0b9998-8162-5659-8a9e-85012aee97de"


@pytest.fixture
def provider(settings):
    from integrations.lever import provider

    settings.ATS_PROVIDERS["lever"] |= {"client_id": "our-id", "client_secret": "our-secret"}
    return provider


@pytest.fixture(autouse=True)
def _settings_as_they_were(settings):
    import copy

    settings.ATS_PROVIDERS = copy.deepcopy(settings.ATS_PROVIDERS)


def exchange(provider):
    return provider.exchange_code("production", "the-code", redirect_uri=REDIRECT, code_verifier="", deadline=5)


def form_of(http):
    [call] = http.calls
    assert call.request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in call.request.headers
    return {name: value for name, [value] in parse_qs(call.request.body.decode()).items()}


def test_the_consent_pages_address_asks_for_everything_by_name(provider):
    url = urlsplit(provider.authorize_url("production", redirect_uri=REDIRECT, state="the-state"))
    assert (url.scheme, url.netloc, url.path) == ("https", "auth.lever.co", "/authorize")
    assert {name: value for name, [value] in parse_qs(url.query).items()} == {
        "client_id": "our-id",
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "state": "the-state",
        "audience": "https://api.lever.co/v1/",
        "scope": (
            "offline_access opportunities:write:admin postings:read:admin stages:read:admin users:read:admin "
            "archive_reasons:read:admin applications:read:admin sources:read:admin notes:write:admin "
            "files:write:admin resumes:read:admin contact:write:admin webhooks:write:admin"
        ),
    }


def test_confidential_access_is_asked_for_by_setting(provider, settings):
    settings.ATS_PROVIDERS["lever"]["wants_confidential"] = True
    assert provider.wanted_scopes()[-1] == "confidential:access:admin"


def test_the_sandbox_has_its_own_hosts_and_audience(provider):
    url = provider.authorize_url("sandbox", redirect_uri=REDIRECT, state="s", code_challenge="c", asks_again=True)
    assert url.startswith("https://sandbox-lever.auth0.com/authorize?")
    query = parse_qs(urlsplit(url).query)
    assert query["audience"] == ["https://api.sandbox.lever.co/v1/"]
    assert query["code_challenge"] == ["c"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["prompt"] == ["consent"]


def test_a_code_is_traded_with_the_credentials_in_the_body(http, provider, answer):
    http.post(TOKEN, json=answer("tokens_granted"))
    tokens = exchange(provider)
    assert form_of(http) == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": REDIRECT,
        "client_id": "our-id",
        "client_secret": "our-secret",
    }
    assert tokens.refresh_token == "v1.made-up-refresh-token"
    assert (tokens.expires_in, tokens.account_id, tokens.user_id) == (3600, ACCOUNT, ROSA)
    assert tokens.scopes == provider.wanted_scopes()
    assert "made-up" not in repr(tokens)


def test_a_verifier_goes_along_where_there_is_one(http, provider, answer):
    http.post(TOKEN, json=answer("tokens_granted"))
    provider.exchange_code("production", "c", redirect_uri=REDIRECT, code_verifier="the-verifier", deadline=5)
    assert form_of(http)["code_verifier"] == "the-verifier"


@pytest.mark.parametrize(
    "token", ["opaque", "a.b.c", "a.bnVsbA.c", "a.W10.c", "ü.ü.ü"], ids=["opaque", "broken", "null", "list", "letters"]
)
def test_a_token_that_says_nothing_about_itself_will_do(http, provider, token):
    http.post(TOKEN, json={"access_token": token, "refresh_token": "r", "scope": "offline_access"})
    tokens = exchange(provider)
    assert (tokens.access_token, tokens.account_id, tokens.user_id, tokens.expires_in) == (token, "", "", 3600)


def test_scopes_are_read_from_the_token_where_the_answer_leaves_them_out(http, provider, answer):
    body = answer("tokens_granted")
    del body["scope"]
    http.post(TOKEN, json=body)
    assert exchange(provider).scopes == provider.wanted_scopes()


def test_scopes_that_are_nowhere_named_are_those_we_asked_for(http, provider):
    http.post(TOKEN, json={"access_token": "opaque", "refresh_token": "r"})
    assert exchange(provider).scopes == provider.wanted_scopes()


def test_a_refresh_gives_both_new_tokens(http, provider, answer):
    http.post(TOKEN, json=answer("tokens_refreshed"))
    tokens = provider.refresh("production", "the-old-one")
    assert form_of(http) == {
        "grant_type": "refresh_token",
        "refresh_token": "the-old-one",
        "client_id": "our-id",
        "client_secret": "our-secret",
    }
    assert tokens.refresh_token == "v1.made-up-next-refresh-token"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_only_a_dead_grant_loses_the_connection(http, provider, answer, status):
    http.post(TOKEN, status=status, json=answer("grant_dead"))
    with pytest.raises(errors.ConnectionLost) as caught:
        provider.refresh("production", "r")
    assert caught.value.code == "grant_dead"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {"error": "access_denied", "error_description": "Unauthorized"}, "client_refused"),
        (403, {"error": "unauthorized_client"}, "client_refused"),
        (400, {"error": "invalid_request"}, "client_refused"),
        (429, {"error": "access_denied"}, "busy"),
        (500, {}, "unavailable"),
        (503, {"error": "invalid_grant"}, "unavailable"),
        (200, {}, "unclear"),
        (200, {"access_token": None}, "unclear"),
    ],
)
def test_everything_else_leaves_the_connection_alone(http, provider, status, body, code):
    http.post(TOKEN, status=status, json=body)
    with pytest.raises(errors.TryLater) as caught:
        provider.refresh("production", "r")
    assert (caught.value.code, caught.value.unknown) == (code, False)


def test_a_refresh_without_an_answer_is_tried_later(http, provider):
    http.post(TOKEN, body=requests.ReadTimeout())
    with pytest.raises(errors.TryLater) as caught:
        provider.refresh("production", "r")
    assert (caught.value.code, caught.value.unknown) == ("timeout", False)


def test_a_code_that_was_used_is_refused(http, provider, answer):
    http.post(TOKEN, status=403, json=answer("code_refused"))
    with pytest.raises(errors.Rejected) as caught:
        exchange(provider)
    assert caught.value.code == "code_refused"


def test_a_grant_is_given_back_as_auth0_takes_it(http, provider):
    import json

    http.post("https://auth.lever.co/oauth/revoke", status=200)
    provider.revoke("production", "the-refresh-token")
    [call] = http.calls
    assert json.loads(call.request.body) == {
        "client_id": "our-id",
        "client_secret": "our-secret",
        "token": "the-refresh-token",
    }


@pytest.mark.parametrize("status", [400, 404, 500])
def test_giving_back_may_fail(http, provider, status):
    http.post("https://auth.lever.co/oauth/revoke", status=status)
    provider.revoke("production", "r")
    assert len(http.calls) == 1


def test_a_write_scope_includes_its_read(provider):
    granted = [scope.replace("postings:read", "postings:write") for scope in provider.wanted_scopes()]
    assert provider.missing_scopes(granted) == []


def test_missing_scopes_are_named_in_plain_words(provider):
    granted = set(provider.wanted_scopes()) - {"notes:write:admin", "offline_access"}
    missing = provider.missing_scopes([*granted, "notes:read:admin"])
    assert missing == ["offline_access", "notes:write:admin"]
    assert provider.explain_scopes(missing) == ["Stay connected", "Add notes"]
