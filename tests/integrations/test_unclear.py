"""After an unclear attempt: nobody's haste, and no change meanwhile, lets us look too early or send all the same."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import actions, mirroring
from integrations.draining.claims import CallCounts, claim
from integrations.draining.packing import pack
from integrations.draining.recording import record
from integrations.errors import Rejected
from integrations.models import CandidateExport, Connection, Posting
from purposejobs.tenancy import company_scope
from tests.integrations.connected import apply, drain, fill_bucket, only_export
from tests.integrations.far_side import SLUG, FarSide
from tests.integrations.rows import make_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def far(monkeypatch, settings):
    far = FarSide("account-1", ["posting-1"], late_seconds=20)
    far.register(monkeypatch, settings)
    return far


@pytest.fixture
def connection(far, acme, alice):
    with company_scope(acme):
        connection = actions.open_connection(company=acme, provider=SLUG, tokens=far.grant(), connected_by=alice)
    fill_bucket(connection)
    mirroring.refresh_account(connection.pk)
    return connection


@pytest.fixture
def job(connection, acme):
    with company_scope(acme):
        return make_link(Posting.objects.get()).job


@pytest.fixture
def unclear(far, connection, job):
    """A row whose create lands later than we waited."""
    far.mood = "late"
    application = apply(job, note="Hello")
    drain(connection)
    far.mood = "good"
    return application


def test_sending_again_does_not_look_before_a_late_create_must_have_landed(far, acme, alice, unclear, job):
    due_at = only_export(acme).next_attempt_at
    with company_scope(acme):
        CandidateExport.objects.update(state="cancelled", cancelled_reason="dismissed")

        actions.send_candidates(company=acme, candidates=[unclear.candidate], job=job, requested_by=alice)

    export = only_export(acme)
    assert (export.state, export.look_first, export.next_attempt_at) == ("waiting", True, due_at)


def test_a_posting_that_reopens_does_not_let_us_look_earlier(far, acme, connection, unclear):
    due_at = only_export(acme).next_attempt_at
    with company_scope(acme):
        CandidateExport.objects.update(held_reason="posting_closed")

    mirroring.refresh_account(connection.pk)

    export = only_export(acme)
    assert (export.held_reason, export.next_attempt_at) == ("", due_at)


def test_nothing_is_claimed_for_a_connection_that_was_lost_meanwhile(far, acme, connection, job):
    apply(job)
    with company_scope(acme):
        read_before = Connection.objects.get(pk=connection.pk)
        connection.mark_lost("grant_dead")

        assert read_before.is_active
        assert claim(read_before, CallCounts.of(far), tokens=10, limit=10) == []


def test_a_mistake_of_ours_after_the_note_was_added_adds_no_second_one(far, acme, alice, connection, job):
    apply(job, note="Hello")
    drain(connection)
    with company_scope(acme):
        # As if the note were still to be added, and its answer made us stumble.
        CandidateExport.objects.update(follow_up="waiting", follow_up_at=timezone.now() - timedelta(seconds=1))
    far.records[0].notes, far.mood = 0, "mistake"
    drain(connection)
    far.mood = "good"
    assert only_export(acme).follow_up == "failed"
    with company_scope(acme):
        actions.retry_exports(company=acme, exports=CandidateExport.objects.all(), requested_by=alice)

    drain(connection)

    assert only_export(acme).follow_up == "done"
    assert [record.notes for record in far.records] == [1]


@pytest.mark.parametrize(
    ("answer", "is_disconnected", "expected"),
    [
        pytest.param(Rejected("posting_closed"), True, ("cancelled", ""), id="a hold for an ended connection"),
        pytest.param(Rejected("forbidden"), False, ("failed", ""), id="a refusal of a row that was held"),
    ],
)
def test_what_waits_no_longer_is_not_held(far, acme, alice, connection, job, answer, is_disconnected, expected):
    apply(job)
    with company_scope(acme):
        CandidateExport.objects.update(look_first=True, look_since=timezone.now(), held_reason="posting_closed")
        (errand,) = pack(far, connection, claim(connection, CallCounts.of(far), tokens=10, limit=10))
        if is_disconnected:
            actions.close_connection(connection=connection, closed_by=alice)
            connection.refresh_from_db()
        errand.outcome = answer

        record(far, connection, [errand])

    export = only_export(acme)
    assert (export.state, export.held_reason) == expected
