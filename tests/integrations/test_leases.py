"""Whose hands a row is in: leases that run out, late outcomes, two drains at once."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from integrations import draining
from integrations.draining.claims import CallCounts, claim, release_expired
from integrations.draining.packing import pack
from integrations.draining.recording import record
from integrations.models import CandidateExport
from integrations.providers import Created, get_provider
from purposejobs.tenancy import company_scope, keys_from
from tests.integrations.connected import apply, drain, fill_bucket, make_due, only_export

pytestmark = [pytest.mark.django_db, pytest.mark.real_http]


def take_in_hand(connection, *, tokens: int = 10, limit: int = 10):
    lever = get_provider("lever")
    exports = claim(connection, CallCounts.of(lever), tokens=tokens, limit=limit)
    return pack(lever, connection, exports)


def let_leases_run_out() -> None:
    CandidateExport.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))


def test_a_row_is_claimed_once(ats, connection, linked_job, acme):
    apply(linked_job)

    with company_scope(acme):
        assert len(take_in_hand(connection)) == 1
        assert take_in_hand(connection) == []


def test_no_more_is_claimed_than_there_are_tokens(ats, connection, linked_job, acme):
    for name in ("Ana", "Ben", "Cem"):
        apply(linked_job, name)
    with company_scope(acme):
        first = CandidateExport.objects.order_by("pk").first()
        CandidateExport.objects.filter(pk=first.pk).update(look_first=True, look_email="ana@example.net")

        claimed = take_in_hand(connection, tokens=2)

    assert [errand.export.pk for errand in claimed] == [first.pk, first.pk + 1]


def test_a_claim_that_ran_out_is_looked_up_before_it_is_sent_again(ats, connection, linked_job, acme):
    application = apply(linked_job)
    with company_scope(acme):
        (errand,) = take_in_hand(connection)
    # The worker created the opportunity, and died before it wrote that down.
    lever = get_provider("lever")
    created = lever.create(lever.open_client("emulator", connection.access_token, deadline=5), errand.payload)
    with company_scope(acme):
        let_leases_run_out()

    drain(connection)
    assert only_export(acme).look_first
    make_due(acme)
    drain(connection)

    (opportunity,) = ats.opportunities(email=application.email)
    assert opportunity["id"] == created.external_id == only_export(acme).external_id


def test_a_late_outcome_is_not_recorded(ats, connection, linked_job, acme):
    apply(linked_job)
    with company_scope(acme):
        (errand,) = take_in_hand(connection)
        let_leases_run_out()
        assert release_expired(connection) == 1

        errand.outcome = Created("late-1", "https://example.com/late-1")
        record(get_provider("lever"), connection, [errand])

    export = only_export(acme)
    assert (export.state, export.external_id, export.look_first) == ("waiting", "", True)


def test_one_bad_row_does_not_keep_the_others_from_being_recorded(ats, connection, linked_job, acme):
    for name in ("Ana", "Ben", "Cem"):
        apply(linked_job, name)
    with company_scope(acme):
        errands = take_in_hand(connection)
        for errand, external_id in zip(errands, ["same", "same", "other"], strict=True):
            errand.outcome = Created(external_id, "https://example.com/")
        record(get_provider("lever"), connection, errands)

        states = CandidateExport.objects.order_by("pk").values_list("state", "external_id")
        assert list(states) == [("sent", "same"), ("cancelled", ""), ("sent", "other")]


def test_an_adopted_record_belongs_to_one_export(ats, connection, linked_job, acme, bob):
    from integrations import actions

    application = apply(linked_job)
    drain(connection)
    with company_scope(acme):
        (other,) = actions.send_candidates(company=acme, candidates=[application.candidate], job=None, requested_by=bob)
        # As if the second's attempt had gone unheard, on the same posting.
        CandidateExport.objects.filter(pk=other.pk).update(
            look_first=True,
            look_posting_id="4b25972f-50aa-57a9-a283-f36656fd30a4",
            look_since=timezone.now() - timedelta(minutes=1),
        )
        row = CandidateExport.objects.get(pk=other.pk)
        row.look_email = application.email
        row.save(update_fields=["look_email"])

    drain(connection)

    with company_scope(acme):
        ids = set(CandidateExport.objects.values_list("external_id", flat=True))
    assert len(ids) == 2
    assert {row["id"] for row in ats.opportunities(email=application.email)} == ids


def test_the_sweep_finds_rows_that_are_due_or_whose_holder_is_gone(ats, connection, linked_job, acme):
    assert keys_from("connections_with_work") == []
    apply(linked_job)
    assert keys_from("connections_with_work") == [connection.pk]

    with company_scope(acme):
        take_in_hand(connection)
        assert keys_from("connections_with_work") == []
        let_leases_run_out()
    assert keys_from("connections_with_work") == [connection.pk]


@pytest.mark.django_db(transaction=True)
def test_two_drains_at_once_send_each_candidate_once(ats, connection, linked_job, acme, monkeypatch):
    applications = [apply(linked_job, f"Person {number}") for number in range(12)]
    # Without the flag, which only saves work.
    monkeypatch.setattr(draining.slices.RunningFlag, "__enter__", lambda self: self)
    fill_bucket(connection)

    def work() -> None:
        try:
            draining.drain(connection.pk)
        finally:
            database.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain(connection)

    assert [len(ats.opportunities(email=row.email)) for row in applications] == [1] * 12


def test_the_running_flag_is_cleared_only_by_its_owner(connection):
    flag, other = draining.slices.RunningFlag(connection.pk), draining.slices.RunningFlag(connection.pk)
    assert flag.__enter__()
    assert not other.__enter__()

    other.__exit__()

    assert not draining.slices.RunningFlag(connection.pk).__enter__()
    flag.__exit__()
    assert draining.slices.RunningFlag(connection.pk).__enter__()


def test_a_claim_is_a_key_of_its_own(ats, connection, linked_job, acme):
    apply(linked_job, "Ana")
    apply(linked_job, "Ben")

    with company_scope(acme):
        claims = {errand.claim for errand in take_in_hand(connection)}

    assert len(claims) == 2
    assert all(isinstance(key, uuid.UUID) for key in claims)
