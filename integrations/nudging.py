"""Nudges: Celery messages that say "look at your rows". Losing one loses nothing, the sweep looks as well."""

import logging
import time
from collections.abc import Iterable
from functools import cache, partial
from itertools import count
from typing import Any

from django.conf import settings
from django.db import transaction
from kombu import Connection as BrokerConnection
from kombu.exceptions import KombuError
from kombu.pools import producers
from redis.client import Pipeline
from redis.exceptions import RedisError

from integrations.pacing import redis_client
from purposejobs.celery import app

logger = logging.getLogger(__name__)

# After a failure the broker rests for a moment: a frozen one then costs one short time-out, not one a request.
REST_SECONDS = 2.0

# By name: whoever asks for work need not import who does it.
DRAIN = "integrations.tasks.drain"
REFRESH_ACCOUNT = "integrations.tasks.refresh_account"
CHECK = "integrations.tasks.check_connection"
SEND_TEST = "integrations.tasks.send_test_candidate"
FOLLOW = "integrations.tasks.follow"

# How long a message that says "look" stands for all that come after it, if nobody takes it up.
STANDS_MILLISECONDS = 5000

lost = count(1)
_resting_until = 0.0

DRAIN_QUEUE = app.conf.task_routes[DRAIN]["queue"]

# A nudge is taken to stand in line for so many sweeps, and longer where many stand before it (up to so many seconds).
SWEEPS_IN_LINE, MOST_SECONDS_AHEAD = 4, 120.0


@cache
def _broker() -> BrokerConnection:
    # A connection of its own: the worker's may wait for seconds, a request may not. kombu would try for ever.
    options = dict(app.conf.broker_transport_options) | {
        "socket_timeout": settings.REDIS_TIMEOUT_SECONDS,
        "socket_connect_timeout": settings.REDIS_TIMEOUT_SECONDS,
        "max_retries": 0,
        "interval_start": 0,
        "interval_step": 0,
    }
    return app.connection_for_write().clone(transport_options=options)


def publish(task: str, *arguments: int, **options: Any) -> bool:
    """Send the message now; say whether the broker took it. Never raises for a broker that is away or hangs."""
    global _resting_until
    if time.monotonic() < _resting_until:
        logger.warning("nudge %s not sent, the broker rests (%d so far)", task, next(lost))
        return False
    try:
        if task == DRAIN:
            redis_client().set(_standing(task, *arguments), 1, nx=True, px=_milliseconds(options.get("countdown") or 0))
        with producers[_broker()].acquire(block=True, timeout=settings.REDIS_TIMEOUT_SECONDS) as producer:
            app.send_task(task, arguments, producer=producer, retry=False, **options)
    except (OSError, RedisError, KombuError) as error:
        _resting_until = time.monotonic() + REST_SECONDS
        logger.warning("nudge %s not sent: %s (%d so far)", task, type(error).__name__, next(lost))
        return False
    return True


def publish_once(task: str, primary_key: int) -> None:
    """Send the message, unless the same one was sent and is not taken up yet. Thousands of deliveries are one nudge."""
    if time.monotonic() < _resting_until:
        return
    try:
        is_first = redis_client().set(_standing(task, primary_key), 1, nx=True, px=STANDS_MILLISECONDS)
    except (OSError, RedisError):
        is_first = True  # publish says what is to be said
    if is_first:
        publish(task, primary_key)


def take_up(task: str, primary_key: int) -> None:
    """Let the next nudge be sent again; said before looking, so that no row comes in between unseen."""
    try:
        redis_client().delete(_standing(task, primary_key))
    except (OSError, RedisError):
        logger.warning("a nudge of %s stands a little longer: Redis is away", task)


def _standing(task: str, primary_key: int) -> str:
    return f"nudged:{task}:{primary_key}"


def nudge_once(task: str, primary_key: int) -> None:
    """Send the message after commit, unless the same one was sent and is not taken up yet."""
    transaction.on_commit(partial(publish_once, task, primary_key), robust=True)


def not_in_line(connection_pks: Iterable[int]) -> list[int]:
    """Leave out the connections whose nudge still stands in line; used by the sweep, which looks every few seconds.

    A mark in Redis says that it stands there; the drain takes it away, and a lost message's mark ends by itself. In a
    long line marks last longer: told again and again, a line of a thousand connections only grew.
    """
    pks = list(connection_pks)
    try:
        client = redis_client()
        ahead = min(MOST_SECONDS_AHEAD, client.llen(DRAIN_QUEUE) * settings.EXPORTS["slice_seconds"])
        with client.pipeline(transaction=False) as trip:
            for pk in pks:
                trip.set(_standing(DRAIN, pk), 1, nx=True, px=_milliseconds(ahead))
            return [pk for pk, is_news in zip(pks, trip.execute(), strict=True) if is_news]
    except (RedisError, OSError):
        return pks


def leave_line(task: str, primary_key: int, trip: "Pipeline") -> None:
    """Say, as part of a trip to Redis, that the nudge has been heard."""
    trip.delete(_standing(task, primary_key))


def _milliseconds(seconds_ahead: float) -> int:
    return round((seconds_ahead + SWEEPS_IN_LINE * settings.EXPORTS["sweep_seconds"]) * 1000)


def nudge(task: str, *arguments: int, **options: Any) -> None:
    """Send the message after commit, without ever costing the request its answer. `arguments` are primary keys."""
    transaction.on_commit(partial(publish, task, *arguments, **options), robust=True)
