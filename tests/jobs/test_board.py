"""What everybody sees: the board, a company's page, a job's page."""

import pytest
from django.urls import reverse

from tests import factories
from tests.counting import queries_of

pytestmark = pytest.mark.django_db


def titles(client, **asked):
    return [job.title for job in client.get(reverse("public_board"), asked).context["page"].rows]


def test_the_board_shows_the_open_jobs_of_all_companies_newest_first(client, acme, globex):
    factories.make_job(acme, "Gardener")
    factories.make_job(acme, "Draft", status="draft")
    factories.make_job(acme, "Closed", status="closed")
    factories.make_job(globex, "Cook")

    assert titles(client) == ["Cook", "Gardener"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "gard"}, ["Gardener"]),
        ({"q": "GLOBEX cook"}, ["Cook"]),
        ({"q": "acme cook"}, []),
        ({"location": "berlin"}, ["Gardener"]),
        ({"location": "gardener"}, []),
        ({"workplace": "remote"}, ["Cook"]),
        ({"q": "cook", "location": "paris", "workplace": "remote"}, ["Cook"]),
        ({"workplace": "nonsense"}, ["Cook", "Gardener"]),
        ({"q": "100%"}, []),
        ({"q": "a\0b"}, []),
    ],
    ids=["part", "company", "other's", "place", "title as place", "remote", "all", "unknown", "percent", "zero byte"],
)
def test_search_and_filters_narrow_the_board(client, acme, globex, asked, found):
    factories.make_job(acme, "Gardener", location="Berlin", workplace="onsite")
    factories.make_job(globex, "Cook", location="Paris", workplace="remote")

    assert titles(client, **asked) == found


def test_pages_of_the_board_show_every_job_once(client, acme):
    for number in range(30):
        factories.make_job(acme, f"Job {number}")
    first = client.get(reverse("public_board")).context["page"]
    second = client.get(reverse("public_board"), {"after": first.after}).context["page"]

    assert (len(first.rows), len(second.rows)) == (25, 5)
    assert len({job.pk for job in first.rows + second.rows}) == 30


def test_the_board_runs_as_many_queries_for_few_jobs_as_for_many(client, acme):
    factories.make_job(acme)
    with_one = queries_of(client, reverse("public_board"))
    for _ in range(30):
        factories.make_job(acme)

    assert queries_of(client, reverse("public_board")) == with_one


def test_an_empty_board_says_so(client):
    assert "No open job now" in client.get(reverse("public_board")).content.decode()


def test_a_company_shows_itself_and_its_open_jobs(client, make, globex):
    company = make.make_company("Acme", "acme", website="https://acme.example", about="We **grow**.")
    factories.make_job(company, "Gardener")
    factories.make_job(globex, "Cook")

    html = client.get(reverse("public_company", args=["acme"])).content.decode()

    assert "<strong>grow</strong>" in html
    assert "https://acme.example" in html
    assert "Gardener" in html
    assert "Cook" not in html


def test_a_job_shows_what_it_is_and_leads_to_the_application(client, acme):
    job = factories.make_job(
        acme, "Gardener", location="Berlin", workplace="hybrid", salary="€40,000", description="# A\n- b"
    )

    html = client.get(job.get_absolute_url()).content.decode()

    assert "<h1>Gardener</h1>" in html
    assert "<h2>A</h2>" in html
    assert "<li>b</li>" in html
    assert "Hybrid" in html
    assert "€40,000" in html
    assert f'href="{reverse("apply", args=["acme", job.pk])}">Apply' in html


@pytest.mark.parametrize(
    ("source", "harmful"),
    [
        ("<script>alert(1)</script>", "<script>alert"),
        ("[x](javascript:alert(1))", 'href="javascript'),
        ('<img src=x onerror="alert(1)">', "<img"),
        ("![x](https://tracker.example/x.png)", "<img"),
        ('<p style="position:fixed">x</p>', "<p style"),
    ],
    ids=["script", "script address", "handler", "picture", "style"],
)
def test_a_description_cannot_do_anything(client, acme, source, harmful):
    job = factories.make_job(acme, description=source)

    assert harmful not in client.get(job.get_absolute_url()).content.decode()


def test_a_closed_job_says_so_and_offers_no_application(client, acme):
    job = factories.make_job(acme, "Gardener", status="closed")

    response = client.get(job.get_absolute_url())

    assert response.status_code == 410
    html = response.content.decode()
    assert "<h1>Gardener is closed</h1>" in html
    assert reverse("apply", args=["acme", job.pk]) not in html


def test_a_draft_and_another_companys_address_do_not_exist(client, acme, globex):
    draft = factories.make_job(acme, status="draft")
    job = factories.make_job(acme)

    assert client.get(draft.get_absolute_url()).status_code == 404
    assert client.get(reverse("public_job", args=["globex", job.pk])).status_code == 404
    assert client.get(reverse("public_company", args=["nowhere"])).status_code == 404
