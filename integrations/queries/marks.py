"""Where exports stand, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Company
from integrations import wording
from integrations.models import AccountReason, AccountStage, AccountUser, CandidateExport, Connection
from integrations.queries.postings import PostingChoice, count_waiting, postings_instead
from jobs.models import Job

State = CandidateExport.State
FollowUp = CandidateExport.FollowUp


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
    # What became of it there, as last read: "" (it goes on), "archived" or "hired", with the words for it; how long it
    # has stood so, who looks after it there, and when we looked.
    outcome: str = ""
    outcome_word: str = ""
    since: datetime | None = None
    owner_name: str = ""
    origin: str = ""
    tags: tuple[str, ...] = ()
    checked_at: datetime | None = None
    # While its posting takes nobody: how many wait for it, and what the job could be connected with instead.
    waiting: int = 0
    instead: tuple[PostingChoice, ...] = ()

    @property
    def chip(self) -> str:
        """What the one chip of a list draws: the state, or how it ended there."""
        return self.outcome or self.state

    @property
    def chip_word(self) -> str:
        """What the one chip of a list says."""
        if self.outcome:
            return wording.OUTCOMES[self.outcome]
        return f"{self.word} · {self.stage_name}" if self.stage_name and self.state == State.SENT else self.word


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
    names = _names(company, exports)
    marks = [_mark(export, names) for export in exports]
    shut = {export.pk: export for export in exports if export.held_reason in FOR_THE_POSTING}
    if not shut:
        return marks
    waiting = count_waiting(company, {export.posting_id for export in shut.values()})
    jobs = Job.objects.for_company(company).filter(pk__in={export.job_id for export in shut.values()})
    instead = postings_instead(company, jobs.only("title", "team", "location"))
    return [
        replace(
            mark,
            waiting=waiting.get(shut[mark.export_pk].posting_id, 0),
            instead=instead.get(shut[mark.export_pk].job_id or 0, ()),
        )
        if mark.export_pk in shut and mark.state == "held"
        else mark
        for mark in marks
    ]


FOR_THE_POSTING = {CandidateExport.Held.POSTING_CLOSED, CandidateExport.Held.POSTING_GONE}


@dataclass(frozen=True, slots=True)
class Names:
    """What the ATS account calls its stages, archive reasons and users, each by connection and id."""

    stages: dict[tuple[int, str], str]
    reasons: dict[tuple[int, str], str]
    users: dict[tuple[int, str], str]


def _names(company: Company, exports: Sequence[CandidateExport]) -> Names:
    connections = {export.connection_id for export in exports}

    def read(model: type[AccountStage] | type[AccountReason] | type[AccountUser], ids: set[str]) -> dict[Any, str]:
        if not ids - {""}:
            return {}
        rows = model._default_manager.filter(company=company, connection__in=connections, external_id__in=ids - {""})
        return {(row[0], row[1]): row[2] for row in rows.values_list("connection_id", "external_id", "name")}

    return Names(
        stages=read(AccountStage, {export.stage_id for export in exports}),
        reasons=read(AccountReason, {export.archive_reason_id for export in exports}),
        users=read(AccountUser, {export.owner_id for export in exports}),
    )


def _mark(export: CandidateExport, names: Names) -> ExportMark:
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
            words = wording.describe_progress("deleted", label)
        elif export.anonymised_there_at:
            words = wording.describe_progress("anonymised", label)
    elif export.state == State.FAILED:
        tone, icon = "attention", "triangle-alert"
        words = wording.describe_failure(export.failure_code, export.failure_parameters, label)
    else:
        tone, icon = "quiet", "ban"
        words = wording.describe_cancellation(export.cancelled_reason, label)
    stage_name = names.stages.get((export.connection_id, export.stage_id), "")
    is_there = export.state == State.SENT and export.deleted_there_at is None
    outcome = ("hired" if export.hired_at else "archived" if export.archived_at else "") if is_there else ""
    reason_name = names.reasons.get((export.connection_id, export.archive_reason_id), "")
    since = export.hired_at or export.archived_at or export.stage_changed_at or export.sent_at
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
        outcome=outcome,
        outcome_word=wording.describe_outcome(outcome, reason_name, export.hired_at) if outcome else "",
        since=since if is_there else None,
        owner_name=names.users.get((export.connection_id, export.owner_id), "") if is_there else "",
        origin=export.origin.capitalize() if is_there else "",
        tags=tuple(export.tags) if is_there else (),
        checked_at=export.checked_at if is_there else None,
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
