"""Coming back from Lever with what was asked for."""

from urllib.parse import parse_qs

from django.conf import settings
from django.urls import reverse

from tests.integrations.lever.connecting import ACCOUNT, ROSA, connect, connections_of, said, state_of


def test_accepting_connects_the_company(http, came_back, token_url, answer, acme, alice, browser):
    http.post(token_url, json=answer("tokens_granted"))
    response = came_back(code="the-code")
    assert response.url == reverse("integration_list", args=[acme.slug])
    assert said(response) == ["Lever is connected to Acme."]
    [connection] = connections_of(acme)
    assert (connection.state, connection.account_id, connection.granted_by_user_id) == ("active", ACCOUNT, ROSA)
    assert (connection.environment, connection.connected_by_id) == ("emulator", alice.pk)
    assert connection.refresh_token == "v1.made-up-refresh-token"
    assert len(connection.granted_scopes) == 13
    assert "lever_connect" not in browser.session


def test_the_code_is_traded_with_the_same_address_and_secret(http, browser, start_url, token_url, answer):
    http.post(token_url, json=answer("tokens_granted"))
    state = state_of(browser.get(start_url))
    verifier = browser.session["lever_connect"]["verifier"]
    browser.get(reverse("lever:callback"), {"state": state, "code": "the-code"})
    [call] = http.calls
    assert parse_qs(call.request.body.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["the-code"],
        "redirect_uri": [f"{settings.PUBLIC_URL}/integrations/lever/callback/"],
        "code_verifier": [verifier],
        "client_id": [settings.ATS_PROVIDERS["lever"]["client_id"]],
        "client_secret": [settings.ATS_PROVIDERS["lever"]["client_secret"]],
    }


def test_reconnecting_revives_the_same_row(http, came_back, token_url, answer, acme, alice):
    lost = connect(acme, alice, state="needs_reconnect", lost_reason="grant_dead")
    http.post(token_url, json=answer("tokens_granted"))
    came_back(code="the-code")
    [connection] = connections_of(acme)
    assert (connection.pk, connection.state, connection.lost_reason) == (lost.pk, "active", "")
