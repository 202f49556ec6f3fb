"""Send test candidate: once in an account, whoever clicks how often, and honest about what is not known."""

from datetime import timedelta

import pytest
from django.utils import timezone

from candidates.models import Candidate
from integrations import actions, trials
from integrations.models import Activity, CandidateExport, Connection
from purposejobs.tenancy import company_scope
from tests.integrations.far_side import FarSide
from tests.integrations.following.followed import Followed, let_tokens_come

pytestmark = pytest.mark.django_db


class Stumbling(FarSide):
    """Reads well, and answers creates in a mood of their own."""

    create_mood = "good"

    def create(self, client, payload):
        before, self.mood = self.mood, self.create_mood
        try:
            return super().create(client, payload)
        finally:
            self.mood = before


@pytest.fixture
def far(monkeypatch, settings, db):
    far = Stumbling("account-1", ["posting-1"], late_seconds=1)
    far.register(monkeypatch, settings)
    settings.ROOT_URLCONF = "tests.integrations.following.urls"
    return far


@pytest.fixture
def ours(far, acme, alice):
    return Followed(far, acme, alice)


def ask(ours):
    with company_scope(ours.company):
        return actions.request_test_candidate(connection=ours.read_connection(), requested_by=ours.admin)


def send(ours):
    """Click, and let the task run."""
    ask(ours)
    let_tokens_come(ours.connection)
    trials.send_test_candidate(ours.connection.pk)
    return ours.read_connection()


def addresses(far):
    return [record.email for record in far.records]


def test_one_clearly_named_person_arrives_and_is_no_candidate_of_ours(ours, far, acme):
    payloads = []
    far.prepare = lambda parcels: payloads.extend(parcels) or list(parcels)

    connection = send(ours)

    assert addresses(far) == [f"purpose-jobs-test-{acme.pk}@example.com"]
    assert payloads[0].name == "Purpose Jobs Test Candidate"
    assert payloads[0].acting_user_id == "user-1"
    assert connection.test_url == f"https://ats.example/{far.records[0].external_id}"
    assert connection.test_error == ""
    assert connection.test_sent_at >= connection.test_requested_at
    assert not connection.is_sending_test
    assert not Candidate.objects.exists()
    with company_scope(acme):
        assert not CandidateExport.objects.exists()
        assert Activity.objects.get(verb="test_sent").actor == ours.admin


def test_a_second_click_makes_no_second_one(ours, far, acme):
    first = send(ours)
    second = send(ours)

    assert len(far.records) == 1
    assert second.test_sent_at == first.test_sent_at < second.test_requested_at
    assert second.test_url == first.test_url
    with company_scope(acme):
        assert Activity.objects.filter(verb="test_sent").count() == 1


def test_deleted_there_it_is_sent_again(ours, far):
    send(ours)
    far.records.clear()

    send(ours)

    assert len(far.records) == 1


def test_two_workers_with_the_same_message_make_one(ours, far):
    ask(ours)
    # One of them holds it, and has not finished.
    ours.change(test_claimed_until=timezone.now() + timedelta(seconds=60))
    let_tokens_come(ours.connection)

    trials.send_test_candidate(ours.connection.pk)

    assert far.records == []
    assert ours.read_connection().is_sending_test


def test_an_unclear_outcome_is_said_and_the_next_click_looks_first(ours, far):
    far.create_mood = "lost"
    unclear = send(ours)
    far.create_mood = "good"

    # Too early: a late create may still land.
    still = send(ours)
    ours.change(test_claimed_until=timezone.now())
    let_tokens_come(ours.connection)
    trials.send_test_candidate(ours.connection.pk)

    assert unclear.test_error == "unclear"
    assert still.is_sending_test
    assert len(far.records) == 1
    over = ours.read_connection()
    assert (over.test_error, over.test_sent_at) == ("", None)
    assert over.test_url


def test_a_create_that_lands_late_is_found_not_doubled(ours, far, settings):
    far.create_mood = "late"
    send(ours)
    far.create_mood = "good"
    far.let_pass(2)
    ours.change(test_claimed_until=timezone.now())

    send(ours)

    assert len(far.records) == 1


@pytest.mark.parametrize(
    ("mood", "code"), [("away", "vendor_away"), ("busy", "busy"), ("refused", "bad_request"), ("lost", "vendor_away")]
)
def test_when_looking_fails_nothing_is_sent_and_it_can_be_tried_at_once(ours, far, mood, code):
    far.mood = mood
    failed = send(ours)
    far.mood = "good"

    well = send(ours)

    assert (failed.test_error, failed.test_url) == (code, "")
    assert well.test_error == ""
    assert len(far.records) == 1


def test_a_mistake_of_ours_is_raised_and_looked_up_like_any_unclear_outcome(ours, far):
    far.create_mood = "mistake"

    with pytest.raises(RuntimeError):
        send(ours)

    connection = ours.read_connection()
    assert connection.test_error == "internal_error"
    assert connection.test_claimed_until > timezone.now()


def test_without_anybody_to_act_nothing_is_sent(ours, far):
    ours.change(granted_by_user_id="")

    assert send(ours).test_error == "no_acting_user"
    assert far.records == []


def test_a_dead_grant_loses_the_connection(ours, far):
    far.mood = "dead"

    connection = send(ours)

    assert connection.needs_reconnect
    assert connection.test_error == "grant_dead"


def test_while_access_is_lost_nobody_asks(ours, far):
    ours.change(state=Connection.State.NEEDS_RECONNECT)

    with pytest.raises(actions.Refused, match="not_connected"):
        ask(ours)


@pytest.mark.real_http
def test_it_arrives_tagged_like_everybody(connection, acme, alice, ats):
    from tests.integrations.connected import fill_bucket

    for _ in range(2):
        with company_scope(acme):
            actions.request_test_candidate(connection=Connection.objects.get(), requested_by=alice)
        fill_bucket(connection)
        trials.send_test_candidate(connection.pk)

    (there,) = ats.opportunities(email=trials.email_of(acme.pk))
    assert there["name"] == trials.NAME
    assert (there["tags"], there["sources"], there["origin"]) == (["Purpose Jobs"], ["Purpose Jobs"], "sourced")
    with company_scope(acme):
        assert Connection.objects.get().test_url == there["urls"]["show"]
