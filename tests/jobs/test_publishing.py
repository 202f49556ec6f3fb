"""Publishing and closing a job."""

import pytest
from django.urls import reverse

from jobs.models import Job
from purposejobs.tenancy import company_scope
from tests import factories


@pytest.fixture
def post(client, bob):
    client.force_login(bob)

    def post(name, job):
        return client.post(reverse(name, args=["acme", job.pk]), follow=True)

    return post


def now(job):
    with company_scope(job.company):
        return Job.objects.get(pk=job.pk)


@pytest.mark.parametrize("status", ["draft", "closed"])
def test_publishing_puts_a_job_on_the_board(post, client, acme, status):
    job = factories.make_job(acme, "Gardener", status=status)

    response = post("job_publish", job)

    assert "Gardener is on the board." in response.content.decode()
    assert (now(job).status, now(job).closed_at) == ("open", None)
    assert "Gardener" in client.get(reverse("public_board")).content.decode()


def test_publishing_twice_changes_nothing(post, acme):
    job = factories.make_job(acme)
    before = now(job).published_at

    post("job_publish", job)

    assert now(job).published_at == before


def test_closing_asks_first(client, bob, acme):
    client.force_login(bob)
    job = factories.make_job(acme, "Gardener")

    page = client.get(reverse("job_close", args=["acme", job.pk])).content.decode()
    dialog = client.get(reverse("job_close", args=["acme", job.pk]), headers={"HX-Request": "true"}).content.decode()

    assert "<h1>Close Gardener?</h1>" in page
    assert "<h2>Close Gardener?</h2>" in dialog
    assert "<html" not in dialog
    assert now(job).status == "open"


def test_closing_takes_a_job_off_the_board(post, client, acme):
    job = factories.make_job(acme, "Gardener")

    response = post("job_close", job)

    assert "Gardener is closed. Nobody can apply any more." in response.content.decode()
    assert now(job).status == "closed"
    assert now(job).closed_at is not None
    assert "Gardener" not in client.get(reverse("public_board")).content.decode()


@pytest.mark.parametrize("name", ["job_publish"])
def test_following_a_link_publishes_nothing(client, bob, acme, name):
    client.force_login(bob)
    job = factories.make_job(acme, status="draft")

    assert "Publish" in client.get(reverse(name, args=["acme", job.pk])).content.decode()
    assert now(job).status == "draft"
