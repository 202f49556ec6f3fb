"""Asking for candidates to be in the ATS, and taking that back."""

from collections.abc import Iterable

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import Company, User
from candidates.models import Application, Candidate
from integrations.errors import Refused
from integrations.models import Activity, CandidateExport, Connection, Posting, PostingLink
from integrations.models.exports import PROGRESS_FIELDS
from integrations.nudging import DRAIN, nudge
from integrations.queries import lead_posting, left_out_applicants, standing_connection
from jobs.models import Job

State = CandidateExport.State
Reason = CandidateExport.Reason


def request_exports(*, application: Application) -> None:
    """Put an applicant in line for the ATS, if the job is connected and its applicants go by themselves.

    In the transaction that saves the application.
    """
    link = (
        PostingLink.objects.standing().filter(job_id=application.job_id).select_related("connection", "posting").first()
    )
    if link is None or not link.sends_automatically:
        return
    queue_exports(
        connection=link.connection,
        candidate_pks=[application.candidate_id],
        posting=link.posting,
        job=application.job,
        reason=Reason.APPLIED,
        requested_by=None,
        revives={State.CANCELLED},
    )


def send_candidates(
    *, company: Company, candidates: Iterable[Candidate], job: Job | None, requested_by: User
) -> list[CandidateExport]:
    """Put candidates in line because a person asked; for the job's posting, or where general leads go. Twice is once.

    Without a job they go to the connection that was made last, as pages say.

    Raises Refused: `not_connected`, `job_not_linked`, `candidate_hidden`.
    """
    connection = standing_connection(company)
    if connection is None:
        raise Refused("not_connected")
    posting = lead_posting(company)
    if job is not None:
        links = PostingLink.objects.for_company(company).standing().filter(job=job)
        link = links.select_related("posting", "connection").first()
        if link is None:
            raise Refused("job_not_linked")
        connection, posting = link.connection, link.posting
    wanted = {candidate.pk for candidate in candidates}
    sendable = set(Candidate.objects.sendable_by(company).filter(pk__in=wanted).values_list("pk", flat=True))
    if not wanted or wanted - sendable:
        raise Refused("candidate_hidden")
    exports = queue_exports(
        connection=connection,
        candidate_pks=sorted(wanted),
        posting=posting,
        job=job,
        reason=Reason.SENT,
        requested_by=requested_by,
        revives={State.CANCELLED, State.FAILED},
    )
    Activity.objects.bulk_create(
        Activity(
            company=company,
            connection=connection,
            verb=Activity.Verb.SENT,
            actor=requested_by,
            job=job,
            candidate_id=export.candidate_id,
        )
        for export in exports
    )
    return exports


def back_fill(*, connection: Connection, requested_by: User) -> int:
    """Put the applicants in line whom a disconnection kept from going out; return how many."""
    by_job: dict[int, list[int]] = {}
    for application in left_out_applicants(connection):
        by_job.setdefault(application.job_id, []).append(application.candidate_id)
    links = PostingLink.objects.filter(connection=connection, job_id__in=by_job).select_related("posting", "job")
    for link in links:
        queue_exports(
            connection=connection,
            candidate_pks=by_job[link.job_id],
            posting=link.posting,
            job=link.job,
            reason=Reason.BACK_FILL,
            requested_by=requested_by,
            revives={State.CANCELLED},
        )
    number = sum(len(candidates) for candidates in by_job.values())
    if number:
        Activity.objects.create(
            company_id=connection.company_id,
            connection=connection,
            verb=Activity.Verb.BACK_FILLED,
            actor=requested_by,
            detail="1 candidate" if number == 1 else f"{number:,} candidates",
        )
    return number


def retry_exports(*, company: Company, exports: "QuerySet[CandidateExport]", requested_by: User | None) -> int:
    """Try failed rows again, and sent rows whose follow-up failed (only that); return how many.

    Rows of an ended connection stay as they are. Without `requested_by` it is an operator who asks.
    """
    exports = exports.filter(company=company).exclude(connection__state=Connection.State.DISCONNECTED)
    rows = list(exports.filter(state=State.FAILED).select_for_update(no_key=True, of=("self",)).order_by("pk"))
    now = timezone.now()
    # What wait_again() does to one, in one statement: there may be thousands. Asking again does not make a person's
    # request out of an application (withdrawing must still cancel it), and an unclear attempt is not looked up sooner.
    CandidateExport.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=State.WAITING,
        changed_at=now,
        requested_at=now,
        next_attempt_at=Case(When(look_first=True, then=Greatest("next_attempt_at", Value(now))), default=Value(now)),
        tries=0,
        held_reason="",
        failure_code="",
        failure_parameters={},
    )
    followed = exports.filter(state=State.SENT, follow_up=CandidateExport.FollowUp.FAILED)
    connections = {export.connection_id for export in rows} | set(followed.values_list("connection_id", flat=True))
    again = followed.update(
        follow_up=CandidateExport.FollowUp.WAITING, follow_up_at=timezone.now(), follow_up_tries=0, follow_up_code=""
    )
    Activity.objects.bulk_create(
        Activity(
            company=company,
            connection_id=export.connection_id,
            verb=Activity.Verb.RETRIED,
            actor=requested_by,
            job_id=export.job_id,
            candidate_id=export.candidate_id,
        )
        for export in rows
    )
    for connection_pk in connections:
        nudge(DRAIN, connection_pk)
    return len(rows) + again


def dismiss_exports(*, company: Company, exports: "QuerySet[CandidateExport]", dismissed_by: User) -> int:
    """Put failed rows aside; return how many. They can be sent again by hand."""
    rows = list(exports.filter(company=company, state=State.FAILED).select_for_update(no_key=True))
    cancel(CandidateExport.objects.filter(pk__in=[row.pk for row in rows]), CandidateExport.Cancelled.DISMISSED)
    Activity.objects.bulk_create(
        Activity(
            company=company,
            connection_id=row.connection_id,
            verb=Activity.Verb.DISMISSED,
            actor=dismissed_by,
            job_id=row.job_id,
            candidate_id=row.candidate_id,
        )
        for row in rows
    )
    return len(rows)


def forget_application(*, application: Application) -> None:
    """Cancel what waits because of a withdrawn application, unless a person or another application asked for it."""
    waiting = CandidateExport.objects.filter(company_id=application.company_id, candidate_id=application.candidate_id)
    cancel(unasked(waiting.waiting()), CandidateExport.Cancelled.WITHDRAWN)


def forget_candidate(*, candidate: Candidate, company: Company) -> bool:
    """Cancel whatever waits for an erased person in this company; what was sent keeps its ids and nothing else.

    Says whether the company's ATS received the person, or may have.
    """
    exports = CandidateExport.objects.for_company(company).filter(candidate=candidate)
    was_sent = exports.filter(~Q(external_id="") | Q(look_first=True) | ~Q(claim=None)).exists()
    exports.update(look_email="")
    cancel(exports.filter(state__in=[State.WAITING, State.FAILED]), CandidateExport.Cancelled.ERASED)
    return was_sent


def hide_candidate(*, candidate: Candidate, company: Company) -> None:
    """Cancel what waits for somebody who now hides from the company; what they applied for goes on."""
    standing = Application.objects.standing().for_company(company).filter(candidate=candidate)
    if not standing.exists():
        waiting = CandidateExport.objects.for_company(company).waiting().filter(candidate=candidate)
        cancel(waiting, CandidateExport.Cancelled.HIDDEN)


# -- Shared by the actions of this package ----------------------------------------------------------------------------

REVIVED_FIELDS = [
    "state", "changed_at", "next_attempt_at", "reason", "requested_by", "requested_at", "job", "tries", "held_reason",
    "failure_code", "failure_parameters", "cancelled_reason", "look_first", "look_email", "look_posting_id",
    "look_since", "external_id", "external_url", "external_contact_id", "stage_id", "follow_up", "sent_at",
    "deleted_there_at", *PROGRESS_FIELDS,
]  # fmt: skip


def queue_exports(
    *,
    connection: Connection,
    candidate_pks: list[int],
    posting: Posting | None,
    job: Job | None,
    reason: str,
    requested_by: User | None,
    revives: set[str],
) -> list[CandidateExport]:
    """Make sure that each candidate has one row for this posting, and nudge. Rows in a state of `revives` wait again.

    A row that is under way or sent stays as it is: two clicks, or a click and an application, are one row.
    """
    CandidateExport.objects.bulk_create(
        [
            CandidateExport(
                company_id=connection.company_id,
                connection=connection,
                candidate_id=candidate_pk,
                posting=posting,
                job=job,
                reason=reason,
                requested_by=requested_by,
            )
            for candidate_pk in candidate_pks
        ],
        ignore_conflicts=True,
    )
    exports = list(
        CandidateExport.objects.filter(connection=connection, posting=posting, candidate_id__in=candidate_pks)
        .select_for_update(no_key=True)
        .order_by("pk")
    )
    by_person = reason == Reason.SENT
    revived = [
        row
        for row in exports
        if row.state in revives or (by_person and row.state == State.SENT and row.deleted_there_at)
    ]
    for export in revived:
        export.wait_again(reason=reason, requested_by=requested_by, job=job)
    if revived:
        CandidateExport.objects.bulk_update(revived, REVIVED_FIELDS)
    if by_person:
        # Now a person wants it too, so a withdrawal no longer cancels it.
        asked = [row.pk for row in exports if row.reason != Reason.SENT and row.is_under_way]
        CandidateExport.objects.filter(pk__in=asked).update(reason=Reason.SENT, requested_by=requested_by)
    nudge(DRAIN, connection.pk)
    return exports


def queue_alike(exports: Iterable[CandidateExport], *, job: Job | None, posting: Posting) -> None:
    """Put the same people in line for another posting, for the same reasons; who was cancelled there waits again."""
    askers: dict[tuple[str, User | None], list[int]] = {}
    for export in exports:
        askers.setdefault((export.reason, export.requested_by), []).append(export.candidate_id)
    for (reason, requested_by), candidate_pks in askers.items():
        queue_exports(
            connection=posting.connection,
            candidate_pks=candidate_pks,
            posting=posting,
            job=job,
            reason=reason,
            requested_by=requested_by,
            revives={State.CANCELLED},
        )


def cancel(exports: "QuerySet[CandidateExport]", reason: str) -> int:
    """Cancel rows that nobody has in hand, keeping what is known of an unclear attempt; return how many."""
    return exports.filter(claim=None).update(
        state=State.CANCELLED, cancelled_reason=reason, changed_at=timezone.now(), held_reason=""
    )


def unasked(exports: "QuerySet[CandidateExport]") -> "QuerySet[CandidateExport]":
    """Keep the rows that neither a person nor a standing application to a connected job asks for any more."""
    applied = Application.objects.standing().filter(candidate_id=OuterRef("candidate_id"))
    linked = PostingLink.objects.filter(job_id=OuterRef("job_id"), posting_id=OuterRef(OuterRef("posting_id")))
    return exports.filter(~Q(reason=Reason.SENT)).exclude(Exists(applied.filter(Exists(linked))))
