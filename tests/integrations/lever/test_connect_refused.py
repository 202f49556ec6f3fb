"""Coming back from Lever with something wrong: one plain sentence, and nothing half-connected."""

import pytest
import requests
from django.test import Client
from django.urls import reverse

from integrations.models import Activity
from purposejobs.tenancy import company_scope
from tests.integrations.lever.connecting import connect, connections_of, said, state_of

NOT_YOURS = (
    "That answer from Lever does not belong to a connection you started here. Nothing was connected; "
    "choose Lever to begin again."
)
NOT_GIVEN = (
    "Lever did not give access. Either it was declined, or the person is not a Super Admin in Lever: "
    "ask a Lever Super Admin to connect."
)
SENT_BACK = "Lever sent you back without giving access. Nothing was connected; choose Lever to try again."
TOO_LATE = "Lever no longer takes this answer: it was used before, or is too old. Choose Lever to begin again."
NOT_NOW = "Lever is not answering at the moment. Nothing was connected; please try again in a few minutes."
OUR_FAULT = (
    "Lever did not recognise Purpose Jobs. This is on our side, and nothing was connected; "
    "please tell Purpose Jobs support."
)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"state": "tampered", "code": "c"}, NOT_YOURS),
        ({"state": "", "code": "c"}, NOT_YOURS),
        ({"state": "ü\x00", "code": "c"}, NOT_YOURS),
        ({"error": "access_denied", "error_description": "user_did_not_authorize_the_request"}, NOT_GIVEN),
        ({"error": "access_denied", "code": "c"}, NOT_GIVEN),
        ({"error": "server_error"}, SENT_BACK),
        ({}, SENT_BACK),
        ({"code": ""}, SENT_BACK),
    ],
    ids=["tampered", "no state", "odd state", "declined", "declined with code", "error", "no code", "empty code"],
)
def test_a_bad_answer_connects_nothing_and_asks_nobody(http, came_back, acme, query, words):
    response = came_back(**query)
    assert response.url == reverse("integration_list", args=[acme.slug])
    assert said(response) == [words]
    assert connections_of(acme) == []
    assert len(http.calls) == 0


def test_a_tampered_state_uses_up_the_right_one(http, browser, start_url, acme):
    state = state_of(browser.get(start_url))
    browser.get(reverse("lever:callback"), {"state": "tampered", "code": "c"})
    response = browser.get(reverse("lever:callback"), {"state": state, "code": "c"})
    assert (response.url, said(response)[-1]) == (reverse("home"), NOT_YOURS)
    assert len(http.calls) == 0


def test_an_answer_that_nobody_asked_for_is_not_taken(http, browser, acme):
    response = browser.get(reverse("lever:callback"), {"state": "s", "code": "c"})
    assert (response.url, said(response)) == (reverse("home"), [NOT_YOURS])
    assert connections_of(acme) == []
    assert len(http.calls) == 0


def test_an_answer_is_taken_once(http, browser, start_url, token_url, answer, acme):
    http.post(token_url, json=answer("tokens_granted"))
    query = {"state": state_of(browser.get(start_url)), "code": "the-code"}
    browser.get(reverse("lever:callback"), query)
    again = browser.get(reverse("lever:callback"), query)
    assert said(again)[-1] == NOT_YOURS
    assert len(http.calls) == 1
    assert [connection.state for connection in connections_of(acme)] == ["active"]


def test_a_second_start_replaces_the_first(http, browser, start_url, acme):
    first = state_of(browser.get(start_url))
    browser.get(start_url)
    response = browser.get(reverse("lever:callback"), {"state": first, "code": "c"})
    assert said(response) == [NOT_YOURS]
    assert connections_of(acme) == []
    assert len(http.calls) == 0


def test_a_forgotten_tab_does_not_connect(http, browser, start_url, acme):
    state = state_of(browser.get(start_url))
    session = browser.session
    session["lever_connect"] |= {"issued_at": session["lever_connect"]["issued_at"] - 3601}
    session.save()
    response = browser.get(reverse("lever:callback"), {"state": state, "code": "c"})
    assert said(response) == [NOT_YOURS]
    assert len(http.calls) == 0


def test_somebody_elses_browser_cannot_come_back_for_alice(http, came_back, acme, mallory):
    theirs = Client()
    theirs.force_login(mallory)
    response = came_back(using=theirs, code="c")
    assert (response.url, said(response)) == (reverse("home"), [NOT_YOURS])
    assert connections_of(acme) == []
    assert len(http.calls) == 0


def test_who_is_no_admin_any_more_connects_nothing(http, browser, start_url, acme, alice):
    from accounts.models import Membership

    state = state_of(browser.get(start_url))
    with company_scope(acme):
        Membership.objects.filter(user=alice).update(role=Membership.Role.RECRUITER)
    response = browser.get(reverse("lever:callback"), {"state": state, "code": "c"})
    assert (response.url, said(response)) == (reverse("home"), [NOT_YOURS])
    assert connections_of(acme) == []
    assert len(http.calls) == 0


def test_strangers_come_back_to_the_sign_in_page(http):
    response = Client().get(reverse("lever:callback"), {"state": "s", "code": "c"})
    assert response.url.startswith(reverse("account_login"))
    assert len(http.calls) == 0


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        ({"status": 403, "json": {"error": "invalid_grant", "error_description": "Invalid code"}}, TOO_LATE),
        ({"status": 401, "json": {"error": "access_denied", "error_description": "Unauthorized"}}, OUR_FAULT),
        ({"status": 403, "json": {"error": "unauthorized_client"}}, OUR_FAULT),
        ({"status": 429, "json": {"error": "too_many_requests"}}, NOT_NOW),
        ({"status": 500, "body": "<html>"}, NOT_NOW),
        ({"status": 200, "body": "<html>"}, NOT_NOW),
        ({"body": requests.ReadTimeout()}, NOT_NOW),
        ({"body": requests.ConnectionError("refused")}, NOT_NOW),
    ],
    ids=["used code", "wrong secret", "wrong redirect", "busy", "broken", "no JSON", "slow", "down"],
)
def test_a_code_that_brings_no_tokens_connects_nothing(http, came_back, token_url, acme, answered, words):
    http.post(token_url, **answered)
    response = came_back(code="the-code")
    assert response.url == reverse("integration_list", args=[acme.slug])
    assert said(response) == [words]
    assert connections_of(acme) == []
    assert len(http.calls) == 1


def test_fewer_rights_than_needed_connect_nothing(http, came_back, token_url, answer, acme):
    tokens = answer("tokens_granted")
    tokens["scope"] = tokens["scope"].replace("notes:write:admin ", "").replace("offline_access ", "")
    http.post(token_url, json=tokens)
    assert said(came_back(code="the-code")) == [
        "Lever gave Purpose Jobs fewer rights than it needs. Missing: Stay connected, Add notes. Nothing was connected."
    ]
    assert connections_of(acme) == []


def test_a_failed_reconnection_leaves_what_stands(http, came_back, token_url, acme, alice):
    connect(acme, alice, refresh_token="the-old-one")
    http.post(token_url, status=500)
    came_back(code="the-code")
    [connection] = connections_of(acme)
    assert (connection.state, connection.refresh_token) == ("active", "the-old-one")


def test_an_account_that_another_company_holds_is_refused_without_a_name(
    http, came_back, token_url, answer, acme, globex, mallory
):
    connect(globex, mallory)
    http.post(token_url, json=answer("tokens_granted"))
    [words] = said(came_back(code="the-code"))
    assert words.startswith("Another company on Purpose Jobs is connected to this Lever account.")
    assert "Globex" not in words
    assert connections_of(acme) == []
    with company_scope(acme):
        assert Activity.objects.count() == 0
    assert [connection.state for connection in connections_of(globex)] == ["active"]
