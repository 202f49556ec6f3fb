"""What was learned of those who were sent, written down in bulk: each thing once, and only where it is news."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, cast

from django.conf import settings
from django.db import connection as database
from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from integrations.models import AccountReason, AccountStage, CandidateExport, Connection, StageChange
from integrations.nudging import REFRESH_ACCOUNT, nudge
from integrations.providers import Move, Progress
from purposejobs.tenancy import company_scope

Kind = StageChange.Kind

# What an answer may change.
FOLLOWED = [
    "stage_id", "stage_changed_at", "archived_at", "archive_reason_id", "hired_at", "anonymised_there_at", "owner_id",
    "origin", "tags", "external_url", "external_contact_id", "external_updated_at", "deleted_there_at",
]  # fmt: skip
# A stage or reason we have no name for makes us ask for the account's lists, but not over and over.
ASK_AGAIN = timedelta(minutes=1)

# Stages and reasons that were not known here when they were first heard of.
NAME_STAGES = """
UPDATE integrations_stagechange AS change SET stage_name = stage.name
FROM integrations_candidateexport AS export, integrations_accountstage AS stage
WHERE change.company_id = %(company)s AND change.kind = 'moved' AND change.stage_name = '' AND stage.name <> ''
  AND export.id = change.export_id AND export.connection_id = %(connection)s
  AND stage.connection_id = export.connection_id AND stage.external_id = change.stage_id
"""
NAME_REASONS = """
UPDATE integrations_stagechange AS change
SET reason_name = reason.name, kind = CASE WHEN reason.is_hire THEN 'hired' ELSE 'archived' END
FROM integrations_candidateexport AS export, integrations_accountreason AS reason
WHERE change.company_id = %(company)s AND change.kind = 'archived' AND change.reason_name = ''
  AND export.id = change.export_id AND export.connection_id = %(connection)s
  AND export.archived_at = change.happened_at
  AND reason.connection_id = export.connection_id AND reason.external_id = export.archive_reason_id
  AND reason.name <> '' AND NOT EXISTS (SELECT FROM integrations_stagechange AS twin
    WHERE twin.export_id = change.export_id AND twin.kind = 'hired' AND twin.happened_at = change.happened_at)
RETURNING change.export_id, reason.is_hire
"""


@dataclass
class Names:
    """What the account calls its stages and reasons."""

    stages: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, AccountReason] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection) -> "Names":
        return cls(
            dict(AccountStage.objects.filter(connection=connection).values_list("external_id", "name")),
            {reason.external_id: reason for reason in AccountReason.objects.filter(connection=connection)},
        )

    def reason(self, reason_id: str) -> tuple[str, bool]:
        """Return a reason's name, and whether it means hired."""
        known = self.reasons.get(reason_id)
        return (known.name, known.is_hire) if known else ("", False)


def apply(connection: Connection, progresses: Iterable[Progress], told_by: str, read_at: datetime) -> int:
    """Write down how these records stand; return how many of ours changed. In the company's scope.

    `read_at` is when the answer was asked for. An older answer never replaces a newer one; where nothing changed,
    nothing is written but that somebody looked. Rows that somebody has locked are passed over and read again soon.
    """
    newest: dict[str, Progress] = {}
    for progress in progresses:
        known = newest.get(progress.external_id)
        if known is None or known.updated_at <= progress.updated_at:
            newest[progress.external_id] = progress
    exports = _locked(connection, newest)
    if not exports:
        return 0
    names = Names.of(connection)
    changed: list[CandidateExport] = []
    happened: list[StageChange] = []
    for export in exports:
        progress = newest[export.external_id]
        if not _is_older(export, progress, read_at):
            changes = _changes(export, progress, names, told_by)
            if _take_over(export, progress, names):
                changed.append(export)
                happened += changes
    if changed:
        _write(changed)
        fresh = _keep_changes(changed, happened)
        if any(_is_bare(change) for change in fresh) and not _listed_lately(connection):
            nudge(REFRESH_ACCOUNT, connection.pk)
    looked = CandidateExport.objects.filter(pk__in=[export.pk for export in exports])
    looked.filter(Q(checked_at=None) | Q(checked_at__lt=read_at)).update(checked_at=read_at)
    return len(changed)


def gone(connection: Connection, external_ids: Iterable[str], told_by: str, at: datetime) -> int:
    """Write down that these records were deleted there; return how many of ours. In the company's scope.

    They are not sent again by themselves. `at` is when that was asked for; who was seen there since is not gone.
    """
    exports = [
        export
        for export in _locked(connection, external_ids)
        if export.deleted_there_at is None and (export.checked_at is None or export.checked_at <= at)
    ]
    if exports:
        rows = CandidateExport.objects.filter(pk__in=[export.pk for export in exports])
        rows.update(deleted_there_at=at, checked_at=at)
        _keep_changes(exports, [_change(export, Kind.DELETED, at, told_by) for export in exports])
    return len(exports)


def fill_in_names(connection: Connection) -> None:
    """Name what was heard of before the account's lists were; in the company's scope."""
    parameters = {"company": connection.company_id, "connection": connection.pk}
    with database.cursor() as cursor:
        cursor.execute(NAME_STAGES, parameters)
        cursor.execute(NAME_REASONS, parameters)
        hired = [export_pk for export_pk, is_hire in cursor.fetchall() if is_hire]
    for export in CandidateExport.objects.filter(pk__in=hired, hired_at=None).exclude(archived_at=None).order_by("pk"):
        CandidateExport.objects.filter(pk=export.pk, archived_at=export.archived_at).update(hired_at=export.archived_at)


def _locked(connection: Connection, external_ids: Iterable[str]) -> list[CandidateExport]:
    """Return our rows of these records, locked.

    Nobody waits for a lock here while holding one (a drain records many rows at once as well): rows that somebody else
    has locked are passed over, and read again soon.
    """
    ours = CandidateExport.objects.filter(connection=connection, external_id__in=set(external_ids) - {""})
    keys = list(ours.values_list("pk", flat=True))
    if not keys:
        return []
    rows = CandidateExport.objects.filter(pk__in=keys, connection=connection).exclude(external_id="")
    exports = list(rows.select_for_update(no_key=True, skip_locked=True, of=("self",)).order_by("pk"))
    if passed_over := set(keys) - {export.pk for export in exports}:
        transaction.on_commit(partial(_read_soon, connection.company_id, passed_over), robust=True)
    return exports


def _read_soon(company_pk: int, export_pks: set[int]) -> None:
    for export_pk in export_pks:  # one lock at a time
        with company_scope(company_pk):
            rows = CandidateExport.objects.filter(pk=export_pk).exclude(external_id="")
            # What was asked for before keeps its reason: somebody may be waiting for that look.
            asked = Case(When(read_because="", then=Value(StageChange.ToldBy.CATCH_UP)), default=F("read_because"))
            rows.update(read_due_at=timezone.now(), read_because=asked)


def _is_older(export: CandidateExport, progress: Progress, read_at: datetime) -> bool:
    if export.deleted_there_at:
        margin = timedelta(seconds=settings.EXPORTS["clock_margin_seconds"])
        if progress.updated_at <= export.deleted_there_at + margin:
            return True  # a late word of somebody who is gone
    if export.external_updated_at is None or progress.updated_at > export.external_updated_at:
        return False
    is_same = progress.updated_at == export.external_updated_at
    return not is_same or (export.checked_at is not None and read_at < export.checked_at)


def _take_over(export: CandidateExport, progress: Progress, names: Names) -> bool:
    """Change the row in memory; say whether anything differs."""
    _, is_hire = names.reason(progress.archive_reason_id)
    came_at = max((move.at for move in progress.moves if move.stage_id == progress.stage_id), default=None)
    if came_at is None:
        came_at = export.stage_changed_at if progress.stage_id == export.stage_id else progress.updated_at
    news: dict[str, Any] = {
        "stage_id": progress.stage_id,
        "stage_changed_at": came_at,
        "archived_at": progress.archived_at,
        "archive_reason_id": progress.archive_reason_id if progress.archived_at else "",
        "hired_at": progress.archived_at if is_hire else None,
        "anonymised_there_at": (export.anonymised_there_at or progress.updated_at) if progress.is_anonymised else None,
        "owner_id": progress.owner_id,
        "origin": progress.origin[:40],
        "tags": [tag[:200] for tag in progress.tags],
        "external_url": progress.external_url or export.external_url,
        "external_contact_id": progress.contact_id or export.external_contact_id,
        "external_updated_at": progress.updated_at,
        # Changed there since we thought it deleted.
        "deleted_there_at": None,
    }
    differing = [name for name, value in news.items() if getattr(export, name) != value]
    for name in differing:
        setattr(export, name, news[name])
    return bool(differing)


@cache
def _update() -> str:
    fields = [CandidateExport._meta.get_field(name) for name in FOLLOWED]
    news = ", ".join(f"{field.name} = news.{field.name}" for field in fields)
    types = ", ".join(f"{field.name} {cast('models.Field[Any, Any]', field).db_type(database)}" for field in fields)
    return (
        f"UPDATE integrations_candidateexport AS export SET {news}"  # noqa: S608
        f" FROM jsonb_to_recordset(%s::jsonb) AS news(id bigint, {types}) WHERE export.id = news.id"
    )


def _write(exports: list[CandidateExport]) -> None:
    # One document instead of a CASE for each field and row: a page of a hundred takes a tenth of the time.
    rows = [{"id": export.pk} | {name: getattr(export, name) for name in FOLLOWED} for export in exports]
    with database.cursor() as cursor:
        cursor.execute(_update(), [json.dumps(rows, default=str)])


def _changes(export: CandidateExport, progress: Progress, names: Names, told_by: str) -> list[StageChange]:
    """Return what happened between the row as we have it and this answer; some of it may be known already."""
    moves = progress.moves
    if not moves and progress.stage_id != export.stage_id:
        moves = (Move(progress.stage_id, progress.updated_at),)
    happened = [
        _change(export, Kind.MOVED, move.at, told_by, move.stage_id, names.stages.get(move.stage_id, ""))
        for move in moves
    ]
    if progress.archived_at:
        reason_name, is_hire = names.reason(progress.archive_reason_id)
        kind = Kind.HIRED if is_hire else Kind.ARCHIVED
        happened.append(_change(export, kind, progress.archived_at, told_by, reason_name=reason_name))
    elif export.archived_at:
        happened.append(_change(export, Kind.REOPENED, progress.updated_at, told_by))
    if progress.is_anonymised and not export.anonymised_there_at:
        happened.append(_change(export, Kind.ANONYMISED, progress.updated_at, told_by))
    return happened


def _change(
    export: CandidateExport,
    kind: str,
    happened_at: datetime,
    told_by: str,
    stage_id: str = "",
    stage_name: str = "",
    reason_name: str = "",
) -> StageChange:
    return StageChange(
        company_id=export.company_id,
        export=export,
        kind=kind,
        stage_id=stage_id,
        stage_name=stage_name[:200],
        reason_name=reason_name[:200],
        happened_at=happened_at,
        told_by=told_by,
    )


def _keep_changes(exports: list[CandidateExport], happened: list[StageChange]) -> list[StageChange]:
    """Keep what is new of it, and return that. Somebody archived for another reason than we thought is still one."""
    known = {_key(change): change for change in StageChange.objects.filter(export__in=exports)}
    fresh, renamed = [], []
    for change in happened:
        before = known.get(_key(change))
        if before is None:
            fresh.append(change)
        elif before.kind != change.kind or (change.reason_name and before.reason_name != change.reason_name):
            before.kind, before.reason_name = change.kind, change.reason_name
            renamed.append(before)
    StageChange.objects.bulk_create(fresh, ignore_conflicts=True)
    StageChange.objects.bulk_update(renamed, ["kind", "reason_name"])
    return fresh


def _key(change: StageChange) -> tuple[object, ...]:
    kind = Kind.ARCHIVED if change.kind == Kind.HIRED else change.kind
    return change.export_id, kind, change.stage_id, change.happened_at


def _is_bare(change: StageChange) -> bool:
    """Say whether we have no name for the stage or the reason."""
    if change.kind == Kind.ARCHIVED:
        return not change.reason_name
    return change.kind == Kind.MOVED and not change.stage_name


def _listed_lately(connection: Connection) -> bool:
    return connection.postings_listed_at is not None and connection.postings_listed_at > timezone.now() - ASK_AGAIN
