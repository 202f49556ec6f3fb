"""Promises of the test harness itself: real roles, a closed network, real processes."""

import pytest
import requests
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connections, transaction
from redis import Redis


def ask(alias: str, question: str) -> object:
    with connections[alias].cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_the_application_role_is_bound_by_policies_and_owns_nothing():
    assert ask("default", "SELECT current_user") == "purposejobs_app"
    assert not ask("default", "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    assert ask("default", "SELECT count(*) FROM pg_tables WHERE tableowner = current_user") == 0


@pytest.mark.django_db
def test_both_aliases_are_one_test_database():
    names = {ask(alias, "SELECT current_database()") for alias in ("default", "owner")}
    assert len(names) == 1
    assert names.pop().startswith("test_purposejobs_")


@pytest.mark.django_db
def test_umlauts_are_letters():
    assert ask("default", "SELECT lower('ÜBER')") == "über"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_rows_of_a_transactional_test_are_gone_in_the_next(turn):
    assert not ContentType.objects.filter(app_label="left_over").exists()
    with transaction.atomic():
        ContentType.objects.create(app_label="left_over", model=turn)


def test_a_call_that_no_test_registered_fails():
    with pytest.raises(requests.ConnectionError, match="refused by Responses"):
        requests.get("https://api.lever.co/v1/postings", timeout=1)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_redis_is_empty_at_the_start(turn):
    with Redis.from_url(settings.REDIS_URL) as redis:
        assert redis.get("left over") is None
        redis.set("left over", turn)


@pytest.mark.real_http
def test_the_emulator_is_a_real_process(emulator):
    assert emulator.http.get(emulator.url, timeout=5).status_code == 200
    assert emulator.control("GET")["public_url"] == emulator.url


def test_a_worker_is_a_real_process_that_ends_when_asked(celery_worker_process):
    assert "ready." in celery_worker_process.output
    celery_worker_process.stop()
    assert celery_worker_process.popen.returncode == 0


@pytest.mark.real_http
def test_a_browser_reads_the_live_server(live_server, page):
    assert live_server.url == settings.PUBLIC_URL
    page.goto(f"{live_server.url}/health/")
    assert page.title()
