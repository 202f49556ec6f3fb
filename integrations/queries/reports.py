"""The report: how far those who were sent have come in the ATS, from Purpose Jobs to hire.

Everybody sent in a period is followed to today, so that a conversion compares the same people. A step counts as reached
when somebody came into one of its stages or a later one, whatever became of them since; who was hired came through all
of them, and a hire that was taken back is none. Counted in the database: a company may have sent 100,000 people.
"""
# What is put together here are words of this file; whatever somebody chose is a parameter.
# ruff: noqa: S608

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection as database

from accounts.models import Company, User
from integrations.models import AccountReason, AccountStage
from jobs.models import Job

STEPS = {
    "sent": "Sent",
    "contacted": "Contacted",
    "interview": "Interview",
    "offer": "Offer",
    "hired": "Hired",
}
# Of `ReportFilters.user_pk`: nobody asked, the applicant to a connected job went by itself.
BY_ITSELF = 0


@dataclass(frozen=True, slots=True)
class ReportFilters:
    """What the report is narrowed to: who was sent at or after `since` and before `until`, for a job, by somebody."""

    since: datetime | None = None
    until: datetime | None = None
    job_pk: int | None = None
    user_pk: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    slug: str
    word: str
    reached: int
    # shares of those sent, and of those in the step before; None where there is nobody
    of_sent: float | None
    of_before: float | None
    # median time from reaching this step to reaching a later one, of those who were in it and went on
    median: timedelta | None


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage as the ATS names it."""

    name: str
    # how many ever came into it, how many of them are there now
    reached: int
    now: int
    # of each stay that is over
    median: timedelta | None


@dataclass(frozen=True, slots=True)
class Group:
    """The steps of a part: one job, or one person who sent."""

    pk: int | None
    name: str
    # how many reached each step, in the order of STEPS
    reached: tuple[int, ...]

    @property
    def counted(self) -> list[tuple[str, int]]:
        """Each step's word with its number."""
        return list(zip(STEPS.values(), self.reached, strict=True))


@dataclass(frozen=True, slots=True)
class Report:
    steps: list[Step]
    # from being sent to being hired
    median_to_hire: timedelta | None
    stages: list[StageRow]
    # why people left the pipeline without being hired, the most frequent first
    reasons: list[tuple[str, int]]
    jobs: list[Group]
    people: list[Group]

    @property
    def sent(self) -> int:
        return self.steps[0].reached

    @property
    def archived(self) -> int:
        return sum(number for _, number in self.reasons)


def report(company: Company, filters: ReportFilters) -> Report:
    """Count the steps of those whom the filters choose; the company must be in scope."""
    chosen, values = _chosen(company, filters)
    whole, jobs, people = _funnel(chosen, values)
    counts, medians = whole[:5], [None if value is None else timedelta(seconds=value) for value in whole[5:]]
    titles = Job.objects.filter(company=company, pk__in=_pks(jobs)).values_list("pk", "title")
    return Report(
        steps=[
            Step(
                slug=slug,
                word=word,
                reached=counts[place],
                of_sent=_share(counts[place], counts[0]),
                of_before=_share(counts[place], counts[place - 1]) if place else None,
                median=medians[place] if slug != "hired" else None,
            )
            for place, (slug, word) in enumerate(STEPS.items())
        ],
        median_to_hire=medians[4],
        stages=_stages(company, chosen, values),
        reasons=_reasons(company, chosen, values),
        jobs=_named(jobs, dict(titles), "No job"),
        people=_named(people, {user.pk: str(user) for user in User.objects.filter(pk__in=_pks(people))}, "By itself"),
    )


def _chosen(company: Company, filters: ReportFilters) -> tuple[str, list[Any]]:
    """Return the first tables of each query: who was sent, and what happened to them in their present record."""
    conditions = ["company_id = %s", "state = 'sent'"]
    values: list[Any] = [company.pk]
    for condition, value in (
        ("sent_at >= %s", filters.since),
        ("sent_at < %s", filters.until),
        ("job_id = %s", filters.job_pk),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if filters.user_pk == BY_ITSELF:
        conditions.append("requested_by_id IS NULL")
    elif filters.user_pk is not None:
        conditions.append("requested_by_id = %s")
        values.append(filters.user_pk)
    sql = f"""
        WITH chosen AS MATERIALIZED (
            SELECT id, connection_id, job_id, requested_by_id, sent_at, stage_id, archived_at, archive_reason_id,
                hired_at, deleted_there_at
            FROM integrations_candidateexport WHERE {" AND ".join(conditions)}
        ),
        -- Deleted there and sent anew: what happened before belongs to another record.
        former AS (
            SELECT change.export_id, max(change.happened_at) AS until
            FROM integrations_stagechange change JOIN chosen
                ON chosen.id = change.export_id AND change.happened_at <= chosen.sent_at
            WHERE change.company_id = %s AND change.kind = 'deleted' GROUP BY change.export_id
        ),
        changed AS NOT MATERIALIZED (
            SELECT chosen.*, change.id AS change_id, change.kind, change.stage_id AS to_stage_id, change.stage_name,
                change.reason_name, change.happened_at
            FROM chosen JOIN integrations_stagechange change
                ON change.export_id = chosen.id AND change.company_id = %s
            LEFT JOIN former ON former.export_id = chosen.id
            WHERE former.until IS NULL OR change.happened_at > former.until
        )"""
    return sql, [*values, company.pk, company.pk]


def _funnel(chosen: str, values: list[Any]) -> tuple[list[Any], dict[int | None, Any], dict[int | None, Any]]:
    """Return what is counted of everybody (five counts, four medians and that to the hire), of each job and person."""
    # When each step was reached: by a stage of it or of a later one, or by the hire; never before somebody was sent.
    reached = ", ".join(
        f"CASE WHEN least({early}, hired_at) IS NOT NULL THEN greatest(sent_at, least({early}, hired_at)) END AS {name}"
        for early, name in (
            ("least(contacted_at, interview_at, offer_at)", "contacted"),
            ("least(interview_at, offer_at)", "interview"),
            ("offer_at", "offer"),
            ("NULL::timestamptz", "hired"),
        )
    )
    spans = [*pairwise(["sent_at", "contacted", "interview", "offer", "hired"]), ("sent_at", "hired")]
    medians = ", ".join(
        f"percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM {after} - {before}))"
        f" FILTER (WHERE {after} > {before})"
        for before, after in spans
    )
    sql = f"""{chosen},
        earliest AS (
            SELECT changed.id,
                min(happened_at) FILTER (WHERE step = 'contacted') AS contacted_at,
                min(happened_at) FILTER (WHERE step = 'interview') AS interview_at,
                min(happened_at) FILTER (WHERE step = 'offer') AS offer_at
            FROM changed JOIN integrations_accountstage stage
                ON stage.connection_id = changed.connection_id AND stage.external_id = changed.to_stage_id
            WHERE kind = 'moved' AND step <> 'sent' GROUP BY changed.id
        ),
        reached AS MATERIALIZED (
            SELECT job_id, requested_by_id, sent_at, {reached} FROM chosen LEFT JOIN earliest USING (id)
        ),
        counted AS (
            SELECT grouping(job_id, requested_by_id) AS part, job_id, requested_by_id, count(*) AS sent,
                count(contacted), count(interview), count(offer), count(hired)
            FROM reached GROUP BY GROUPING SETS ((), (job_id), (requested_by_id))
        )
        SELECT counted.*, medians.* FROM counted LEFT JOIN (SELECT {medians} FROM reached) medians ON counted.part = 3
        ORDER BY sent DESC, job_id, requested_by_id"""
    whole: list[Any] = [0] * 5 + [None] * 5
    jobs: dict[int | None, Any] = {}
    people: dict[int | None, Any] = {}
    for part, job_pk, user_pk, *numbers in _rows(sql, values):
        if part == 3:
            whole = numbers
        elif part == 1:
            jobs[job_pk] = numbers[:5]
        else:
            people[user_pk] = numbers[:5]
    return whole, jobs, people


def _stages(company: Company, chosen: str, values: list[Any]) -> list[StageRow]:
    sql = f"""{chosen},
        line AS (
            SELECT id, connection_id, kind, to_stage_id, stage_name, happened_at,
                lead(happened_at) OVER (PARTITION BY id ORDER BY happened_at, change_id) AS left_at
            FROM changed
        )
        SELECT connection_id, to_stage_id, max(stage_name), count(DISTINCT id),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM left_at - happened_at))
                FILTER (WHERE left_at IS NOT NULL)
        FROM line WHERE kind = 'moved' GROUP BY connection_id, to_stage_id"""
    now_sql = f"""{chosen}
        SELECT connection_id, stage_id, count(*) FROM chosen
        WHERE archived_at IS NULL AND hired_at IS NULL AND deleted_there_at IS NULL GROUP BY connection_id, stage_id"""
    now = {(pk, stage_id): number for pk, stage_id, number in _rows(now_sql, values)}
    known = {
        (stage.connection_id, stage.external_id): (place, stage.name)
        for place, stage in enumerate(AccountStage.objects.filter(company=company).order_by("-connection", "position"))
    }
    rows = []
    for connection_pk, stage_id, name, number, median in _rows(sql, values):
        key = (connection_pk, stage_id)
        place, name = known.get(key, (len(known), name or "A stage without a name"))
        span = None if median is None else timedelta(seconds=median)
        rows.append((place, StageRow(name, number, now.get(key, 0), span)))
    return [row for _, row in sorted(rows, key=lambda row: (row[0], row[1].name))]


def _reasons(company: Company, chosen: str, values: list[Any]) -> list[tuple[str, int]]:
    gone = "archived_at IS NOT NULL AND hired_at IS NULL AND deleted_there_at IS NULL"
    counts = _rows(
        f"""{chosen}
        SELECT connection_id, archive_reason_id, count(*) FROM chosen WHERE {gone} GROUP BY 1, 2""",
        values,
    )
    reasons = AccountReason.objects.filter(company=company)
    names = {(row[0], row[1]): row[2] for row in reasons.values_list("connection_id", "external_id", "name")}
    if any(row[:2] not in names for row in counts):
        # The name it had then, for a reason that is no longer listed.
        then = f"""{chosen}
            SELECT connection_id, archive_reason_id, max(reason_name) FROM changed
            WHERE {gone} AND kind = 'archived' AND reason_name <> '' GROUP BY 1, 2"""
        names = {(row[0], row[1]): row[2] for row in _rows(then, values)} | names
    numbers: dict[str, int] = {}
    for connection_pk, reason_id, number in counts:
        word = names.get((connection_pk, reason_id)) or "No reason given"
        numbers[word] = numbers.get(word, 0) + number
    return sorted(numbers.items(), key=lambda row: (-row[1], row[0]))


def _named(groups: dict[int | None, Any], names: dict[int, str], nobody: str) -> list[Group]:
    return [
        Group(pk, nobody if pk is None else names.get(pk, nobody), tuple(numbers)) for pk, numbers in groups.items()
    ]


def _pks(groups: dict[int | None, Any]) -> list[int]:
    return [pk for pk in groups if pk is not None]


def _share(number: int, whole: int) -> float | None:
    return number / whole if whole else None


def _rows(sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(sql, list(values))
        return cursor.fetchall()
