"""What happened to one person at one company, newest first: what they did, what the company's people did, and what the
system and the ATS did. A page is a few queries, however long the whole is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Company
from candidates.models import Application
from integrations import wording
from integrations.models import AccountStage, Activity, BulkSendItem, CandidateExport, ExportAttempt, StageChange
from integrations.queries.progress import ICONS as CHANGE_ICONS
from purposejobs.paging import Place

State = CandidateExport.State
PAGE_SIZE = 12
# The first stage is where they were put; told again by the ATS within this time it is not a move.
ARRIVAL = timedelta(minutes=2)

ICONS = {
    "applied": "inbox",
    "confirmed": "mail-check",
    "withdrawn": "undo-2",
    "sent": "send",
    "arrived": "circle-check",
    **CHANGE_ICONS,
    "failed": "triangle-alert",
    "held": "pause",
    "cancelled": "ban",
    "retried": "rotate-cw",
    "dismissed": "circle-x",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, in words."""

    moment: Place
    # a key of ICONS
    kind: str
    text: str
    # of which job or posting, or why
    detail: str = ""

    @property
    def at(self) -> datetime:
        return self.moment.time

    @property
    def icon(self) -> str:
        return ICONS[self.kind]


@dataclass(frozen=True, slots=True)
class Timeline:
    events: list[Event]
    # leads to the older ones; empty at the end
    before: str


# Among events of the same moment the last stands first.
APPLIED, CONFIRMED, WITHDRAWN, ASKED, ACTED, TOGETHER, TRIED, ARRIVED, CHANGED, NOW = range(10)


def timeline(company: Company, candidate_pk: int, *, before: str = "", size: int = PAGE_SIZE) -> Timeline:
    """Return what happened to somebody at this company before a moment, else lately; rows of no other company."""
    moment = Place.read(before) if before else None
    exports = {
        export.pk: export
        for export in CandidateExport.objects.for_company(company)
        .filter(candidate=candidate_pk)
        .select_related("connection", "posting", "job", "requested_by")
    }
    events = [
        *_of_applications(company, candidate_pk),
        *_of_exports(exports),
        *_of_people(company, candidate_pk, moment, size + 1),
        *_of_sendings(company, candidate_pk, moment, size + 1),
        *_of_attempts(exports, moment, size + 1),
        *_of_changes(exports, moment, size + 1),
    ]
    older = (event for event in events if moment is None or event.moment < moment)
    found = nlargest(size + 1, older, key=lambda event: event.moment)
    return Timeline(found[:size], str(found[size - 1].moment) if len(found) > size else "")


def _of_applications(company: Company, candidate_pk: int) -> Iterator[Event]:
    """Give what the person did. One standing application per job: there are few."""
    rows = Application.objects.for_company(company).filter(candidate=candidate_pk).select_related("job")
    for row in rows.only("created_at", "email_confirmed_at", "withdrawn_at", "job__title"):
        title = row.job.title
        yield Event(Place(row.created_at, APPLIED, row.pk), "applied", "Applied", title)
        if row.email_confirmed_at:
            yield Event(Place(row.email_confirmed_at, CONFIRMED, row.pk), "confirmed", "Confirmed the e-mail address")
        if row.withdrawn_at:
            yield Event(Place(row.withdrawn_at, WITHDRAWN, row.pk), "withdrawn", "Withdrew the application", title)


def _of_exports(exports: dict[int, CandidateExport]) -> Iterator[Event]:
    """Give what a row says of now: that it arrived, waits for something, or does not go."""
    for export in exports.values():
        label = export.connection.label
        if export.sent_at:
            moment = Place(export.sent_at, ARRIVED, export.pk)
            yield Event(moment, "arrived", f"Arrived in {label}", export.posting.title if export.posting else "")
        if export.reason == CandidateExport.Reason.BACK_FILL:
            moment = Place(export.requested_at, ASKED, export.pk)
            yield Event(
                moment, "sent", f"{_name(export.requested_by)} sent those left out to {label}", _place(exports, export)
            )
        moment = Place(export.changed_at, NOW, export.pk)
        if export.state == State.WAITING and export.held_reason:
            words = wording.describe_hold(export.held_reason, label)
            yield Event(moment, "held", "Waits", words.reason)
        elif export.state == State.CANCELLED and export.cancelled_reason != CandidateExport.Cancelled.DISMISSED:
            words = wording.describe_cancellation(export.cancelled_reason, label)
            yield Event(moment, "cancelled", words.title, words.reason)


def _of_people(company: Company, candidate_pk: int, before: Place | None, limit: int) -> Iterator[Event]:
    """Give what the company's people did."""
    verbs = {Activity.Verb.SENT: "sent", Activity.Verb.RETRIED: "retried", Activity.Verb.DISMISSED: "dismissed"}
    acts = Activity.objects.filter(company=company, candidate=candidate_pk, verb__in=verbs)
    for act in _newest(acts.select_related("connection", "actor", "job"), "created_at", ACTED, before, limit):
        texts = {
            "sent": f"{_name(act.actor)} sent the candidate to {act.connection.label}",
            "retried": f"{_name(act.actor)} tried again" if act.actor else "Tried again",
            "dismissed": f"{_name(act.actor)} dismissed it",
        }
        kind = verbs[Activity.Verb(act.verb)]
        yield Event(Place(act.created_at, ACTED, act.pk), kind, texts[kind], act.job.title if act.job else "")


def _of_sendings(company: Company, candidate_pk: int, before: Place | None, limit: int) -> Iterator[Event]:
    """Give when they were sent together with others: that is one act of somebody, and names nobody."""
    items = BulkSendItem.objects.filter(
        company=company,
        candidate=candidate_pk,
        outcome=BulkSendItem.Outcome.GOES,
        bulk_send__confirmed_at__isnull=False,
    ).select_related("bulk_send__connection", "bulk_send__requested_by", "bulk_send__job")
    for item in _newest(items, "bulk_send__confirmed_at", TOGETHER, before, limit):
        sending = item.bulk_send
        text = f"{_name(sending.requested_by)} sent the candidate to {sending.connection.label}"
        moment = Place(sending.confirmed_at, TOGETHER, item.pk)
        yield Event(moment, "sent", text, sending.job.title if sending.job else "")


def _of_attempts(exports: dict[int, CandidateExport], before: Place | None, limit: int) -> Iterator[Event]:
    """Give the refusals that somebody had to see, and arrivals of rows that have been sent anew since."""
    refused = Q(outcome=ExportAttempt.Outcome.REJECTED) & ~Q(code__in=CandidateExport.Held.values)
    arrived = Q(outcome__in=[ExportAttempt.Outcome.SENT, ExportAttempt.Outcome.FOUND])
    # Of the last arrival the row itself knows.
    gone = Q(export__sent_at=None) | Q(started_at__lt=F("export__requested_at"))
    attempts = ExportAttempt.objects.filter(refused | arrived & gone, export__in=list(exports))
    for attempt in _newest(attempts, "started_at", TRIED, before, limit):
        export = exports[attempt.export_id]
        label, moment = export.connection.label, Place(attempt.started_at, TRIED, attempt.pk)
        if attempt.outcome == ExportAttempt.Outcome.REJECTED:
            words = wording.describe_failure(attempt.code, {}, label)
            yield Event(moment, "failed", words.title, _place(exports, export))
        else:
            yield Event(moment, "arrived", f"Arrived in {label}", _place(exports, export))


def _of_changes(exports: dict[int, CandidateExport], before: Place | None, limit: int) -> Iterator[Event]:
    """Give what happened in the ATS; but not that they came into the stage where we put them."""
    first_stage = AccountStage.objects.filter(
        connection=OuterRef("export__connection"), external_id=OuterRef("stage_id"), step=AccountStage.Step.SENT
    )
    earlier = StageChange.objects.filter(
        export=OuterRef("export"), kind=StageChange.Kind.MOVED, happened_at__lt=OuterRef("happened_at")
    )
    arrival = Q(
        kind=StageChange.Kind.MOVED,
        export__sent_at__isnull=False,
        happened_at__range=(F("export__sent_at") - ARRIVAL, F("export__sent_at") + ARRIVAL),
    )
    changes = StageChange.objects.filter(export__in=list(exports))
    changes = changes.exclude(arrival & Q(Exists(first_stage)) & ~Q(Exists(earlier)))
    for change in _newest(changes, "happened_at", CHANGED, before, limit):
        export = exports[change.export_id]
        text = wording.describe_change(change.kind, export.connection.label, change.stage_name or change.reason_name)
        yield Event(Place(change.happened_at, CHANGED, change.pk), change.kind, text, _place(exports, export))


def _newest(rows: "QuerySet[Any]", field: str, source: int, before: Place | None, limit: int) -> "QuerySet[Any]":
    """Keep the newest rows of a source before a moment."""
    if before is not None:
        older = Q(**{f"{field}__lt": before.time})
        if source < before.stream:
            older |= Q(**{field: before.time})
        elif source == before.stream:
            older |= Q(**{field: before.time, "pk__lt": before.pk})
        rows = rows.filter(older)
    return rows.order_by(f"-{field}", "-pk")[:limit]


def _place(exports: dict[int, CandidateExport], export: CandidateExport) -> str:
    """Say of which posting it is, where there are several."""
    if len(exports) < 2:
        return ""
    return export.posting.title if export.posting else "No posting"


def _name(user: object | None) -> str:
    return str(user or "Somebody")
