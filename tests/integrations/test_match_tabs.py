"""The mapping page beyond what is not connected yet: what is, what is in trouble, and one click for all suggestions."""

import re

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.models import CandidateExport, PostingLink
from purposejobs.tenancy import company_scope
from tests.factories import make_application, make_job
from tests.integrations.rows import make_connection, make_export, make_link, make_posting

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


def rows(client, **asked):
    return {row.job.title: row for row in client.get(PAGE, asked).context["rows"]}


def hidden(client, name, **asked):
    return re.findall(rf'name="{name}" value="([^"]+)"', client.get(PAGE, asked).content.decode())


def test_one_click_accepts_every_sure_suggestion_and_no_other(signed_in, acme, far):
    postings = {title: make_posting(far, title) for title in ("Analyst", "Designer", "Senior Gardener")}
    jobs = {title: make_job(acme, title) for title in ("Analyst", "Designer", "Gardener")}

    text = signed_in.get(PAGE).content.decode()
    signed_in.post(PAGE, {"accept": "all", "sure": hidden(signed_in, "sure")})

    assert "Accept all 2 suggestions" in text
    assert links(acme) == {jobs[title].pk: postings[title].pk for title in ("Analyst", "Designer")}


def test_one_of_them_is_undone_and_the_others_can_still_be(signed_in, acme, far):
    jobs = {title: make_job(acme, title) for title in ("Analyst", "Designer", "Gardener")}
    postings = {title: make_posting(far, title) for title in jobs}
    signed_in.post(PAGE, {"accept": "all", "sure": hidden(signed_in, "sure")})
    pairs = [f"{jobs[title].pk}-{postings[title].pk}" for title in jobs]

    signed_in.post(f"{PAGE}undo/", {"link": pairs[0], "left": pairs[1:]})

    assert sorted(links(acme)) == [jobs["Designer"].pk, jobs["Gardener"].pk]
    response = signed_in.get(PAGE)
    assert [row.job.title for row in response.context["result"]["linked"]] == ["Designer", "Gardener"]
    assert "Analyst is no longer connected." in response.content.decode()


def test_each_row_says_what_became_of_it(signed_in, acme, far):
    good, shut = make_posting(far, "Good"), make_posting(far, "Shut", is_open=False, state="Closed")
    fine, bad = make_job(acme, "Good"), make_job(acme, "Bad")
    make_application(fine)

    signed_in.post(
        PAGE,
        {
            "connect": [fine.pk, bad.pk],
            f"posting_{fine.pk}": good.pk,
            f"posting_{bad.pk}": shut.pk,
            f"existing_{fine.pk}": "1",
        },
    )

    context = signed_in.get(PAGE).context
    assert [(row.job.title, row.posting, row.sent) for row in context["result"]["linked"]] == [("Good", "Good", 1)]
    (row,) = context["rows"]
    assert row.refused == "This posting was closed in Lever, so it takes no candidates. Choose another posting."


def test_connected_jobs_are_shown_and_moved(signed_in, acme, far):
    link, other = make_link(make_posting(far, "Analyst")), make_posting(far, "Designer")

    assert rows(signed_in, show="connected")["Analyst"].current.title == "Analyst"
    signed_in.post(
        f"{PAGE}?show=connected",
        {"connect": link.job_id, f"posting_{link.job_id}": other.pk, f"was_{link.job_id}": link.posting_id},
    )

    assert links(acme) == {link.job_id: other.pk}


def test_a_job_that_a_colleague_moved_meanwhile_stays_there(signed_in, acme, far):
    link, other = make_link(make_posting(far, "Analyst")), make_posting(far, "Designer")

    signed_in.post(
        f"{PAGE}?show=connected",
        {"connect": link.job_id, f"posting_{link.job_id}": other.pk, f"was_{link.job_id}": other.pk + 99},
    )

    assert links(acme) == {link.job_id: link.posting_id}


def test_a_row_left_as_it_is_changes_nothing_and_says_nothing(signed_in, acme, far):
    link = make_link(make_posting(far, "Analyst"))

    signed_in.post(
        f"{PAGE}?show=connected",
        {"connect": link.job_id, f"posting_{link.job_id}": link.posting_id, f"was_{link.job_id}": link.posting_id},
    )

    assert signed_in.get(PAGE).context["result"] == {"linked": [], "can_undo": [], "sent": 0, "refused": []}


def test_jobs_in_trouble_stand_together_with_who_waits_and_what_else_fits(signed_in, acme, far):
    make_link(make_posting(far, "Fine"))
    shut = make_link(make_posting(far, "Analyst", is_open=False, state="Closed"))
    gone = make_link(make_posting(far, "Beekeeper", gone_at=timezone.now()))
    make_export(far, posting=shut.posting)
    make_export(far, posting=shut.posting, held_reason="posting_closed")
    again = make_posting(far, "Analyst", location="Berlin")

    shown = rows(signed_in, show="trouble")

    assert sorted(shown) == ["Analyst", "Beekeeper"]
    assert (shown["Analyst"].mark.waiting, shown["Analyst"].proposed.pk) == (2, again.pk)
    assert (shown["Beekeeper"].mark.word, shown["Beekeeper"].group) == ("Gone or confidential in Lever", "none")
    assert gone.job.title == "Beekeeper"


def test_accepting_a_suggestion_for_a_job_in_trouble_takes_who_waits_along(signed_in, acme, far):
    shut = make_link(make_posting(far, "Analyst", is_open=False, state="Closed"))
    application = make_application(shut.job)
    make_export(far, application.candidate, shut.posting, job=shut.job, held_reason="posting_closed")
    again = make_posting(far, "Analyst", location="Berlin")

    sure, was = hidden(signed_in, "sure", show="trouble"), hidden(signed_in, f"was_{shut.job_id}", show="trouble")
    signed_in.post(f"{PAGE}?show=trouble", {"accept": "all", "sure": sure, f"was_{shut.job_id}": was})

    assert links(acme) == {shut.job_id: again.pk}
    with company_scope(acme):
        export = CandidateExport.objects.get()
    assert (export.posting_id, export.state, export.held_reason) == (again.pk, "waiting", "")


def test_jobs_are_searched(signed_in, acme, far):
    make_job(acme, "Analyst", location="Berlin")
    make_job(acme, "Analyst", location="Rome")

    assert [row.job.location for row in rows(signed_in, q="rome").values()] == ["Rome"]


def test_open_postings_without_a_job_are_counted_and_lead_to_the_import(signed_in, far):
    make_link(make_posting(far, "Linked"))
    make_posting(far, "Free")
    make_posting(far, "Shut", is_open=False, state="Closed")

    response = signed_in.get(PAGE)

    assert response.context["without_job"] == 1
    assert "Import 1 posting without a job" in response.content.decode()


def test_disconnecting_asks_and_says_what_stays(signed_in, acme, far):
    link = make_link(make_posting(far, "Analyst"))
    make_export(far, posting=link.posting)
    path = reverse("job_posting_disconnect", args=["acme", link.job_id])

    text = signed_in.get(path).content.decode()
    dialog = signed_in.get(path, headers={"HX-Request": "true"}).content.decode()

    assert "Who was sent for it stays in Lever." in text
    assert "<html" not in dialog
    assert links(acme) == {link.job_id: link.posting_id}
    signed_in.post(path)
    assert links(acme) == {}


@pytest.mark.parametrize("show", ["connected", "trouble"])
def test_a_tab_runs_as_many_queries_for_few_jobs_as_for_many(signed_in, far, show):
    state = {"is_open": False, "state": "Closed"} if show == "trouble" else {}

    def fill(numbers):
        for number in numbers:
            make_link(make_posting(far, f"Analyst {number}", **state))
            make_posting(far, f"Analyst {number}, second")

    fill(range(3))
    signed_in.get(PAGE, {"show": show})  # the first visit also remembers the company
    with CaptureQueriesContext(database) as few:
        assert len(rows(signed_in, show=show)) == 3
    fill(range(3, 30))
    with CaptureQueriesContext(database) as many:
        assert len(rows(signed_in, show=show)) == 30

    assert len(many) == len(few)
