"""A connection's nudge stands in line once: the sweep does not say again what has not been heard yet."""

import pytest

from integrations import draining, nudging, tasks
from integrations.following.slices import FollowingFlag
from integrations.pacing import redis_client
from tests.integrations.connected import apply
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.real_http]


@pytest.fixture
def line():
    """How many messages stand before the workers."""
    redis_client().delete(nudging.DRAIN_QUEUE)
    yield lambda: redis_client().llen(nudging.DRAIN_QUEUE)
    redis_client().delete(nudging.DRAIN_QUEUE)


def sweep(times: int = 1) -> None:
    for _ in range(times):
        tasks.sweep()


def test_the_sweep_nudges_a_connection_once_until_it_is_heard(ats, connection, linked_job, line):
    apply(linked_job)

    sweep(3)
    assert line() == 1

    # The bucket is empty: it was heard, and there is still something to do.
    redis_client().hset(f"pace:{connection.bucket}", mapping={"tokens": -19})
    assert draining.drain(connection.pk)
    sweep(3)
    assert line() == 2


def test_whoever_comes_again_is_not_nudged_by_the_sweep_as_well(ats, connection, linked_job, line):
    apply(linked_job)
    nudging.publish(nudging.DRAIN, connection.pk, queue="integrations_again", countdown=30)

    sweep()

    assert line() == 0


def test_a_nudge_that_was_lost_is_sent_again_when_its_mark_ends(ats, connection, linked_job, line, settings):
    settings.EXPORTS = settings.EXPORTS | {"sweep_seconds": 0.01}
    apply(linked_job)
    sweep()
    redis_client().delete(nudging.DRAIN_QUEUE)

    mark = nudging._standing(nudging.DRAIN, connection.pk)
    wait_until(lambda: not redis_client().exists(mark), seconds=5, what="the end of the mark")
    sweep()

    assert line() == 1


def test_in_a_long_line_a_mark_lasts_longer(ats, connection, linked_job, line, settings):
    for _ in range(100):
        nudging.publish(nudging.DRAIN, 999_999)
    apply(linked_job)

    sweep()

    seconds = redis_client().pttl(nudging._standing(nudging.DRAIN, connection.pk)) / 1000
    ahead = 100 * settings.EXPORTS["slice_seconds"]
    assert seconds == pytest.approx(4 * settings.EXPORTS["sweep_seconds"] + ahead, rel=0.1)


def test_a_person_s_nudge_is_never_held_back(ats, connection, linked_job, line):
    sweep()
    apply(linked_job)
    sweep()
    before = line()

    assert nudging.publish(nudging.DRAIN, connection.pk)

    assert line() == before + 1


def test_a_follower_leaves_the_drain_s_nudge_in_line(ats, connection, linked_job, line):
    apply(linked_job)
    sweep()

    with FollowingFlag(connection.pk):
        sweep()

    assert line() == 1
