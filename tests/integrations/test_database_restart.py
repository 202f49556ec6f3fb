"""PostgreSQL goes away under a worker, and comes back."""

import pytest
from django.db import connection as database

from integrations.models import CandidateExport
from purposejobs.tenancy import company_scope
from tests.integrations.connected import apply
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]


def sent(company) -> int:
    with company_scope(company):
        return CandidateExport.objects.filter(state="sent").count()


OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
)


def others_are_idle() -> bool:
    """Say whether the worker has connections, and did nothing with them for a moment."""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), bool_and(state = 'idle' AND state_change < now() - interval '0.5 s') {OTHERS}"
        )
        connections, are_idle = cursor.fetchone()
    return connections > 0 and are_idle


def cut_the_others() -> None:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}")


def test_a_worker_goes_on_after_its_database_connections_were_cut(ats, connection, linked_job, acme, start_celery):
    start_celery("exports", EXPORT_THREADS="1")
    apply(linked_job, "Ana")
    wait_until(lambda: sent(acme) == 1, what="the first export")

    wait_until(others_are_idle, what="an idle worker")
    cut_the_others()
    apply(linked_job, "Ben")

    # By its nudge alone: no sweep comes to the rescue here.
    wait_until(lambda: sent(acme) == 2, seconds=15, what="the export after the cut")
