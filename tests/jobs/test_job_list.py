"""The list of a company's jobs."""

import re

import pytest
from django.urls import reverse

from tests import factories
from tests.counting import queries_of
from tests.integrations import rows


@pytest.fixture
def look(client, bob):
    """Open the list as Bob; what is asked for stands in the address."""
    client.force_login(bob)

    def look(**asked):
        return client.get(reverse("job_list", args=["acme"]), asked)

    return look


def titles(response):
    return [job.title for job, _, _ in response.context["rows"]]


def test_the_list_says_for_each_job_what_it_is_and_how_many_applied(look, acme, globex):
    job = factories.make_job(acme, "Gardener", location="Leipzig", team="Field")
    factories.make_application(job)
    factories.make_application(job)
    factories.make_job(globex, "Not ours")

    response = look()

    assert [(row[0].title, row[2]) for row in response.context["rows"]] == [("Gardener", 2)]
    html = response.content.decode()
    assert "Field · Leipzig" in html
    assert "Not ours" not in html


def test_tabs_count_the_jobs_of_each_status_that_match_the_search(look, acme):
    for title, status in [("Cook", "open"), ("Cook", "draft"), ("Baker", "open"), ("Cook", "closed")]:
        factories.make_job(acme, title, status=status)

    response = look(q="cook", status="open")

    assert titles(response) == ["Cook"]
    assert response.context["tabs"] == [
        ("", "All", "3"),
        ("open", "Open", "1"),
        ("draft", "Draft", "1"),
        ("closed", "Closed", "1"),
    ]


@pytest.mark.parametrize(
    "words", ["organ berlin", "BERLIN", "field org"], ids=["words of two fields", "capitals", "team and title"]
)
def test_search_finds_every_word_in_title_team_or_location(look, acme, words):
    factories.make_job(acme, "Community Organizer", team="Field", location="Berlin")
    factories.make_job(acme, "Community Cook", team="Kitchen", location="Berlin Mitte", status="closed")

    assert "Community Organizer" in titles(look(q=words))
    assert titles(look(q="community 100%")) == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("newest", ["C", "A", "B"]),
        ("oldest", ["B", "A", "C"]),
        ("title", ["A", "B", "C"]),
        ("nonsense", ["C", "A", "B"]),
    ],
)
def test_the_order_stands_in_the_address(look, acme, sort, expected):
    for title in ["B", "A", "C"]:
        factories.make_job(acme, title)

    assert titles(look(sort=sort)) == expected


@pytest.mark.parametrize("sort", ["newest", "oldest", "title"])
def test_pages_show_every_job_once_in_both_directions(look, acme, sort):
    for number in range(60):
        factories.make_job(acme, f"Job {number % 7}")
    first = look(sort=sort)
    second = look(sort=sort, after=first.context["page"].after)
    third = look(sort=sort, after=second.context["page"].after)
    back = look(sort=sort, before=third.context["page"].before)

    pages = [[row[0].pk for row in page.context["rows"]] for page in (first, second, third)]
    assert [len(page) for page in pages] == [25, 25, 10]
    assert len({pk for page in pages for pk in page}) == 60
    assert [row[0].pk for row in back.context["rows"]] == pages[1]
    assert (first.context["page"].before, third.context["page"].after) == ("", "")


@pytest.mark.parametrize(
    "mark", ["", "x", "WzEsMl0", "bnVsbA", "a" * 500, "WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwgIlwwIl0"]
)
def test_a_place_that_makes_no_sense_is_the_beginning(look, acme, mark):
    factories.make_job(acme, "Gardener")

    assert titles(look(after=mark)) == ["Gardener"]


def test_an_applicants_count_leads_to_the_applicants(look, acme):
    job = factories.make_job(acme)
    factories.make_application(job)

    html = look().content.decode()

    assert f'href="{reverse("candidate_list", args=["acme"])}?job={job.pk}"' in html


def test_a_job_says_what_it_is_connected_with(look, acme):
    connection = rows.make_connection(acme)
    rows.make_link(rows.make_posting(connection, "Head Gardener"), factories.make_job(acme, "Gardener"))
    rows.make_link(
        rows.make_posting(connection, "Cook", state="Closed", is_open=False), factories.make_job(acme, "Cook")
    )
    factories.make_job(acme, "Baker")

    words = {job.title: (mark.is_linked, mark.is_held, mark.word) for job, mark, _ in look().context["rows"]}

    assert words == {
        "Gardener": (True, False, "Head Gardener"),
        "Cook": (True, True, f"Closed in {connection.label}"),
        "Baker": (False, False, "Not connected"),
    }


def test_a_banner_counts_the_open_jobs_that_are_not_connected(look, acme):
    connection = rows.make_connection(acme)
    rows.make_link(rows.make_posting(connection), factories.make_job(acme))
    factories.make_job(acme, "Cook")
    factories.make_job(acme, "Baker")
    factories.make_job(acme, "A draft", status="draft")

    html = look().content.decode()

    assert "<strong>2 open jobs are not connected.</strong>" in html
    assert reverse("job_matches", args=["acme"]) in html


def test_without_a_connection_no_banner_asks_for_one(look, acme):
    factories.make_job(acme)

    html = look().content.decode()

    assert "not connected" not in html


def test_an_empty_list_says_what_to_do_next(look, acme):
    html = look().content.decode()

    assert "No job yet" in html
    assert f'href="{reverse("job_create", args=["acme"])}"' in html


def test_htmx_gets_the_list_alone(client, bob, acme):
    client.force_login(bob)
    factories.make_job(acme, "Gardener")

    html = client.get(reverse("job_list", args=["acme"]), headers={"HX-Request": "true"}).content.decode()

    assert re.match(r'\s*<div class="section" id="jobs">', html)
    assert "Gardener" in html
    assert "<html" not in html


def test_the_number_of_queries_does_not_grow_with_the_jobs(client, bob, acme):
    client.force_login(bob)
    connection = rows.make_connection(acme)
    posting = rows.make_posting(connection)
    url = reverse("job_list", args=["acme"])

    def fill(number):
        for _ in range(number):
            job = factories.make_job(acme)
            factories.make_application(job)
            rows.make_link(posting, job)

    fill(10)
    with_ten = queries_of(client, url)
    fill(190)

    assert queries_of(client, url) == with_ten
