"""A company with two ATSs: whoever is sent goes where the page said, with a posting of that ATS."""

import pytest

from integrations import actions, queries
from integrations.models import CandidateExport, Connection
from purposejobs.tenancy import company_scope
from tests.factories import make_candidate, make_job
from tests.integrations import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(acme):
    return rows.make_connection(acme)


@pytest.fixture
def second(acme, first):
    connection = rows.make_connection(acme, provider="harbor")
    pool = rows.make_posting(connection, "Talent pool")
    with company_scope(acme):
        Connection.objects.filter(pk=connection.pk).update(lead_posting=pool)
    return connection


@pytest.fixture
def kim(second):
    return make_candidate("Kim Park", is_discoverable=True)


def send(company, by, candidate, job=None):
    with company_scope(company):
        actions.send_candidates(company=company, candidates=[candidate], job=job, requested_by=by)


def sent(company):
    """Say where the only export goes: its connection, its posting's connection, and the posting."""
    with company_scope(company):
        export = CandidateExport.objects.select_related("posting").get()
        return export.connection_id, export.posting.connection_id, export.posting.title


def test_without_a_job_they_go_to_the_one_that_the_page_names(acme, bob, second, kim):
    send(acme, bob, kim)

    assert sent(acme) == (second.pk, second.pk, "Talent pool")
    with company_scope(acme):
        assert queries.share_state(acme).label == second.label


def test_with_a_job_they_go_where_it_is_connected(acme, bob, first, kim):
    job = make_job(acme, "Baker")
    rows.make_link(rows.make_posting(first, "Baker"), job)

    send(acme, bob, kim, job)

    assert sent(acme) == (first.pk, first.pk, "Baker")


def test_together_they_go_to_the_one_that_the_page_names(acme, bob, second, kim):
    with company_scope(acme):
        sending = actions.prepare_bulk_send(company=acme, candidate_pks=[kim.pk], requested_by=bob)
        actions.confirm_bulk_send(bulk_send=sending, confirmed_by=bob, shown_job_pk=None)

    assert sent(acme) == (second.pk, second.pk, "Talent pool")
