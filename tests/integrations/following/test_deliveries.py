"""A delivery is a reason to look, not the news itself."""

from datetime import timedelta
from queue import SimpleQueue

import pytest
from django.utils import timezone

from integrations import actions
from integrations.following import deliveries, reading
from integrations.models import WebhookEvent
from purposejobs.tenancy import company_scope, keys_from

pytestmark = pytest.mark.django_db


def age(acmes, **delta) -> None:
    with company_scope(acmes.company):
        WebhookEvent.objects.update(received_at=timezone.now() - timedelta(**delta))


def test_a_delivery_brings_the_stage_to_the_export(acmes, far):
    export = acmes.send()
    far.move(export.external_id, "talked")

    assert acmes.deliver(export.external_id) is True
    acmes.follow()

    assert acmes.read(export).stage_id == "talked"
    assert acmes.history(export) == [("moved", "Talked to")]
    assert acmes.told_by(export) == ["webhook"]
    assert acmes.outcomes() == ["done"]


def test_a_token_seen_before_is_kept_once_and_reads_nothing_again(acmes, far):
    export = acmes.send()
    acmes.deliver(export.external_id, token="same")
    acmes.follow()
    far.reads.clear()

    assert acmes.deliver(export.external_id, token="same") is False
    acmes.follow()

    assert far.reads == []
    assert acmes.outcomes() == ["done"]


def test_several_deliveries_for_one_record_are_one_read(acmes, far):
    export = acmes.send()
    for _ in range(5):
        acmes.deliver(export.external_id)

    acmes.follow()

    assert far.reads == [export.external_id]
    assert acmes.outcomes() == ["done"] * 5


def test_a_delivery_that_comes_while_a_read_is_under_way_makes_another(acmes, far):
    export = acmes.send()
    acmes.deliver(export.external_id)

    with company_scope(acmes.company):
        deliveries.sort(acmes.connection)
        (under_way,) = reading.claim(acmes.connection, limit=5)
        under_way.client = far.open_client("test", acmes.connection.access_token, deadline=5)
    reading.read(under_way, far, SimpleQueue())
    far.move(export.external_id, "met")
    acmes.deliver(export.external_id)
    with company_scope(acmes.company):
        deliveries.sort(acmes.connection)
        reading.record(acmes.connection, [under_way])

    acmes.follow()

    assert far.reads == [export.external_id] * 2
    assert acmes.read(export).stage_id == "met"
    assert acmes.read(export).read_due_at is None


def test_a_delivery_of_somebody_we_did_not_send_is_put_aside_after_a_minute(acmes, far):
    acmes.deliver("somebody-else")
    acmes.follow()
    assert acmes.outcomes() == ["waiting"]
    age(acmes, seconds=61)

    acmes.follow()

    assert acmes.outcomes() == ["not_ours"]
    assert far.reads == []


def test_a_delivery_waits_for_our_own_create_to_be_recorded(acmes, far):
    acmes.deliver("early")
    acmes.follow()
    export = acmes.send("early")
    far.move("early", "talked")
    age(acmes, seconds=61)

    acmes.follow()

    assert acmes.outcomes() == ["done"]
    assert acmes.read(export).stage_id == "talked"


def test_a_delivery_without_a_record_is_put_aside_at_once(acmes):
    acmes.deliver("", event="contactUpdated")

    acmes.follow()

    assert acmes.outcomes() == ["not_ours"]


def test_a_test_delivery_shows_that_webhooks_come(acmes):
    with company_scope(acmes.company):
        actions.take_delivery(
            connection=acmes.connection,
            token="test",
            event="candidateHired",
            triggered_at=timezone.now(),
            external_id="",
            body={},
            is_test=True,
        )

    assert acmes.outcomes() == ["test"]
    assert acmes.read_connection().delivered_at is not None


def test_the_time_of_the_last_delivery_is_written_seldom(acmes):
    acmes.deliver("one")
    first = acmes.read_connection().delivered_at
    acmes.deliver("two")
    assert acmes.read_connection().delivered_at == first
    acmes.change(delivered_at=first - timedelta(seconds=6))

    acmes.deliver("three")

    assert acmes.read_connection().delivered_at > first - timedelta(seconds=6)


def test_deliveries_kept_long_enough_are_forgotten(acmes, settings):
    acmes.deliver("old")
    age(acmes, days=settings.FOLLOWING["keep_deliveries_days"] + 1)
    acmes.deliver("young")

    assert deliveries.prune() == 1
    assert deliveries.prune() == 0

    with company_scope(acmes.company):
        assert WebhookEvent.objects.get().external_id == "young"


def test_the_sweep_finds_a_delivery_whose_nudge_was_lost(acmes):
    assert keys_from("connections_to_follow") == []
    acmes.deliver("somebody")

    assert keys_from("connections_to_follow") == [acmes.connection.pk]
