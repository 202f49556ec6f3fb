"""The shared bucket: the rate is kept whoever asks, and a lost Redis is no burst."""

import pytest

from integrations.pacing import Bucket, PacingAway, redis_client


@pytest.fixture
def bucket():
    return Bucket("test:account", rate=10, burst=19)


def fill(bucket: Bucket, tokens: float = 19) -> None:
    redis_client().hset(bucket.key, mapping={"tokens": tokens})


def test_a_bucket_starts_empty(bucket):
    assert bucket.take(5).granted == 0


def test_tokens_are_granted_once(bucket):
    bucket.take(0)
    fill(bucket)

    assert bucket.take(12).granted == 12
    assert Bucket("test:account", 10, 19).take(12).granted == 7


def test_the_burst_is_the_most_it_holds(bucket):
    bucket.take(0)
    fill(bucket, 500)

    assert bucket.take(100).granted == 19


def test_given_back_tokens_can_be_taken(bucket):
    bucket.take(0)
    fill(bucket)
    bucket.take(19)

    bucket.give_back(6)

    assert bucket.take(19).granted == 6


def test_calls_beyond_the_grant_are_paid_later(bucket):
    bucket.take(0)
    fill(bucket, 2)
    bucket.take(2)

    bucket.give_back(-10)

    grant = bucket.take(1)
    assert grant.granted == 0
    assert bucket.seconds_until(1, grant) > 0.9


def test_a_pause_stops_everybody_and_leaves_nothing_behind(bucket):
    bucket.take(0)
    fill(bucket)

    bucket.pause(30)

    grant = Bucket("test:account", 10, 19).take(5)
    assert grant.granted == 0
    assert 29 < bucket.seconds_until(5, grant) < 31


def test_without_redis_nothing_is_granted(bucket, monkeypatch, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis_client.cache_clear()
    try:
        with pytest.raises(PacingAway):
            bucket.take(1)
    finally:
        redis_client.cache_clear()
