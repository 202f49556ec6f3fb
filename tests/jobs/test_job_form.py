"""Creating and editing a job, and connecting it with a posting in the same Save."""

import pytest
from django.contrib.messages import get_messages
from django.db import connection as database
from django.urls import reverse
from django.utils import timezone

from integrations import queries
from integrations.models import CandidateExport, Posting
from jobs.models import Job
from purposejobs.tenancy import company_scope
from tests import factories
from tests.integrations import rows


@pytest.fixture
def connection(acme):
    return rows.make_connection(acme)


@pytest.fixture
def job(acme):
    return factories.make_job(acme, "Gardener")


@pytest.fixture
def save(client, bob, job):
    """Save the job's form as Bob. Nothing but the title is filled in, unless it is named."""
    client.force_login(bob)

    def save(**typed):
        return client.post(reverse("job_edit", args=["acme", job.pk]), {"title": "Gardener"} | typed)

    return save


def linked(job):
    with company_scope(job.company):
        return getattr(queries.linked_posting(job), "pk", None)


def now(job):
    with company_scope(job.company):
        return Job.objects.get(pk=job.pk)


def test_a_new_job_is_a_draft_of_the_company(client, bob, acme):
    client.force_login(bob)

    response = client.post(
        reverse("job_create", args=["acme"]),
        {"title": "Cook", "team": "Kitchen", "location": "Berlin", "workplace": "onsite", "description": "## Soup"},
    )

    assert response.url == reverse("job_list", args=["acme"])
    with company_scope(acme):
        job = Job.objects.get()
    assert (job.title, job.team, job.workplace, job.status) == ("Cook", "Kitchen", "onsite", "draft")
    assert (job.company_id, job.created_by, job.published_at) == (acme.pk, bob, None)


def test_save_and_publish_puts_a_new_job_on_the_board(client, bob, acme):
    client.force_login(bob)

    client.post(reverse("job_create", args=["acme"]), {"title": "Cook", "publish": "1"})

    assert "Cook" in client.get(reverse("public_board")).content.decode()


def test_a_job_without_a_title_is_not_saved(save, job):
    response = save(title="", team="Field")

    assert response.status_code == 200
    assert response.context["form"].errors["title"] == ["Give the job a title."]
    assert 'value="Field"' in response.content.decode()
    assert now(job).team == ""


def test_saving_takes_no_status_and_no_company_from_the_form(save, job, globex):
    save(status="closed", company=globex.pk, title="Head Gardener")

    assert (now(job).title, now(job).status, now(job).company_id) == ("Head Gardener", "open", job.company_id)


def test_the_field_is_named_after_the_ats_and_offers_open_postings(save, client, job, connection):
    rows.make_posting(connection, "Gardener", team="Field", location="Berlin")
    rows.make_posting(connection, "Cook", state="Closed", is_open=False)

    html = client.get(reverse("job_edit", args=["acme", job.pk])).content.decode()

    assert f"Connect {connection.label} Job" in html
    assert ">Gardener · Field · Berlin</option>" in html
    assert f'data-state="Closed" disabled>Cook · closed in {connection.label}</option>' in html


def test_without_a_connection_there_is_no_field_and_the_page_says_why(save, client, job, acme):
    html = client.get(reverse("job_edit", args=["acme", job.pk])).content.decode()

    assert 'name="posting"' not in html
    assert "is not connected" in html


def test_save_stores_the_job_and_its_link_together(save, job, connection):
    posting = rows.make_posting(connection)

    response = save(title="Head Gardener", posting=posting.pk)

    assert response.status_code == 302
    assert (now(job).title, linked(job)) == ("Head Gardener", posting.pk)
    said = [str(message) for message in get_messages(response.wsgi_request)]
    assert said == [f"Head Gardener is saved and connected with {connection.label}."]


def test_a_new_job_can_be_connected_at_once(client, bob, acme, connection):
    client.force_login(bob)
    posting = rows.make_posting(connection)

    client.post(reverse("job_create", args=["acme"]), {"title": "Cook", "posting": posting.pk})

    with company_scope(acme):
        assert queries.linked_posting(Job.objects.get()).pk == posting.pk


def test_choosing_nothing_disconnects_the_job(save, job, connection):
    posting = rows.make_posting(connection)
    rows.make_link(posting, job)

    save(posting="", **{"initial-posting": posting.pk})

    assert linked(job) is None


def test_saving_the_rest_leaves_a_link_that_a_colleague_changed(save, job, connection):
    shown, chosen = rows.make_posting(connection), rows.make_posting(connection)
    rows.make_link(chosen, job)

    save(posting=shown.pk, **{"initial-posting": shown.pk})

    assert linked(job) == chosen.pk


def test_a_job_keeps_a_posting_that_has_closed(save, client, job, connection):
    posting = rows.make_posting(connection, "Gardener", state="Closed", is_open=False)
    rows.make_link(posting, job)

    html = client.get(reverse("job_edit", args=["acme", job.pk])).content.decode()
    response = save(title="Head Gardener", posting=posting.pk)

    assert f'<option value="{posting.pk}" data-state="Closed" selected>' in html
    assert f"Whoever applies waits until the posting is open in {connection.label} again." in html
    assert response.status_code == 302
    assert (now(job).title, linked(job)) == ("Head Gardener", posting.pk)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gone_at": timezone.now()}, "That posting is no longer in"),
        ({"is_open": False, "state": "Closed"}, "That posting is closed in"),
    ],
    ids=["vanished", "closed"],
)
def test_a_posting_lost_between_choosing_and_saving_is_said_and_nothing_is_stored(
    save, job, acme, connection, change, message
):
    posting = rows.make_posting(connection)
    with company_scope(acme):
        Posting.objects.filter(pk=posting.pk).update(**change)

    response = save(title="Head Gardener", posting=posting.pk)

    assert response.status_code == 200
    assert message in response.context["form"].errors["posting"][0]
    assert 'value="Head Gardener"' in response.content.decode()
    assert (now(job).title, linked(job)) == ("Gardener", None)


def test_a_posting_lost_while_the_form_is_saved_undoes_the_whole_save(save, job, acme, connection):
    posting = rows.make_posting(connection)

    def lose_posting(execute, sql, *details):
        if sql.startswith('UPDATE "jobs_job"'):
            Posting.objects.filter(pk=posting.pk).update(gone_at=timezone.now())
        return execute(sql, *details)

    with database.execute_wrapper(lose_posting):
        response = save(title="Head Gardener", posting=posting.pk)

    assert response.status_code == 200
    assert "was just removed" in response.context["form"].errors["posting"][0]
    assert (now(job).title, linked(job)) == ("Gardener", None)


def test_existing_applicants_are_not_sent_unless_asked(save, client, job, acme, connection):
    factories.make_application(job)
    posting = rows.make_posting(connection)

    html = client.get(reverse("job_edit", args=["acme", job.pk])).content.decode()
    save(posting=posting.pk)

    assert f"Send the 1 existing applicant to {connection.label} too" in html
    with company_scope(acme):
        assert not CandidateExport.objects.exists()


def test_existing_applicants_are_sent_when_asked(save, job, acme, connection):
    application = factories.make_application(job)
    factories.make_application(job, withdrawn_at=timezone.now())
    posting = rows.make_posting(connection)

    save(posting=posting.pk, send_existing="on")

    with company_scope(acme):
        assert list(CandidateExport.objects.values_list("candidate", "posting", "state")) == [
            (application.candidate_id, posting.pk, "waiting")
        ]


def test_a_job_without_applicants_does_not_ask(save, client, job, connection):
    html = client.get(reverse("job_edit", args=["acme", job.pk])).content.decode()

    assert 'name="send_existing"' not in html
