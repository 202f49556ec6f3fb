"""What asks for an export, and what takes it back. Nothing is sent here: the rows tell."""

import pytest
from django.utils import timezone

from accounts import letters
from integrations import actions
from integrations.errors import Refused
from integrations.models import Activity, CandidateExport, Connection, Posting, PostingLink
from integrations.providers import Tokens
from integrations.queries import left_out_applicants
from purposejobs.tenancy import company_scope
from tests.factories import hide_from, make_application, make_candidate, make_job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scope(acme):
    with company_scope(acme):
        yield


@pytest.fixture
def connection(acme, alice):
    return actions.open_connection(company=acme, provider="lever", tokens=grant("account-1"), connected_by=alice)


def grant(account_id: str = "account-1", access_token: str = "access") -> Tokens:
    return Tokens(access_token, "refresh", 3600, ("offline_access",), account_id, "user-1")


def make_posting(connection: Connection, title: str = "Backend Engineer", **fields) -> Posting:
    fields = {"external_id": title, "state": "Published", "is_open": True, "seen_at": timezone.now()} | fields
    return Posting.objects.create(company=connection.company, connection=connection, title=title, **fields)


def link(job, posting, member) -> PostingLink:
    return actions.link_job(company=job.company, job=job, posting_pk=posting.pk, linked_by=member)


def apply(job, candidate=None):
    application = make_application(job, candidate or make_candidate())
    actions.request_exports(application=application)
    return application


def rows() -> list[tuple[str, str]]:
    exports = CandidateExport.objects.order_by("pk").select_related("posting")
    return [
        (export.posting.title if export.posting else "", export.cancelled_reason or export.state) for export in exports
    ]


def withdraw(application) -> None:
    application.withdrawn_at = timezone.now()
    application.save(update_fields=["withdrawn_at"])
    actions.forget_application(application=application)


def test_an_unconnected_job_exports_nobody(acme, connection):
    apply(make_job(acme))

    assert rows() == []


def test_withdrawing_cancels_what_waits(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)

    withdraw(apply(job))

    assert rows() == [("Backend Engineer", "withdrawn")]


def test_withdrawing_leaves_what_another_application_asks_for(acme, alice, connection):
    posting, candidate = make_posting(connection), make_candidate()
    first, second = make_job(acme, "One"), make_job(acme, "Two")
    link(first, posting, alice)
    link(second, posting, alice)
    application = apply(first, candidate)
    apply(second, candidate)

    withdraw(application)

    assert rows() == [("Backend Engineer", "waiting")]


def test_withdrawing_leaves_what_a_person_asked_for(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    application = apply(job)
    actions.send_candidates(company=acme, candidates=[application.candidate], job=job, requested_by=alice)

    withdraw(application)

    assert rows() == [("Backend Engineer", "waiting")]


def test_applying_again_after_withdrawing_revives_the_row(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    application = apply(job)
    withdraw(application)

    apply(job, application.candidate)

    assert rows() == [("Backend Engineer", "waiting")]


def test_unlinking_cancels_what_waits_because_of_the_job(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    apply(job)

    actions.unlink_job(company=acme, job=job, unlinked_by=alice)

    assert rows() == [("Backend Engineer", "unlinked")]
    assert not PostingLink.objects.exists()


def test_remapping_moves_what_waits(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    apply(job)

    link(job, make_posting(connection, "Data Scientist"), alice)

    assert rows() == [("Data Scientist", "waiting")]


def test_remapping_cancels_a_row_whose_place_is_taken(acme, alice, connection):
    old, new, candidate = make_posting(connection), make_posting(connection, "Data Scientist"), make_candidate()
    job, other = make_job(acme, "One"), make_job(acme, "Two")
    link(job, old, alice)
    link(other, new, alice)
    apply(job, candidate)
    apply(other, candidate)

    link(job, new, alice)

    assert rows() == [("Backend Engineer", "already_queued"), ("Data Scientist", "waiting")]


@pytest.fixture
def shared(acme, alice, connection):
    """Two jobs on one posting, and somebody who applied to both: one row."""
    posting, candidate = make_posting(connection), make_candidate()
    jobs = [make_job(acme, "One"), make_job(acme, "Two")]
    applications = []
    for job in jobs:
        link(job, posting, alice)
        applications.append(apply(job, candidate))
    assert rows() == [("Backend Engineer", "waiting")]
    return jobs, applications


@pytest.mark.parametrize("leaves", [pytest.param(0, id="the first"), pytest.param(1, id="the second")])
def test_who_applied_to_two_jobs_on_one_posting_goes_to_both_when_one_moves(shared, alice, connection, leaves):
    jobs, _ = shared

    link(jobs[leaves], make_posting(connection, "Data Scientist"), alice)

    assert rows() == [("Backend Engineer", "waiting"), ("Data Scientist", "waiting")]


@pytest.mark.parametrize("is_unclear", [pytest.param(False, id="waiting"), pytest.param(True, id="to be looked up")])
def test_jobs_that_part_one_after_the_other_each_take_who_applied(shared, alice, connection, is_unclear):
    jobs, _ = shared
    CandidateExport.objects.update(look_first=is_unclear)
    first, second = make_posting(connection, "Data Scientist"), make_posting(connection, "Nurse")

    link(jobs[0], first, alice)
    link(jobs[1], second, alice)

    row, other = CandidateExport.objects.order_by("pk")
    assert (other.posting, other.job) == (first, jobs[0])
    # The unclear one may be at the old posting, and goes on to the new one of its job when that is known.
    assert (row.posting == second, row.job) == (not is_unclear, jobs[1])


def test_a_row_stays_for_the_job_that_is_still_asked_for(shared, alice, connection):
    jobs, applications = shared
    withdraw(applications[0])

    link(jobs[0], make_posting(connection, "Data Scientist"), alice)

    assert rows() == [("Backend Engineer", "waiting")]


def test_remapping_leaves_a_row_that_must_be_looked_up_first(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    apply(job)
    CandidateExport.objects.update(look_first=True, look_email="kim@example.net", look_since=timezone.now())

    link(job, make_posting(connection, "Data Scientist"), alice)

    assert rows() == [("Backend Engineer", "waiting")]


def test_cancelling_keeps_what_is_known_of_an_unclear_attempt(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    application = apply(job)
    CandidateExport.objects.update(look_first=True, look_email="kim@example.net", look_since=timezone.now())

    withdraw(application)
    apply(job, application.candidate)

    export = CandidateExport.objects.get()
    assert (export.state, export.look_first, export.look_email) == ("waiting", True, "kim@example.net")


def test_linking_sends_existing_applicants_only_when_asked(acme, alice, connection):
    job, posting = make_job(acme), make_posting(connection)
    make_application(job)
    link(job, posting, alice)
    assert rows() == []

    actions.link_job(company=acme, job=job, posting_pk=posting.pk, linked_by=alice, send_existing=True)

    assert rows() == [("Backend Engineer", "waiting")]
    assert CandidateExport.objects.get().reason == "back_fill"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"is_open": False}, "posting_closed", id="a closed posting"),
        pytest.param({"gone_at": timezone.now()}, "posting_gone", id="a posting that is gone"),
    ],
)
def test_a_job_cannot_be_connected_with(acme, alice, connection, fields, code):
    job, posting = make_job(acme), make_posting(connection, **fields)

    with pytest.raises(Refused) as refused:
        link(job, posting, alice)

    assert refused.value.code == code
    assert not PostingLink.objects.exists()


def test_a_candidate_who_hides_from_the_company_cannot_be_sent(acme, alice, connection):
    candidate = make_candidate(is_discoverable=True)
    hide_from(candidate, acme)

    with pytest.raises(Refused, match="candidate_hidden"):
        actions.send_candidates(company=acme, candidates=[candidate], job=None, requested_by=alice)

    assert rows() == []


def test_hiding_cancels_what_waits_unless_the_candidate_applied(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    applicant, stranger = apply(job).candidate, make_candidate(is_discoverable=True)
    actions.send_candidates(company=acme, candidates=[stranger], job=None, requested_by=alice)

    for candidate in (applicant, stranger):
        hide_from(candidate, acme)
        actions.hide_candidate(candidate=candidate, company=acme)

    assert rows() == [("Backend Engineer", "waiting"), ("", "hidden")]


def test_erasing_cancels_what_waits_and_forgets_the_address(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    application = apply(job)
    CandidateExport.objects.update(look_first=True, look_email=application.email)

    actions.forget_candidate(candidate=application.candidate, company=acme)

    assert rows() == [("Backend Engineer", "erased")]
    assert CandidateExport.objects.get().look_email == ""


def test_disconnecting_cancels_what_waits_and_stops_new_rows(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    apply(job)

    actions.close_connection(connection=connection, closed_by=alice)
    apply(job)

    assert rows() == [("Backend Engineer", "disconnected")]


def test_reconnecting_the_same_account_revives_its_row_and_links(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    actions.close_connection(connection=connection, closed_by=alice)

    again = actions.open_connection(
        company=acme, provider="lever", tokens=grant(access_token="new"), connected_by=alice
    )
    apply(job)

    assert (again.pk, again.state, again.access_token) == (connection.pk, "active", "new")
    assert rows() == [("Backend Engineer", "waiting")]


def test_connecting_another_account_ends_the_old_connection(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    apply(job)

    other = actions.open_connection(company=acme, provider="lever", tokens=grant("account-2"), connected_by=alice)

    connection.refresh_from_db()
    assert (connection.state, other.state) == ("disconnected", "active")
    assert rows() == [("Backend Engineer", "disconnected")]


def test_an_unnamed_account_revives_the_last_connection(acme, alice, connection):
    again = actions.open_connection(company=acme, provider="lever", tokens=grant(""), connected_by=alice)

    assert (again.pk, again.account_id) == (connection.pk, "account-1")


def test_an_account_that_another_company_holds_is_refused(acme, globex, mallory, connection):
    with company_scope(globex), pytest.raises(Refused, match="account_taken"):
        actions.open_connection(company=globex, provider="lever", tokens=grant(), connected_by=mallory)

    with company_scope(globex):
        assert not Connection.objects.filter(company=globex).exists()


def test_a_lost_connection_is_told_once_and_rows_go_on_waiting(acme, alice, connection, mailoutbox):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    actions.lose_connection(connection=connection, code="grant_dead")
    actions.lose_connection(connection=connection, code="grant_dead")
    letters.deliver(acme.pk)
    apply(job)

    assert [mail.subject for mail in mailoutbox] == ["Acme: reconnect Lever"]
    assert mailoutbox[0].to == ["alice@acme.example"]
    assert rows() == [("Backend Engineer", "waiting")]
    assert Activity.objects.filter(verb="lost").count() == 1


def test_sending_again_after_a_deletion_there_starts_anew(acme, alice, connection):
    candidate = make_candidate(is_discoverable=True)
    actions.send_candidates(company=acme, candidates=[candidate], job=None, requested_by=alice)
    CandidateExport.objects.update(state="sent", external_id="gone-1", deleted_there_at=timezone.now(), look_first=True)

    actions.send_candidates(company=acme, candidates=[candidate], job=None, requested_by=alice)

    export = CandidateExport.objects.get()
    assert (export.state, export.external_id, export.look_first) == ("waiting", "", False)


def test_a_sent_row_is_not_sent_again(acme, alice, connection):
    candidate = make_candidate(is_discoverable=True)
    actions.send_candidates(company=acme, candidates=[candidate], job=None, requested_by=alice)
    CandidateExport.objects.update(state="sent", external_id="there-1")

    actions.send_candidates(company=acme, candidates=[candidate], job=None, requested_by=alice)

    assert rows() == [("", "sent")]


def test_reconnecting_offers_whom_the_disconnection_kept_back(acme, alice, connection):
    job, posting = make_job(acme), make_posting(connection)
    make_application(job)  # before the job was connected, and not asked for
    link(job, posting, alice)
    apply(job)
    actions.close_connection(connection=connection, closed_by=alice)
    apply(job)

    again = actions.open_connection(company=acme, provider="lever", tokens=grant(), connected_by=alice)
    assert left_out_applicants(again).count() == 2
    assert actions.back_fill(connection=again, requested_by=alice) == 2

    assert rows() == [("Backend Engineer", "waiting"), ("Backend Engineer", "waiting")]
    assert left_out_applicants(again).count() == 0


def test_relinking_under_another_account_offers_what_was_cancelled(acme, alice, connection):
    job = make_job(acme)
    link(job, make_posting(connection), alice)
    apply(job)

    other = actions.open_connection(company=acme, provider="lever", tokens=grant("account-2"), connected_by=alice)
    assert left_out_applicants(other).count() == 0
    link(job, make_posting(other), alice)

    assert left_out_applicants(other).count() == 1
