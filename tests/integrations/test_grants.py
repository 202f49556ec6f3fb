"""Access that ends, is refreshed, is lost and comes back."""

import threading
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from accounts import letters
from integrations import actions, mirroring
from integrations.errors import ConnectionLost, TryLater
from integrations.grants import usable_token
from integrations.models import Connection
from purposejobs.tenancy import company_scope
from tests.integrations.connected import apply, drain, fill_bucket, make_due, only_export

pytestmark = [pytest.mark.django_db, pytest.mark.real_http]
HOUR = timedelta(hours=1)


def now(connection) -> Connection:
    with company_scope(connection.company_id):
        return Connection.objects.select_related("company").get(pk=connection.pk)


def let_token_run_out(connection) -> None:
    with company_scope(connection.company_id):
        Connection.objects.filter(pk=connection.pk).update(token_expires_at=timezone.now())


def refreshes(ats) -> int:
    return ats.calls("POST", "/oauth/token")


def test_revoked_access_asks_for_a_reconnection_and_the_applicant_waits(ats, connection, linked_job, acme):
    ats.emulator.control("POST", f"/accounts/{connection.account_id}/revoke")
    application = apply(linked_job)

    drain(connection)

    lost = now(connection)
    assert (lost.state, lost.lost_reason) == ("needs_reconnect", "grant_dead")
    export = only_export(acme)
    assert (export.state, export.look_first) == ("waiting", False)
    assert ats.opportunities(email=application.email) == []


def test_after_reconnecting_the_waiting_applicant_goes_out_by_itself(ats, connection, linked_job, acme, alice):
    ats.emulator.control("POST", f"/accounts/{connection.account_id}/revoke")
    application = apply(linked_job)
    drain(connection)

    with company_scope(acme):
        actions.open_connection(company=acme, provider="lever", tokens=ats.tokens(), connected_by=alice)
    drain(connection)

    assert only_export(acme).state == "sent"
    assert len(ats.opportunities(email=application.email)) == 1


def test_nothing_is_sent_for_a_lost_connection(ats, connection, linked_job, acme):
    with company_scope(acme):
        actions.lose_connection(connection=connection, code="grant_dead")
    apply(linked_job)

    drain(connection)

    assert ats.calls() == 0
    assert only_export(acme).state == "waiting"


def test_both_new_tokens_are_stored(ats, connection):
    before = now(connection)
    let_token_run_out(connection)

    usable_token(now(connection), lasts=timedelta(minutes=5))

    after = now(connection)
    assert after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token
    assert after.token_lasts(timedelta(minutes=50))


@pytest.mark.parametrize("kind", ["500", "503", "drop_after", "429"])
def test_a_passing_fault_while_refreshing_never_loses_the_connection(ats, connection, kind):
    let_token_run_out(connection)
    ats.fault(kind, "POST /oauth/token")

    with pytest.raises(TryLater):
        usable_token(now(connection), lasts=timedelta(minutes=5))

    assert now(connection).state == "active"


def test_a_dead_grant_is_lost_at_once(ats, connection):
    let_token_run_out(connection)
    ats.fault("invalid_grant", "POST /oauth/token")

    with pytest.raises(ConnectionLost):
        usable_token(now(connection), lasts=timedelta(minutes=5))

    assert now(connection).state == "needs_reconnect"


@pytest.mark.django_db(transaction=True)
def test_a_rotating_token_is_traded_once_however_many_want_it(ats, connection):
    let_token_run_out(connection)
    before = refreshes(ats)
    stale = [now(connection) for _ in range(6)]
    tokens: list[str] = []

    def work(row: Connection) -> None:
        try:
            tokens.append(usable_token(row, lasts=timedelta(minutes=5)))
        finally:
            database.close()

    threads = [threading.Thread(target=work, args=[row]) for row in stale]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(tokens) == 6
    assert len(set(tokens)) == 1
    assert refreshes(ats) == before + 1


def test_calls_refused_together_refresh_the_token_once(ats, connection, linked_job):
    applications = [apply(linked_job, f"Person {number}") for number in range(6)]
    before = refreshes(ats)
    ats.emulator.control("POST", f"/accounts/{connection.account_id}/expire_tokens")

    drain(connection)

    assert refreshes(ats) == before + 1
    assert [len(ats.opportunities(email=row.email)) for row in applications] == [1] * 6


def test_an_idle_grant_is_kept_alive(ats, connection):
    with company_scope(connection.company_id):
        Connection.objects.update(token_refreshed_at=timezone.now() - timedelta(days=8))
    before = now(connection).refresh_token

    mirroring.keep_grant_alive(connection.pk)

    assert now(connection).refresh_token != before


def test_a_busy_grant_is_left_alone(ats, connection):
    before = now(connection).refresh_token

    mirroring.keep_grant_alive(connection.pk)

    assert now(connection).refresh_token == before


def test_disconnecting_gives_the_grant_back_and_forgets_it(ats, connection, acme, alice):
    with company_scope(acme):
        actions.close_connection(connection=connection, closed_by=alice)

    drain(connection)

    ended = now(connection)
    assert (ended.state, ended.access_token, ended.refresh_token) == ("disconnected", "", "")
    (account,) = [
        row for row in ats.emulator.control("GET", "/accounts")["accounts"] if row["id"] == connection.account_id
    ]
    assert account["grants"] == 0


def test_an_outage_opens_the_circuit_and_a_cheap_read_closes_it(ats, connection, linked_job, acme, settings):
    settings.EXPORTS = settings.EXPORTS | {"circuit_failures": 3}
    for number in range(8):
        apply(linked_job, f"Person {number}")
    ats.fault("503", "/v1/*", count=1000)
    for _ in range(3):
        drain(connection)
        make_due(acme)
    paused = now(connection)
    assert paused.paused_until is not None
    assert paused.state == "active"
    tried = ats.calls("POST", "/v1/opportunities")

    drain(connection)
    assert ats.calls("POST", "/v1/opportunities") == tried

    ats.emulator.control("DELETE", "/faults")
    with company_scope(acme):
        Connection.objects.update(paused_until=timezone.now())
    make_due(acme)
    for _ in range(3):
        drain(connection)
        make_due(acme)

    assert now(connection).paused_until is None
    assert len(ats.opportunities(tag="Purpose Jobs")) == 8


def test_a_listing_that_fails_on_its_second_page_changes_nothing(ats, connection, acme):
    from integrations.models import Posting

    for number in range(120):
        ats.emulator.control("POST", f"/accounts/{connection.account_id}/postings", text=f"Posting {number}")
    ats.fault("500", "GET /v1/postings", skip=1)
    fill_bucket(connection)
    with company_scope(acme):
        before = list(Posting.objects.order_by("pk").values_list("external_id", "gone_at"))

    mirroring.refresh_account(connection.pk)

    with company_scope(acme):
        assert list(Posting.objects.order_by("pk").values_list("external_id", "gone_at")) == before
    failed = now(connection)
    assert failed.postings_error == "unavailable"
    assert failed.postings_listed_at is not None


def test_a_posting_that_is_no_longer_listed_is_gone(ats, connection, acme):
    from integrations.models import Posting

    with company_scope(acme):
        posting = Posting.objects.get(title="Data Scientist")
    ats.emulator.control("DELETE", f"/postings/{posting.external_id}")
    fill_bucket(connection)

    mirroring.refresh_account(connection.pk)

    with company_scope(acme):
        posting.refresh_from_db()
    assert posting.gone_at is not None
    assert not posting.accepts_candidates


def test_admins_are_asked_once_to_reconnect_before_the_grants_life_ends(ats, connection, acme, mailoutbox):
    with company_scope(acme):
        Connection.objects.update(connected_at=timezone.now() - timedelta(days=340))

    for _ in range(2):
        mirroring.keep_grant_alive(connection.pk)
    letters.deliver(acme.pk)

    assert now(connection).ends_soon
    (mail,) = mailoutbox
    assert mail.to == ["alice@acme.example"]
    assert "reconnect Lever before" in mail.subject


def test_a_young_grant_is_not_about_to_end(ats, connection):
    mirroring.keep_grant_alive(connection.pk)

    assert not now(connection).ends_soon
    assert now(connection).end_told_at is None
