"""The report as a page and as files: filters, chart, words, and what a spreadsheet makes of them."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations import following
from integrations.models import AccountReason, AccountStage, StageChange
from integrations.queries import STEPS, Step
from integrations.views.report import draw, in_percent, in_time
from purposejobs.files import csv_cell
from purposejobs.tenancy import company_scope
from tests.counting import queries_of
from tests.factories import make_job
from tests.integrations.connected import apply, connect, drain, link, only_export
from tests.integrations.following.followed import let_tokens_come
from tests.integrations.rows import make_connection, make_export, make_posting

PAGE, FILE = reverse("report", args=["acme"]), reverse("report_csv", args=["acme"])


@pytest.fixture
def connection(acme, alice):
    connection = make_connection(acme)
    with company_scope(acme):
        AccountStage.objects.create(
            company=acme, connection=connection, external_id="talk", name="=A talk", position=2, step="interview"
        )
        AccountReason.objects.create(company=acme, connection=connection, external_id="no", name="Too far away")
    return connection


def send(connection, days_ago=5, *, moved=(), **fields):
    export = make_export(
        connection,
        posting=make_posting(connection),
        state="sent",
        sent_at=timezone.now() - timedelta(days=days_ago),
        **fields,
    )
    with company_scope(connection.company):
        for number, stage_id in enumerate(moved):
            StageChange.objects.create(
                company=connection.company,
                export=export,
                kind="moved",
                stage_id=stage_id,
                happened_at=export.sent_at + timedelta(days=number),
                told_by="webhook",
            )
    return export


def reached(client, **asked):
    return [step.reached for step in client.get(PAGE, asked).context["report"].steps]


def file(client, **asked):
    response = client.get(FILE, asked)
    assert response["Content-Disposition"].startswith('attachment; filename="')
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_the_page_tells_steps_stages_reasons_jobs_and_people(client, connection, alice, bob, acme):
    job = make_job(acme, "Baker")
    send(connection, moved=["lead-new", "talk"], job=job, requested_by=bob)
    send(connection, moved=["lead-new"], job=job, archived_at=timezone.now(), archive_reason_id="no")
    client.force_login(alice)

    report = client.get(PAGE).context["report"]

    assert [(step.word, step.reached) for step in report.steps] == [
        ("Sent", 2),
        ("Contacted", 1),
        ("Interview", 1),
        ("Offer", 0),
        ("Hired", 0),
    ]
    assert [(row.name, row.reached) for row in report.stages] == [("New lead", 2), ("=A talk", 1)]
    assert report.reasons == [("Too far away", 1)]
    assert [(group.name, group.reached) for group in report.jobs] == [("Baker", (2, 1, 1, 0, 0))]
    assert {group.name for group in report.people} == {"Bob Brown", "By itself"}


@pytest.fixture
def several(connection, acme, bob):
    job = make_job(acme, "Baker")
    send(connection, 2, job=job, requested_by=bob)
    send(connection, 40)
    send(connection, 100, requested_by=bob)
    send(connection, 500)
    return job


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({}, 2),
        ({"period": "30d"}, 1),
        ({"period": "12m"}, 3),
        ({"period": "all"}, 4),
        ({"period": "nonsense"}, 2),
        ({"period": "all", "by": "bob"}, 2),
        ({"period": "all", "by": "itself"}, 2),
        ({"period": "all", "by": "999999"}, 4),
        ({"period": "all", "job": "baker"}, 1),
        ({"period": "all", "job": "999999"}, 4),
        ({"period": "all", "job": "x"}, 4),
        ({"from": "50 days ago"}, 2),
        ({"to": "50 days ago"}, 2),
        ({"from": "110 days ago", "to": "30 days ago"}, 2),
        ({"from": "0001-01-01", "to": "9999-12-31"}, 4),
        ({"from": "soon"}, 2),
    ],
)
def test_it_can_be_narrowed_and_the_file_with_it(client, several, bob, asked, number):
    named = {"bob": bob.pk, "baker": several.pk}
    today = timezone.now().date()
    for name, value in asked.items():
        days = re.fullmatch(r"(\d+) days ago", value)
        asked = {**asked, name: today - timedelta(days=int(days[1])) if days else named.get(value, value)}
    client.force_login(bob)

    assert reached(client, **asked)[0] == number
    assert file(client, **asked)[1][:2] == ["Sent", str(number)]


def test_a_day_is_one_of_the_users_zone_and_both_ends_count(client, connection, bob):
    bob.time_zone = "Pacific/Auckland"  # ahead of UTC by 12 or 13 hours
    bob.save()
    export = send(connection)
    with company_scope(connection.company):
        type(export).objects.update(sent_at=datetime(2026, 5, 3, 13, tzinfo=UTC))  # 4 May there, an hour after midnight
    client.force_login(bob)

    assert [reached(client, **{"from": day, "to": day})[0] for day in ("2026-05-03", "2026-05-04", "2026-05-05")] == [
        0,
        1,
        0,
    ]


def test_another_companys_people_are_not_counted(client, connection, alice, globex):
    send(make_connection(globex))
    client.force_login(alice)

    assert reached(client) == [0] * 5
    assert file(client)[1][1] == "0"


def test_another_companys_job_and_people_cannot_be_chosen(client, several, alice, globex, mallory):
    client.force_login(alice)
    foreign = make_job(globex, "Secret")

    page = client.get(PAGE, {"job": foreign.pk, "by": mallory.pk})

    assert set(page.context["asked"].form.errors) == {"job", "by"}
    assert b"Secret" not in page.content
    assert b"Mallory" not in page.content


@pytest.mark.parametrize(
    ("table", "heads"),
    [
        ("steps", "Step,Reached,% of sent,% of the step before,Median days to the next step"),
        ("stages", "Stage,Came into it,There now,Median days in it"),
        ("reasons", "Archived because,People"),
        ("jobs", "Job,Sent,Contacted,Interview,Offer,Hired"),
        ("people", "Sent by,Sent,Contacted,Interview,Offer,Hired"),
        ("nonsense", "Step,Reached,% of sent,% of the step before,Median days to the next step"),
    ],
)
def test_every_table_is_a_file(client, connection, alice, table, heads):
    send(connection)
    client.force_login(alice)

    assert ",".join(file(client, table=table)[0]) == heads


def test_no_cell_is_a_formula(client, connection, acme, alice):
    send(connection, moved=["lead-new", "talk"], job=make_job(acme, "@SUM(A1)"))
    client.force_login(alice)

    assert file(client, table="stages")[2] == ["'=A talk", "1", "0", ""]
    assert file(client, table="jobs")[1][0] == "'@SUM(A1)"


@pytest.mark.parametrize("mark", ["=1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_what_looks_like_a_formula_is_a_text(mark):
    assert csv_cell(mark) == "'" + mark


@pytest.mark.parametrize("value", ["Baker", "1-2", "", -1, 2.5, "ä=b"])
def test_what_does_not_is_as_it_was(value):
    assert csv_cell(value) == value


def test_the_chart_says_in_words_what_it_draws(client, connection, alice):
    send(connection, moved=["lead-new", "talk"])
    send(connection)
    client.force_login(alice)

    page = client.get(PAGE).content.decode()
    svg = page[page.index('<svg class="funnel-chart"') : page.index("</svg>", page.index('<svg class="funnel-chart"'))]

    assert 'role="img" aria-labelledby="funnel-title funnel-words"' in svg
    assert "From sent to hired, last 90 days" in svg
    assert "Sent: 2. Contacted: 1, 50% of the step before. Interview: 1, 100% of the step before." in svg
    assert svg.count("<rect") == 5
    assert "style=" not in svg


def steps(*numbers):
    return [
        Step(slug, word, number, None, None, None) for (slug, word), number in zip(STEPS.items(), numbers, strict=True)
    ]


def test_columns_are_as_high_as_their_share_and_somebody_is_always_seen():
    columns = draw(steps(1000, 500, 250, 1, 0))

    assert [column.height for column in columns] == [100, 50, 25, 1.5, 0]
    assert [column.y + column.height for column in columns] == [100] * 5
    assert [column.x for column in columns] == [0, 100, 200, 300, 400]
    assert columns[0].slope == "64,0.00 100,50.00 100,100 64,100"
    assert columns[4].slope == ""


def test_a_chart_of_nobody_is_flat():
    assert [column.height for column in draw(steps(0, 0, 0, 0, 0))] == [0] * 5


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (None, ""),
        (timedelta(seconds=20), "under a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=5, minutes=20), "5 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=3, hours=12), "3.5 days"),
        (timedelta(days=45), "45 days"),
        (timedelta(days=1500), "1,500 days"),
    ],
)
def test_times_are_said_in_their_own_unit(span, words):
    assert in_time(span) == words


@pytest.mark.parametrize(
    ("share", "words"), [(None, ""), (0, "0%"), (0.002, "under 1%"), (0.5, "50%"), (0.999, "99%"), (1, "100%")]
)
def test_nearly_all_are_not_all_and_somebody_is_not_nobody(share, words):
    assert in_percent(share) == words


def test_without_a_connection_it_says_what_to_do(client, alice):
    client.force_login(alice)

    page = client.get(PAGE).content.decode()

    assert "Connect your applicant-tracking system" in page
    assert reverse("integration_list", args=["acme"]) in page


def test_with_nobody_sent_it_says_what_to_do(client, connection, alice):
    client.force_login(alice)

    assert "Connect your jobs with their postings" in client.get(PAGE).content.decode()
    assert "Look at a longer time" in client.get(PAGE, {"period": "30d"}).content.decode()


def test_the_page_costs_the_same_with_many(client, connection, acme, alice):
    send(connection, job=make_job(acme))
    client.force_login(alice)
    one = queries_of(client, PAGE)
    for number in range(8):
        send(connection, number, job=make_job(acme), moved=["lead-new", "talk"])

    assert queries_of(client, PAGE) == one


@pytest.mark.parametrize(("deleted", "counts"), [(-1, [1, 0, 0, 0, 0]), (1, [1, 1, 1, 0, 0])], ids=["before", "since"])
def test_a_record_deleted_before_somebody_was_sent_anew_is_another_one(client, connection, alice, deleted, counts):
    export = send(connection)
    with company_scope(connection.company):
        StageChange.objects.bulk_create(
            StageChange(
                company=connection.company,
                export=export,
                kind=kind,
                stage_id="talk" if kind == "moved" else "",
                happened_at=export.sent_at + timedelta(days=days),
                told_by="webhook",
            )
            for kind, days in (("moved", -2), ("deleted", deleted))
        )
    client.force_login(alice)

    assert reached(client) == counts


@pytest.mark.real_http
def test_somebody_hired_there_is_counted_here(client, ats, acme, alice):
    connection = connect(ats, acme, alice)
    job = link(acme, alice)
    apply(job)
    drain(connection)
    there = f"/opportunities/{only_export(acme).external_id}"
    with company_scope(acme):
        hired = AccountReason.objects.get(is_hire=True)
    client.force_login(alice)

    def counted_after(**change):
        ats.emulator.control("POST", there, **change)
        with company_scope(acme):
            type(connection).objects.update(next_catch_up_at=timezone.now())
        let_tokens_come(connection)
        following.follow(connection.pk)
        return reached(client)

    assert counted_after() == [1, 0, 0, 0, 0]
    assert counted_after(stage="lead-responded") == [1, 1, 0, 0, 0]
    assert counted_after(stage="lead-new") == [1, 1, 0, 0, 0]
    assert counted_after(archive_reason=hired.external_id) == [1, 1, 1, 1, 1]
    assert counted_after(archive_reason=None) == [1, 1, 0, 0, 0]
