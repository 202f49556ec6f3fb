"""The timeline of a candidate: people's and system's events in one order, of this company only."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations import actions, queries
from integrations.models import Activity, CandidateExport, ExportAttempt
from purposejobs.tenancy import company_scope
from tests.factories import make_application, make_candidate, make_job
from tests.integrations.rows import (
    end,
    make_change,
    make_connection,
    make_export,
    make_posting,
    make_reason,
    make_stage,
    move,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def far(acme):
    return make_connection(acme)


@pytest.fixture
def kim():
    return make_candidate("Kim Park", is_discoverable=True)


@pytest.fixture
def posting(far):
    return make_posting(far, "Community Organizer")


def sent_at(far, kim, posting, at=NOON, **fields):
    return make_export(far, kim, posting, state="sent", sent_at=at, requested_at=at, **fields)


def act(export, verb, actor, at):
    """Let somebody have done something; the time of an activity is its own, so it is set afterwards."""
    with company_scope(export.company_id):
        row = Activity.objects.create(
            company_id=export.company_id,
            connection=export.connection,
            verb=verb,
            actor=actor,
            candidate=export.candidate,
        )
        Activity.objects.filter(pk=row.pk).update(created_at=at)


def attempt(export, outcome, at, code="", kind="create"):
    with company_scope(export.company_id):
        ExportAttempt.objects.create(
            company_id=export.company_id, export=export, kind=kind, outcome=outcome, code=code, started_at=at,
            milliseconds=9,
        )  # fmt: skip


def timeline_of(company, candidate, **options):
    with company_scope(company):
        return queries.timeline(company, candidate.pk, **options)


def texts(company, candidate, **options):
    return [event.text for event in timeline_of(company, candidate, **options).events]


def test_the_whole_way_newest_first(acme, bob, far, kim, posting):
    make_application(
        make_job(acme, "Organizer"), kim, created_at=NOON, email_confirmed_at=NOON + HOUR, withdrawn_at=NOON + 9 * HOUR
    )
    export = sent_at(far, kim, posting, NOON + 4 * HOUR)
    act(export, "sent", bob, NOON + 2 * HOUR)
    attempt(export, "rejected", NOON + 2 * HOUR, "file_refused")
    act(export, "retried", bob, NOON + 3 * HOUR)
    move(export, make_stage(far, "Interview"), happened_at=NOON + 5 * HOUR)
    end(export, make_reason(far, "Underqualified"), happened_at=NOON + 6 * HOUR)
    make_change(export, "reopened", happened_at=NOON + 7 * HOUR)
    end(export, make_reason(far, "Hired", is_hire=True), happened_at=NOON + 8 * HOUR)
    make_change(export, "anonymised", happened_at=NOON + 10 * HOUR)
    make_change(export, "deleted", happened_at=NOON + 11 * HOUR)

    assert texts(acme, kim, size=99) == [
        "Deleted in Lever",
        "Anonymised in Lever",
        "Withdrew the application",
        "Hired",
        "Reopened",
        "Archived: Underqualified",
        "Moved to Interview",
        "Arrived in Lever",
        f"{bob} tried again",
        "Lever did not accept the résumé",
        f"{bob} sent the candidate to Lever",
        "Confirmed the e-mail address",
        "Applied",
    ]


def test_events_say_of_which_job_or_posting(acme, far, kim, posting):
    make_application(make_job(acme, "Organizer"), kim, created_at=NOON)
    sent_at(far, kim, posting, NOON + HOUR)

    assert [event.detail for event in timeline_of(acme, kim).events] == ["Community Organizer", "Organizer"]


def test_the_stage_they_were_put_in_is_their_arrival_and_not_a_move(acme, far, kim, posting):
    export = sent_at(far, kim, posting)
    make_change(export, stage_id="lead-new", stage_name="New lead", happened_at=NOON)

    assert texts(acme, kim) == ["Arrived in Lever"]


def test_a_quick_move_after_the_arrival_is_a_move(acme, far, kim, posting):
    export = sent_at(far, kim, posting)
    make_change(export, stage_id="lead-new", stage_name="New lead", happened_at=NOON)
    move(export, make_stage(far, "Interview"), happened_at=NOON + timedelta(seconds=5))

    assert texts(acme, kim) == ["Moved to Interview", "Arrived in Lever"]


@pytest.mark.parametrize(
    ("fields", "text", "detail"),
    [
        (
            {"state": "waiting", "held_reason": "no_acting_user"},
            "Waits",
            "No user of Lever is known yet who could add the candidate.",
        ),
        (
            {"state": "cancelled", "cancelled_reason": "hidden"},
            "Not sent",
            "The candidate does not want to be shared with this company.",
        ),
        (
            {"state": "cancelled", "cancelled_reason": "withdrawn"},
            "Withdrawn",
            "The candidate withdrew the application before it was sent.",
        ),
    ],
    ids=["held", "hidden", "withdrawn"],
)
def test_why_somebody_does_not_go_is_said(acme, far, kim, fields, text, detail):
    make_export(far, kim, **fields)

    (event,) = timeline_of(acme, kim).events
    assert (event.text, event.detail) == (text, detail)


def test_who_dismissed_it_is_said_once(acme, bob, far, kim):
    export = make_export(far, kim, state="cancelled", cancelled_reason="dismissed")
    act(export, "dismissed", bob, NOON)

    assert texts(acme, kim) == [f"{bob} dismissed it"]


def test_trouble_that_passes_by_itself_is_nobodys_event(acme, far, kim, posting):
    export = sent_at(far, kim, posting)
    attempt(export, "try_later", NOON - HOUR, "busy")
    attempt(export, "unknown", NOON - HOUR, "timeout")
    attempt(export, "rejected", NOON - HOUR, "posting_closed")
    attempt(export, "sent", NOON)

    assert texts(acme, kim) == ["Arrived in Lever"]


def test_sent_anew_after_a_deletion_keeps_the_first_arrival(acme, bob, far, kim, posting):
    export = sent_at(far, kim, posting, NOON + 5 * HOUR)
    attempt(export, "sent", NOON)
    make_change(export, "deleted", happened_at=NOON + HOUR)
    act(export, "sent", bob, NOON + 5 * HOUR)
    attempt(export, "sent", NOON + 5 * HOUR)

    assert texts(acme, kim) == [
        "Arrived in Lever", f"{bob} sent the candidate to Lever", "Deleted in Lever", "Arrived in Lever",
    ]  # fmt: skip


def test_a_back_fill_names_who_asked(acme, bob, far, kim, posting):
    sent_at(far, kim, posting, reason="back_fill", requested_by=bob)

    assert texts(acme, kim) == ["Arrived in Lever", f"{bob} sent those left out to Lever"]


def test_somebody_sent_together_with_others_was_sent_by_somebody(acme, bob, far, kim):
    with company_scope(acme):
        sending = actions.prepare_bulk_send(company=acme, candidate_pks=[kim.pk], requested_by=bob)
        assert texts(acme, kim) == []
        actions.confirm_bulk_send(bulk_send=sending, confirmed_by=bob, shown_job_pk=None)

    assert texts(acme, kim) == ["Bob Brown sent the candidate to Lever"]


def test_pages_have_every_event_once_also_of_one_moment(acme, bob, far, kim, posting):
    export = sent_at(far, kim, posting)
    for number in range(10):
        make_change(export, stage_id=str(number), stage_name=f"Stage {number}", happened_at=NOON + HOUR)
        act(export, "retried", bob, NOON + HOUR)
        attempt(export, "rejected", NOON + HOUR, "file_refused")
    whole = [event.moment for event in timeline_of(acme, kim, size=99).events]

    found, before = [], ""
    pages = 0
    while before or not found:
        page = timeline_of(acme, kim, before=before, size=4)
        found += [event.moment for event in page.events]
        before, pages = page.before, pages + 1

    assert len(whole) == 31
    assert found == whole
    assert pages == 8


@pytest.mark.parametrize("before", ["nonsense", "1-2", "9" * 40 + "-1-1"])
def test_a_place_that_makes_no_sense_is_the_beginning(acme, far, kim, posting, before):
    sent_at(far, kim, posting)

    assert texts(acme, kim, before=before) == ["Arrived in Lever"]


def test_rows_of_another_company_are_no_events_of_ours(acme, globex, mallory, kim):
    theirs = sent_at(make_connection(globex), kim, None)
    act(theirs, "sent", mallory, NOON)
    make_change(theirs, stage_name="Their stage")
    make_application(make_job(globex), kim)

    assert texts(acme, kim) == []
    assert len(texts(globex, kim)) == 4


def test_a_long_timeline_takes_the_queries_of_a_short_one(acme, bob, far, kim, posting):
    def count():
        with company_scope(acme), CaptureQueriesContext(connection) as counted:
            queries.timeline(acme, kim.pk)
        return len(counted)

    export = sent_at(far, kim, posting)
    few = count()
    for number in range(30):
        make_change(export, stage_name=f"Stage {number}", happened_at=NOON + number * HOUR)
        act(export, "retried", bob, NOON)
        make_application(make_job(acme), kim)

    assert (few, count()) == (6, 6)


# -- On the page -----------------------------------------------------------------------------------------------------


def test_the_page_begins_with_the_newest_and_leads_to_the_older(client, bob, acme, far, kim, posting):
    export = sent_at(far, kim, posting)
    for number in range(15):
        make_change(export, stage_name=f"Stage {number:02}", happened_at=NOON + (number + 1) * HOUR)
    client.force_login(bob)

    page = client.get(f"/c/acme/candidates/{kim.pk}/").content.decode()
    before = timeline_of(acme, kim).before
    older = client.get(f"/c/acme/candidates/{kim.pk}/?events={before}").content.decode()
    fragment = client.get(f"/c/acme/candidates/{kim.pk}/timeline/?before={before}").content.decode()

    assert "Moved to Stage 14" in page.partition('id="timeline"')[2]
    assert f"?events={before}#timeline" in page
    assert "Moved to Stage 14" not in older.partition('id="timeline"')[2]
    assert "Arrived in Lever" in older.partition('id="timeline"')[2]
    assert "Show the newest" in older
    assert fragment.count("<li") == 4
    assert "<section" not in fragment


def test_nothing_that_happened_says_so(client, bob, kim):
    client.force_login(bob)

    assert "Nothing has happened yet." in client.get(f"/c/acme/candidates/{kim.pk}/").content.decode()


# -- What stays of somebody who erased their data --------------------------------------------------------------------


def test_erasing_keeps_ids_and_outcomes_and_not_the_person(acme, far, posting):
    from candidates import actions
    from tests.tenants import everything_of

    job = make_job(acme, "Organizer")
    person = make_candidate("Xanthippe Quill", "xanthippe@quill.example", phone="+49 30 23125 555")
    application = make_application(job, person, note="My whole story")
    export = sent_at(far, person, posting, job=job)
    end(export, make_reason(far, "Hired", is_hire=True), happened_at=NOON)

    actions.erase(candidate=application.candidate)

    with company_scope(acme):
        export = CandidateExport.objects.get(pk=export.pk)
        assert (export.external_id != "", export.hired_at, export.stage_changes.count()) == (True, NOON, 1)
    kept = str(everything_of(acme))
    assert [word for word in ("Xanthippe", "quill.example", "23125 555", "whole story") if word in kept] == []
