"""A preview in two windows: what one chooses or confirms, the other may not know."""

import pytest
from django.urls import reverse

from integrations import actions
from integrations.models import BulkSend, BulkSendItem, CandidateExport
from purposejobs.tenancy import company_scope
from tests.factories import make_candidate, make_job
from tests.integrations import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(acme):
    job = make_job(acme, "Backend Engineer")
    rows.make_link(rows.make_posting(rows.make_connection(acme), "Backend Engineer"), job)
    return job


@pytest.fixture
def preview(acme, bob, job):
    person = make_candidate("Kim Park", is_discoverable=True)
    with company_scope(acme):
        return actions.prepare_bulk_send(company=acme, candidate_pks=[person.pk], requested_by=bob)


def outcome(preview):
    return BulkSendItem.objects.get(bulk_send=preview).outcome


def test_choosing_a_job_for_what_was_confirmed_meanwhile_changes_nothing(acme, bob, job, preview):
    with company_scope(acme):
        other_window = BulkSend.objects.get(pk=preview.pk)
        actions.confirm_bulk_send(bulk_send=preview, confirmed_by=bob, shown_job_pk=None)
        CandidateExport.objects.update(state="sent", external_id="1")

        with pytest.raises(actions.Refused, match="already_confirmed"):
            actions.choose_bulk_job(bulk_send=other_window, job=job)

        assert outcome(preview) == "goes"
        assert BulkSend.objects.get(pk=preview.pk).job is None


def test_nobody_is_sent_elsewhere_than_the_page_said(client, acme, bob, job, preview):
    client.force_login(bob)
    with company_scope(acme):
        actions.choose_bulk_job(bulk_send=preview, job=job)

    response = client.post(reverse("bulk_send_confirm", args=["acme", preview.pk]), {"job": ""})

    assert "Somebody chose where these candidates go in another window." in client.get(response.url).content.decode()
    with company_scope(acme):
        assert CandidateExport.objects.count() == 0
        assert BulkSend.objects.get(pk=preview.pk).confirmed_at is None


def test_a_stale_preview_is_confirmed_as_the_row_is_now(acme, bob, job, preview):
    with company_scope(acme):
        stale = BulkSend.objects.get(pk=preview.pk)
        actions.choose_bulk_job(bulk_send=preview, job=job)

        assert actions.confirm_bulk_send(bulk_send=stale, confirmed_by=bob, shown_job_pk=job.pk) == 1
        assert CandidateExport.objects.get().posting.title == "Backend Engineer"
