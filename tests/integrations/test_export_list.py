"""The list of everything that was sent: problems first, each with its history."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import ExportAttempt
from purposejobs.tenancy import company_scope
from tests.factories import hide_from, make_candidate, make_job
from tests.integrations.rows import make_connection, make_export, make_posting

pytestmark = pytest.mark.django_db

PAGE = "/c/acme/exports/"


@pytest.fixture
def far(acme):
    return make_connection(acme)


@pytest.fixture
def signed_in(client, bob):
    client.force_login(bob)
    return client


def make_attempt(export, **fields):
    fields = {"kind": "create", "outcome": "sent", "started_at": timezone.now(), "milliseconds": 340} | fields
    with company_scope(export.company_id):
        return ExportAttempt.objects.create(company_id=export.company_id, export=export, **fields)


def names(response):
    return [row.export.candidate.name for row in response.context["rows"]]


@pytest.fixture
def one_of_each(far):
    for name, fields in {
        "Failed": {"state": "failed", "failure_code": "bad_request"},
        "Held": {"state": "waiting", "held_reason": "posting_closed"},
        "Waiting": {"state": "waiting"},
        "Sending": {"state": "sending"},
        "Sent": {"state": "sent"},
        "Cancelled": {"state": "cancelled", "cancelled_reason": "dismissed"},
    }.items():
        make_export(far, make_candidate(name, is_discoverable=True), **fields)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Held", "Failed"]),
        ("?state=waiting", ["Sending", "Waiting", "Held"]),
        ("?state=sent", ["Sent"]),
        ("?state=cancelled", ["Cancelled"]),
        ("?state=all", ["Cancelled", "Sent", "Sending", "Waiting", "Held", "Failed"]),
        ("?state=nonsense", ["Held", "Failed"]),
    ],
)
def test_tabs_show_their_states_problems_first(signed_in, one_of_each, query, expected):
    assert names(signed_in.get(PAGE + query)) == expected


def test_tabs_are_counted(signed_in, one_of_each):
    tabs = signed_in.get(PAGE).context["tabs"]

    assert [(tab.word, tab.count) for tab in tabs] == [
        ("Needs attention", "2"), ("Waiting", "3"), ("In Lever", "1"), ("Cancelled", "1"), ("All", "6"),
    ]  # fmt: skip


def test_the_filter_by_job_is_in_the_address(signed_in, acme, far):
    job = make_job(acme, "Backend Engineer")
    make_export(far, make_candidate("Mine"), state="sent", job=job)
    make_export(far, make_candidate("Other"), state="sent")

    assert names(signed_in.get(f"{PAGE}?state=sent&job={job.pk}")) == ["Mine"]


@pytest.mark.parametrize("job", ["foreign", "x"])
def test_a_job_that_is_not_ours_is_not_found(signed_in, far, globex, job):
    pk = {"foreign": make_job(globex).pk, "x": "x"}[job]

    assert signed_in.get(f"{PAGE}?job={pk}").status_code == 404


def test_attempts_say_what_was_tried_how_long_and_how_it_ended(signed_in, far):
    export = make_export(far, state="failed", failure_code="file_refused")
    make_attempt(export, outcome="try_later", code="busy", started_at=timezone.now() - timedelta(minutes=2))
    make_attempt(export, outcome="rejected", code="file_refused", milliseconds=1500)

    text = signed_in.get(PAGE).content.decode()

    assert "2 attempts" in text
    assert "Send: Lever did not accept the résumé" in text
    assert "Send: Lever asked us to slow down." in text
    assert "took 340 ms" in text
    assert "took 2 s" in text


def test_nothing_sent_yet_says_how_to_begin(signed_in, far):
    assert "Nobody was sent yet" in signed_in.get(PAGE).content.decode()


def test_everything_sent_is_a_clean_page(signed_in, far):
    make_export(far, state="sent")

    text = signed_in.get(PAGE).content.decode()

    assert "Everything is in Lever" in text
    assert "chip--attention" not in text


def test_somebody_who_hides_now_is_not_named(signed_in, acme, far):
    candidate = make_candidate("Secret Person", is_discoverable=True)
    make_export(far, candidate, state="sent")
    hide_from(candidate, acme)

    text = signed_in.get(f"{PAGE}?state=sent").content.decode()

    assert "Secret Person" not in text
    assert "No longer shared with you" in text


def test_pages_follow_each_other_without_a_gap(signed_in, far):
    now = timezone.now()
    for minute in range(30):
        make_export(far, make_candidate(f"P{minute}"), state="sent", changed_at=now - timedelta(minutes=minute))

    first = signed_in.get(f"{PAGE}?state=sent")
    second = signed_in.get(PAGE + first.context["next_url"])

    assert names(first) + names(second) == [f"P{minute}" for minute in range(30)]
    assert second.context["next_url"] == ""
    assert names(signed_in.get(PAGE + second.context["previous_url"])) == names(first)


def test_another_companys_exports_are_not_listed(signed_in, far, globex):
    make_export(make_connection(globex), make_candidate("Theirs"), state="failed", failure_code="bad_request")

    assert names(signed_in.get(f"{PAGE}?state=all")) == []


def test_stranger_sees_no_list(client, mallory, far):
    client.force_login(mallory)

    assert client.get(PAGE).status_code == 404


def fill(far, number):
    for _ in range(number):
        make_attempt(make_export(far, state="sent", posting=make_posting(far), job=make_job(far.company)))


def test_list_runs_the_same_number_of_queries_for_10_and_200_exports(signed_in, far):
    fill(far, 10)
    signed_in.get(PAGE)  # the first visit also remembers the company
    with CaptureQueriesContext(connection) as few:
        signed_in.get(f"{PAGE}?state=sent")
    fill(far, 190)

    with CaptureQueriesContext(connection) as many:
        signed_in.get(f"{PAGE}?state=sent")

    assert len(many) == len(few)
