"""What became of those who were sent: the panel of one person, and stages to filter a list by."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Func, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Length
from django.utils import timezone

from accounts.models import Company
from candidates.cards import make_cards
from candidates.models import Candidate
from integrations import wording
from integrations.models import AccountStage, CandidateExport, StageChange
from integrations.providers import get_provider
from integrations.queries.connections import provider_label, standing_connection
from integrations.queries.marks import ExportMark, export_marks
from purposejobs.paging import COUNT_CAP

State = CandidateExport.State

# How often an open panel asks whether something changed, in seconds: a move there is to be seen here within two.
LOOK_SECONDS, LOOK_SELDOM_SECONDS = 1.5, 10
# After so long without an answer the panel says that this one takes longer.
LATE = timedelta(seconds=30)
# A panel shows so many of the last moves.
HISTORY = 100

ICONS = {
    "moved": "arrow-right",
    "archived": "archive",
    "hired": "award",
    "reopened": "archive-restore",
    "deleted": "trash-2",
    "anonymised": "eraser",
}

IN_STAGE = Q(state=State.SENT, deleted_there_at=None, archived_at=None, hired_at=None)
ENDED = {
    "hired": Q(deleted_there_at=None, hired_at__isnull=False),
    "archived": Q(deleted_there_at=None, hired_at=None, archived_at__isnull=False),
}
THERE = Q(state=State.SENT, deleted_there_at=None)

# Everything of a row that a panel shows or that decides how it looks.
SEEN = [
    "pk", "state", "changed_at", "requested_at", "requested_by", "next_attempt_at", "tries", "held_reason",
    "failure_code", "cancelled_reason", "follow_up", "external_url", "stage_id", "stage_changed_at", "archived_at",
    "archive_reason_id", "hired_at", "deleted_there_at", "anonymised_there_at", "owner_id", "origin", "tags", "sent_at",
    "checked_at", "read_because", "posting", "connection__state",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to somebody in the ATS."""

    at: datetime
    # moved, archived, hired, reopened, deleted or anonymised
    kind: str
    word: str

    @property
    def icon(self) -> str:
        return ICONS[self.kind]


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One export of a person, with everything that is known of it."""

    mark: ExportMark
    requested_at: datetime
    sent_at: datetime | None
    # it went because the person applied, not because somebody asked
    went_by_itself: bool
    history: list[Change]


@dataclass(frozen=True, slots=True)
class Panel:
    """What a company's ATS knows of one person, the newest export first."""

    label: str
    rows: list[PanelRow]
    # changes with whatever is shown; a page that has it already need not be told again
    version: str
    # asked to look again, and not looked yet; for longer than usual
    is_checking: bool
    is_late: bool
    can_refresh: bool
    # why nothing new comes, if so
    why_not: str
    checked_at: datetime | None
    # how often a page that shows it should ask; 0: not at all
    look_seconds: float


def candidate_panel(company: Company, candidate_pk: int) -> Panel:
    """Return what the ATS knows of somebody. Whether the company may see them is asked before."""
    # First the version: what changes while the rest is read is shown at the next look.
    version = panel_version(company, candidate_pk)
    exports = list(
        CandidateExport.objects.for_company(company)
        .filter(candidate=candidate_pk)
        .select_related("connection", "posting", "requested_by")
        .order_by("-requested_at", "-pk")
    )
    histories = _histories(exports)
    rows = [
        PanelRow(
            mark=mark,
            requested_at=export.requested_at,
            sent_at=export.sent_at,
            went_by_itself=export.reason == CandidateExport.Reason.APPLIED,
            history=histories.get(export.pk, []),
        )
        for export, mark in zip(exports, export_marks(company, exports), strict=True)
    ]
    followed = [export for export in exports if _is_followed(export)]
    awaited = [export for export in followed if export.read_because == StageChange.ToldBy.REFRESH]
    return Panel(
        label=exports[0].connection.label if exports else provider_label(company),
        rows=rows,
        version=version,
        is_checking=bool(awaited),
        is_late=any(_is_late(export.read_due_at, export.read_tries) for export in awaited),
        can_refresh=bool(followed),
        why_not=_why_not(exports),
        checked_at=max((row.mark.checked_at for row in rows if row.mark.checked_at), default=None),
        look_seconds=_look_seconds(rows, is_followed=bool(followed)),
    )


def panel_version(company: Company, candidate_pk: int) -> str:
    """Return what changes whenever the panel of somebody would look different. One small query."""
    changes = StageChange.objects.filter(export=OuterRef("pk")).order_by().values("export")
    # Also that a stage or a reason got its name only later.
    words = Length("kind") + Length("stage_name") + Length("reason_name")
    rows = (
        CandidateExport.objects.for_company(company)
        .filter(candidate=candidate_pk)
        .annotate(changes=Subquery(changes.annotate(words=Sum(words)).values("words")))
        .order_by("pk")
        .values_list("read_due_at", "read_tries", "connection__paused_until", *SEEN, "changes")
    )
    now = timezone.now()
    seen = [
        (_is_late(read_due_at, tries), paused_until is not None and paused_until > now, *rest)
        for read_due_at, tries, paused_until, *rest in rows
    ]
    return hashlib.blake2s(repr(seen).encode(), digest_size=8).hexdigest()


def _is_late(read_due_at: datetime | None, read_tries: int) -> bool:
    return read_due_at is not None and (read_tries > 0 or read_due_at < timezone.now() - LATE)


def _histories(exports: Sequence[CandidateExport]) -> dict[int, list[Change]]:
    labels = {export.pk: export.connection.label for export in exports}
    changes = StageChange.objects.filter(export__in=list(labels)).order_by("-happened_at", "-pk")
    histories: dict[int, list[Change]] = {}
    for change in changes[: HISTORY * max(1, len(labels))]:
        histories.setdefault(change.export_id, []).append(_change(change, labels[change.export_id]))
    return histories


def _change(change: StageChange, label: str) -> Change:
    word = wording.describe_change(change.kind, label, change.stage_name or change.reason_name)
    return Change(change.happened_at, change.kind, word)


def _is_followed(export: CandidateExport) -> bool:
    return (
        export.state == State.SENT
        and export.deleted_there_at is None
        and export.connection.is_active
        and hasattr(get_provider(export.connection.provider), "read_progress")
    )


def _why_not(exports: Sequence[CandidateExport]) -> str:
    """Say why what is shown may be old: the connection of somebody who is there was lost or ended."""
    for export in exports:
        if export.state == State.SENT and not export.connection.is_active:
            return wording.describe_standstill(export.connection.state, export.connection.label)
    return ""


def _look_seconds(rows: Sequence[PanelRow], *, is_followed: bool) -> float:
    paces = [row.mark.poll_seconds for row in rows if row.mark.poll_seconds]
    if is_followed or any(pace < LOOK_SELDOM_SECONDS for pace in paces):
        return LOOK_SECONDS
    return LOOK_SELDOM_SECONDS if paces else 0


# -- Filters of lists -------------------------------------------------------------------------------------------------


def stage_choices(company: Company, *, is_counted: bool = True) -> list[tuple[str, str, int]]:
    """Return where somebody can stand in the ATS, to filter by: value, label, and how many (COUNT_CAP + 1: more).

    The stages of the standing connection, in their order, then hired and archived. Whoever erased their data is not
    counted. The values are what `candidates_in_stage` takes. Without counting, every count is 0.
    """
    connection = standing_connection(company)
    if connection is None:
        return []
    erased = Candidate.objects.filter(pk=OuterRef("candidate"), erased_at__isnull=False)
    exports = CandidateExport.objects.for_company(company).filter(~Exists(erased)).order_by()
    stages = AccountStage.objects.filter(company=company, connection=connection).order_by("position")
    ended = dict.fromkeys(ENDED, 0)
    counts: dict[int, int] = {}
    if is_counted:
        here = exports.filter(IN_STAGE, stage_id=OuterRef("external_id")).values("candidate").distinct()
        people = Func(ArraySubquery(here[: COUNT_CAP + 1]), function="cardinality", output_field=IntegerField())
        counts = dict(stages.values_list("pk", people))
        ended = {value: _people(exports.filter(rows)) for value, rows in ENDED.items()}
    return [
        *((f"stage:{stage.external_id}", stage.name, counts.get(stage.pk, 0)) for stage in stages),
        *((value, wording.OUTCOMES[value], count) for value, count in ended.items()),
    ]


def _people(exports: "QuerySet[CandidateExport]") -> int:
    return exports.values("candidate").distinct()[: COUNT_CAP + 1].count()


def candidates_in_stage(company: Company, value: str) -> "QuerySet[CandidateExport, int]":
    """Return the keys of the candidates who stand there in the ATS: `stage:` and its id, `hired` or `archived`."""
    exports = CandidateExport.objects.for_company(company)
    kind, _, stage_id = value.partition(":")
    if kind == "stage":
        exports = exports.filter(IN_STAGE, stage_id=stage_id)
    else:
        exports = exports.filter(ENDED[kind]) if kind in ENDED else exports.none()
    return exports.values_list("candidate_id", flat=True)


def candidates_there(company: Company) -> "QuerySet[CandidateExport, int]":
    """Return the keys of the candidates who are in the ATS, wherever they stand there."""
    return CandidateExport.objects.for_company(company).filter(THERE).values_list("candidate_id", flat=True)


# -- The newest ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecentChange:
    """What happened lately to somebody in the ATS."""

    candidate_pk: int
    # as the company knows the person
    name: str
    place: str
    change: Change


def recent_changes(company: Company, limit: int = 5) -> list[RecentChange]:
    """Return what happened lately in the ATS to people whom the company sees; that they arrived there is no news."""
    first_stages = AccountStage.objects.filter(
        connection=OuterRef("export__connection"), external_id=OuterRef("stage_id"), step=AccountStage.Step.SENT
    )
    # The newest of each kind is found by an index; some may be of people who are seen no more.
    newest = [
        StageChange.objects.filter(~Exists(first_stages), company=company, kind=kind)
        .order_by("-happened_at", "-pk")
        .values_list("pk", "happened_at")[: 2 * limit]
        for kind in (StageChange.Kind.MOVED, StageChange.Kind.ARCHIVED, StageChange.Kind.HIRED)
    ]
    keys = [pk for pk, _ in newest[0].union(*newest[1:], all=True).order_by("-happened_at")[: 2 * limit]]
    changes = list(
        StageChange.objects.filter(company=company, pk__in=keys)
        .select_related("export__connection", "export__posting")
        .order_by("-happened_at", "-pk")
    )
    cards = make_cards(company, {change.export.candidate_id for change in changes})
    names = {card.candidate.pk: card.source.name for card in cards}
    return [
        RecentChange(
            candidate_pk=change.export.candidate_id,
            name=names[change.export.candidate_id],
            place=change.export.posting.title if change.export.posting else "",
            change=_change(change, change.export.connection.label),
        )
        for change in changes
        if change.export.candidate_id in names
    ][:limit]
