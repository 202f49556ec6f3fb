"""The log of what people and connections did. The same act done to many in one go is one entry.

"In one go" is: the same person, the same kind of act (for candidates: the same job), nothing else of the company in
between, and never more than a minute from one to the next. So trying 300 candidates again reads as one line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Company, User
from candidates.cards import make_cards
from integrations import wording
from integrations.models import Activity, Connection
from jobs.models import Job

Verb = Activity.Verb
# What the filter calls the kinds of acts.
KINDS: dict[str, tuple[str, list[str]]] = {
    "connection": (
        "Connection",
        [Verb.CONNECTED, Verb.RECONNECTED, Verb.DISCONNECTED, Verb.LOST, Verb.TESTED, Verb.TEST_SENT],
    ),
    "jobs": ("Jobs", [Verb.LINKED, Verb.UNLINKED, Verb.IMPORTED]),
    "candidates": ("Candidates", [Verb.SENT, Verb.RETRIED, Verb.DISMISSED, Verb.BACK_FILLED]),
    "settings": ("Settings", [Verb.CHANGED]),
}
TO_CANDIDATES = {Verb.SENT, Verb.RETRIED, Verb.DISMISSED}
TO_JOBS = {Verb.LINKED, Verb.UNLINKED, Verb.IMPORTED}
ONE_GO = timedelta(minutes=1)
NAMES_SHOWN = 3
# A page reads no more rows than this: an entry of more goes on as another one.
ROWS_READ = 20_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIELDS = ("created_at", "pk", "verb", "actor_id", "job_id", "candidate_id", "connection_id", "detail")


@dataclass(frozen=True, slots=True)
class ActFilters:
    """What the log is narrowed to; `kind` is a key of KINDS."""

    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    user_pk: int | None = None
    job_pk: int | None = None
    connection_pk: int | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One entry, in words."""

    at: datetime
    verb: str
    text: str
    # what it was done with: names, a posting, the setting
    detail: str
    # who did it; empty when nobody did, as when access was lost
    who: str
    job: Job | None
    # of one candidate that the company still sees: where their name leads
    candidate_pk: int | None
    number: int


@dataclass(frozen=True, slots=True)
class ActPage:
    acts: list[Act]
    # the values of `before` and `after` that lead to the neighbouring pages; empty at the ends
    before: str
    after: str


Row = tuple[Any, ...]


def activities(company: Company, filters: ActFilters) -> QuerySet[Activity]:
    """Return what was done, narrowed."""
    rows = Activity.objects.filter(company=company)
    if filters.since:
        rows = rows.filter(created_at__gte=filters.since)
    if filters.until:
        rows = rows.filter(created_at__lt=filters.until)
    if filters.kind:
        rows = rows.filter(verb__in=KINDS[filters.kind][1])
    if filters.user_pk:
        rows = rows.filter(actor=filters.user_pk)
    if filters.job_pk:
        rows = rows.filter(job=filters.job_pk)
    if filters.connection_pk:
        rows = rows.filter(connection=filters.connection_pk)
    return rows


def act_page(company: Company, filters: ActFilters, *, after: str = "", before: str = "", size: int = 25) -> ActPage:
    """Return the entries after or before a mark, else the newest."""
    backwards = bool(before) and not after
    place = _read(before if backwards else after)
    backwards = backwards and place is not None
    groups: list[list[Row]] = []
    for row in _stream(activities(company, filters), place, backwards):
        if groups and _is_one_go(groups[-1][-1], row):
            groups[-1].append(row)
        elif len(groups) > size:
            break
        else:
            groups.append([row])
    is_more = len(groups) > size or sum(map(len, groups)) >= ROWS_READ
    groups = groups[:size]
    if backwards:
        groups = [group[::-1] for group in reversed(groups)]
    has_before = is_more if backwards else place is not None
    has_after = backwards or is_more
    return ActPage(
        acts=describe(company, groups),
        before=_mark(groups[0][0]) if groups and has_before else "",
        after=_mark(groups[-1][-1]) if groups and has_after else "",
    )


def describe(company: Company, groups: list[list[Row]]) -> list[Act]:
    """Put groups of rows (of FIELDS) into words, in a constant number of queries."""
    users = User.objects.in_bulk({group[0][3] for group in groups} - {None})
    jobs = Job.objects.filter(company=company).in_bulk({row[4] for group in groups for row in group[:1]} - {None})
    connections = Connection.objects.filter(company=company).in_bulk({group[0][6] for group in groups})
    wanted = {row[5] for group in groups for row in group[:NAMES_SHOWN]} - {None}
    names = {card.candidate.pk: card.source.name for card in make_cards(company, sorted(wanted))}
    return [_act(group, users, jobs, names, connections[group[0][6]].label) for group in groups]


def _act(group: list[Row], users: dict[int, User], jobs: dict[int, Job], names: dict[int, str], label: str) -> Act:
    at, _, verb, actor_pk, job_pk, candidate_pk, _, detail = group[0]
    number = len(group)
    job = jobs.get(job_pk) if number == 1 or verb in TO_CANDIDATES else None
    shown = ""
    if verb in TO_CANDIDATES and candidate_pk:
        known = [names.get(row[5], "somebody no longer shared with you") for row in group[:NAMES_SHOWN]]
        more = number - len(known)
        shown = ", ".join(known) + (f" and {more:,} more" if more else "")
    elif number == 1:
        shown = wording.describe_loss(detail, label).title if verb == Verb.LOST else detail
    return Act(
        at=at,
        verb=verb,
        text=wording.describe_act(verb, number, label),
        detail=shown,
        who=str(users.get(actor_pk, "")),
        job=job,
        candidate_pk=candidate_pk if number == 1 and candidate_pk in names else None,
        number=number,
    )


def _is_one_go(row: Row, following: Row) -> bool:
    at, _, verb, actor, job, candidate, connection, _ = row
    if (verb, actor, connection) != (following[2], following[3], following[6]) or abs(at - following[0]) > ONE_GO:
        return False
    # A sending of many has no candidate of its own: it is an entry already.
    return verb in TO_JOBS or verb in TO_CANDIDATES and job == following[4] and bool(candidate and following[5])


def _stream(rows: QuerySet[Activity], place: tuple[datetime, int] | None, backwards: bool) -> Iterator[Row]:
    """Give rows beyond a place in their order, a handful first, then many at once."""
    side, minus, read, chunk = ("gt", "", 0, 100) if backwards else ("lt", "-", 0, 100)
    while read < ROWS_READ:
        beyond = rows
        if place is not None:
            at, pk = place
            # The first condition is implied by the second; it is what the index can use.
            beyond = rows.filter(
                Q(**{f"created_at__{side}e": at}),
                Q(**{f"created_at__{side}": at}) | Q(created_at=at, **{f"pk__{side}": pk}),
            )
        found = list(beyond.order_by(f"{minus}created_at", f"{minus}pk").values_list(*FIELDS)[:chunk])
        yield from found
        if len(found) < chunk:
            return
        read, place, chunk = read + len(found), found[-1][:2], 2000


def _mark(row: Row) -> str:
    return f"{(row[0] - EPOCH) // timedelta(microseconds=1)}-{row[1]}"


def _read(mark: str) -> tuple[datetime, int] | None:
    try:
        microseconds, pk = (int(part) for part in mark.split("-"))
        return EPOCH + timedelta(microseconds=microseconds), min(pk, 2**63 - 1)
    except (ValueError, OverflowError):
        return None
