"""The factories and people themselves: a company's rows are there in its scope and nowhere else."""

from candidates.models import Application
from jobs.models import Job
from purposejobs.tenancy import company_scope
from tests import factories


def test_factories_write_rows_into_the_company_they_are_given(acme, globex, alice, bob, mallory):
    job = factories.make_job(acme)
    application = factories.make_application(job)

    with company_scope(acme):
        assert list(Application.objects.all()) == [application]
        assert list(Job.objects.all()) == [job]
    with company_scope(globex):
        assert not Job.objects.exists()
    assert not Job.objects.exists()
