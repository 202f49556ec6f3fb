"""Test connection: each thing that can be wrong is found, and an outage is said as such."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import actions, checking
from integrations.models import Activity, Connection
from integrations.providers import UserRecord
from purposejobs.tenancy import company_scope
from tests.integrations.far_side import FarSide
from tests.integrations.following.followed import Followed, let_tokens_come

pytestmark = pytest.mark.django_db


@pytest.fixture
def far(monkeypatch, settings, db):
    far = FarSide("account-1", ["posting-1", "posting-2"], late_seconds=1)
    far.register(monkeypatch, settings)
    settings.ROOT_URLCONF = "tests.integrations.following.urls"
    return far


@pytest.fixture
def ours(far, acme, alice):
    """Acme's connection, in step, whose webhooks have told something."""
    followed = Followed(far, acme, alice)
    followed.follow()
    followed.change(delivered_at=timezone.now())
    return followed


def ask(ours):
    with company_scope(ours.company):
        return actions.request_check(connection=ours.read_connection(), requested_by=ours.admin)


def check(ours):
    """Ask for a test, let the task run, and give what was found: check, state and code."""
    ask(ours)
    let_tokens_come(ours.connection)
    checking.check_connection(ours.connection.pk)
    return [(row["check"], row["state"], row["code"]) for row in ours.read_connection().check_findings]


def found(ours, name):
    return next(row for row in check(ours) if row[0] == name)


WELL = [(name, "good", "") for name in ("access", "acting_user", "postings", "webhooks", "deliveries")]


def test_all_is_well(ours):
    assert check(ours) == WELL
    connection = ours.read_connection()
    assert connection.checked_at >= connection.check_requested_at
    assert not connection.is_being_checked


def test_findings_carry_what_their_words_need(ours, far):
    far.is_open["posting-2"] = False
    check(ours)

    parameters = {row["check"]: row["parameters"] for row in ours.read_connection().check_findings}

    assert parameters["acting_user"] == {"name": "Ursula"}
    assert parameters["postings"] == {"open": 1, "all": 2}


def test_an_expired_token_is_renewed_and_all_is_well(ours, far):
    far.tokens.clear()
    far.grant()

    assert check(ours) == WELL


def test_a_dead_grant_is_found_and_the_connection_asks_for_a_reconnection(ours, far):
    far.mood = "dead"

    assert check(ours) == [
        ("access", "bad", "grant_dead"),
        *[(name, "unknown", "not_tested") for name in ("permissions", "acting_user", "postings", "webhooks")],
        ("deliveries", "unknown", "not_tested"),
    ]
    assert ours.read_connection().needs_reconnect


@pytest.mark.parametrize(("mood", "code"), [("away", "vendor_away"), ("lost", "vendor_away"), ("busy", "busy")])
def test_an_outage_is_said_as_such_and_changes_nothing(ours, far, mood, code):
    far.mood = mood
    before = ours.read_connection()

    findings = check(ours)

    assert findings[0] == ("access", "unknown", code)
    assert {row[1:] for row in findings[1:]} == {("unknown", "not_tested")}
    after = ours.read_connection()
    assert (after.state, after.failures_in_a_row) == (before.state, before.failures_in_a_row)
    assert (after.last_contact_at, after.access_token) == (before.last_contact_at, before.access_token)


def test_missing_permissions_are_named(ours, far):
    ours.change(granted_scopes=["read"])
    far.missing_scopes = lambda scopes: ["write"]
    far.explain_scopes = lambda scopes: ["Add candidates"]

    assert found(ours, "permissions") == ("permissions", "bad", "permissions_missing")
    finding = next(row for row in ours.read_connection().check_findings if row["check"] == "permissions")
    assert finding["parameters"] == {"missing": "add candidates"}


@pytest.mark.parametrize(
    ("users", "chosen", "code"),
    [
        ([("user-2", True)], "user-2", ""),
        ([("user-2", False)], "user-2", "acting_user_deactivated"),
        ([], "user-2", "acting_user_missing"),
        ([("user-1", False)], "", "nobody_to_act"),
        ([("user-1", True)], "", ""),
    ],
    ids=["chosen", "deactivated", "gone", "who connected left", "who connected"],
)
def test_who_acts_is_looked_up_there(ours, far, users, chosen, code):
    far.list_users = lambda client: [UserRecord(key, "Vera", "vera@ats.example", active) for key, active in users]
    ours.change(acting_user_id=chosen)

    assert found(ours, "acting_user")[2] == code


def test_webhooks_that_are_gone_are_found_and_asked_for_again(ours, far):
    far.hooks.clear()

    assert found(ours, "webhooks") == ("webhooks", "bad", "webhooks_missing")
    ours.follow()
    assert found(ours, "webhooks") == ("webhooks", "good", "")


def test_refused_webhooks_are_said(ours):
    ours.change(subscription_error="webhooks_refused", subscriptions="", subscribed_at=None)

    assert found(ours, "webhooks") == ("webhooks", "bad", "webhooks_refused")


def test_webhooks_that_never_told_anything_come_with_what_to_do_there(ours, far):
    far.WEBHOOK_HINT = "Switch the events on."
    ours.change(delivered_at=None)

    assert found(ours, "deliveries") == ("deliveries", "unknown", "no_delivery")
    assert ours.read_connection().check_findings[-1]["parameters"] == {"hint": "Switch the events on."}


def test_it_waits_for_its_turn_at_the_rate_limit(ours):
    from integrations.pacing import redis_client

    ask(ours)
    redis_client().delete(f"pace:{ours.connection.bucket}")
    calls = len(ours.far.pages)

    checking.check_connection(ours.connection.pk)

    assert ours.read_connection().is_being_checked
    assert len(ours.far.pages) == calls


def test_asked_twice_it_is_done_once(ours):
    assert ask(ours) is True
    assert ask(ours) is False

    with company_scope(ours.company):
        assert Activity.objects.filter(verb="tested").count() == 1


def test_nobody_heard_of_it_for_minutes_so_it_can_be_asked_for_again(ours):
    ask(ours)
    ours.change(check_requested_at=timezone.now() - timedelta(minutes=3))

    assert ask(ours) is True


def test_a_second_message_tests_nothing(ours, far):
    check(ours)
    before = ours.read_connection().checked_at

    checking.check_connection(ours.connection.pk)

    assert ours.read_connection().checked_at == before


def test_reconnecting_forgets_what_was_found_before(ours, far):
    far.mood = "dead"
    check(ours)
    far.mood = "good"

    ours.connect()

    connection = ours.read_connection()
    assert (connection.checked_at, connection.check_findings, connection.is_being_checked) == (None, [], False)


def test_a_message_about_nothing_is_quiet():
    checking.check_connection(0)

    assert Connection.objects.count() == 0


@pytest.mark.real_http
def test_against_the_real_shape_of_an_account(connection, acme, alice, ats):
    from tests.integrations.connected import ROSA, fill_bucket

    with company_scope(acme):
        actions.change_settings(connection=connection, changed_by=alice, acting_user_id=ROSA)
        actions.request_check(connection=connection, requested_by=alice)
    ats.emulator.control("POST", f"/users/{ROSA}", active=False)
    fill_bucket(connection)

    checking.check_connection(connection.pk)

    with company_scope(acme):
        findings = {row["check"]: row["code"] for row in Connection.objects.get().check_findings}
    assert findings["access"] == findings["permissions"] == findings["postings"] == ""
    assert findings["acting_user"] == "acting_user_deactivated"
    assert findings["webhooks"] == "webhooks_missing"
