"""The log of acts: who did what, folded where it was one go, narrowed, paged and as a file."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations import actions
from integrations.models import Activity
from integrations.queries.activity import ActFilters, act_page
from purposejobs.tenancy import company_scope
from tests.counting import queries_of
from tests.factories import make_application, make_candidate, make_job
from tests.integrations.rows import make_connection, make_export

LIST, FILE = reverse("activity_list", args=["acme"]), reverse("activity_csv", args=["acme"])


@pytest.fixture
def connection(acme, alice):
    return make_connection(acme)


@pytest.fixture
def kim(acme):
    return make_application(make_job(acme, "Baker"), make_candidate("Kim Park")).candidate


def act(connection, verb, *, seconds=0, actor=None, **fields):
    with company_scope(connection.company):
        row = Activity.objects.create(
            company_id=connection.company_id, connection=connection, verb=verb, actor=actor, **fields
        )
        Activity.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(seconds=seconds))
    return row


def shown(client, **asked):
    response = client.get(LIST, asked)
    return [(entry.text, entry.detail, entry.who, entry.job and entry.job.title) for entry in response.context["acts"]]


def file(client, **asked):
    response = client.get(FILE, asked)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def test_it_says_who_did_what(client, connection, alice, bob, kim, acme):
    job = make_job(acme, "Miller")
    act(connection, "connected", actor=alice, seconds=900)
    act(connection, "linked", actor=bob, job=job, detail="Miller at the old mill", seconds=800)
    act(connection, "sent", actor=bob, job=job, candidate=kim, seconds=700)
    act(connection, "sent", actor=bob, job=job, detail="40 candidates", seconds=600)
    act(connection, "changed", actor=alice, detail="Notes are no longer sent", seconds=500)
    act(connection, "lost", detail="grant_dead", seconds=400)
    client.force_login(bob)

    assert shown(client) == [
        ("Access to Lever was lost", "Lever no longer accepts our access", "", None),
        ("Changed a setting", "Notes are no longer sent", "Alice Adams", None),
        ("Sent to Lever", "40 candidates", "Bob Brown", "Miller"),
        ("Sent to Lever", "Kim Park", "Bob Brown", "Miller"),
        ("Connected a job with its posting", "Miller at the old mill", "Bob Brown", "Miller"),
        ("Connected Lever", "", "Alice Adams", None),
    ]


def test_every_verb_has_words(client, connection, alice):
    for number, verb in enumerate(Activity.Verb.values):
        act(connection, verb, actor=alice, seconds=number * 100)
    client.force_login(alice)

    assert all("_" not in text and "{" not in text for text, *_ in shown(client))


def test_what_was_done_to_many_in_one_go_is_one_entry(client, connection, alice, bob, kim):
    for seconds in range(10, 15):
        act(connection, "retried", actor=alice, candidate=kim, seconds=seconds)
    act(connection, "retried", actor=bob, candidate=kim, seconds=20)
    act(connection, "retried", actor=alice, candidate=kim, seconds=30)
    act(connection, "retried", actor=alice, candidate=kim, seconds=95)
    client.force_login(alice)

    assert shown(client) == [
        ("Tried 5 candidates again", "Kim Park, Kim Park, Kim Park and 2 more", "Alice Adams", None),
        ("Tried again", "Kim Park", "Bob Brown", None),
        ("Tried again", "Kim Park", "Alice Adams", None),
        ("Tried again", "Kim Park", "Alice Adams", None),
    ]


def test_the_jobs_of_accept_all_are_one_entry(client, connection, acme, alice):
    for title in ("Baker", "Miller", "Smith"):
        act(connection, "linked", actor=alice, job=make_job(acme, title), detail=title)
    client.force_login(alice)

    assert shown(client) == [("Connected 3 jobs with their postings", "", "Alice Adams", None)]


def test_changes_of_settings_are_never_one_entry(client, connection, alice):
    act(connection, "changed", actor=alice, detail="One")
    act(connection, "changed", actor=alice, detail="Other")
    client.force_login(alice)

    assert [detail for _, detail, *_ in shown(client)] == ["Other", "One"]


def test_somebody_no_longer_shared_has_no_name(client, connection, alice):
    act(connection, "sent", actor=alice, candidate=make_candidate("Hidden Person"))
    client.force_login(alice)

    assert shown(client) == [("Sent to Lever", "somebody no longer shared with you", "Alice Adams", None)]
    assert b"Hidden Person" not in client.get(LIST).content
    assert "Hidden Person" not in str(file(client))


@pytest.fixture
def several(connection, acme, alice, bob):
    job = make_job(acme, "Baker")
    act(connection, "connected", actor=alice, seconds=5 * 86400)
    act(connection, "imported", actor=bob, job=job, detail="Baker", seconds=3600)
    act(connection, "changed", actor=alice, job=job, detail="Automatic sending off")
    return job


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"kind": "connection"}, ["Connected Lever"]),
        ({"kind": "jobs"}, ["Imported a posting"]),
        ({"kind": "settings"}, ["Changed a setting"]),
        ({"kind": "candidates"}, []),
        ({"kind": "nonsense"}, ["Changed a setting", "Imported a posting", "Connected Lever"]),
        ({"by": "bob"}, ["Imported a posting"]),
        ({"job": "baker"}, ["Changed a setting", "Imported a posting"]),
        ({"job": "999999"}, ["Changed a setting", "Imported a posting", "Connected Lever"]),
        ({"from": "yesterday"}, ["Changed a setting", "Imported a posting"]),
        ({"to": "4 days ago"}, ["Connected Lever"]),
        ({"from": "0001-01-01", "to": "9999-12-31"}, ["Changed a setting", "Imported a posting", "Connected Lever"]),
        ({"from": "soon"}, ["Changed a setting", "Imported a posting", "Connected Lever"]),
    ],
)
def test_it_can_be_narrowed_and_the_file_with_it(client, several, bob, asked, words):
    today = timezone.now().date()
    named = {
        "bob": bob.pk,
        "baker": several.pk,
        "yesterday": today - timedelta(days=1),
        "4 days ago": today - timedelta(days=4),
    }
    asked = {name: named.get(value, value) for name, value in asked.items()}
    client.force_login(bob)

    assert [text for text, *_ in shown(client, **asked)] == words
    assert [row[2] for row in file(client, **asked)[1:]] == words


def test_the_file_has_a_line_for_each_and_no_formula(client, connection, acme, alice, kim):
    job = make_job(acme, "=HYPERLINK(1)")
    for _ in range(3):
        act(connection, "retried", actor=alice, job=job, candidate=kim)
    act(connection, "changed", actor=alice, detail="+1 setting")
    client.force_login(alice)

    heads, first, *others = file(client)

    assert heads == ["When", "Who", "What", "Detail", "Job"]
    assert first[1:] == ["Alice Adams", "Changed a setting", "'+1 setting", ""]
    assert [row[1:] for row in others] == [["Alice Adams", "Tried again", "Kim Park", "'=HYPERLINK(1)"]] * 3


def test_the_file_names_times_in_the_zone_of_who_reads_it(client, connection, alice):
    done = act(connection, "connected", actor=alice)
    client.force_login(alice)
    client.cookies["tz"] = "Asia/Tokyo"

    at = datetime.fromisoformat(file(client)[1][0])

    assert at.utcoffset() == timedelta(hours=9)
    assert abs(at - done.created_at) < timedelta(seconds=5)


def test_the_file_holds_its_own_company_only(client, connection, alice, globex, mallory):
    act(make_connection(globex), "changed", actor=mallory, detail="Of Globex")
    act(connection, "changed", actor=alice, detail="Of Acme")
    client.force_login(alice)

    assert [row[3] for row in file(client)] == ["Detail", "Of Acme"]


def test_a_page_costs_the_same_with_many(client, connection, acme, alice, kim):
    act(connection, "retried", actor=alice, candidate=kim)
    client.force_login(alice)
    one = queries_of(client, LIST)
    for number in range(30):
        act(connection, "linked" if number % 2 else "retried", actor=alice, candidate=kim, job=make_job(acme))

    assert queries_of(client, LIST) <= one + 1  # the jobs' own


def test_back_filling_is_written_down(connection, acme, alice):
    with company_scope(acme):
        assert actions.back_fill(connection=connection, requested_by=alice) == 0
        assert not Activity.objects.exists()


def test_an_export_alone_is_no_act(client, connection, alice):
    make_export(connection)
    client.force_login(alice)

    assert shown(client) == []


@given(
    st.lists(
        st.tuples(st.sampled_from(["retried", "linked", "changed"]), st.integers(0, 1), st.integers(0, 80)), max_size=25
    ),
    st.integers(1, 5),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_hold_every_act_once_and_lead_back(connection, acme, alice, bob, kim, told, size):
    with company_scope(acme):
        Activity.objects.all().delete()
    seconds = 0
    for verb, who, gap in told:
        seconds += gap
        act(connection, verb, actor=[alice, bob][who], candidate=kim if verb == "retried" else None, seconds=seconds)
    with company_scope(acme):
        whole = act_page(acme, ActFilters(), size=1000).acts
        pages, mark = [], ""
        while True:
            page = act_page(acme, ActFilters(), after=mark, size=size)
            pages.append(page.acts)
            if not page.after:
                break
            mark = page.after
        back = [page.acts]
        while page.before:
            page = act_page(acme, ActFilters(), before=page.before, size=size)
            back.insert(0, page.acts)

    assert [entry for page in pages for entry in page] == whole
    assert sum(entry.number for entry in whole) == len(told)
    assert [entry for page in back for entry in page] == whole
