"""Connecting at the emulator's own pages: sign in there, accept or decline, come back."""

import pytest
import requests
from django.urls import reverse

from tests.integrations.lever.connecting import ACCOUNT, ROSA, connections_of, said

pytestmark = pytest.mark.real_http

TOMAS = "d2025960-6211-5f75-9812-83a60553db2b"


@pytest.fixture
def decide(emulator, browser, start_url):
    """Let somebody of Northwind decide on the consent page; give what the browser came back with."""

    def at_lever(user, decision):
        page = browser.get(start_url).url
        visitor = requests.Session()
        visitor.trust_env = False
        visitor.post(f"{emulator.url}/login", data={"user": user, "next": "/"}, timeout=10)
        assert "asks for access" in visitor.get(page, timeout=10).text
        back = visitor.post(page, data={"decision": decision}, allow_redirects=False, timeout=10)
        return browser.get(back.headers["Location"])

    return at_lever


def test_a_super_admin_accepts_and_the_connection_is_active(decide, acme):
    from integrations.lever import provider

    response = decide(ROSA, "accept")
    assert response.url == reverse("integration_list", args=[acme.slug])
    assert said(response) == ["Lever is connected to Acme."]
    [connection] = connections_of(acme)
    assert (connection.state, connection.account_id, connection.granted_by_user_id) == ("active", ACCOUNT, ROSA)
    assert provider.missing_scopes(connection.granted_scopes) == []
    provider.check(provider.open_client("emulator", connection.access_token, deadline=5))


@pytest.mark.parametrize(("user", "decision"), [(ROSA, "decline"), (TOMAS, "accept")], ids=["declined", "no right"])
def test_declining_and_lacking_the_right_look_alike(decide, acme, user, decision):
    response = decide(user, decision)
    assert said(response)[0].startswith("Lever did not give access.")
    assert connections_of(acme) == []
