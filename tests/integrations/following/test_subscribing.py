"""Webhooks are asked for on connecting, kept, and taken away on disconnecting."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import actions, draining, following
from integrations.following.health import connection_health
from integrations.models import CandidateExport, StageChange
from purposejobs.tenancy import company_scope, keys_from
from tests.integrations.following.followed import Followed, let_tokens_come

pytestmark = pytest.mark.django_db


def health(acmes):
    with company_scope(acmes.company):
        return connection_health(acmes.read_connection())


def look_now(acmes) -> None:
    acmes.change(subscriptions_due_at=timezone.now())
    acmes.follow()


def drain(acmes) -> None:
    let_tokens_come(acmes.connection)
    draining.drain(acmes.connection.pk)


def test_connecting_asks_for_webhooks_at_an_address_nobody_guesses(acmes, far, settings):
    connection = acmes.read_connection()

    assert list(far.hooks.values()) == [f"{settings.PUBLIC_URL}/integrations/farside/hooks/{connection.hook_key}/"]
    assert len(connection.hook_key) >= 43
    assert connection.subscriptions == next(iter(far.hooks))
    assert connection.subscribed_at is not None
    assert keys_from("company_of_hook", connection.hook_key) == [acmes.company.pk]


def test_looking_again_makes_nothing_twice(acmes, far):
    before, hooks = acmes.read_connection(), dict(far.hooks)

    look_now(acmes)

    after = acmes.read_connection()
    assert far.hooks == hooks
    assert (after.hook_key, after.subscriptions, after.subscribed_at) == (
        before.hook_key,
        before.subscriptions,
        before.subscribed_at,
    )
    assert after.subscriptions_due_at > timezone.now()


def test_webhooks_that_somebody_took_away_there_are_made_again(acmes, far):
    far.hooks.clear()

    look_now(acmes)

    assert len(far.hooks) == 1
    assert acmes.read_connection().subscriptions == next(iter(far.hooks))


def test_refused_webhooks_leave_the_catch_up_and_are_asked_for_again(far, acme, alice):
    far.has_webhooks = False
    acmes = Followed(far, acme, alice)
    acmes.follow()
    export = acmes.send()
    far.move(export.external_id, "met")

    refused = acmes.read_connection()
    assert (refused.subscription_error, refused.subscribed_at) == ("webhooks_refused", None)
    assert refused.subscriptions_due_at > timezone.now() + timedelta(hours=23)
    acmes.catch_up()
    assert acmes.read(export).stage_id == "met"
    assert health(acmes).at_work == "catch_up"
    assert health(acmes).error == "webhooks_refused"

    far.has_webhooks = True
    with company_scope(acme):
        actions.request_catch_up(connection=acmes.connection)
    acmes.follow()
    assert len(far.hooks) == 1
    assert acmes.read_connection().subscription_error == ""


@pytest.mark.parametrize("mood", ["busy", "away"])
def test_an_ats_that_cannot_answer_is_asked_again_soon(far, acme, alice, mood):
    acmes = Followed(far, acme, alice)
    far.mood = mood
    acmes.follow()

    later = acmes.read_connection()
    assert (later.state, later.subscription_error, later.subscribed_at) == ("active", "", None)
    far.mood = "good"
    look_now(acmes)
    assert acmes.read_connection().subscribed_at is not None


def test_a_mistake_of_ours_with_webhooks_leaves_the_catch_up(far, acme, alice, settings):
    settings.ROOT_URLCONF = "purposejobs.urls"  # without an address for the far side to tell
    acmes = Followed(far, acme, alice)
    export = acmes.send()
    far.move(export.external_id, "met")

    acmes.follow()

    assert acmes.read(export).stage_id == "met"
    assert acmes.read_connection().subscription_error == "internal_error"


def test_disconnecting_takes_the_webhooks_away_and_forgets_their_address(acmes, far):
    key = acmes.read_connection().hook_key
    acmes.disconnect()
    assert keys_from("company_of_hook", key) == []

    drain(acmes)

    ended = acmes.read_connection()
    assert far.hooks == {}
    assert (ended.hook_key, ended.subscriptions, ended.subscribed_at) == (None, "", None)
    assert (ended.access_token, ended.refresh_token) == ("", "")


def test_disconnecting_takes_them_away_also_when_the_token_has_run_out(acmes, far):
    acmes.change(token_expires_at=timezone.now())
    acmes.disconnect()

    drain(acmes)

    assert far.hooks == {}
    assert acmes.read_connection().refresh_token == ""


@pytest.mark.parametrize("mood", ["away", "dead", "refused"])
def test_what_cannot_be_taken_away_is_forgotten_all_the_same(acmes, far, mood):
    acmes.disconnect()
    far.mood = mood

    drain(acmes)

    ended = acmes.read_connection()
    assert (ended.hook_key, ended.subscriptions, ended.refresh_token) == (None, "", "")


def test_reconnecting_keeps_the_webhooks(acmes, far):
    before, hooks = acmes.read_connection(), dict(far.hooks)
    with company_scope(acmes.company):
        actions.lose_connection(connection=before, code="grant_dead")

    acmes.connect()
    acmes.follow()

    assert far.hooks == hooks
    assert acmes.read_connection().hook_key == before.hook_key


def test_connecting_again_after_disconnecting_gets_a_new_address(acmes, far):
    key = acmes.read_connection().hook_key
    acmes.disconnect()
    drain(acmes)

    acmes.connect()
    acmes.follow()

    again = acmes.read_connection()
    assert again.hook_key not in (None, key)
    assert len(far.hooks) == 1


def test_a_connection_ended_while_webhooks_were_asked_for_leaves_none_behind(far, acme, alice):
    acmes = Followed(far, acme, alice)
    subscribe = far.subscribe

    def ended_meanwhile(client, url, kept):
        made = subscribe(client, url, kept)
        acmes.disconnect()
        drain(acmes)
        far.tokens.add(client.token)
        return made

    far.subscribe = ended_meanwhile
    acmes.follow()

    assert far.hooks == {}
    assert acmes.read_connection().hook_key is None


def test_one_follower_at_a_time_asks_for_webhooks(far, acme, alice):
    acmes = Followed(far, acme, alice)
    subscribe = far.subscribe
    asked = []

    def while_another_comes(client, url, kept):
        asked.append(url)
        far.subscribe = subscribe
        from integrations.pacing import redis_client

        redis_client().delete(f"following:{acmes.connection.pk}")
        following.follow(acmes.connection.pk)
        return subscribe(client, url, kept)

    far.subscribe = while_another_comes
    acmes.follow()

    assert len(asked) == 1
    assert len(far.hooks) == 1


def test_webhooks_are_at_work_once_something_was_delivered(acmes):
    assert health(acmes).at_work == "catch_up"
    assert health(acmes).is_subscribed

    acmes.deliver("somebody")

    assert health(acmes).at_work == "webhooks"
    assert health(acmes).delivered_at is not None


def test_beside_webhooks_at_work_the_catch_up_comes_less_often(acmes, settings):
    acmes.send()
    acmes.deliver("somebody")

    acmes.catch_up()

    least = settings.FOLLOWING["catch_up_beside_webhooks_seconds"] * 0.85
    assert acmes.read_connection().next_catch_up_at > timezone.now() + timedelta(seconds=least)


def a_change_left_to_the_catch_up(acmes, *, sent_before):
    """Deliveries stopped an hour ago; ten minutes ago somebody, sent so long before, came into a stage."""
    export = acmes.send()
    acmes.deliver("somebody")
    acmes.change(delivered_at=timezone.now() - timedelta(hours=1), subscribed_at=timezone.now() - timedelta(days=1))
    happened_at = timezone.now() - timedelta(minutes=10)
    with company_scope(acmes.company):
        CandidateExport.objects.filter(pk=export.pk).update(sent_at=happened_at - sent_before)
        StageChange.objects.create(
            company=acmes.company,
            export=export,
            kind="moved",
            stage_id="met",
            happened_at=happened_at,
            told_by="catch_up",
        )


def test_webhooks_that_left_a_change_to_the_catch_up_are_silent_until_the_next_comes(acmes):
    a_change_left_to_the_catch_up(acmes, sent_before=timedelta(days=1))
    assert health(acmes).at_work == "catch_up"

    acmes.deliver("somebody")

    assert health(acmes).at_work == "webhooks"


def test_the_stage_that_somebody_was_sent_to_is_told_by_no_webhook(acmes):
    a_change_left_to_the_catch_up(acmes, sent_before=timedelta(seconds=1))

    assert health(acmes).at_work == "webhooks"


def test_a_catch_up_shows_from_the_moment_somebody_asks_for_it(acmes):
    assert not health(acmes).is_catching_up
    with company_scope(acmes.company):
        actions.request_catch_up(connection=acmes.connection)
    assert health(acmes).is_catching_up

    acmes.follow()

    assert not health(acmes).is_catching_up


def test_a_lost_connection_brings_no_news(acmes):
    with company_scope(acmes.company):
        actions.lose_connection(connection=acmes.read_connection(), code="grant_dead")

    assert health(acmes).at_work == "none"


def test_a_catch_up_that_does_not_come_through_is_no_way(acmes):
    acmes.change(caught_up_at=timezone.now() - timedelta(hours=3))

    assert health(acmes).at_work == "none"
