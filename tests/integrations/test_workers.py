"""The journey with real processes: a worker, beat, the emulator, and what happens when one of them dies."""

import subprocess

import pytest
from redis import ConnectionError, Redis

from integrations import nudging
from integrations.models import CandidateExport
from integrations.pacing import redis_client
from purposejobs.celery import app
from purposejobs.local_stack.environment import free_port
from purposejobs.local_stack.servers import redis_binary
from purposejobs.tenancy import company_scope
from tests.integrations.connected import apply, only_export
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]

# Shorter waits, the same rules.
QUICK = {
    "EXPORT_CALL_DEADLINE_SECONDS": "2",
    "EXPORT_LEASE_SECONDS": "4.5",
    "EXPORT_LOOK_DELAY_SECONDS": "2.2",
    "EXPORT_SWEEP_SECONDS": "0.3",
    "EXPORT_RETRY_FIRST_SECONDS": "0.2",
    "EXPORT_QUEUES": "default,integrations,integrations_again",
}


def is_sent(company) -> bool:
    with company_scope(company):
        return not CandidateExport.objects.exclude(state="sent", follow_up__in=["done", "none"]).exists()


def test_an_applicant_arrives_by_a_nudge_alone(ats, connection, linked_job, acme, start_celery):
    start_celery("exports", **QUICK)
    application = apply(linked_job, note="Hello")

    wait_until(lambda: is_sent(acme), what="the export")

    (opportunity,) = ats.opportunities(email=application.email)
    assert len(opportunity["notes"]) == 1


def test_a_worker_killed_between_the_create_and_the_record_makes_no_second_one(
    ats, connection, linked_job, acme, start_celery
):
    # The emulator creates at once and answers late: the worker dies while it waits for the answer.
    ats.fault("slow", seconds=1.5, when="after")
    worker = start_celery("exports", **QUICK)
    application = apply(linked_job, note="Hello")
    wait_until(lambda: ats.opportunities(email=application.email), what="the create")
    worker.kill()
    assert only_export(acme).state == "sending"

    start_celery("exports", **QUICK)
    start_celery("beat", **QUICK)
    wait_until(lambda: is_sent(acme), seconds=30, what="the export after the crash")

    (opportunity,) = ats.opportunities(email=application.email)
    assert opportunity["id"] == only_export(acme).external_id
    assert len(opportunity["notes"]) == 1


def test_without_redis_nothing_is_sent_and_afterwards_the_applicant_arrives_by_itself(
    ats, connection, linked_job, acme, own_redis, start_celery
):
    start_celery("exports", **QUICK, REDIS_URL=own_redis.url)
    start_celery("beat", **QUICK, REDIS_URL=own_redis.url)
    own_redis.stop()

    application = apply(linked_job)
    assert only_export(acme).state == "waiting"
    assert ats.calls() == 0

    own_redis.start()
    wait_until(lambda: is_sent(acme), seconds=40, what="the export once Redis is back")
    assert len(ats.opportunities(email=application.email)) == 1


def test_a_worker_that_loses_redis_in_the_middle_of_a_task_lives_on(
    ats, connection, linked_job, acme, own_redis, start_celery
):
    worker = start_celery("exports", **QUICK, REDIS_URL=own_redis.url)
    ats.fault("slow", seconds=1.5, when="after")
    application = apply(linked_job)
    wait_until(lambda: ats.opportunities(email=application.email), what="the create")

    own_redis.stop()
    wait_until(lambda: is_sent(acme), what="the record of a call that Redis has nothing to do with")
    own_redis.start()
    apply(linked_job, "Ben")

    start_celery("beat", **QUICK, REDIS_URL=own_redis.url)
    wait_until(lambda: is_sent(acme), seconds=40, what="the next export")
    assert worker.popen.poll() is None, worker.output[-3000:]


class OwnRedis:
    """A Redis that a test may stop and start."""

    def __init__(self, folder) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        arguments = ["--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen([redis_binary(), *arguments], stdout=subprocess.DEVNULL)
        wait_until(self.answers, what="Redis")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def answers(self) -> bool:
        try:
            return bool(Redis.from_url(self.url).ping())
        except ConnectionError:
            return False


@pytest.fixture
def own_redis(tmp_path, monkeypatch):
    """A Redis of the test's own, which this process uses too."""
    redis = OwnRedis(tmp_path)
    monkeypatch.setattr(app.conf, "broker_url", redis.url)
    monkeypatch.setattr("django.conf.settings.REDIS_URL", redis.url)
    nudging._broker.cache_clear()
    redis_client.cache_clear()
    yield redis
    redis.stop()
    nudging._broker.cache_clear()
    redis_client.cache_clear()
