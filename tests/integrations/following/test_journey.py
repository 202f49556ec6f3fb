"""From the emulator's board to the card: by webhook, by the catch-up, and through a storm of deliveries."""

import json
import os
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from integrations import actions, following
from integrations.following.health import connection_health
from integrations.models import CandidateExport, Connection, StageChange, WebhookEvent
from purposejobs.tenancy import company_scope
from tests.integrations.connected import NORTHWIND, apply, drain, only_export
from tests.integrations.following.followed import let_tokens_come
from tests.integrations.rows import make_export
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.real_http]
# `STORM=10000` for the long one.
STORM = int(os.environ.get("STORM", "600"))


@pytest.fixture(autouse=True)
def quick(settings):
    """Let the ATS's rate not be what these tests wait for."""
    settings.EXPORTS = settings.EXPORTS | {"rate_per_second": 1000, "burst": 1000}


def follow(connection) -> None:
    for _ in range(300):
        let_tokens_come(connection)
        if following.follow(connection.pk) is None:
            return
    raise AssertionError("the follower found no end")


def read(connection) -> Connection:
    with company_scope(connection.company_id):
        return Connection.objects.get(pk=connection.pk)


def catch_up(connection) -> None:
    with company_scope(connection.company_id):
        Connection.objects.update(next_catch_up_at=timezone.now())
    follow(connection)


def history(export) -> list[tuple[str, str]]:
    with company_scope(export.company_id):
        changes = StageChange.objects.filter(export=export).order_by("happened_at", "pk")
        return [(change.kind, change.stage_name or change.reason_name) for change in changes]


@pytest.mark.django_db(transaction=True)
def test_a_card_that_is_dragged_there_changes_here_by_webhook(live_server, ats, connection, linked_job, acme):
    follow(connection)
    assert read(connection).subscribed_at is not None
    apply(linked_job)
    drain(connection)
    export = only_export(acme)

    ats.emulator.control("POST", f"/opportunities/{export.external_id}", stage="lead-responded")

    def is_delivered() -> bool:
        with company_scope(acme):
            return WebhookEvent.objects.filter(outcome="waiting").exists()

    wait_until(is_delivered, what="the webhook")
    follow(connection)
    told = only_export(acme)
    assert told.stage_id == "lead-responded"
    with company_scope(acme):
        assert connection_health(read(connection)).at_work == "webhooks"
        assert StageChange.objects.filter(export=told, stage_id="lead-responded").get().told_by == "webhook"


@pytest.mark.django_db(transaction=True)
def test_a_worker_follows_what_was_delivered(ats, connection, linked_job, acme, start_celery):
    apply(linked_job)
    drain(connection)
    export = only_export(acme)
    start_celery("worker")
    ats.emulator.control("POST", f"/opportunities/{export.external_id}", stage="lead-responded")

    with company_scope(acme):
        actions.take_delivery(
            connection=read(connection),
            token="token-1",
            event="candidateStageChange",
            triggered_at=timezone.now(),
            external_id=export.external_id,
            body={},
        )

    wait_until(lambda: only_export(acme).stage_id == "lead-responded", what="the worker")


def test_hired_archived_reopened_and_deleted_are_found_by_the_catch_up(ats, connection, linked_job, acme):
    apply(linked_job)
    drain(connection)
    export = only_export(acme)
    catch_up(connection)
    with company_scope(acme):
        reasons = {reason.is_hire: reason for reason in connection.reasons.all()}
    there = f"/opportunities/{export.external_id}"

    for change in ({"stage": "offer"}, {"archive_reason": reasons[False].external_id}, {"archive_reason": None}):
        ats.emulator.control("POST", there, **change)
        catch_up(connection)
    ats.emulator.control("POST", there, archive_reason=reasons[True].external_id)
    catch_up(connection)

    hired = only_export(acme)
    assert (hired.stage_id, hired.archive_reason_id) == ("offer", reasons[True].external_id)
    assert hired.hired_at == hired.archived_at is not None
    assert (hired.origin, "Purpose Jobs" in hired.tags) == ("sourced", True)
    kinds = [kind for kind, _ in history(hired)]
    assert kinds[-4:] == ["moved", "archived", "reopened", "hired"]
    assert history(hired)[-1] == ("hired", reasons[True].name)
    ats.emulator.control("DELETE", there)
    catch_up(connection)
    assert only_export(acme).deleted_there_at is not None


def test_a_storm_of_deliveries_ends_right_and_forged_ones_change_nothing(ats, connection, acme):
    follow(connection)
    ats.emulator.control("POST", f"/accounts/{NORTHWIND}/opportunities", count=40, email_prefix="storm")
    people = [row for row in ats.opportunities() if row["emails"][0].startswith("storm")]
    assert len(people) == 40
    exports = {
        row["id"]: make_export(connection, state="sent", external_id=row["id"], checked_at=timezone.now())
        for row in people
    }
    storm = ats.emulator.control(
        "POST",
        f"/accounts/{NORTHWIND}/storm",
        count=STORM,
        send=False,
        opportunities=list(exports),
        doubled=0.2,
        forged=0.05,
        shuffled=True,
        seed=7,
    )["deliveries"]
    web = Client()
    answers = []
    for number, delivery in enumerate(storm):
        answer = web.post(urlsplit(delivery["url"]).path, delivery["body"], content_type="application/json")
        answers.append(answer.status_code)
        if number % 97 == 0:
            let_tokens_come(connection)
            following.follow(connection.pk)
    follow(connection)

    assert answers == [403 if delivery["forged"] else 204 for delivery in storm]
    with company_scope(acme):
        stages = dict(CandidateExport.objects.values_list("external_id", "stage_id"))
        archived = dict(CandidateExport.objects.values_list("external_id", "archived_at"))
        kept = WebhookEvent.objects.count()
    there = {row["id"]: row for row in ats.opportunities() if row["id"] in exports}
    assert stages == {key: row["stage"] for key, row in there.items()}
    assert {key: at is not None for key, at in archived.items()} == {
        key: row["archived"] is not None for key, row in there.items()
    }
    assert kept == len({json.loads(delivery["body"])["token"] for delivery in storm if not delivery["forged"]})
