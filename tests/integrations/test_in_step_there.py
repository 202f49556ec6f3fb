"""Imported jobs beside the real list of an ATS: made from it, following it."""

import pytest

from integrations import actions, mirroring
from integrations.models import Posting, PostingLink
from jobs.models import Job
from purposejobs.tenancy import company_scope
from tests.integrations.connected import NORTHWIND, fill_bucket

pytestmark = [pytest.mark.django_db, pytest.mark.real_http]


def test_a_posting_is_imported_with_its_text_and_followed_over_http(emulator, connection, acme, bob):
    fields = {"team": "Platform", "location": "Berlin", "locations": ["Berlin", "Paris"], "commitment": "Full-time"}
    text = {"descriptionHtml": "<div><b>What you do</b><script>no</script></div><ul><li>Keep it running</li></ul>"}
    posting = emulator.control("POST", f"/accounts/{NORTHWIND}/postings", text="Reliability Engineer", **fields, **text)
    look(connection)
    with company_scope(acme):
        pk = Posting.objects.get(external_id=posting["id"]).pk
        (job,) = actions.import_postings(company=acme, posting_pks=[pk], imported_by=bob, keeps_in_step=True)
    assert (job.title, job.team, job.location) == ("Reliability Engineer", "Platform", "Berlin / Paris")
    assert "**What you do**" in job.description
    assert "Keep it running" in job.description
    assert "script" not in job.description
    with company_scope(acme):
        Job.objects.filter(pk=job.pk).update(team="Our team")

    emulator.control("POST", f"/postings/{posting['id']}", text="Senior Reliability Engineer", team="Core")
    look(connection)

    with company_scope(acme):
        job.refresh_from_db()
        assert PostingLink.objects.get(job=job).told_digest != ""
    assert (job.title, job.team) == ("Senior Reliability Engineer", "Our team")


def test_a_list_that_breaks_off_changes_no_job(ats, emulator, connection, acme, bob):
    with company_scope(acme):
        posting = Posting.objects.get(title="Backend Engineer")
        (job,) = actions.import_postings(company=acme, posting_pks=[posting.pk], imported_by=bob, keeps_in_step=True)
    emulator.control("POST", f"/postings/{posting.external_id}", text="Something else")
    ats.fault("status", "GET /v1/postings", status=500, count=3)

    look(connection)

    with company_scope(acme):
        assert Job.objects.get(pk=job.pk).title == "Backend Engineer"


def look(connection):
    """Read the list of postings."""
    fill_bucket(connection)
    mirroring.refresh_account(connection.pk)
