"""Jobs that are connected with another posting while somebody is on the way: nobody twice, nobody forgotten."""

import uuid

import pytest

from candidates import actions as candidates
from integrations import actions, mirroring
from integrations.models import CandidateExport, Posting, PostingLink
from integrations.providers import get_provider
from purposejobs.tenancy import company_scope
from tests.factories import make_application, make_job
from tests.integrations.connected import apply, drain, fill_bucket, make_due, only_export
from tests.integrations.test_leases import let_leases_run_out, take_in_hand

pytestmark = [pytest.mark.django_db, pytest.mark.real_http]

ELSEWHERE = "Data Scientist"


def posting(title: str) -> Posting:
    return Posting.objects.get(title=title)


def connect_with(job, title: str, member, **options) -> None:
    with company_scope(job.company):
        actions.link_job(company=job.company, job=job, posting_pk=posting(title).pk, linked_by=member, **options)


def test_who_was_cancelled_at_the_posting_the_job_comes_back_to_goes_out(ats, connection, linked_job, acme, alice):
    application = apply(linked_job)
    with company_scope(acme):
        actions.unlink_job(company=acme, job=linked_job, unlinked_by=alice)
    connect_with(linked_job, ELSEWHERE, alice, send_existing=True)

    connect_with(linked_job, "Backend Engineer", alice)
    drain(connection)

    (opportunity,) = ats.opportunities(email=application.email)
    with company_scope(acme):
        states = CandidateExport.objects.values_list("posting__title", "state", "cancelled_reason")
        assert set(states) == {("Backend Engineer", "sent", ""), (ELSEWHERE, "cancelled", "already_queued")}
        assert opportunity["posting"] == posting("Backend Engineer").external_id


def test_a_row_that_follows_its_job_late_revives_the_cancelled_one_there(ats, connection, linked_job, acme, alice):
    ats.fault("drop_before")
    application = apply(linked_job)
    drain(connection)
    assert only_export(acme).look_first
    with company_scope(acme):
        there = only_export(acme)
        there.pk, there.look_first, there.posting = None, False, posting(ELSEWHERE)
        there.state, there.cancelled_reason = "cancelled", "dismissed"
        there.save()

    connect_with(linked_job, ELSEWHERE, alice)
    make_due(acme)
    drain(connection)

    (opportunity,) = ats.opportunities(email=application.email)
    with company_scope(acme):
        assert opportunity["posting"] == posting(ELSEWHERE).external_id


def test_a_worker_that_dies_after_a_move_is_looked_up_where_it_sent(ats, connection, linked_job, acme, alice):
    application = apply(linked_job)
    with company_scope(acme):
        # As if it had been in hand while the job was connected anew.
        PostingLink.objects.filter(job=linked_job).update(posting=posting(ELSEWHERE))
        (errand,) = take_in_hand(connection)
    lever = get_provider("lever")
    created = lever.create(lever.open_client("emulator", connection.access_token, deadline=5), errand.payload)
    with company_scope(acme):
        let_leases_run_out()

    drain(connection)
    make_due(acme)
    drain(connection)

    (opportunity,) = ats.opportunities(email=application.email)
    assert opportunity["id"] == created.external_id == only_export(acme).external_id


def test_a_row_that_was_in_hand_while_its_job_moved_is_not_held_for_the_old_posting(
    ats, connection, linked_job, acme, alice
):
    application = apply(linked_job)
    with company_scope(acme):
        CandidateExport.objects.update(held_reason="posting_gone", claim=uuid.uuid4())
    connect_with(linked_job, ELSEWHERE, alice)
    with company_scope(acme):
        CandidateExport.objects.update(claim=None)
        gone = CandidateExport.objects.get().posting.external_id
    ats.emulator.control("DELETE", f"/postings/{gone}")

    fill_bucket(connection)
    mirroring.refresh_account(connection.pk)
    drain(connection)

    (opportunity,) = ats.opportunities(email=application.email)
    with company_scope(acme):
        assert opportunity["posting"] == posting(ELSEWHERE).external_id


@pytest.fixture
def two_notes(ats, connection, linked_job, acme, alice):
    """Somebody who applied twice, and whose first note went unheard."""
    application = apply(linked_job, note="Hello from one")
    other = make_job(acme, ELSEWHERE)
    with company_scope(acme):
        actions.link_job(company=acme, job=other, posting_pk=posting(ELSEWHERE).pk, linked_by=alice)
    ats.fault("drop_after", "POST /v1/opportunities/*/notes")
    drain(connection)
    export = only_export(acme)
    assert (export.follow_up, export.follow_up_look_first) == ("waiting", True)
    make_application(other, application.candidate, note="Hello from two")
    return application


def test_a_note_that_was_heard_of_late_is_not_followed_by_another_of_theirs(
    ats, connection, linked_job, acme, alice, two_notes
):
    connect_with(linked_job, ELSEWHERE, alice)

    make_due(acme)
    drain(connection)

    (opportunity,) = ats.opportunities(email=two_notes.email)
    assert [note["values"] for note in opportunity["notes"]] == [["Hello from one"]]
    assert only_export(acme).follow_up == "done"


def test_a_note_of_a_withdrawn_application_counts_as_theirs_too(ats, connection, acme, two_notes):
    with company_scope(acme):
        candidates.withdraw(application=two_notes)

    make_due(acme)
    drain(connection)

    (opportunity,) = ats.opportunities(email=two_notes.email)
    assert [note["values"] for note in opportunity["notes"]] == [["Hello from one"]]
