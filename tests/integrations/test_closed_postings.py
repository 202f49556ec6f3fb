"""A posting closes, reopens, vanishes or turns confidential in the ATS: who applied waits, and goes out in the end."""

import pytest
from django.urls import reverse

from integrations import actions, mirroring, queries
from integrations.models import CandidateExport, Posting
from purposejobs.tenancy import company_scope
from tests.integrations.connected import NORTHWIND, apply, drain, fill_bucket

pytestmark = [pytest.mark.django_db, pytest.mark.real_http]

TITLE = "Backend Engineer"


@pytest.fixture
def their_posting(emulator):
    """What people do with the posting in the ATS, by its own control."""
    rows = emulator.control("GET", f"/accounts/{NORTHWIND}")["postings"]
    key = next(row["id"] for row in rows if row["text"] == TITLE)

    def change(**fields):
        if fields:
            emulator.control("POST", f"/postings/{key}", **fields)
        else:
            emulator.control("DELETE", f"/postings/{key}")

    return change


@pytest.fixture
def another(emulator):
    """A second posting of nearly the same title."""
    emulator.control("POST", f"/accounts/{NORTHWIND}/postings", text="Backend Engineer (new)", team="Platform")


def look(connection):
    """Read the list of postings, and send what is due."""
    fill_bucket(connection)
    mirroring.refresh_account(connection.pk)
    drain(connection)


def mark(job):
    with company_scope(job.company):
        return queries.job_marks(job.company, [job.pk])[job.pk]


def exports(company):
    with company_scope(company):
        return [(row.state, row.held_reason) for row in CandidateExport.objects.order_by("pk")]


SHUT = [
    pytest.param({"state": "closed"}, "posting_closed", "Closed in Lever", id="closed"),
    pytest.param({}, "posting_gone", "Gone or confidential in Lever", id="deleted"),
    pytest.param({"confidentiality": "confidential"}, "posting_gone", "Gone or confidential in Lever", id="hidden"),
]
BACK = [
    pytest.param({"state": "closed"}, {"state": "published"}, id="reopened"),
    pytest.param({"confidentiality": "confidential"}, {"confidentiality": "non-confidential"}, id="shown again"),
]


@pytest.mark.parametrize(("shut", "held", "word"), SHUT)
def test_who_applies_waits_and_the_job_says_so(
    ats, connection, linked_job, their_posting, another, acme, client, bob, shut, held, word
):
    their_posting(**shut)
    look(connection)

    apply(linked_job, "Kim Park")
    application = apply(linked_job, "Lee Moor")
    drain(connection)

    assert exports(acme) == [("waiting", held)] * 2
    assert ats.opportunities(email=application.email) == []
    assert (mark(linked_job).word, mark(linked_job).waiting) == (word, 2)
    assert "Backend Engineer (new)" in [choice.title for choice in mark(linked_job).instead]
    client.force_login(bob)
    for page in [reverse("job_list", args=["acme"]), reverse("job_edit", args=["acme", linked_job.pk])]:
        text = client.get(page).content.decode()
        assert word in text
        assert "2 candidates wait" in text
        assert "nobody is lost" in text
        assert "Backend Engineer (new)" in text


@pytest.mark.parametrize(("shut", "back"), BACK)
def test_everybody_goes_out_when_the_posting_takes_candidates_again(
    ats, connection, linked_job, their_posting, acme, shut, back
):
    their_posting(**shut)
    look(connection)
    people = [apply(linked_job, name) for name in ("Kim Park", "Lee Moor")]
    drain(connection)

    their_posting(**back)
    look(connection)

    assert exports(acme) == [("sent", "")] * 2
    assert [len(ats.opportunities(email=person.email)) for person in people] == [1, 1]
    assert not mark(linked_job).is_held


@pytest.mark.parametrize(("shut", "held", "word"), SHUT)
def test_one_click_on_another_posting_sends_everybody_there(
    ats, connection, linked_job, their_posting, another, acme, client, bob, shut, held, word
):
    their_posting(**shut)
    look(connection)
    application = apply(linked_job)
    drain(connection)
    client.force_login(bob)
    offered = next(choice for choice in mark(linked_job).instead if choice.title == "Backend Engineer (new)")

    response = client.post(
        reverse("job_posting_connect", args=["acme", linked_job.pk]), {"posting": offered.pk}, follow=True
    )
    drain(connection)

    assert "1 candidate who waited goes there now." in response.content.decode()
    (opportunity,) = ats.opportunities(email=application.email)
    with company_scope(acme):
        assert opportunity["posting"] == Posting.objects.get(pk=offered.pk).external_id
    assert exports(acme) == [("sent", "")]


@pytest.mark.parametrize(("shut", "held", "word"), SHUT)
def test_a_posting_that_shuts_before_our_list_knows_holds_who_is_sent(
    ats, emulator, connection, linked_job, their_posting, acme, shut, held, word
):
    emulator.control("POST", "/switches", closed_postings="reject")
    their_posting(**shut)
    apply(linked_job)

    drain(connection)

    assert exports(acme) == [("waiting", held)]


def test_a_confidential_posting_that_we_may_see_goes_on(ats, emulator, acme, alice, their_posting):
    their_posting(confidentiality="confidential")
    with company_scope(acme):
        tokens = ats.tokens(scopes=[*ats.tokens().scopes, "confidential:access:admin"])
        connection = actions.open_connection(company=acme, provider="lever", tokens=tokens, connected_by=alice)
    fill_bucket(connection)
    mirroring.refresh_account(connection.pk)
    with company_scope(acme):
        posting = Posting.objects.get(title=TITLE)

    assert posting.is_confidential
    assert posting.accepts_candidates


def test_half_a_list_closes_nothing(ats, connection, linked_job, their_posting, acme):
    their_posting(state="closed")
    ats.fault("status", "GET /v1/postings", status=500, count=3)

    fill_bucket(connection)
    mirroring.refresh_account(connection.pk)

    assert not mark(linked_job).is_held
