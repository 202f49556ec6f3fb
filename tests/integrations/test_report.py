"""The report's numbers, against the same rules written plainly in Python."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.models import AccountReason, AccountStage, CandidateExport, StageChange
from integrations.queries import ReportFilters, report
from purposejobs.tenancy import company_scope
from tests.factories import make_candidate, make_job
from tests.integrations.rows import make_connection, make_posting

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
STAGES = {"new": "sent", "reached": "contacted", "screen": "interview", "onsite": "interview", "offer": "offer"}
RANK = {"sent": 0, "contacted": 1, "interview": 2, "offer": 3}


@dataclass
class Story:
    """One person who was sent: hours are counted from START."""

    sent: int
    job: int
    user: int
    # (hour, kind, stage)
    changes: list = field(default_factory=list)
    hired: int | None = None
    archived: str = ""
    deleted: bool = False


def at(hour):
    return START + timedelta(hours=hour)


@st.composite
def stories(draw):
    sent = draw(st.integers(0, 60))
    hours = draw(st.lists(st.integers(sent - 40, sent + 60), max_size=7, unique=True))
    changes = [
        (
            hour,
            draw(st.sampled_from(["moved", "moved", "moved", "archived", "reopened", "deleted"])),
            draw(st.sampled_from([*STAGES, "unheard"])),
        )
        for hour in sorted(hours)
    ]
    end = draw(st.sampled_from(["open", "hired", "archived", "deleted"]))
    return Story(
        sent=sent,
        job=draw(st.integers(0, 2)),
        user=draw(st.integers(0, 2)),
        changes=changes,
        hired=sent + draw(st.integers(0, 400)) if end == "hired" else None,
        archived=draw(st.sampled_from(["busy", "unlisted", ""])) if end == "archived" else "",
        deleted=end == "deleted",
    )


@pytest.fixture
def house(acme, alice, bob):
    connection = make_connection(acme)
    jobs = [None, make_job(acme, "Baker"), make_job(acme, "Miller")]
    with company_scope(acme):
        AccountStage.objects.filter(connection=connection).delete()
        for position, (external_id, step) in enumerate(STAGES.items()):
            AccountStage.objects.create(
                company=acme,
                connection=connection,
                external_id=external_id,
                name=external_id.title(),
                position=position,
                step=step,
            )
        AccountReason.objects.create(company=acme, connection=connection, external_id="busy", name="Too busy")
    return connection, jobs, [None, alice, bob]


def tell(house, company, told):
    connection, jobs, users = house
    postings = make_posting(connection)
    exports, changes = [], []
    for number, story in enumerate(told):
        is_gone = story.archived or story.hired is not None
        exports.append(
            CandidateExport(
                company=company,
                connection=connection,
                posting=postings,
                candidate=make_candidate(f"Person {number}"),
                reason="sent",
                state="sent",
                sent_at=at(story.sent),
                job=jobs[story.job],
                requested_by=users[story.user],
                external_id=f"r{number}",
                stage_id="reached",
                hired_at=None if story.hired is None else at(story.hired),
                archived_at=at(story.sent) if is_gone else None,
                archive_reason_id=story.archived,
                deleted_there_at=at(999) if story.deleted else None,
            )
        )
    with company_scope(company):
        CandidateExport.objects.bulk_create(exports)
        for export, story in zip(exports, told, strict=True):
            changes += [
                StageChange(
                    company=company,
                    export=export,
                    kind=kind,
                    stage_id=stage if kind == "moved" else "",
                    stage_name="Its name then",
                    reason_name="Its reason then" if kind == "archived" else "",
                    happened_at=at(hour),
                    told_by="webhook",
                )
                for hour, kind, stage in story.changes
            ]
        StageChange.objects.bulk_create(changes)


def present(story):
    """What happened to the present record: before it was deleted and sent anew it was another one."""
    deletions = [hour for hour, kind, _ in story.changes if kind == "deleted" and hour <= story.sent]
    return [change for change in story.changes if not deletions or change[0] > max(deletions)]


def reached(story):
    """The hour at which each step was reached, or None."""
    hours = [story.sent]
    for rank in (1, 2, 3, 4):
        came = [
            hour for hour, kind, stage in present(story) if kind == "moved" and RANK.get(STAGES.get(stage), 0) >= rank
        ]
        came += [] if story.hired is None else [story.hired]
        hours.append(max(story.sent, min(came)) if came else None)
    return hours


def middle(values):
    return timedelta(hours=median(values)) if values else None


@given(
    st.lists(stories(), max_size=12),
    st.sampled_from([None, 20, 45]),
    st.sampled_from([None, 0, 1]),
    st.sampled_from([None, 0, 2]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_numbers_are_those_of_the_plain_rules(house, acme, told, since, job, user):
    _, jobs, users = house
    with company_scope(acme):
        StageChange.objects.all().delete()
        CandidateExport.objects.all().delete()
    tell(house, acme, told)
    filters = ReportFilters(
        since=None if since is None else at(since),
        until=at(58),
        job_pk=jobs[1].pk if job else None,
        user_pk={None: None, 0: 0, 2: users[2].pk}[user],
    )
    chosen = [
        story
        for story in told
        if (since is None or story.sent >= since)
        and story.sent < 58
        and (not job or story.job == 1)
        and user in (None, story.user)
    ]
    hours = [reached(story) for story in chosen]

    with company_scope(acme):
        found = report(acme, filters)

    counts = [sum(line[step] is not None for line in hours) for step in range(5)]
    assert [step.reached for step in found.steps] == counts
    spans = [
        [line[step + 1] - line[step] for line in hours if line[step + 1] is not None and line[step + 1] > line[step]]
        for step in range(4)
    ]
    assert [step.median for step in found.steps] == [*map(middle, spans), None]
    assert found.median_to_hire == middle(
        [line[4] - line[0] for line in hours if line[4] is not None and line[4] > line[0]]
    )
    assert {group.name: group.reached for group in found.jobs} == by(
        chosen, hours, "job", ["No job", "Baker", "Miller"]
    )
    names = ["By itself", "Alice Adams", "Bob Brown"]
    assert {group.name: group.reached for group in found.people} == by(chosen, hours, "user", names)
    assert {row.name: (row.reached, row.median) for row in found.stages} == stays(chosen)
    gone = [story.archived for story in chosen if story.archived]
    words = {"busy": "Too busy", "unlisted": "Its reason then"}
    named = [
        words[reason]
        if reason == "busy" or any(kind == "archived" for _, kind, _ in present(story))
        else "No reason given"
        for story, reason in zip([story for story in chosen if story.archived], gone, strict=True)
    ]
    assert sum(number for _, number in found.reasons) == len(gone)
    assert dict(found.reasons).get("Too busy", 0) == named.count("Too busy")


def by(chosen, hours, what, names):
    groups = {}
    for story, line in zip(chosen, hours, strict=True):
        counts = groups.setdefault(names[getattr(story, what)], [0] * 5)
        for step in range(5):
            counts[step] += line[step] is not None
    return {name: tuple(counts) for name, counts in groups.items()}


def stays(chosen):
    came, lasted = {}, {}
    for number, story in enumerate(chosen):
        line = present(story)
        for place, (hour, kind, stage) in enumerate(line):
            if kind == "moved":
                name = stage.title() if stage in STAGES else "Its name then"
                came.setdefault(name, set()).add(number)
                lasted.setdefault(name, []).extend([line[place + 1][0] - hour] if place + 1 < len(line) else [])
    return {name: (len(people), middle(lasted[name])) for name, people in came.items()}
