"""What a job's page says and asks about its posting in the company's ATS."""

import pytest
from django.urls import reverse

from integrations.models import PostingLink
from jobs.models import Job
from purposejobs.tenancy import company_scope
from tests import factories
from tests.integrations import rows


@pytest.fixture
def connection(acme):
    return rows.make_connection(acme)


@pytest.fixture
def signed_in(client, bob):
    client.force_login(bob)
    return client


def page(client, job):
    return client.get(reverse("job_edit", args=["acme", job.pk])).content.decode()


def now(job):
    with company_scope(job.company):
        return Job.objects.get(pk=job.pk)


def link_of(job):
    with company_scope(job.company):
        return PostingLink.objects.filter(job=job).select_related("posting").first()


def test_publishing_a_job_without_a_posting_asks_about_it_and_offers_some(signed_in, acme, connection):
    rows.make_posting(connection, "Head Gardener", location="Berlin")
    job = factories.make_job(acme, "Gardener", status="draft")

    response = signed_in.post(reverse("job_publish", args=["acme", job.pk]), follow=True)

    assert now(job).is_open
    text = response.content.decode()
    assert "This job is not connected with Lever." in text
    assert "Head Gardener" in text.split("Postings like it:")[1].split("</form>")[0]


def test_save_and_publish_comes_to_the_question_too(signed_in, acme, connection):
    response = signed_in.post(reverse("job_create", args=["acme"]), {"title": "Cook", "publish": "1"}, follow=True)

    assert "This job is not connected with Lever." in response.content.decode()


def test_a_draft_is_not_asked_about(signed_in, acme, connection):
    job = factories.make_job(acme, "Gardener", status="draft")

    assert "This job is not connected with" not in page(signed_in, job)


@pytest.mark.usefixtures("one_ats")
def test_without_a_connection_nothing_is_asked(signed_in, acme):
    job = factories.make_job(acme, "Gardener")

    assert "This job is not connected with" not in page(signed_in, job)


def test_one_click_connects(signed_in, acme, connection):
    posting = rows.make_posting(connection, "Head Gardener")
    job = factories.make_job(acme, "Gardener")
    factories.make_application(job)

    response = signed_in.post(
        reverse("job_posting_connect", args=["acme", job.pk]), {"posting": posting.pk}, follow=True
    )

    assert link_of(job).posting == posting
    text = response.content.decode()
    assert "Gardener is connected with “Head Gardener” in Lever." in text
    assert "Its 1 existing applicant was not sent" in text


@pytest.mark.parametrize("posting", ["", "x", "9" * 30, "-1"], ids=["nothing", "word", "huge", "negative"])
def test_a_click_on_what_is_no_posting_connects_nothing(signed_in, acme, connection, posting):
    job = factories.make_job(acme, "Gardener")

    response = signed_in.post(reverse("job_posting_connect", args=["acme", job.pk]), {"posting": posting}, follow=True)

    assert "Gardener was not connected." in response.content.decode()
    assert link_of(job) is None


def test_another_companys_posting_cannot_be_connected(signed_in, acme, globex, connection):
    theirs = rows.make_posting(rows.make_connection(globex), "Gardener")
    job = factories.make_job(acme, "Gardener")

    signed_in.post(reverse("job_posting_connect", args=["acme", job.pk]), {"posting": theirs.pk})

    assert link_of(job) is None


def test_a_job_whose_posting_is_confidential_is_published_only_after_asking(signed_in, acme, connection):
    posting = rows.make_posting(connection, "Chief of Staff", is_confidential=True)
    job = factories.make_job(acme, "Chief of Staff", status="draft")
    rows.make_link(posting, job)
    path = reverse("job_publish", args=["acme", job.pk])

    asked = signed_in.post(path)

    assert "The posting is confidential in Lever." in asked.content.decode()
    assert now(job).status == "draft"
    signed_in.post(path, {"confirmed": "1"})
    assert now(job).status == "open"


def test_save_and_publish_of_a_confidential_one_saves_and_asks(signed_in, acme, connection):
    posting = rows.make_posting(connection, "Chief of Staff", is_confidential=True)
    job = factories.make_job(acme, "Chief of Staff", status="draft")
    rows.make_link(posting, job)

    response = signed_in.post(
        reverse("job_edit", args=["acme", job.pk]),
        {"title": "Chief", "posting": posting.pk, "initial-posting": posting.pk, "publish": "1"},
    )

    assert response.url == reverse("job_publish", args=["acme", job.pk])
    assert (now(job).title, now(job).status) == ("Chief", "draft")


@pytest.mark.parametrize(
    ("chosen", "stored"), [("on", True), ("off", False), ("", None)], ids=["by itself", "by hand", "as the company"]
)
def test_how_applicants_go_is_chosen_for_each_job(signed_in, acme, connection, chosen, stored):
    link = rows.make_link(rows.make_posting(connection), exports_automatically=None if chosen else True)
    before = "" if chosen else "on"

    signed_in.post(
        reverse("job_edit", args=["acme", link.job_id]),
        {
            "title": "Gardener",
            "posting": link.posting_id,
            "initial-posting": link.posting_id,
            "exports_automatically": chosen,
            "initial-exports_automatically": before,
        },
    )

    assert link_of(link.job).exports_automatically is stored


def test_saving_the_rest_leaves_how_applicants_go_as_a_colleague_chose(signed_in, acme, connection):
    link = rows.make_link(rows.make_posting(connection), exports_automatically=False)

    signed_in.post(
        reverse("job_edit", args=["acme", link.job_id]),
        {
            "title": "Gardener",
            "posting": link.posting_id,
            "initial-posting": link.posting_id,
            "exports_automatically": "",
            "initial-exports_automatically": "",
        },
    )

    assert link_of(link.job).exports_automatically is False


def test_the_choice_says_what_the_company_has_chosen(signed_in, acme):
    connection = rows.make_connection(acme, exports_automatically=False)
    link = rows.make_link(rows.make_posting(connection))

    assert "As in the settings: by hand" in page(signed_in, link.job)


def test_a_candidates_card_says_who_waits_and_offers_another_posting(signed_in, acme, connection):
    shut = rows.make_posting(connection, "Gardener", is_open=False, state="Closed")
    rows.make_posting(connection, "Head Gardener")
    link = rows.make_link(shut)
    application = factories.make_application(link.job)
    rows.make_export(connection, application.candidate, shut, job=link.job, held_reason="posting_closed")
    rows.make_export(connection, posting=shut, job=link.job, held_reason="posting_closed")

    text = signed_in.get(reverse("candidate_detail", args=["acme", application.candidate_id])).content.decode()

    assert "2 candidates wait for this posting; nobody is lost." in text
    assert "Head Gardener" in text
    assert reverse("job_posting_connect", args=["acme", link.job_id]) in text


def test_connecting_from_a_card_shows_the_card_anew(signed_in, acme, connection):
    link = rows.make_link(rows.make_posting(connection, is_open=False, state="Closed"))
    other = rows.make_posting(connection, "Other")

    response = signed_in.post(
        reverse("job_posting_connect", args=["acme", link.job_id]),
        {"posting": other.pk, "candidate": "7"},
        headers={"HX-Request": "true"},
    )

    assert "sent-7" in response.headers["HX-Trigger"]
    assert "<html" not in response.content.decode()
