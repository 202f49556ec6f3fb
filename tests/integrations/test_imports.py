"""Postings become draft jobs, once, connected from birth."""

import re
import threading

import pytest
from django.db import connection as database
from django.db import connections
from django.test.utils import CaptureQueriesContext

from integrations import actions
from integrations.models import Activity, PostingLink
from jobs.models import Job
from purposejobs.tenancy import company_scope
from tests.factories import make_job
from tests.integrations.rows import make_connection, make_link, make_posting

pytestmark = pytest.mark.django_db

PAGE = "/c/acme/jobs/import/"


@pytest.fixture
def far(acme):
    return make_connection(acme)


@pytest.fixture
def signed_in(client, bob):
    client.force_login(bob)
    return client


def jobs(company):
    with company_scope(company):
        return list(Job.objects.order_by("title"))


def shown(client, **asked):
    return [row.posting.title for row in client.get(PAGE, asked).context["rows"]]


def test_a_posting_becomes_a_draft_with_everything_it_says(signed_in, bob, acme, far):
    posting = make_posting(
        far,
        "Backend Engineer",
        team="Platform",
        location="Berlin, Germany",
        locations=["Berlin, Germany", "Paris, France"],
        commitment="Full-time",
        workplace="hybrid",
        salary="€60,000 to €70,000",
        description="## What you do\n\nKeep it **running**.",
    )

    signed_in.post(PAGE, {"posting": [posting.pk]})

    (job,) = jobs(acme)
    assert (job.title, job.team, job.location) == ("Backend Engineer", "Platform", "Berlin, Germany / Paris, France")
    assert (job.commitment, job.workplace, job.salary) == ("Full-time", "hybrid", "€60,000 to €70,000")
    assert job.description == "## What you do\n\nKeep it **running**."
    assert (job.status, job.created_by) == ("draft", bob)
    with company_scope(acme):
        link = PostingLink.objects.get()
        assert (link.job, link.posting, link.created_by, link.keeps_in_step) == (job, posting, bob, False)
        assert link.imported_at is not None
        activity = Activity.objects.get()
        assert (activity.verb, activity.actor, activity.job) == ("imported", bob, job)


def test_only_the_ticked_postings_are_imported(signed_in, acme, far):
    wanted = [make_posting(far, title) for title in ("Analyst", "Designer")]
    make_posting(far, "Gardener")

    signed_in.post(PAGE, {"posting": [row.pk for row in wanted], "keeps_in_step": "1"})

    assert [job.title for job in jobs(acme)] == ["Analyst", "Designer"]
    with company_scope(acme):
        assert set(PostingLink.objects.values_list("keeps_in_step", flat=True)) == {True}


def test_importing_twice_makes_one_job(signed_in, acme, far):
    posting = make_posting(far, "Analyst")

    signed_in.post(PAGE, {"posting": [posting.pk]})
    signed_in.post(PAGE, {"posting": [posting.pk]})

    assert len(jobs(acme)) == 1
    assert signed_in.get(PAGE).context["result"]["refused"] == [["Analyst", "It is connected with “Analyst” already."]]


@pytest.mark.django_db(transaction=True)
def test_two_people_who_import_the_same_at_once_make_one_job(acme, alice, bob, far):
    postings = [make_posting(far, f"Analyst {number}") for number in range(5)]
    together, made = threading.Barrier(2), []

    def act(user, pks):
        try:
            together.wait(timeout=5)
            with company_scope(acme):
                made.extend(actions.import_postings(company=acme, posting_pks=pks, imported_by=user))
        finally:
            connections.close_all()

    pks = [posting.pk for posting in postings]
    people = [threading.Thread(target=act, args=pair) for pair in ((alice, pks), (bob, pks[::-1]))]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=20)

    assert len(made) == len(jobs(acme)) == 5


@pytest.mark.parametrize(
    ("gone", "why"),
    [
        ({"is_open": False, "state": "Closed"}, "It is closed in Lever."),
        ({"is_open": False, "state": "Draft"}, "It is draft in Lever."),
    ],
    ids=["closed", "draft"],
)
def test_a_posting_that_takes_nobody_is_not_imported_and_the_rest_is(signed_in, acme, far, gone, why):
    shut, good = make_posting(far, "Shut", **gone), make_posting(far, "Good")

    signed_in.post(PAGE, {"posting": [shut.pk, good.pk]})

    assert [job.title for job in jobs(acme)] == ["Good"]
    result = signed_in.get(PAGE).context["result"]
    assert ([job.title for job in result["jobs"]], result["refused"]) == (["Good"], [["Shut", why]])


def test_a_posting_whose_text_is_still_being_read_waits_for_it(signed_in, acme, far):
    posting = make_posting(far, "Baker", digest="", description="")

    page = signed_in.post(PAGE, {"posting": [posting.pk]}, follow=True)

    assert "It is still being read." in page.content.decode()
    assert jobs(acme) == []


def test_what_can_be_imported_stands_apart_from_what_cannot(signed_in, acme, far):
    make_posting(far, "Free")
    imported = make_posting(far, "Imported")
    signed_in.post(PAGE, {"posting": [imported.pk]})
    make_link(make_posting(far, "Connected"), make_job(acme, "Our words for it"))
    make_posting(far, "Shut", is_open=False, state="Closed")
    make_posting(far, "Sketch", is_open=False, state="Draft")

    assert shown(signed_in) == ["Free"]
    assert shown(signed_in, show="connected") == ["Connected", "Imported"]
    assert shown(signed_in, show="closed") == ["Shut", "Sketch"]
    text = signed_in.get(PAGE, {"show": "connected"}).content.decode()
    assert re.search(r"Connected with\s+<a[^>]+>Our words for it", text)
    assert re.search(r"Already imported:\s+<a[^>]+>Imported", text)
    closed = signed_in.get(PAGE, {"show": "closed"}).content.decode()
    assert "Draft in Lever" in closed
    assert 'type="checkbox"' not in closed


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "engineer berlin"}, ["Backend Engineer"]),
        ({"q": "lyon"}, ["Analyst"]),
        ({"team": "Data"}, ["Analyst"]),
        ({"location": "Berlin"}, ["Backend Engineer", "Gardener"]),
        ({"location": "Lyon"}, ["Analyst"]),
        ({"state": "Unlisted"}, ["Gardener"]),
        ({"q": "engineer", "team": "Data"}, []),
        ({"q": "100%"}, []),
    ],
    ids=["words", "further place", "team", "location", "further location", "state", "both", "no pattern"],
)
def test_filters_find(signed_in, far, asked, found):
    make_posting(far, "Backend Engineer", team="Platform", location="Berlin", locations=["Berlin"])
    make_posting(far, "Analyst", team="Data", location="Paris", locations=["Paris", "Lyon"])
    make_posting(far, "Gardener", location="Berlin", state="Unlisted")

    assert shown(signed_in, **asked) == found


def test_a_fragment_answers_htmx_and_a_page_everybody_else(signed_in, far):
    make_posting(far, "Analyst")

    fragment = signed_in.get(PAGE, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in fragment
    assert 'id="postings"' in fragment
    assert "<html" in signed_in.get(PAGE).content.decode()


def test_all_shown_can_be_ticked_without_javascript(signed_in, far):
    make_posting(far, "Analyst")
    make_posting(far, "Designer")

    assert "Select all shown</a></p></noscript>" in signed_in.get(PAGE).content.decode()
    ticked = signed_in.get(PAGE, {"all": "1"}).content.decode()

    assert len(re.findall(r'name="posting" value="\d+" checked', ticked)) == 2


def test_confidential_postings_say_so_before_and_after(signed_in, acme, far):
    posting = make_posting(far, "Chief of Staff", is_confidential=True)

    assert "Confidential" in signed_in.get(PAGE).content.decode()
    signed_in.post(PAGE, {"posting": [posting.pk]})

    assert "Confidential in Lever: Chief of Staff" in signed_in.get(PAGE).content.decode()
    assert [job.status for job in jobs(acme)] == ["draft"]


def test_words_longer_than_a_job_holds_are_cut(signed_in, acme, far):
    places = [f"City number {number}, Country" for number in range(12)]
    posting = make_posting(far, "Engineer " * 30, location=places[0], locations=places, commitment="Full-time " * 9)

    signed_in.post(PAGE, {"posting": [posting.pk]})

    (job,) = jobs(acme)
    assert (len(job.title), job.title[-1]) == (140, "…")
    assert job.location.endswith(" / 8 more")
    assert len(job.commitment) <= 60


def test_postings_of_another_company_are_not_there(signed_in, acme, globex, far):
    mine = make_posting(far, "Mine")
    theirs = make_posting(make_connection(globex), "Theirs")

    response = signed_in.post(PAGE, {"posting": [mine.pk, theirs.pk]})

    assert response.status_code == 404
    assert jobs(acme) == jobs(globex) == []
    assert shown(signed_in) == ["Mine"]


@pytest.mark.parametrize("posting", ["9" * 30, "-1", "x", ""], ids=["huge", "negative", "word", "empty"])
def test_numbers_that_make_no_sense_import_nothing(signed_in, acme, far, posting):
    assert signed_in.post(PAGE, {"posting": posting}).status_code == 302
    assert jobs(acme) == []


@pytest.mark.usefixtures("one_ats")
def test_without_a_connection_the_page_says_what_to_do(signed_in, acme):
    assert "Lever is not connected" in signed_in.get(PAGE).content.decode()
    assert signed_in.post(PAGE, {"posting": "1"}).status_code == 302


def test_a_page_of_thousands_takes_as_many_queries_as_one_of_a_few(signed_in, far):
    for number in range(3):
        make_posting(far, f"Analyst {number}", location="Berlin", team="Data")
    signed_in.get(PAGE)  # the first visit also remembers the company
    with CaptureQueriesContext(database) as few:
        assert len(shown(signed_in)) == 3
    for number in range(3, 70):
        make_posting(far, f"Analyst {number}", location=f"Place {number}", team=f"Team {number}")

    with CaptureQueriesContext(database) as many:
        response = signed_in.get(PAGE)

    assert len(response.context["rows"]) == 50
    assert response.context["page"].after
    assert len(many) == len(few)
