"""Joining a job and its posting."""

from django.db.models import Exists, OuterRef, Q

from accounts.models import Company, User
from candidates.models import Application
from integrations.actions.exports import State, cancel, queue_alike, queue_exports, unasked
from integrations.errors import Refused
from integrations.models import Activity, CandidateExport, Posting, PostingLink
from integrations.nudging import DRAIN, nudge
from jobs.models import Job


def link_job(
    *, company: Company, job: Job, posting_pk: int, linked_by: User, send_existing: bool = False
) -> PostingLink:
    """Connect a job with a posting, or move it to another one; waiting candidates move along.

    Raises Refused: `posting_gone`, `posting_closed`. With `send_existing` the standing applicants are sent too.
    """
    # The job's row is the lock: two people saving the same job follow each other.
    Job.objects.select_for_update(no_key=True).get(pk=job.pk, company=company)
    posting = (
        Posting.objects.for_company(company)
        .filter(pk=posting_pk)
        .exclude(connection__state="disconnected")
        .select_related("connection")
        .first()
    )
    if posting is None or posting.gone_at:
        raise Refused("posting_gone")
    before = PostingLink.objects.filter(job=job).select_related("posting").first()
    is_news = before is None or before.posting_id != posting.pk
    if is_news and not posting.is_open:
        raise Refused("posting_closed", posting=posting.title)
    if before is None or is_news:
        link, _ = PostingLink.objects.update_or_create(
            job=job,
            defaults={
                "company": company,
                "connection": posting.connection,
                "posting": posting,
                "created_by": linked_by,
                # What was taken over came from another posting: this one must not write into the job by itself.
                "imported_at": None,
                "keeps_in_step": False,
                "imported_fields": {},
            },
        )
        if before and before.connection_id == posting.connection_id:
            move_waiting(job=job, before=before.posting, after=posting)
        _record(Activity.Verb.LINKED, job, posting, linked_by)
    else:
        link = before
    if send_existing:
        applicants = Application.objects.standing().filter(job=job).values_list("candidate_id", flat=True)
        queue_exports(
            connection=posting.connection,
            candidate_pks=list(applicants),
            posting=posting,
            job=job,
            reason=CandidateExport.Reason.BACK_FILL,
            requested_by=linked_by,
            revives={State.CANCELLED},
        )
    return link


def unlink_job(*, company: Company, job: Job, unlinked_by: User) -> None:
    """Disconnect a job from its posting. Who was sent stays there; who waits only because of this job does not go."""
    link = PostingLink.objects.filter(job=job, company=company).select_related("posting").first()
    if link is None:
        return
    link.delete()
    waiting = CandidateExport.objects.waiting().filter(posting=link.posting)
    cancel(unasked(waiting), CandidateExport.Cancelled.UNLINKED)
    _record(Activity.Verb.UNLINKED, job, link.posting, unlinked_by)


def move_waiting(*, job: Job, before: Posting, after: Posting) -> None:
    """Move a job's waiting rows to its new posting; a row whose place there is taken is cancelled.

    A cancelled row that has the place waits again in its stead: else nobody would go. A row in hand, or one that must
    be looked up first, follows its job when it is claimed again: it may be in the ATS under the old posting.
    Where jobs share a posting one row stands for all of them. It stays for a job that remains there; whoever asked for
    this job as well goes to both.
    """
    rows = CandidateExport.objects.under_way().filter(posting=before)
    applied = Application.objects.standing().filter(candidate_id=OuterRef("candidate_id"))
    others = PostingLink.objects.filter(posting=before, job_id=OuterRef("job_id")).exclude(job=job)
    by_hand = Q(reason=CandidateExport.Reason.SENT)
    stays = Q(Exists(applied.filter(Exists(others)))) | by_hand & Q(Exists(others))
    has_applied = Q(Exists(applied.filter(job=job)))
    queue_alike(rows.filter(stays, has_applied | by_hand & Q(job=job)), job=job, posting=after)
    # The job says where a row goes that moves later.
    rows.filter(~stays, has_applied | Q(job=job)).update(job=job)
    moving = rows.waiting().filter(~stays, job=job, claim=None, look_first=False)
    taken = CandidateExport.objects.filter(posting=after, candidate_id=OuterRef("candidate_id"))
    queue_alike(moving.filter(Exists(taken.filter(state=State.CANCELLED))), job=job, posting=after)
    cancel(moving.filter(Exists(taken)), CandidateExport.Cancelled.ALREADY_QUEUED)
    moving.filter(~Exists(taken)).update(posting=after, held_reason="")
    nudge(DRAIN, after.connection_id)


def _record(verb: str, job: Job, posting: Posting, actor: User) -> None:
    Activity.objects.create(
        company_id=job.company_id,
        connection_id=posting.connection_id,
        verb=verb,
        actor=actor,
        job=job,
        detail=posting.title[:200],
    )
