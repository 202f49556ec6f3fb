"""The recruiter's list: search, filters, pages."""

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse
from django.utils import timezone

from candidates.listing import Filters, Listing
from candidates.models import Candidate
from integrations.models import CandidateExport, Connection
from purposejobs.paging import Place
from purposejobs.tenancy import company_scope
from tests.integrations import rows

URL = "/c/acme/candidates/"


@pytest.fixture
def bobs(client, bob):
    client.force_login(bob)
    return client


@pytest.fixture
def people(make, job, acme):
    """Give four people: two applied, two are discoverable; one of them hides."""
    zoe = make.make_candidate("Zoë Nowak", headline="Nurse", target_location="Lyon", skills=["Python", "French"])
    make.make_application(job, zoe, email_confirmed_at=timezone.now(), location="Berlin")
    dana = make.make_candidate("Dana Silva", summary="x", skills=["Python"], target_location="Lyon")
    make.make_application(make.make_job(acme, "Grant Writer"), dana, name="Dana Typed")
    make.make_candidate("Farid Rossi", skills=["Python 3"], is_discoverable=True, location="Lyon, France")
    make.hide_from(make.make_candidate("Hidden Hana", skills=["Python"], is_discoverable=True), acme)


def names(response):
    return [card.source.name for card, _ in response.context["rows"]]


def test_list_has_applicants_and_the_discoverable_newest_first(bobs, people):
    assert names(bobs.get(URL)) == ["Farid Rossi", "Dana Typed", "Zoë Nowak"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("q=zoe", ["Zoë Nowak"], id="a name without its accent"),
        pytest.param("q=ZOË nurse", ["Zoë Nowak"], id="two words"),
        pytest.param("q=french", ["Zoë Nowak"], id="a skill of an open profile"),
        pytest.param("q=Fa Ro", ["Farid Rossi"], id="the beginnings of words"),
        pytest.param("q=ad", [], id="two letters within a word"),
        pytest.param("q=fr", ["Farid Rossi", "Zoë Nowak"], id="the beginning of a place or a skill"),
        pytest.param("q=lyon", ["Farid Rossi", "Zoë Nowak"], id="a place"),
        pytest.param("q=100%25", [], id="a percent sign is only itself"),
        pytest.param("q=silva", [], id="the profile of an unconfirmed address is not searched"),
        pytest.param("skills=python", ["Zoë Nowak"], id="a whole skill"),
        pytest.param("skills=Python, french", ["Zoë Nowak"], id="two skills"),
        pytest.param("location=lyon", ["Farid Rossi", "Zoë Nowak"], id="where they are or want to be"),
        pytest.param("show=applied", ["Dana Typed", "Zoë Nowak"], id="applied"),
        pytest.param("show=discoverable", ["Farid Rossi"], id="discoverable"),
        pytest.param("show=nonsense&after=nonsense", ["Farid Rossi", "Dana Typed", "Zoë Nowak"], id="nonsense"),
    ],
)
def test_filters_stand_in_the_address(bobs, people, query, found):
    assert names(bobs.get(f"{URL}?{query}")) == found


def test_the_job_filter_keeps_who_applied_to_it(bobs, people, job):
    assert names(bobs.get(f"{URL}?job={job.pk}")) == ["Zoë Nowak"]


def test_the_job_of_another_company_is_not_found(bobs, people, make, globex):
    assert bobs.get(f"{URL}?job={make.make_job(globex).pk}").status_code == 404


def test_the_state_filter_keeps_who_is_in_that_state(bobs, people, acme):
    zoe = Candidate.objects.get(name="Zoë Nowak")
    with company_scope(acme):
        connection = Connection.objects.create(company=acme, provider="lever", environment="emulator")
        CandidateExport.objects.create(company=acme, connection=connection, candidate=zoe, reason="sent", state="sent")
    response = bobs.get(f"{URL}?state=sent")
    assert names(response) == ["Zoë Nowak"]
    assert "In Lever" in response.content.decode()
    assert names(bobs.get(f"{URL}?state=failed")) == []


@pytest.fixture
def stages(people, acme):
    """Put Zoë and Dana in a stage, then let Dana be hired; Farid is archived at another posting."""
    connection = rows.make_connection(acme)
    interview = rows.make_stage(connection, "Interview", external_id="interview")
    there = {
        name: rows.make_export(connection, Candidate.objects.get(name=name), state="sent")
        for name in ("Zoë Nowak", "Dana Silva", "Farid Rossi")
    }
    rows.move(there["Zoë Nowak"], interview)
    rows.move(there["Dana Silva"], interview)
    rows.end(there["Dana Silva"], rows.make_reason(connection, "Hired", is_hire=True))
    rows.end(there["Farid Rossi"], rows.make_reason(connection))
    return there


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("state=stage:interview", ["Zoë Nowak"], id="in a stage"),
        pytest.param("state=stage:lead-new", [], id="in another stage"),
        pytest.param("state=hired", ["Dana Typed"], id="hired"),
        pytest.param("state=archived", ["Farid Rossi"], id="archived"),
        pytest.param("state=none", ["Una Sent"], id="not there"),
        pytest.param("state=sent&show=discoverable", ["Farid Rossi"], id="there, and discoverable"),
        pytest.param("state=stage:interview&q=dana", [], id="a stage, and a name"),
        pytest.param("state=stage:gone", ["Una Sent", "Farid Rossi", "Dana Typed", "Zoë Nowak"], id="no such stage"),
    ],
)
def test_the_list_is_narrowed_by_how_far_they_came_there(bobs, stages, make, query, found):
    make.make_candidate("Una Sent", is_discoverable=True)
    assert names(bobs.get(f"{URL}?{query}")) == found


def test_stages_to_choose_from_are_counted_and_the_chosen_one_stands_in_the_address(bobs, stages):
    page = bobs.get(f"{URL}?state=stage:interview").content.decode()
    assert '<option value="stage:interview" selected>Interview (1)</option>' in page
    assert '<option value="hired">Hired (1)</option>' in page
    assert '<option value="archived">Archived (1)</option>' in page
    assert '<option value="stage:lead-new">New lead (0)</option>' in page


def test_whom_was_deleted_there_is_not_there(bobs, stages, acme):
    with company_scope(acme):
        CandidateExport.objects.update(deleted_there_at=timezone.now())
    assert names(bobs.get(f"{URL}?state=hired")) == []
    assert names(bobs.get(f"{URL}?state=sent")) == []
    assert names(bobs.get(f"{URL}?state=none")) == ["Farid Rossi", "Dana Typed", "Zoë Nowak"]


def test_stages_of_another_company_are_not_offered(bobs, people, acme, globex):
    rows.make_connection(acme)
    rows.make_stage(rows.make_connection(globex), "Their stage")
    assert "Their stage" not in bobs.get(URL).content.decode()


def test_htmx_gets_the_list_alone_and_a_slide_over_alone(bobs, people):
    fragment = bobs.get(URL, headers={"HX-Request": "true", "HX-Target": "candidates"}).content.decode()
    assert fragment.strip().startswith('<div class="section" id="candidates">')
    assert "<html" not in fragment


def test_an_empty_list_says_what_to_do(bobs, acme):
    assert "Publish a job" in bobs.get(URL).content.decode()
    assert "Clear the filters" in bobs.get(f"{URL}?q=nobody").content.decode()


@pytest.fixture
def thirty(make, job):
    """Give thirty people, each a minute older, applicants and discoverable in turn."""
    now = timezone.now()
    for number in range(30):
        moment = now - timedelta(minutes=number // 2)
        candidate = make.make_candidate(f"P{number:02}", is_discoverable=bool(number % 2))
        Candidate.objects.filter(pk=candidate.pk).update(created_at=moment)
        if not number % 2:
            make.make_application(job, candidate, created_at=moment)


def test_pages_lead_there_and_back_without_gap_or_repetition(thirty, acme):
    listing = Listing(acme, Filters())
    with company_scope(acme):
        pages = [listing.page(size=12)]
        while pages[-1].after:
            pages.append(listing.page(after=pages[-1].after, size=12))
        back = listing.page(before=pages[1].before, size=12)
    found = [pk for page in pages for pk in page.candidate_pks]
    assert [len(page.places) for page in pages] == [12, 12, 6]
    assert len(set(found)) == 30
    assert [place for page in pages for place, _ in page.places] == sorted(
        (place for page in pages for place, _ in page.places), reverse=True
    )
    assert (back.candidate_pks, back.before) == (pages[0].candidate_pks, None)


def test_pages_are_links(bobs, thirty):
    first = bobs.get(URL)
    second = bobs.get(URL + first.context["next_url"])
    assert len(names(first)) == 25
    assert len(names(second)) == 5
    assert names(bobs.get(URL + second.context["previous_url"])) == names(first)


def test_a_place_survives_its_address():
    place = Place(timezone.now(), 1, 42)
    assert Place.read(str(place)) == place
    assert Place.read("1-2") is None
    assert Place.read("99999999999999999999-1-1") is None


def test_the_number_of_queries_does_not_grow_with_the_list(bobs, make, job, count_queries):
    def add(many):
        for number in range(many):
            candidate = make.make_candidate(f"P{number}", skills=["A"], is_discoverable=bool(number % 2))
            if not number % 3:
                make.make_application(job, candidate, email_confirmed_at=timezone.now())

    add(10)
    bobs.get(URL)
    before = count_queries(URL)
    add(190)
    assert count_queries(URL) == before
    assert before < 30


def test_the_first_load_moves_less_than_120_kb(bobs, make, job):
    for number in range(30):
        skills = ["Community organizing", "Fundraising", "Data analysis", "French", "Policy"]
        candidate = make.make_candidate(f"Person {number}", headline="h" * 90, skills=skills, target_salary="€55,000")
        make.make_application(job, candidate, email_confirmed_at=timezone.now())
    page = bobs.get(URL).content.decode()
    # Style sheets and scripts travel compressed, the page itself as it is.
    parts = [finders.find(path) for path in re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js))"', page)]
    assert len(parts) > 10
    assert len(page.encode()) + sum(len(gzip.compress(Path(part).read_bytes())) for part in parts) < 120_000


def test_somebody_elses_list_is_not_found(client, mallory, acme):
    client.force_login(mallory)
    assert client.get(reverse("candidate_list", args=["acme"])).status_code == 404
