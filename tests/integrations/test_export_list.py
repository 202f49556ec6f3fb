"""The list of everything that was sent: problems first, each with its history."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import ExportAttempt
from purposejobs.tenancy import company_scope
from tests.factories import hide_from, make_application, make_candidate, make_job
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


# -- Filters --------------------------------------------------------------------------------------------------------


def test_people_are_found_by_the_name_they_applied_with_or_their_profiles(signed_in, acme, far):
    job = make_job(acme)
    applied = make_application(job, make_candidate("Renée Old"), name="Renée Neumann")
    make_export(far, applied.candidate, state="sent")
    make_export(far, make_candidate("Renee Profile", is_discoverable=True), state="sent")
    make_export(far, make_candidate("Somebody", headline="Works with Renée", is_discoverable=True), state="sent")

    found = signed_in.get(f"{PAGE}?state=sent&q=renee")

    assert sorted(names(found)) == ["Renee Profile", "Renée Old"]
    assert names(signed_in.get(f"{PAGE}?state=sent&q=neumann")) == ["Renée Old"]
    assert names(signed_in.get(f"{PAGE}?state=sent&q=works")) == []


def test_somebody_who_hides_now_is_not_found_by_name(signed_in, acme, far):
    candidate = make_candidate("Secret Person", is_discoverable=True)
    make_export(far, candidate, state="sent")
    hide_from(candidate, acme)

    assert names(signed_in.get(f"{PAGE}?state=sent&q=secret")) == []


def test_the_time_of_the_last_change_can_be_chosen(signed_in, far):
    now = timezone.now()
    for days in (0, 3, 20, 90):
        candidate = make_candidate(f"{days} days", is_discoverable=True)
        make_export(far, candidate, state="sent", changed_at=now - timedelta(days=days, minutes=1))

    def found(since):
        return names(signed_in.get(f"{PAGE}?state=sent&since={since}"))

    assert found("day") == ["0 days"]
    assert found("week") == ["0 days", "3 days"]
    assert found("month") == ["0 days", "3 days", "20 days"]
    assert len(found("")) == len(found("nonsense")) == 4


def test_filters_count_in_the_tabs_and_stay_on_the_next_page(signed_in, acme, far):
    job = make_job(acme)
    for number in range(30):
        make_export(far, make_candidate(f"Kim {number}", is_discoverable=True), state="sent", job=job)
    make_export(far, make_candidate("Kim", is_discoverable=True), state="sent")

    page = signed_in.get(f"{PAGE}?state=sent&q=kim&job={job.pk}&since=day")
    second = signed_in.get(PAGE + page.context["next_url"])

    assert [(tab.slug, tab.count) for tab in page.context["tabs"]] == [
        ("attention", "0"), ("waiting", "0"), ("sent", "30"), ("cancelled", "0"), ("all", "30"),
    ]  # fmt: skip
    assert len(names(second)) == 5


def test_what_the_filters_choose_is_tried_again_and_nobody_else(signed_in, far):
    chosen = make_export(far, make_candidate("Kim", is_discoverable=True), state="failed", failure_code="bad_request")
    other = make_export(far, make_candidate("Robin", is_discoverable=True), state="failed", failure_code="bad_request")

    text = signed_in.get(f"{PAGE}?q=kim").content.decode()
    signed_in.post(f"{PAGE}retry/", {"q": "kim"})

    assert "Try 1 candidate again" in text
    with company_scope(far.company):
        chosen.refresh_from_db()
        other.refresh_from_db()
    assert (chosen.state, other.state) == ("waiting", "failed")


def test_nobody_found_offers_to_clear_the_filters(signed_in, far):
    make_export(far, state="sent")

    text = signed_in.get(f"{PAGE}?q=nobody").content.decode()

    assert "No candidate in this state is chosen by the filters." in text
    assert "Everything is in Lever" not in text


def test_history_is_a_tab_of_the_connection(signed_in, far):
    text = signed_in.get(PAGE).content.decode()

    assert '<a class="tab" href="/c/acme/exports/" aria-current="page">History</a>' in text


def test_history_stays_when_the_connection_was_ended(signed_in, acme):
    make_export(make_connection(acme, state="disconnected"), make_candidate("Kim", is_discoverable=True), state="sent")

    response = signed_in.get(f"{PAGE}?state=sent")

    assert names(response) == ["Kim"]
    assert 'class="tab"' not in response.content.decode()
