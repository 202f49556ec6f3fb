"""A worker that is asked to end finishes the calls under way, and gives back what it had not begun."""

import signal

import pytest

from integrations.models import CandidateExport
from purposejobs.tenancy import company_scope
from tests.integrations.connected import apply
from tests.integrations.test_workers import QUICK, is_sent
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]

# One slow thread's worth of calls at once, and more rows in hand than those.
STOPPING = QUICK | {
    "EXPORT_POOL_SIZE": "1",
    "EXPORT_RATE_PER_SECOND": "200",
    "EXPORT_BURST": "200",
    "EXPORT_CALL_DEADLINE_SECONDS": "10",
    "EXPORT_LOOK_DELAY_SECONDS": "12",
    "EXPORT_LEASE_SECONDS": "30",
}


def in_hand(company) -> int:
    with company_scope(company):
        return CandidateExport.objects.exclude(claim=None).count()


def test_a_stopped_worker_leaves_nothing_in_its_hands_and_nobody_twice(ats, connection, linked_job, acme, start_celery):
    ats.fault("slow", seconds=3, count=500, when="after")
    applications = [apply(linked_job, f"Person {number}", note="Hello") for number in range(30)]
    worker = start_celery("exports", **STOPPING)
    wait_until(lambda: in_hand(acme) > 20 and ats.opportunities(email=applications[0].email), what="calls under way")

    worker.signal(signal.SIGTERM)
    # Three seconds for what was under way; what had not begun would take another round.
    worker.popen.wait(20)

    assert in_hand(acme) == 0
    begun = ats.calls()
    assert begun < 30
    with company_scope(acme):
        counted = {state: CandidateExport.objects.filter(state=state).count() for state in ("sent", "waiting")}
        assert counted == {"sent": begun, "waiting": 30 - begun}
        assert not CandidateExport.objects.filter(look_first=True).exists()

    ats.emulator.control("DELETE", "/faults")
    start_celery("exports", **STOPPING)
    start_celery("beat", **STOPPING)
    wait_until(lambda: is_sent(acme), what="the rest")
    assert [len(ats.opportunities(email=row.email)) for row in applications] == [1] * 30
