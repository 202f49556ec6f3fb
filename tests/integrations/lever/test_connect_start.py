"""Leaving for Lever's consent page."""

import base64
import hashlib

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.integrations.lever.connecting import connect, query_of, state_of


def test_an_admin_is_sent_to_levers_consent_page(browser, start_url, http):
    response = browser.get(start_url)
    assert response.status_code == 302
    assert response.url.startswith(f"{settings.LEVER_EMULATOR_URL}/authorize?")
    query = query_of(response)
    assert query["redirect_uri"] == f"{settings.PUBLIC_URL}/integrations/lever/callback/"
    assert query["audience"] == "https://api.lever.co/v1/"
    assert len(query["scope"].split()) == 13
    assert len(query["state"]) >= 43
    assert "prompt" not in query
    assert len(http.calls) == 0


def test_the_code_challenge_is_that_of_a_secret_kept_here(browser, start_url):
    query = query_of(browser.get(start_url))
    verifier = browser.session["lever_connect"]["verifier"]
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert (query["code_challenge"], query["code_challenge_method"]) == (digest, "S256")


def test_each_start_has_a_state_of_its_own(browser, start_url):
    assert state_of(browser.get(start_url)) != state_of(browser.get(start_url))


def test_consent_is_asked_for_again_when_rights_are_missing(browser, start_url, acme, alice):
    connect(acme, alice, granted_scopes=["offline_access"])
    assert query_of(browser.get(start_url))["prompt"] == "consent"


def test_consent_is_not_asked_for_again_when_all_rights_are_there(browser, start_url, acme, alice):
    from integrations.lever import provider

    connect(acme, alice, granted_scopes=list(provider.wanted_scopes()))
    assert "prompt" not in query_of(browser.get(start_url))


@pytest.mark.parametrize(("person", "status"), [("bob", 403), ("mallory", 404)])
def test_nobody_but_an_admin_of_the_company_leaves(request, start_url, person, status):
    browser = Client()
    browser.force_login(request.getfixturevalue(person))
    response = browser.get(start_url)
    assert response.status_code == status
    assert "lever_connect" not in browser.session


def test_strangers_are_asked_to_sign_in(start_url):
    assert Client().get(start_url).url == f"{reverse('account_login')}?next={start_url}"


def test_leaving_is_a_link_and_never_a_form(browser, start_url):
    assert browser.post(start_url).status_code == 405
