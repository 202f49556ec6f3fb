"""Connecting jobs with their postings in one go, and taking it back."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.models import CandidateExport, PostingLink
from purposejobs.tenancy import company_scope
from tests.factories import make_application, make_job
from tests.integrations.rows import make_connection, make_link, make_posting

pytestmark = pytest.mark.django_db

PAGE = "/c/acme/jobs/connect/"


@pytest.fixture
def far(acme):
    return make_connection(acme)


@pytest.fixture
def signed_in(client, bob):
    client.force_login(bob)
    return client


def links(company):
    with company_scope(company):
        return dict(PostingLink.objects.values_list("job_id", "posting_id"))


def rows(client):
    return {row.job.title: row for row in client.get(PAGE).context["rows"]}


def test_page_ticks_sure_matches_and_only_offers_near_ones(signed_in, acme, far):
    make_posting(far, "Backend Engineer")
    make_posting(far, "Senior Data Analyst")
    make_job(acme, "Backend Engineer")
    make_job(acme, "Data Analyst")
    make_job(acme, "Beekeeper")

    shown = rows(signed_in)

    assert [(title, row.group, row.is_ticked) for title, row in shown.items()] == [
        ("Backend Engineer", "exact", True),
        ("Data Analyst", "near", False),
        ("Beekeeper", "none", False),
    ]
    with company_scope(acme):
        assert PostingLink.objects.count() == 0


def test_only_open_jobs_without_a_posting_are_shown(signed_in, acme, far):
    make_link(make_posting(far, "Linked"))
    make_job(acme, "Draft", status="draft")
    make_job(acme, "Closed", status="closed")
    make_job(acme, "Open")

    assert list(rows(signed_in)) == ["Open"]


def test_posting_used_elsewhere_says_where_and_is_not_ticked(signed_in, acme, far):
    posting = make_posting(far, "Backend Engineer")
    make_link(posting, make_job(acme, "Platform Engineer"))
    make_job(acme, "Backend Engineer")

    row = rows(signed_in)["Backend Engineer"]

    assert (row.proposed.used_by, row.is_ticked) == (("Platform Engineer",), False)
    assert "Connected with Platform Engineer already" in signed_in.get(PAGE).content.decode()


def test_closed_postings_stand_apart_with_why(signed_in, acme, far):
    make_posting(far, "Office Manager", is_open=False, state="Closed")
    make_job(acme, "Office Manager")

    response = signed_in.get(PAGE)

    assert [choice.why_not for choice in response.context["closed"]] == ["closed in Lever"]
    assert "Same title, but closed" in response.content.decode()


def test_connect_links_the_ticked_jobs_only(signed_in, acme, far):
    posting = make_posting(far, "Backend Engineer")
    other = make_posting(far, "Analyst")
    job, left = make_job(acme, "Backend Engineer"), make_job(acme, "Analyst")

    signed_in.post(PAGE, {"connect": [job.pk], f"posting_{job.pk}": posting.pk, f"posting_{left.pk}": other.pk})

    assert links(acme) == {job.pk: posting.pk}


def test_one_bad_row_never_blocks_the_others(signed_in, acme, far, globex):
    good = make_posting(far, "Good")
    closed = make_posting(far, "Shut", is_open=False, state="Closed")
    foreign = make_posting(make_connection(globex), "Foreign")
    jobs = {name: make_job(acme, name) for name in ("A good", "B shut", "C foreign", "D empty")}
    choice = {"A good": good.pk, "B shut": closed.pk, "C foreign": foreign.pk, "D empty": ""}

    signed_in.post(
        PAGE,
        {"connect": [job.pk for job in jobs.values()]} | {f"posting_{jobs[name].pk}": choice[name] for name in jobs},
    )

    assert links(acme) == {jobs["A good"].pk: good.pk}
    result = signed_in.get(PAGE).context["result"]
    assert [link.job.title for link in result["linked"]] == ["A good"]
    assert [title for title, _ in result["refused"]] == ["B shut", "C foreign", "D empty"]
    assert result["refused"][2][1] == "Choose a posting for it first."


def test_undo_disconnects_just_what_was_connected_together(signed_in, acme, far):
    kept = make_link(make_posting(far, "Kept"))
    posting = make_posting(far, "Backend Engineer")
    job = make_job(acme, "Backend Engineer")
    signed_in.post(PAGE, {"connect": [job.pk], f"posting_{job.pk}": posting.pk})

    offered = re.findall(r'name="link" value="([\d-]+)"', signed_in.get(PAGE).content.decode())
    signed_in.post(f"{PAGE}undo/", {"link": offered})

    assert offered == [f"{job.pk}-{posting.pk}"]
    assert links(acme) == {kept.job_id: kept.posting_id}


def test_undo_leaves_a_job_that_was_moved_meanwhile(signed_in, acme, far):
    job = make_job(acme, "Backend Engineer")
    moved = make_link(make_posting(far, "Other"), job)

    signed_in.post(f"{PAGE}undo/", {"link": f"{job.pk}-{moved.posting_id + 999}"})

    assert links(acme) == {job.pk: moved.posting_id}


def test_existing_applicants_are_counted_and_by_default_not_sent(signed_in, acme, far):
    posting = make_posting(far, "Backend Engineer")
    job = make_job(acme, "Backend Engineer")
    make_application(job)
    make_application(job)

    assert rows(signed_in)["Backend Engineer"].applicants == 2
    signed_in.post(PAGE, {"connect": [job.pk], f"posting_{job.pk}": posting.pk})

    with company_scope(acme):
        assert CandidateExport.objects.count() == 0


def test_existing_applicants_are_sent_when_asked_for(signed_in, acme, far):
    posting = make_posting(far, "Backend Engineer")
    job = make_job(acme, "Backend Engineer")
    make_application(job)

    signed_in.post(PAGE, {"connect": [job.pk], f"posting_{job.pk}": posting.pk, f"existing_{job.pk}": "1"})

    with company_scope(acme):
        assert [export.reason for export in CandidateExport.objects.all()] == ["back_fill"]


def test_job_connected_meanwhile_keeps_its_posting(signed_in, acme, far):
    job = make_job(acme, "Backend Engineer")
    first = make_link(make_posting(far, "First"), job)
    second = make_posting(far, "Second")

    signed_in.post(PAGE, {"connect": [job.pk], f"posting_{job.pk}": second.pk})

    assert links(acme) == {job.pk: first.posting_id}


def test_job_of_another_company_is_not_found_and_nothing_is_done(signed_in, acme, far, globex):
    posting = make_posting(far, "Backend Engineer")
    job, theirs = make_job(acme, "Backend Engineer"), make_job(globex, "Backend Engineer")

    form = {"connect": [job.pk, theirs.pk], f"posting_{job.pk}": posting.pk, f"posting_{theirs.pk}": posting.pk}

    assert signed_in.post(PAGE, form).status_code == 404
    assert links(acme) == {}
    assert links(globex) == {}


def test_stranger_connects_and_undoes_nothing(client, mallory, acme, far):
    link = make_link(make_posting(far, "Backend Engineer"))
    client.force_login(mallory)

    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, {"connect": [link.job_id]}).status_code == 404
    assert client.post(f"{PAGE}undo/", {"link": f"{link.job_id}-{link.posting_id}"}).status_code == 404
    assert links(acme) == {link.job_id: link.posting_id}


@pytest.mark.usefixtures("one_ats")
def test_page_without_a_connection_says_what_to_do(signed_in, acme):
    make_job(acme, "Backend Engineer")

    text = signed_in.get(PAGE).content.decode()

    assert "Lever is not connected" in text
    assert "Connect selected" not in text


def test_long_lists_are_searched_in_the_row_that_asks(signed_in, acme, far, monkeypatch):
    monkeypatch.setattr("integrations.views.matches.CHOICES_IN_PAGE", 1)
    make_posting(far, "Backend Engineer")
    make_posting(far, "Beekeeper")
    job = make_job(acme, "Backend Engineer")

    short = rows(signed_in)["Backend Engineer"]
    asked = signed_in.get(f"{PAGE}?choose={job.pk}", headers={"HX-Request": "true"}).content.decode()

    assert short.others == []
    assert "Beekeeper" in asked
    assert "<html" not in asked


def fill(acme, far, numbers):
    for index in numbers:
        make_posting(far, f"Engineer {index}")
        make_application(make_job(acme, f"Engineer {index}"))
        make_job(acme, f"Other Engineer {index}")


def test_page_runs_the_same_number_of_queries_for_20_and_200_jobs(signed_in, acme, far):
    fill(acme, far, range(10))
    signed_in.get(PAGE)  # the first visit also remembers the company
    with CaptureQueriesContext(connection) as few:
        assert len(signed_in.get(PAGE).context["rows"]) == 20
    fill(acme, far, range(10, 100))

    with CaptureQueriesContext(connection) as many:
        assert len(signed_in.get(PAGE).context["rows"]) == 200

    assert len(many) == len(few)


@pytest.mark.parametrize(
    "form",
    [
        {"connect": "9" * 30},
        {"connect": "nonsense"},
        {"connect": "{job}", "posting_{job}": "9" * 30},
        {"connect": "{job}", "posting_{job}": "-1"},
    ],
    ids=["huge job", "no number", "huge posting", "negative posting"],
)
def test_numbers_that_make_no_sense_connect_nothing(signed_in, acme, far, form):
    job = make_job(acme, "Backend Engineer")

    response = signed_in.post(PAGE, {key.format(job=job.pk): value.format(job=job.pk) for key, value in form.items()})

    assert response.status_code in (302, 404)
    assert links(acme) == {}


@pytest.mark.parametrize("link", ["9-" + "9" * 30, "9" * 30 + "-1", "x-y", "1", ""])
def test_undo_of_nonsense_undoes_nothing(signed_in, acme, far, link):
    kept = make_link(make_posting(far, "Kept"))

    assert signed_in.post(f"{PAGE}undo/", {"link": link}).status_code in (302, 404)
    assert links(acme) == {kept.job_id: kept.posting_id}
