"""Reading one record at a time: what may go wrong with it, and with whom it shares its way."""

import threading
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from integrations import actions, following
from integrations.draining.claims import CallCounts, claim
from integrations.draining.packing import pack
from integrations.draining.recording import record
from integrations.errors import Rejected, TryLater
from integrations.following import deliveries, reading
from integrations.models import CandidateExport
from integrations.pacing import redis_client
from purposejobs.tenancy import company_scope, keys_from
from tests.integrations.following.followed import Followed, let_tokens_come

pytestmark = pytest.mark.django_db


def read_again(acmes, export) -> None:
    acmes.change_export(export, read_due_at=timezone.now())
    acmes.follow()


def test_refresh_reads_a_candidates_records_now(acmes, far):
    export, other = acmes.send(), acmes.send()
    far.move(export.external_id, "met")

    with company_scope(acmes.company):
        assert actions.refresh_progress(company=acmes.company, candidate=export.candidate) == 1
    acmes.follow()

    assert far.reads == [export.external_id]
    assert acmes.told_by(export) == ["refresh"]
    assert acmes.read(other).read_due_at is None


def test_refresh_reads_nothing_of_what_is_not_there(acmes, far):
    export = acmes.send(deleted_there_at=timezone.now())

    with company_scope(acmes.company):
        assert actions.refresh_progress(company=acmes.company, candidate=export.candidate) == 0


def test_a_record_that_is_gone_is_marked_deleted(acmes, far):
    export = acmes.send()
    far.delete(export.external_id)
    acmes.deliver(export.external_id, event="candidateDeleted")

    acmes.follow()

    assert acmes.read(export).deleted_there_at is not None
    assert acmes.told_by(export) == ["webhook"]


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(Rejected("forbidden"), id="refused"),
        pytest.param(TryLater("server_error"), id="an error of theirs"),
        pytest.param(KeyError("stage"), id="a mistake of ours"),
    ],
)
def test_a_poisonous_record_is_tried_ever_more_seldom_and_holds_nobody_up(acmes, far, trouble):
    bad, good = acmes.send(), acmes.send()
    far.poison[bad.external_id] = trouble
    far.move(good.external_id, "met")
    acmes.deliver(bad.external_id)
    acmes.deliver(good.external_id)

    acmes.follow()
    waits = []
    for _ in range(12):
        row = acmes.read(bad)
        waits.append(row.read_due_at - timezone.now())
        read_again(acmes, bad)

    assert acmes.read(good).stage_id == "met"
    assert far.reads.count(bad.external_id) == 13
    assert acmes.read(bad).read_tries == 13
    assert waits[0] > timedelta(seconds=2)
    assert waits[-1] > timedelta(minutes=5)
    connection = acmes.read_connection()
    assert (connection.state, connection.paused_until) == ("active", None)


def test_an_answer_that_cannot_be_written_down_holds_nobody_up(acmes, far):
    bad, good = acmes.send(), acmes.send()
    for export in (bad, good):
        far.move(export.external_id, "met")
        acmes.deliver(export.external_id)
    far.record(bad.external_id).stage_id = "x" * 81

    acmes.follow()
    acmes.catch_up()

    assert acmes.read(good).stage_id == "met"
    row = acmes.read(bad)
    assert (row.stage_id, row.read_tries) == ("new", 1)
    assert row.read_due_at > timezone.now()
    assert acmes.read_connection().catch_up == {}


def test_a_good_answer_ends_the_waiting(acmes, far):
    export = acmes.send()
    far.poison[export.external_id] = Rejected("forbidden")
    acmes.deliver(export.external_id)
    acmes.follow()

    far.poison.clear()
    read_again(acmes, export)

    row = acmes.read(export)
    assert (row.read_due_at, row.read_tries, row.read_because) == (None, 0, "")


def test_an_outage_opens_the_circuit_that_exports_share(acmes, far, settings):
    for _ in range(settings.EXPORTS["circuit_failures"]):
        acmes.deliver(acmes.send().external_id)
    far.mood = "away"

    acmes.follow()

    paused = acmes.read_connection()
    assert paused.paused_until > timezone.now()
    assert keys_from("connections_to_follow") == []

    far.mood = "good"
    acmes.change(paused_until=timezone.now())
    with company_scope(acmes.company):
        CandidateExport.objects.update(read_due_at=timezone.now())
    acmes.follow()

    closed = acmes.read_connection()
    assert (closed.paused_until, closed.failures_in_a_row) == (None, 0)
    assert len(far.reads) == settings.EXPORTS["circuit_failures"]


def test_too_many_slows_this_account_only(acmes, far):
    export = acmes.send()
    acmes.deliver(export.external_id)
    far.mood = "busy"
    let_tokens_come(acmes.connection)

    following.follow(acmes.connection.pk)

    assert acmes.read_connection().failures_in_a_row == 0
    assert float(redis_client().hget(f"pace:{acmes.connection.bucket}", "paused_until")) > 0
    assert acmes.read(export).read_tries == 0


def test_revoked_access_asks_for_a_reconnection_and_what_was_delivered_waits(acmes, far):
    export = acmes.send()
    far.move(export.external_id, "met")
    acmes.deliver(export.external_id)
    far.tokens.clear()

    acmes.follow()

    assert acmes.read_connection().state == "needs_reconnect"
    assert acmes.read(export).stage_id == "new"
    acmes.deliver(export.external_id)
    acmes.connect()
    acmes.follow()
    assert acmes.read(export).stage_id == "met"


def test_a_token_that_ran_out_is_refreshed_and_the_read_repeated(acmes, far):
    export = acmes.send()
    far.move(export.external_id, "met")
    acmes.deliver(export.external_id)
    stale = acmes.read_connection().access_token
    far.tokens.remove(stale)
    far.grant()

    acmes.follow()

    assert acmes.read(export).stage_id == "met"
    assert acmes.read_connection().access_token != stale


def test_a_reader_that_died_is_replaced_when_its_time_is_over(acmes, far, settings):
    export = acmes.send()
    far.move(export.external_id, "met")
    acmes.deliver(export.external_id)
    with company_scope(acmes.company):
        deliveries.sort(acmes.connection)
        assert len(reading.claim(acmes.connection, limit=5)) == 1
        assert reading.claim(acmes.connection, limit=5) == []

    acmes.follow()
    assert acmes.read(export).stage_id == "new"
    acmes.change_export(export, read_due_at=timezone.now())  # the lease is over
    acmes.follow()

    assert acmes.read(export).stage_id == "met"


def test_without_redis_nothing_is_asked_and_nothing_lost(acmes, far, settings):
    export = acmes.send()
    far.move(export.external_id, "met")
    url = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis_client.cache_clear()

    try:
        assert acmes.deliver(export.external_id) is True
        assert following.follow(acmes.connection.pk) is None
    finally:
        settings.REDIS_URL = url
        redis_client.cache_clear()
    assert far.reads == []

    acmes.follow()
    assert acmes.read(export).stage_id == "met"


def test_a_delivery_of_one_company_touches_no_other_though_the_ids_are_the_same(acmes, far, globex, mallory):
    ours = acmes.send("record-x")
    far.account = "account-2"
    globexs = Followed(far, globex, mallory)
    globexs.follow()
    theirs = globexs.send("record-x")
    far.reads.clear()
    far.move("record-x", "met")
    before = globexs.read(theirs)

    acmes.deliver("record-x", token="same")
    assert globexs.deliver("somebody-else", token="same") is True
    acmes.follow()

    assert acmes.read(ours).stage_id == "met"
    after = globexs.read(theirs)
    assert (after.stage_id, after.checked_at, after.read_due_at) == ("new", before.checked_at, None)
    assert globexs.history(theirs) == []
    assert far.reads == ["record-x"]


@pytest.mark.django_db(transaction=True)
def test_followers_at_once_read_each_record_once(acmes, far):
    exports = [acmes.send() for _ in range(30)]
    for export in exports:
        far.move(export.external_id, "met")
        acmes.deliver(export.external_id)
    let_tokens_come(acmes.connection)

    def work() -> None:
        try:
            # As if each had found the other's flag run out.
            redis_client().delete(f"following:{acmes.connection.pk}")
            following.follow(acmes.connection.pk)
        finally:
            database.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    acmes.follow()

    assert sorted(far.reads) == sorted(export.external_id for export in exports)
    assert {acmes.read(export).stage_id for export in exports} == {"met"}
    assert {len(acmes.history(export)) for export in exports} == {1}


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_has_locked_is_passed_over_and_read_soon(acmes, far):
    export = acmes.send()
    far.move(export.external_id, "met")
    acmes.change(next_catch_up_at=timezone.now())
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with company_scope(acmes.company):
            CandidateExport.objects.select_for_update(no_key=True).get(pk=export.pk)
            locked.set()
            release.wait(10)
        database.close()

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(10)
    threading.Timer(0.5, release.set).start()

    acmes.follow()
    holder.join()

    assert far.reads == [export.external_id]
    assert acmes.read(export).stage_id == "met"


def test_a_follow_up_that_was_in_hand_puts_no_old_stage_back(acmes, far):
    export = acmes.send(follow_up="waiting", follow_up_at=timezone.now())
    far.move(export.external_id, "met")
    with company_scope(acmes.company):
        (row,) = claim(acmes.connection, CallCounts.of(far), tokens=5, limit=5)
        (errand,) = pack(far, acmes.connection, [row])
    acmes.deliver(export.external_id)
    acmes.follow()
    errand.outcome = True
    with company_scope(acmes.company):
        record(far, acmes.connection, [errand])

    row = acmes.read(export)
    assert (row.follow_up, row.stage_id) == ("done", "met")
