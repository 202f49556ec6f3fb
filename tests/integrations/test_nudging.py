"""A broker that is away or hangs never costs the request its answer."""

import socket
import time

import pytest
from django.db import transaction

from integrations import nudging
from purposejobs.celery import AGAIN_QUEUE, FreshFirst, app


@pytest.fixture
def broker(monkeypatch):
    """Point the nudges at another broker for one test."""

    def use(url: str) -> None:
        monkeypatch.setattr(app.conf, "broker_url", url)
        nudging._broker.cache_clear()
        monkeypatch.setattr(nudging, "_resting_until", 0.0)

    yield use
    nudging._broker.cache_clear()


@pytest.fixture
def silent_server():
    """A server that takes the connection and never says a word, as a frozen Redis does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_broker_that_is_away_is_swallowed(broker):
    broker("redis://127.0.0.1:1/0")

    assert nudging.publish(nudging.DRAIN, 1) is False


def test_a_broker_that_hangs_costs_one_short_wait(broker, silent_server, settings):
    broker(f"redis://127.0.0.1:{silent_server}/0")
    began = time.monotonic()

    answers = [nudging.publish(nudging.DRAIN, 1) for _ in range(20)]

    assert answers == [False] * 20
    assert time.monotonic() - began < 20 * settings.REDIS_TIMEOUT_SECONDS / 2


@pytest.mark.django_db(transaction=True)
def test_a_saved_row_stays_saved_when_the_nudge_fails(broker, django_user_model):
    broker("redis://127.0.0.1:1/0")

    with transaction.atomic():
        user = django_user_model.objects.create_user("kim@example.org")
        nudging.nudge(nudging.DRAIN, 1)

    assert django_user_model.objects.filter(pk=user.pk).exists()


def test_fresh_work_goes_first_but_every_fourth_turn_is_for_what_came_back():
    order = FreshFirst()
    order.update(["integrations", AGAIN_QUEUE])

    first = []
    for _ in range(8):
        queue = order.consume(2)[0]
        order.rotate(queue)
        first.append(queue)

    assert first == ["integrations"] * 3 + [AGAIN_QUEUE] + ["integrations"] * 3 + [AGAIN_QUEUE]
