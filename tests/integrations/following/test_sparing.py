"""Exports go first; following takes what they can spare, and a little where they spare nothing."""

import pytest

from integrations.following.sparing import SHARE_TOKENS, SparingBucket
from integrations.pacing import Bucket, PacingAway, redis_client

RATE, BURST = 10, 19


def fill(tokens: float) -> None:
    redis_client().hset("pace:account", mapping={"tokens": tokens, "at": redis_client().time()[0] + 5})


@pytest.fixture
def spare() -> SparingBucket:
    return SparingBucket("account", RATE, BURST)


@pytest.fixture
def share_was_taken(spare):
    """Let following have had its share just now."""
    fill(BURST)
    assert spare.take(1).granted == 1


def test_a_reserve_stays_for_exports(spare, share_was_taken):
    fill(BURST)

    granted = spare.take(100).granted

    assert granted == int(BURST - spare.reserve)
    assert Bucket("account", RATE, BURST).take(100).granted == BURST - granted


def test_below_the_reserve_nothing_is_taken(spare, share_was_taken):
    fill(spare.reserve)

    grant = spare.take(1)

    assert grant.granted == 0
    assert 0.1 <= spare.seconds_until_spare(grant) <= 2


def test_where_exports_leave_nothing_a_few_are_taken_now_and_then(spare, share_was_taken):
    fill(5)
    assert spare.take(9).granted == 0
    redis_client().hset("pace:account", "spared_at", redis_client().time()[0] - 10)

    assert spare.take(9).granted == SHARE_TOKENS
    assert spare.take(9).granted == 0


def test_a_pause_is_for_following_too(spare):
    fill(BURST)
    Bucket("account", RATE, BURST).pause(30)

    grant = spare.take(5)

    assert grant.granted == 0
    assert spare.seconds_until_spare(grant) > 25


def test_without_redis_nothing_is_granted(spare, settings):
    url = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis_client.cache_clear()
    try:
        with pytest.raises(PacingAway):
            spare.take(1)
    finally:
        settings.REDIS_URL = url
        redis_client.cache_clear()
