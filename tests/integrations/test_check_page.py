"""The test tab: what a test found, in words, and the test candidate; admins ask, recruiters read."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import Activity, Connection
from purposejobs.tenancy import company_scope
from tests.integrations.rows import make_connection

pytestmark = pytest.mark.django_db

PAGE = "/c/acme/settings/integrations/lever/check/"
CANDIDATE = "/c/acme/settings/integrations/lever/test-candidate/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def far(acme, alice):
    return make_connection(acme, connected_by=alice)


def fresh(connection):
    with company_scope(connection.company_id):
        return Connection.objects.get(pk=connection.pk)


def text_of(client, user, address=PAGE, **headers):
    client.force_login(user)
    return client.get(address, headers=headers).content.decode()


def found(check, state="good", code="", **parameters):
    return {"check": check, "state": state, "code": code, "parameters": parameters}


def make_tested(company, *findings):
    at = timezone.now() - timedelta(minutes=5)
    return make_connection(company, check_requested_at=at, checked_at=at, check_findings=list(findings))


def test_asking_for_a_test_starts_one_and_the_fragment_follows_it(client, alice, far):
    client.force_login(alice)

    answer = client.post(PAGE, headers=HTMX).content.decode()

    assert fresh(far).is_being_checked
    assert answer.lstrip().startswith('<div class="stack" id="check" hx-get="')
    assert "Testing" in answer


def test_without_javascript_the_page_comes_back(client, alice, far):
    client.force_login(alice)

    assert client.post(PAGE).url == PAGE
    assert client.post(CANDIDATE).url == PAGE


def test_all_is_well(client, acme, alice):
    make_tested(acme, found("access"), found("postings", open=2, all=3))

    text = text_of(client, alice)

    assert "All is well" in text
    assert "2 of 3 postings take candidates." in text
    assert "every 1s" not in text


def test_what_is_wrong_comes_with_its_reason_and_remedy(client, acme, alice):
    make_tested(acme, found("acting_user", "bad", "acting_user_deactivated", name="Rosa Diaz"))

    text = text_of(client, alice)

    assert "Needs attention" in text
    assert "Rosa Diaz was deactivated in Lever" in text
    assert "Choose another acting user in the settings." in text
    assert 'href="/c/acme/settings/integrations/lever/settings/">Settings</a>' in text.split('id="check"')[1]


def test_an_outage_is_no_trouble_of_the_company(client, acme, alice):
    make_tested(acme, found("access", "unknown", "vendor_away"), found("postings", "unknown", "not_tested"))

    text = text_of(client, alice)

    assert "Lever does not answer now" in text
    assert "Needs attention" not in text
    assert "All is well" not in text


def test_a_test_nobody_hears_of_can_be_asked_for_again(client, acme, alice):
    make_connection(acme, check_requested_at=timezone.now() - timedelta(minutes=5))

    text = text_of(client, alice, **HTMX)

    assert "takes longer than usual" in text
    assert "hx-trigger" not in text
    assert "disabled" not in text


# -- The test candidate ---------------------------------------------------------------------------------------------


def test_asking_for_a_test_candidate_says_that_we_look_first(client, alice, far):
    client.force_login(alice)

    answer = client.post(CANDIDATE, headers=HTMX).content.decode()

    assert fresh(far).is_sending_test
    assert fresh(far).test_requested_by == alice
    assert "We look first whether Purpose Jobs Test Candidate is there already." in answer


@pytest.mark.parametrize(
    ("sent_minutes_ago", "words"),
    [(1, "Purpose Jobs Test Candidate is in Lever."), (60, "Purpose Jobs Test Candidate is in Lever already.")],
    ids=["just sent", "was there"],
)
def test_one_who_is_there_can_be_seen_and_removed(client, acme, alice, sent_minutes_ago, words):
    now = timezone.now()
    make_connection(
        acme,
        test_requested_at=now - timedelta(minutes=2),
        test_finished_at=now,
        test_sent_at=now - timedelta(minutes=sent_minutes_ago),
        test_url="https://ats.example/test",
    )

    text = text_of(client, alice)

    assert words in text
    assert 'href="https://ats.example/test"' in text
    assert "archive or delete it" in text


def test_what_is_not_known_is_said(client, acme, alice):
    now = timezone.now()
    make_connection(acme, test_requested_at=now, test_finished_at=now, test_error="unclear")

    assert "We do not know whether the test candidate arrived." in text_of(client, alice)


def test_while_access_is_lost_nobody_is_sent(client, acme, alice):
    far = make_connection(acme, state="needs_reconnect", lost_reason="grant_dead")
    client.force_login(alice)

    client.post(CANDIDATE)

    assert fresh(far).test_requested_at is None


# -- Who may --------------------------------------------------------------------------------------------------------


def test_recruiter_reads_what_was_found_and_who_can_test(client, acme, alice, bob):
    make_tested(acme, found("access"))

    text = text_of(client, bob)

    assert "Lever accepts our access" in text
    assert "Alice Adams or another admin can run these tests." in text
    assert "<form" not in text.split('id="main"')[1].split("</main>")[0]


@pytest.mark.parametrize("address", [PAGE, CANDIDATE])
def test_recruiter_may_not_ask(client, acme, bob, far, address):
    client.force_login(bob)

    assert client.post(address).status_code == 403
    assert (fresh(far).check_requested_at, fresh(far).test_requested_at) == (None, None)
    with company_scope(acme):
        assert not Activity.objects.exists()


@pytest.mark.parametrize("address", [PAGE, CANDIDATE])
def test_stranger_finds_nothing(client, mallory, far, address):
    client.force_login(mallory)

    assert client.post(address).status_code == 404
    assert (fresh(far).check_requested_at, fresh(far).test_requested_at) == (None, None)
