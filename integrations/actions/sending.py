"""Sending many candidates at once: first a preview that can be changed, then the same queue as everybody else's."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts.models import Company, User
from candidates.models import Candidate
from integrations.actions.exports import Reason, State, queue_exports
from integrations.errors import Refused
from integrations.models import Activity, BulkSend, BulkSendItem, CandidateExport, Connection, Posting, PostingLink
from integrations.queries import lead_posting, standing_connection
from jobs.models import Job

Outcome = BulkSendItem.Outcome

# More than anybody reads through in a preview, and one transaction writes it in a few seconds.
MOST_AT_ONCE = 5_000
# A preview that nobody confirmed is forgotten when its maker begins another.
KEEP_PREVIEWS = timedelta(days=1)


def prepare_bulk_send(*, company: Company, candidate_pks: Iterable[int], requested_by: User) -> BulkSend:
    """Make the preview of a sending; nothing is sent before it is confirmed.

    The job is preselected where all of them applied to one connected job. Who the company does not see is left out.
    Raises Refused: `not_connected`, `nobody_chosen`, `too_many` (parameter `most`).
    """
    connection = standing_connection(company)
    if connection is None:
        raise Refused("not_connected")
    wanted = set(candidate_pks)
    if len(wanted) > MOST_AT_ONCE:
        raise Refused("too_many", most=MOST_AT_ONCE)
    visible = list(Candidate.objects.visible_to(company).filter(pk__in=wanted).order_by("pk"))
    if not visible:
        raise Refused("nobody_chosen")
    own_previews = BulkSend.objects.filter(company=company, requested_by=requested_by, confirmed_at=None)
    own_previews.filter(created_at__lt=timezone.now() - KEEP_PREVIEWS).delete()
    bulk_send = BulkSend.objects.create(company=company, connection=connection, requested_by=requested_by)
    bulk_send.job = _common_job(connection, [candidate.pk for candidate in visible])
    BulkSendItem.objects.bulk_create(
        [
            BulkSendItem(company=company, bulk_send=bulk_send, candidate=candidate, outcome=Outcome.GOES)
            for candidate in visible
        ],
        batch_size=1000,
    )
    choose_bulk_job(bulk_send=bulk_send, job=bulk_send.job)
    return bulk_send


def choose_bulk_job(*, bulk_send: BulkSend, job: Job | None) -> None:
    """Set where the candidates of a preview go, and say of each anew whether they would.

    Raises Refused: `job_not_linked`, `posting_closed`, `already_confirmed`.
    """
    posting = _posting(bulk_send, job)
    # Holds the row: nobody confirms while everybody is looked at anew, and what is confirmed stays as it is.
    if not BulkSend.objects.filter(pk=bulk_send.pk, confirmed_at=None).update(job=job):
        raise Refused("already_confirmed")
    bulk_send.job = job
    _assess(bulk_send, posting)


@transaction.atomic
def confirm_bulk_send(*, bulk_send: BulkSend, confirmed_by: User, shown_job_pk: int | None) -> int:
    """Put those who go in line, and return how many; confirming twice sends nobody twice.

    `shown_job_pk` is the target that the preview named. Who was sent, hid or was erased since is looked at again.
    Raises Refused: `target_changed`, `not_connected`, and as `choose_bulk_job` does.
    """
    # One statement decides who confirms: a second click finds it done.
    if not BulkSend.objects.filter(pk=bulk_send.pk, confirmed_at=None).update(confirmed_at=timezone.now()):
        return 0
    bulk_send.refresh_from_db(fields=["confirmed_at", "job"])
    if bulk_send.job_id != shown_job_pk:
        raise Refused("target_changed")
    connection = Connection.objects.get(pk=bulk_send.connection_id)
    if connection.state == Connection.State.DISCONNECTED:
        raise Refused("not_connected")
    posting = _posting(bulk_send, bulk_send.job)
    _assess(bulk_send, posting)
    items = BulkSendItem.objects.filter(bulk_send=bulk_send)
    going = list(items.filter(outcome=Outcome.GOES).values_list("candidate_id", flat=True))
    if not going:
        return 0
    queue_exports(
        connection=connection,
        candidate_pks=sorted(going),
        posting=posting,
        job=bulk_send.job,
        reason=Reason.SENT,
        requested_by=confirmed_by,
        revives={State.CANCELLED, State.FAILED},
    )
    _point_at_exports(bulk_send, posting)
    Activity.objects.create(
        company_id=bulk_send.company_id,
        connection=connection,
        verb=Activity.Verb.SENT,
        actor=confirmed_by,
        job=bulk_send.job,
        detail="1 candidate" if len(going) == 1 else f"{len(going):,} candidates",
    )
    return len(going)


def _common_job(connection: Connection, candidate_pks: list[int]) -> Job | None:
    """Return the connected, open job that every one of them applied to, the latest connected first."""
    links = (
        PostingLink.objects.filter(connection=connection, posting__is_open=True, posting__gone_at=None)
        .filter(job__applications__candidate__in=candidate_pks, job__applications__withdrawn_at=None)
        .exclude(job__status=Job.Status.DRAFT)
        .select_related("job")
        .order_by("-created_at", "-pk")
        .distinct()
    )
    wanted = len(candidate_pks)
    for link in links[:20]:
        applied = link.job.applications.standing().filter(candidate__in=candidate_pks)
        if applied.values("candidate").distinct().count() == wanted:
            return link.job
    return None


def _posting(bulk_send: BulkSend, job: Job | None) -> Posting | None:
    if job is None:
        posting = lead_posting(bulk_send.company)
        # Another ATS may have been connected since the preview was made.
        return posting if posting and posting.connection_id == bulk_send.connection_id else None
    links = PostingLink.objects.filter(connection_id=bulk_send.connection_id, company_id=bulk_send.company_id, job=job)
    link = links.select_related("posting").first()
    if link is None:
        raise Refused("job_not_linked")
    if not link.posting.accepts_candidates:
        raise Refused("posting_closed", posting=link.posting.title)
    return link.posting


def _assess(bulk_send: BulkSend, posting: Posting | None) -> None:
    """Say of each whether they go, and of the others why not: a few statements, however many they are."""
    items = BulkSendItem.objects.filter(bulk_send=bulk_send)
    items.update(outcome=Outcome.GOES, code="", export=None)
    exports = CandidateExport.objects.filter(connection_id=bulk_send.connection_id, posting=posting)
    there = exports.filter(state=State.SENT, deleted_there_at=None)
    items.filter(candidate__in=there.values("candidate")).update(outcome=Outcome.ALREADY_THERE)
    items.filter(candidate__in=exports.under_way().values("candidate")).update(outcome=Outcome.UNDER_WAY)
    sendable = Candidate.objects.sendable_by(bulk_send.company)
    going = items.filter(outcome=Outcome.GOES)
    going.exclude(candidate__in=sendable.values("pk")).update(outcome=Outcome.BLOCKED, code="candidate_hidden")
    nameless = Candidate.objects.filter(email="").exclude(
        applications__company=bulk_send.company_id, applications__withdrawn_at=None
    )
    going.filter(candidate__in=nameless.values("pk")).update(outcome=Outcome.BLOCKED, code="no_email")
    _point_at_exports(bulk_send, posting)


def _point_at_exports(bulk_send: BulkSend, posting: Posting | None) -> None:
    exports = CandidateExport.objects.filter(
        connection_id=bulk_send.connection_id, posting=posting, candidate=OuterRef("candidate")
    )
    items = BulkSendItem.objects.filter(bulk_send=bulk_send).exclude(outcome=Outcome.BLOCKED)
    items.update(export=Subquery(exports.values("pk")[:1]))
