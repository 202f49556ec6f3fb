"""An applicant's way to the ATS, drained by hand against the emulator."""

import hashlib

import pytest

from integrations import actions, mirroring
from integrations.actions.users import choose_acting_user
from integrations.models import AccountUser, CandidateExport, ExportAttempt, Posting
from purposejobs.tenancy import company_scope
from tests.factories import make_application, make_candidate
from tests.integrations.connected import RESUME, ROSA, apply, drain, fill_bucket, make_due, only_export

pytestmark = [pytest.mark.django_db, pytest.mark.real_http]


def test_applicant_of_a_connected_job_stands_in_new_lead(ats, connection, linked_job, acme):
    application = apply(
        linked_job,
        "Ines Ortega",
        resume=RESUME,
        phone="+49 40 5550 123",
        headline="Staff engineer",
        location="Hamburg",
        links=["https://example.com/ines"],
        note="I like your queues.",
    )

    drain(connection)

    (opportunity,) = ats.opportunities(email=application.email)
    assert opportunity["stage"] == "lead-new"
    assert "Purpose Jobs" in opportunity["tags"]
    assert opportunity["sources"] == ["Purpose Jobs"]
    assert opportunity["origin"] == "sourced"
    assert opportunity["name"] == "Ines Ortega"
    assert opportunity["headline"] == "Staff engineer"
    assert [phone["value"] for phone in opportunity["phones"]] == ["+49 40 5550 123"]
    assert opportunity["links"] == [
        "https://example.com/ines",
        f"http://localhost:{_port()}/c/acme/candidates/{application.candidate_id}/",
    ]
    assert [note["values"] for note in opportunity["notes"]] == [["I like your queues."]]
    assert [resume["sha256"] for resume in opportunity["resumes"]] == [hashlib.sha256(RESUME).hexdigest()]
    export = only_export(acme)
    assert (export.state, export.follow_up) == ("sent", "done")
    assert (export.external_id, export.external_url) == (opportunity["id"], opportunity["urls"]["show"])
    assert (export.stage_id, export.without_resume, export.claim) == ("lead-new", False, None)


def _port() -> str:
    from django.conf import settings

    return settings.PUBLIC_URL.rsplit(":", 1)[1]


def test_two_asks_are_one_export(ats, connection, linked_job, acme, bob):
    application = apply(linked_job)
    with company_scope(acme):
        for _ in range(2):
            actions.send_candidates(company=acme, candidates=[application.candidate], job=linked_job, requested_by=bob)

    drain(connection)

    assert len(ats.opportunities(email=application.email)) == 1
    assert only_export(acme).reason == "sent"


def test_no_posting_is_a_place_of_its_own(ats, connection, linked_job, acme, bob):
    application = apply(linked_job)
    with company_scope(acme):
        actions.send_candidates(company=acme, candidates=[application.candidate], job=None, requested_by=bob)

    drain(connection)

    postings = [row["posting"] for row in ats.opportunities(email=application.email)]
    assert sorted(postings, key=str) == ["4b25972f-50aa-57a9-a283-f36656fd30a4", None]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "drop_after"}, id="the answer is lost"),
        pytest.param({"kind": "half_body"}, id="half the answer comes"),
        pytest.param({"kind": "502"}, id="a gateway gives up"),
    ],
)
def test_unknown_outcome_is_looked_up_before_it_is_sent_again(ats, connection, linked_job, acme, fault):
    ats.fault(**fault)
    application = apply(linked_job, note="Hello")

    drain(connection)
    waiting = only_export(acme)
    assert (waiting.state, waiting.look_first) == ("waiting", True)
    assert waiting.next_attempt_at > waiting.changed_at
    make_due(acme)
    drain(connection)

    (opportunity,) = ats.opportunities(email=application.email)
    assert len(opportunity["notes"]) == 1
    export = only_export(acme)
    assert (export.state, export.external_id, export.look_first) == ("sent", opportunity["id"], False)


def test_the_look_up_email_is_encrypted(ats, connection, linked_job, acme):
    from django.db import connection as database

    ats.fault("drop_after")
    application = apply(linked_job)

    drain(connection)

    with company_scope(acme), database.cursor() as cursor:
        cursor.execute("SELECT look_email FROM integrations_candidateexport")
        (stored,) = cursor.fetchone()
    assert application.email not in stored
    assert only_export(acme).look_email == application.email


def test_dropped_before_it_was_handled_is_looked_up_then_created(ats, connection, linked_job, acme):
    ats.fault("drop_before")
    application = apply(linked_job)

    drain(connection)
    make_due(acme)
    drain(connection)

    assert len(ats.opportunities(email=application.email)) == 1
    with company_scope(acme):
        attempts = list(ExportAttempt.objects.order_by("pk").values_list("kind", "outcome"))
    assert attempts == [("create", "unknown"), ("look", "not_found"), ("create", "sent")]


def test_a_person_the_ats_knew_is_left_unchanged(ats, connection, linked_job, acme):
    application = make_application(
        linked_job, make_candidate("Ada Other", "ada.quill@example.com"), phone="+1 555 0100"
    )
    with company_scope(acme):
        actions.request_exports(application=application)

    drain(connection)

    export = only_export(acme)
    assert (export.state, export.was_known) == ("sent", True)
    ours = ats.opportunities(email="ada.quill@example.com", tag="Purpose Jobs")
    assert [(row["id"], row["name"]) for row in ours] == [(export.external_id, "Ada Quill")]
    assert [phone["value"] for phone in ours[0]["phones"]] == ["+49 40 5550 100"]


def test_too_many_requests_slow_the_account_and_read_as_waiting(ats, connection, linked_job, acme):
    ats.fault("429", retry_after=30)
    apply(linked_job)

    drain(connection)

    export = only_export(acme)
    assert (export.state, export.look_first, export.failure_code) == ("waiting", False, "busy")
    assert 25 < (export.next_attempt_at - export.changed_at).total_seconds() < 35
    from integrations.pacing import Bucket

    assert Bucket(connection.bucket, 10, 19).take(1).granted == 0


def test_a_refused_candidate_needs_a_person_and_is_not_sent_again_by_itself(ats, connection, linked_job, acme, bob):
    ats.fault("400")
    application = apply(linked_job)
    drain(connection)
    assert only_export(acme).state == "failed"
    drain(connection)
    assert ats.opportunities(email=application.email) == []

    with company_scope(acme):
        assert actions.retry_exports(company=acme, exports=CandidateExport.objects.all(), requested_by=bob) == 1
    drain(connection)

    assert len(ats.opportunities(email=application.email)) == 1
    assert only_export(acme).state == "sent"


def test_an_expired_access_token_is_refreshed_and_the_call_repeated(ats, connection, linked_job, acme):
    ats.emulator.control("POST", f"/accounts/{connection.account_id}/expire_tokens")
    application = apply(linked_job)

    drain(connection)

    assert only_export(acme).state == "sent"
    assert len(ats.opportunities(email=application.email)) == 1


def test_a_closed_posting_holds_the_row_until_it_reopens(ats, connection, linked_job, acme):
    from integrations import mirroring
    from integrations.models import Posting

    with company_scope(acme):
        posting = Posting.objects.get(title="Backend Engineer")
    ats.emulator.control("POST", f"/postings/{posting.external_id}", state="closed")
    mirroring.refresh_account(connection.pk)
    application = apply(linked_job)
    drain(connection)
    held = only_export(acme)
    assert (held.state, held.held_reason) == ("waiting", "posting_closed")
    assert ats.calls() == 0

    ats.emulator.control("POST", f"/postings/{posting.external_id}", state="published")
    from tests.integrations.connected import fill_bucket

    fill_bucket(connection)
    mirroring.refresh_account(connection.pk)
    drain(connection)

    assert only_export(acme).state == "sent"
    assert len(ats.opportunities(email=application.email)) == 1


def test_the_acting_user_is_the_one_who_connected_when_nobody_else_fits(ats, connection, acme, bob):
    candidate = make_candidate("Lee Long", is_discoverable=True)
    with company_scope(acme):
        actions.send_candidates(company=acme, candidates=[candidate], job=None, requested_by=bob)

    drain(connection)

    (opportunity,) = ats.opportunities(email=candidate.email)
    assert opportunity["sourcedBy"] == ROSA


TOMAS = "d2025960-6211-5f75-9812-83a60553db2b"
IMANI = "279ee0c0-8253-51cc-8d25-e8c577aa8925"  # owns the posting "Backend Engineer"
LENA = "7107b5eb-7566-562d-a5d0-ad6dbd60ca0c"
PAT = "8b83f0d9-c31c-5d36-b53f-7998c4ae34b6"  # deactivated


@pytest.mark.parametrize(
    ("is_verified", "chosen", "acts"),
    [
        pytest.param(True, LENA, TOMAS, id="the recruiter, whose address is known there and proven here"),
        pytest.param(False, LENA, LENA, id="the chosen user, when the recruiter's address is not proven"),
        pytest.param(False, PAT, IMANI, id="the posting's owner, when the chosen user was deactivated"),
        pytest.param(False, "", IMANI, id="the posting's owner, when nobody was chosen"),
    ],
)
def test_the_acting_user_is(ats, connection, linked_job, acme, make, is_verified, chosen, acts):
    recruiter = make.make_user("Tomas Vrba", "tomas@northwind.example", is_verified=is_verified)
    make.make_membership(recruiter, acme)
    application = make_application(linked_job)
    with company_scope(acme):
        choose_acting_user(connection=connection, external_id=chosen)
        actions.send_candidates(
            company=acme, candidates=[application.candidate], job=linked_job, requested_by=recruiter
        )

    drain(connection)

    (opportunity,) = ats.opportunities(email=application.email)
    assert opportunity["sourcedBy"] == acts


def test_without_anybody_to_act_as_the_export_waits_until_somebody_is_known(ats, connection, linked_job, acme):
    with company_scope(acme):
        AccountUser.objects.update(is_active=False)
    apply(linked_job)

    drain(connection)
    assert only_export(acme).held_reason == "no_acting_user"
    assert ats.calls() == 0

    fill_bucket(connection)
    mirroring.refresh_account(connection.pk)
    drain(connection)
    assert only_export(acme).state == "sent"


def test_the_first_standing_application_to_a_shared_posting_travels(ats, connection, linked_job, acme, alice, make):
    other = make.make_job(acme, "Backend Engineer, second team")
    candidate = make.make_candidate("Kim Park")
    with company_scope(acme):
        posting = Posting.objects.get(title="Backend Engineer")
        actions.link_job(company=acme, job=other, posting_pk=posting.pk, linked_by=alice)
        for job, headline in ((linked_job, "The first"), (other, "The second")):
            application = make.make_application(job, candidate, headline=headline)
            actions.request_exports(application=application)

    drain(connection)

    assert [row["headline"] for row in ats.opportunities(email=candidate.email)] == ["The first"]
