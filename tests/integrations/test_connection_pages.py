"""The Integrations grid and a connection's own page."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import Activity, CandidateExport, Connection
from purposejobs.tenancy import company_scope
from tests.factories import make_candidate, make_job
from tests.integrations.rows import make_connection, make_export, make_posting

pytestmark = pytest.mark.django_db

LIST = "/c/acme/settings/integrations/"
DETAIL = "/c/acme/settings/integrations/lever/"
START = "/integrations/lever/c/acme/start/"


@pytest.fixture
def far(acme, alice):
    return make_connection(acme, connected_by=alice)


def fresh(connection):
    with company_scope(connection.company_id):
        return Connection.objects.get(pk=connection.pk)


def page(client, user, address=LIST, **headers):
    client.force_login(user)
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_card_of_what_is_not_connected_is_a_plain_link_to_its_start(client, alice):
    text = page(client, alice)

    assert f'<a class="integration-link" href="{START}">Lever</a>' in text
    assert "Not connected" in text


def test_card_says_both_conditions_before_anything_is_clicked(client, alice):
    text = page(client, alice)

    assert "Your company uses Lever." in text
    assert "You are a Super Admin in Lever." in text


def test_card_has_a_message_for_the_admin_of_the_ats(client, alice, settings):
    text = page(client, alice)

    assert "I need my Lever admin" in text
    assert f"Open {settings.PUBLIC_URL}{LIST} and choose Lever." in text
    assert "could you connect Lever for Acme on Purpose Jobs?" in text


def test_recruiter_reads_the_grid_and_who_can_act(client, alice, bob):
    text = page(client, bob)

    assert START not in text
    assert "Ask Alice Adams to connect Lever." in text


def test_active_card_is_bordered_tagged_and_leads_to_its_page(client, alice, far):
    text = page(client, alice)

    assert "integration-card is-active" in text
    assert "Active" in text
    assert f'<a class="integration-link" href="{DETAIL}">Lever</a>' in text


def test_lost_card_says_why_and_leads_to_the_start(client, acme, alice):
    since = timezone.now() - timedelta(hours=3)
    make_connection(acme, state="needs_reconnect", lost_reason="grant_dead", state_changed_at=since)

    text = page(client, alice)

    assert "is-active" not in text
    assert "Access was revoked in Lever" in text
    assert "3\xa0hours ago" in text
    assert f'href="{START}">Reconnect Lever</a>' in text


def test_detail_counts_are_links_to_the_list(client, alice, far):
    make_export(far, state="sent")
    make_export(far, state="sent")
    make_export(far, state="waiting")
    make_export(far, state="failed", failure_code="bad_request")
    make_export(far, state="waiting", held_reason="posting_closed")

    client.force_login(alice)
    response = client.get(DETAIL)

    exports = response.context["exports"]
    assert (exports["waiting"], exports["sent"], exports["attention"]) == ("2", "2", "2")
    assert 'href="/c/acme/exports/?state=attention"' in response.content.decode()


def test_detail_says_who_connected_when_and_what_it_may_do(client, acme, alice):
    make_connection(acme, connected_by=alice, granted_scopes=["opportunities:write:admin"])

    text = page(client, alice, DETAIL)

    assert "Alice Adams" in text
    assert "Add candidates" in text


def test_recruiter_reads_the_detail_and_who_can_act(client, bob, far):
    text = page(client, bob, DETAIL)

    assert "Alice Adams or another admin can change settings, reconnect or disconnect." in text
    assert "Disconnect" not in text
    assert START not in text


@pytest.mark.parametrize("address", [LIST, DETAIL, f"{DETAIL}disconnect/", f"{DETAIL}postings/"])
def test_member_of_another_company_sees_none_of_it(client, mallory, far, address):
    client.force_login(mallory)

    assert client.get(address).status_code == 404


def test_detail_of_what_is_not_connected_is_not_found(client, alice):
    client.force_login(alice)

    assert client.get(DETAIL).status_code == 404


def test_detail_of_an_unknown_ats_is_not_found(client, alice, far):
    client.force_login(alice)

    assert client.get("/c/acme/settings/integrations/nothing/").status_code == 404


# -- The list of postings -------------------------------------------------------------------------------------------


def test_refresh_asks_for_a_list_and_the_page_follows_it(client, bob, far):
    make_posting(far)
    client.force_login(bob)

    answer = client.post(f"{DETAIL}postings/", headers={"HX-Request": "true"}).content.decode()

    assert fresh(far).postings_requested_at > far.postings_requested_at
    assert "Reading postings" in answer
    assert 'hx-trigger="every 1s"' in answer


def test_a_finished_list_is_not_followed(client, bob, far):
    make_posting(far)
    make_posting(far, is_open=False, state="Closed")
    client.force_login(bob)

    answer = client.get(f"{DETAIL}postings/", headers={"HX-Request": "true"}).content.decode()

    assert "1 open posting of 2" in answer
    assert "hx-trigger" not in answer


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"postings_error": "unavailable"}, "The last list could not be read. Lever is not available"),
        (
            {"postings_error": "scope_missing"},
            "The last list could not be read. Purpose Jobs was not given every right",
        ),
        ({"postings_requested_at": timezone.now() - timedelta(minutes=5), "postings_listed_at": None}, "takes longer"),
    ],
    ids=["failed", "refused", "late"],
)
def test_a_list_that_does_not_come_is_said_and_not_followed(client, acme, bob, fields, words):
    make_connection(acme, **{"postings_requested_at": None} | fields)
    client.force_login(bob)

    answer = client.get(f"{DETAIL}postings/", headers={"HX-Request": "true"}).content.decode()

    assert words in answer
    assert "hx-trigger" not in answer


def test_refresh_without_javascript_returns_to_the_page(client, bob, far):
    client.force_login(bob)

    assert client.post(f"{DETAIL}postings/").url == DETAIL


# -- In step ----------------------------------------------------------------------------------------------------------


def test_overview_says_which_of_the_two_is_at_work_and_what_to_do_there(client, acme, alice):
    now = timezone.now()
    make_connection(acme, subscribed_at=now, caught_up_at=now, next_catch_up_at=now + timedelta(minutes=4))

    text = page(client, alice, DETAIL)

    assert "Catch-up" in text
    assert "<strong>No delivery has come yet.</strong> If people were moved there, a Super Admin must switch" in text
    assert "next" in text


def test_overview_says_that_webhooks_are_at_work(client, acme, alice):
    now = timezone.now()
    make_connection(acme, subscribed_at=now - timedelta(hours=1), delivered_at=now - timedelta(minutes=5))

    text = page(client, alice, DETAIL)

    assert "Told at once" in text
    assert "5\xa0minutes ago" in text
    assert "No delivery has come yet" not in text


def test_overview_says_why_webhooks_were_refused(client, acme, alice):
    make_connection(acme, subscription_error="webhooks_refused", caught_up_at=timezone.now())

    assert "<strong>Lever sends no webhooks.</strong>" in page(client, alice, DETAIL)


def test_overview_of_an_ats_that_tells_nothing_back_is_not_behind(client, far, alice, monkeypatch):
    monkeypatch.delattr("integrations.lever.provider.read_progress")
    monkeypatch.delattr("integrations.lever.provider.list_progress")

    text = page(client, alice, DETAIL)

    assert "Lever does not tell what becomes of candidates." in text
    assert "Behind" not in text
    assert "Last catch-up" not in text


def test_overview_counts_the_jobs_that_are_not_connected(client, acme, alice, far):
    make_job(acme, "Cook")

    assert "1 open job is not connected." in page(client, alice, DETAIL)


def test_sync_now_asks_for_postings_and_progress_and_the_page_follows(client, bob, far):
    client.force_login(bob)

    answer = client.post(f"{DETAIL}sync/", headers={"HX-Request": "true"}).content.decode()

    now = fresh(far)
    assert now.postings_requested_at > far.postings_requested_at
    assert now.next_catch_up_at <= timezone.now()
    assert 'hx-trigger="every 2s"' in answer
    assert "disabled" in answer


def test_sync_now_without_javascript_returns_to_the_page(client, bob, far):
    client.force_login(bob)

    assert client.post(f"{DETAIL}sync/").url == DETAIL


def test_while_access_is_lost_nothing_is_asked_for(client, acme, bob):
    far = make_connection(acme, state="needs_reconnect", lost_reason="grant_dead")
    client.force_login(bob)

    client.post(f"{DETAIL}sync/")

    assert fresh(far).postings_requested_at == far.postings_requested_at


@pytest.mark.parametrize(
    ("address", "tab"),
    [
        (DETAIL, "Overview"),
        ("/c/acme/jobs/connect/", "Job mapping"),
        (f"{DETAIL}settings/", "Settings"),
        ("/c/acme/exports/", "History"),
        (f"{DETAIL}check/", "Test"),
    ],
)
def test_each_tab_has_an_address_of_its_own(client, bob, far, address, tab):
    text = page(client, bob, address)

    assert f'<a class="tab" href="{address}" aria-current="page">{tab}</a>' in text


# -- Disconnecting --------------------------------------------------------------------------------------------------


def test_disconnect_first_says_what_stops_and_what_stays(client, alice, far):
    make_export(far, state="waiting")

    text = page(client, alice, f"{DETAIL}disconnect/", **{"HX-Request": "true"})

    assert text.lstrip().startswith("<form")
    assert "1 candidate now waiting is not sent." in text
    assert "Everybody who is in Lever stays there." in text
    assert fresh(far).is_active


def test_disconnect_ends_the_connection_and_cancels_what_waits(client, alice, far):
    export = make_export(far, state="waiting")
    client.force_login(alice)

    assert client.post(f"{DETAIL}disconnect/").url == LIST

    assert fresh(far).state == "disconnected"
    with company_scope(far.company):
        assert CandidateExport.objects.get(pk=export.pk).cancelled_reason == "disconnected"


def test_recruiter_may_not_disconnect(client, bob, far):
    client.force_login(bob)

    assert client.post(f"{DETAIL}disconnect/").status_code == 403
    assert fresh(far).is_active


def test_stranger_disconnects_nothing(client, mallory, far):
    client.force_login(mallory)

    assert client.post(f"{DETAIL}disconnect/").status_code == 404
    assert fresh(far).is_active


def test_overview_tells_what_was_done_to_many_as_one_act(client, acme, alice, bob, far):
    people = [make_candidate("Kim Park"), make_candidate("Noor Vos")]
    with company_scope(acme):
        Activity.objects.bulk_create(
            Activity(company=acme, connection=far, verb=Activity.Verb.SENT, actor=bob, candidate=person)
            for person in people
        )
    client.force_login(alice)
    acts = client.get(DETAIL).context["acts"]
    assert [(act.verb, act.number, act.who) for act in acts] == [("sent", 2, str(bob))]
