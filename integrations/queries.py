"""The door for reads: what other apps may know about a company's ATS. Each answer is a constant number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Company
from candidates.models import Application
from integrations import wording
from integrations.models import AccountStage, CandidateExport, Connection, Posting, PostingLink
from integrations.providers import all_providers
from jobs.models import Job

State = CandidateExport.State
FollowUp = CandidateExport.FollowUp

# What the filters of lists call the states; waiting and sending are one to whoever looks for somebody.
STATE_FILTERS = {
    "failed": Q(state=State.FAILED),
    "held": Q(state=State.WAITING) & ~Q(held_reason=""),
    "waiting": Q(state__in=[State.WAITING, State.SENDING]),
    "sent": Q(state=State.SENT),
    "cancelled": Q(state=State.CANCELLED),
    "attention": Q(state=State.FAILED) | Q(state=State.WAITING) & ~Q(held_reason=""),
}

# What "Try again" and "Dismiss" do something to.
RETRYABLE = (Q(state=State.FAILED) | Q(state=State.SENT, follow_up=FollowUp.FAILED)) & ~Q(
    connection__state=Connection.State.DISCONNECTED
)
DISMISSABLE = Q(state=State.FAILED)

# The tabs of the list of exports, by what they are called in its address.
TABS = {
    "attention": STATE_FILTERS["attention"],
    "waiting": STATE_FILTERS["waiting"],
    "sent": STATE_FILTERS["sent"],
    "cancelled": STATE_FILTERS["cancelled"],
    "all": Q(),
}


@dataclass(frozen=True, slots=True)
class ExportMark:
    """Where one export of a candidate stands, in words."""

    export_pk: int
    candidate_pk: int
    # waiting, held, sending, sent, failed or cancelled: what the state chip draws
    state: str
    word: str
    # waiting, sending, in-ats, attention or quiet
    tone: str
    icon: str
    label: str
    provider: str
    posting_title: str
    job_pk: int | None
    stage_name: str
    # the record in the ATS, once it is there
    url: str
    title: str
    reason: str
    remedy: str
    # where the remedy is done: "job", "connection", or empty
    place: str
    # a quiet remark on something that went well: known before, without résumé, note missing
    note: str
    # who asked for it; empty when it went by itself
    sent_by: str
    can_retry: bool
    can_dismiss: bool
    can_send_again: bool
    changed_at: datetime
    next_attempt_at: datetime | None
    is_under_way: bool
    # how often a page that shows it should look again; 0: not at all
    poll_seconds: int
    # temporary, configuration or permanent, while something is in the way; else empty
    kind: str = ""


@dataclass(frozen=True, slots=True)
class JobMark:
    """A job's posting, in words."""

    label: str
    is_linked: bool
    posting_title: str
    posting_state: str
    # linked, but the posting takes nobody: applicants wait
    is_held: bool
    word: str


@dataclass(frozen=True, slots=True)
class PostingChoice:
    """A posting to connect a job with; one that takes nobody says why."""

    pk: int
    title: str
    team: str
    location: str
    state: str
    is_open: bool
    why_not: str
    # titles of our jobs that are connected with it already
    used_by: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """Title, team and location in one line."""
        return " · ".join(part for part in (self.title, self.team, self.location) if part)


@dataclass(frozen=True, slots=True)
class ShareState:
    """Whether candidates can be sent, and why not."""

    label: str
    can_send: bool
    why_not: str
    # what to know although it can: exports wait while the connection is lost
    note: str = ""


def connection_notice(company: Company) -> Connection | None:
    """Return the company's connection that waits to be reconnected, if there is one."""
    return Connection.objects.for_company(company).filter(state=Connection.State.NEEDS_RECONNECT).first()


def standing_connection(company: Company) -> Connection | None:
    """Return the connection that somebody made and nobody ended: active, or waiting to be reconnected."""
    return Connection.objects.for_company(company).standing().order_by("-connected_at", "-pk").first()


def _label(connection: Connection | None) -> str:
    if connection is not None:
        return connection.label
    labels = [provider.LABEL for provider in all_providers().values()]
    return labels[0] if len(labels) == 1 else "your ATS"


def provider_label(company: Company) -> str:
    """Return the name of the ATS that this company sends to: the connected one, else the only one there is."""
    return _label(standing_connection(company))


def share_state(company: Company) -> ShareState:
    """Say whether candidates can be sent now, and if not, why."""
    connection = standing_connection(company)
    label = _label(connection)
    if connection is None:
        why_not = f"{label} is not connected. An admin can connect it under Account Settings → Integrations."
        return ShareState(label, can_send=False, why_not=why_not)
    note = (
        f"{label} must be reconnected. What you send waits, and goes out by itself." if not connection.is_active else ""
    )
    return ShareState(label, can_send=True, why_not="", note=note)


def candidate_marks(company: Company, candidate_pks: Iterable[int]) -> dict[int, list[ExportMark]]:
    """Return what is known of these candidates at the ATS, the newest first; who never was sent has no entry."""
    exports = list(
        CandidateExport.objects.for_company(company)
        .filter(candidate_id__in=list(candidate_pks))
        .select_related("connection", "posting", "requested_by")
        .order_by("-requested_at", "-pk")
    )
    marks: dict[int, list[ExportMark]] = {}
    for export, mark in zip(exports, export_marks(company, exports), strict=True):
        marks.setdefault(export.candidate_id, []).append(mark)
    return marks


def export_marks(company: Company, exports: Sequence[CandidateExport]) -> list[ExportMark]:
    """Put exports into words, in their order. They must have connection, posting and requested_by at hand."""
    stages: dict[tuple[int, str], str] = {}
    if any(export.stage_id for export in exports):
        rows = AccountStage.objects.filter(company=company, connection__in={export.connection_id for export in exports})
        stages = {(row[0], row[1]): row[2] for row in rows.values_list("connection_id", "external_id", "name")}
    return [_mark(export, stages.get((export.connection_id, export.stage_id), "")) for export in exports]


def _mark(export: CandidateExport, stage_name: str) -> ExportMark:
    connection, label = export.connection, export.connection.label
    stands = connection.state != Connection.State.DISCONNECTED
    words = wording.Words("", "")
    state, word, tone, icon = str(export.state), State(export.state).label, "waiting", "clock"
    follow_up_failed = False
    if export.state == State.WAITING:
        words = _words_of_waiting(export, label)
        if export.held_reason:
            state, icon = "held", "pause"
    elif export.state == State.SENDING:
        tone, icon = "sending", "loader-circle"
    elif export.state == State.SENT:
        word, tone, icon = f"In {label}", "in-ats", "circle-check"
        follow_up_failed = export.follow_up == FollowUp.FAILED
        if export.deleted_there_at:
            state, word, tone, icon = "cancelled", f"Deleted in {label}", "quiet", "ban"
            words = wording.Words("", f"Somebody deleted the profile in {label}. It is not sent again by itself.")
    elif export.state == State.FAILED:
        tone, icon = "attention", "triangle-alert"
        words = wording.describe_failure(export.failure_code, export.failure_parameters, label)
    else:
        tone, icon = "quiet", "ban"
        words = wording.describe_cancellation(export.cancelled_reason, label)
    waits = export.state == State.WAITING and not export.held_reason
    is_under_way = export.state == State.SENDING or (waits and connection.is_active)
    return ExportMark(
        export_pk=export.pk,
        candidate_pk=export.candidate_id,
        state=state,
        word=word,
        tone=tone,
        icon=icon,
        label=label,
        provider=connection.provider,
        posting_title=export.posting.title if export.posting else "",
        job_pk=export.job_id,
        stage_name="" if export.deleted_there_at else stage_name,
        url="" if export.deleted_there_at else export.external_url,
        title=words.title,
        reason=words.reason,
        remedy=words.remedy,
        place="" if words.place == wording.Place.JOB and export.job_id is None else words.place,
        note=_note(export, label),
        sent_by=str(export.requested_by or ""),
        can_retry=stands and (export.state == State.FAILED or follow_up_failed),
        can_dismiss=export.state == State.FAILED,
        can_send_again=stands
        and (export.deleted_there_at is not None or export.state == State.CANCELLED)
        and export.cancelled_reason not in _BY_THE_CANDIDATE,
        changed_at=export.changed_at,
        next_attempt_at=export.next_attempt_at if waits and connection.is_active and export.tries else None,
        is_under_way=is_under_way,
        kind=words.kind if words.reason and state in ("waiting", "held", "failed") else "",
        poll_seconds=_poll_seconds(export, is_under_way=is_under_way, is_active=connection.is_active),
    )


_BY_THE_CANDIDATE = {
    CandidateExport.Cancelled.HIDDEN,
    CandidateExport.Cancelled.ERASED,
    CandidateExport.Cancelled.WITHDRAWN,
}


def _words_of_waiting(export: CandidateExport, label: str) -> wording.Words:
    if export.held_reason:
        return wording.describe_hold(export.held_reason, label)
    if not export.connection.is_active:
        lost = wording.describe_loss(export.connection.lost_reason, label)
        reason = "Nothing is lost: this goes out by itself when access is back."
        return wording.Words("", reason, lost.remedy, lost.kind, lost.who, lost.place)
    if export.connection.paused_until and export.connection.paused_until > timezone.now():
        return wording.describe_wait("paused", label)
    if export.tries:
        return wording.describe_wait(export.failure_code, label)
    return wording.Words("", "")


def _note(export: CandidateExport, label: str) -> str:
    if export.state != State.SENT or export.deleted_there_at:
        return ""
    remarks = []
    if export.was_known:
        remarks.append(f"Already in {label}; their profile there is unchanged.")
    if export.without_resume:
        remarks.append("Sent without résumé.")
    if export.follow_up == FollowUp.FAILED:
        remarks.append("The phone number or the note could not be added.")
    elif export.follow_up in (FollowUp.WAITING, FollowUp.SENDING):
        remarks.append("Adding phone and note.")
    return " ".join(remarks)


def _poll_seconds(export: CandidateExport, *, is_under_way: bool, is_active: bool) -> int:
    soon = timezone.now() + timedelta(seconds=20)
    if is_under_way:
        return 2 if export.state == State.SENDING or export.next_attempt_at < soon else 10
    adds = export.state == State.SENT and export.follow_up in (FollowUp.WAITING, FollowUp.SENDING)
    if adds and is_active:
        return 2 if export.follow_up_at is None or export.follow_up_at < soon else 10
    return 0


def job_marks(company: Company, job_pks: Iterable[int]) -> dict[int, JobMark]:
    """Return for each of these jobs what it is connected with."""
    job_pks = list(job_pks)
    links = {
        link.job_id: link
        for link in PostingLink.objects.for_company(company)
        .standing()
        .filter(job_id__in=job_pks)
        .select_related("posting", "connection")
    }
    return {pk: _job_mark(links.get(pk)) for pk in job_pks}


def _job_mark(link: PostingLink | None) -> JobMark:
    if link is None:
        return JobMark("", is_linked=False, posting_title="", posting_state="", is_held=False, word="Not connected")
    posting, label = link.posting, link.connection.label
    word = posting.title
    if posting.gone_at:
        word = f"Gone from {label}"
    elif not posting.is_open:
        word = f"{posting.state} in {label}"
    return JobMark(
        label=label,
        is_linked=True,
        posting_title=posting.title,
        posting_state=posting.state,
        is_held=not posting.accepts_candidates,
        word=word,
    )


def why_closed(posting: Posting, label: str) -> str:
    """Say why a posting takes no candidates; empty when it does."""
    if posting.gone_at:
        return f"no longer in {label}"
    return "" if posting.is_open else f"{posting.state.lower()} in {label}"


def posting_choices(company: Company) -> list[PostingChoice]:
    """Return the postings a job can be connected with, open ones first; one that is gone only while a job has it."""
    connection = standing_connection(company)
    if connection is None:
        return []
    label = connection.label
    users: dict[int, list[str]] = {}
    links = PostingLink.objects.for_company(company).filter(connection=connection).order_by("job__title")
    for posting_pk, job_title in links.values_list("posting_id", "job__title"):
        users.setdefault(posting_pk, []).append(job_title)
    postings = (
        Posting.objects.for_company(company)
        .filter(Q(gone_at=None) | Q(pk__in=list(users)), connection=connection)
        .only("pk", "title", "team", "location", "state", "is_open", "gone_at")
        .order_by("-is_open", "title", "location", "pk")
    )
    return [
        PostingChoice(
            pk=posting.pk,
            title=posting.title,
            team=posting.team,
            location=posting.location,
            state=posting.state,
            is_open=posting.accepts_candidates,
            why_not=why_closed(posting, label),
            used_by=tuple(users.get(posting.pk, ())),
        )
        for posting in postings
    ]


def linked_posting_pk(job: Job) -> int | None:
    """Return the key of the posting a job is connected with."""
    links = PostingLink.objects.for_company(job.company).standing().filter(job=job)
    return links.values_list("posting_id", flat=True).first()


def unlinked_jobs(company: Company) -> QuerySet[Job]:
    """Keep the open jobs that no standing connection has a posting for."""
    links = PostingLink.objects.for_company(company).standing().filter(job=OuterRef("pk"))
    return Job.objects.for_company(company).open().filter(~Exists(links))


def unlinked_open_jobs(company: Company) -> int:
    """Count the open jobs that are not connected; none while nothing is connected at all."""
    if not Connection.objects.for_company(company).active().exists():
        return 0
    return unlinked_jobs(company).count()


def candidates_in_state(company: Company, state: str) -> QuerySet[CandidateExport, int]:
    """Return the keys of the candidates with an export in this state, to filter by.

    `state` is a key of STATE_FILTERS: failed, held, attention (either), waiting (with sending), sent, cancelled; of
    any other, nobody.
    """
    exports = CandidateExport.objects.for_company(company)
    chosen = exports.filter(STATE_FILTERS[state]) if state in STATE_FILTERS else exports.none()
    return chosen.values_list("candidate_id", flat=True)


def left_out_applicants(connection: Connection) -> QuerySet[Application]:
    """Keep the standing applicants of connected jobs whom a disconnection kept from going out.

    They applied after their job was connected and have no row, or their row was cancelled when a connection of the
    company was ended. Whom somebody chose not to send when connecting the job is not among them.
    """
    rows = CandidateExport.objects.filter(candidate_id=OuterRef("candidate_id"))
    here = rows.filter(connection=connection, posting_id=OuterRef("posting_pk"))
    ended = Q(state=State.CANCELLED, cancelled_reason=CandidateExport.Cancelled.DISCONNECTED)
    link = PostingLink.objects.filter(connection=connection, job_id=OuterRef("job_id"))
    return (
        Application.objects.standing()
        .filter(company_id=connection.company_id)
        .annotate(posting_pk=link.values("posting_id"), linked_at=link.values("created_at"))
        .filter(posting_pk__isnull=False)
        .filter(~Exists(here.exclude(ended)))
        .filter(Q(created_at__gte=F("linked_at")) | Exists(rows.filter(ended, company_id=connection.company_id)))
    )
