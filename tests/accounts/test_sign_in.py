"""Signing in, and what happens to it without Redis."""

import time

import pytest
from django.urls import reverse

from purposejobs.cache import FailOpenRedisCache
from purposejobs.demo import LOGINS
from tests.factories import PASSWORD


@pytest.fixture
def sign_in(client, alice):
    def sign_in(login="alice@acme.example", password=PASSWORD):
        return client.post(reverse("account_login"), {"login": login, "password": password})

    return sign_in


@pytest.fixture
def limits(settings, monkeypatch):
    """Set limits, and wait for Redis however busy the machine is: a slow one would let everything through."""
    monkeypatch.setattr(FailOpenRedisCache, "resting_until", 0.0)
    patient = {"OPTIONS": {"socket_timeout": 20, "socket_connect_timeout": 20}}
    settings.CACHES = {"default": settings.CACHES["default"] | patient}

    def limits(**rates):
        settings.ACCOUNT_RATE_LIMITS = rates

    return limits


@pytest.fixture
def no_redis(settings, monkeypatch):
    """Point the cache to an address where nobody listens."""
    monkeypatch.setattr(FailOpenRedisCache, "resting_until", 0.0)
    default = settings.CACHES["default"]
    settings.CACHES = {"default": default | {"LOCATION": "redis://127.0.0.1:1/0"}}


@pytest.mark.parametrize("login", ["alice@acme.example", "Alice@ACME.example"])
def test_an_address_and_a_password_lead_in(client, sign_in, login):
    response = sign_in(login)

    assert response.url == reverse("home")
    assert client.get(reverse("home")).url == reverse("dashboard", args=["acme"])


def test_a_wrong_password_leads_nowhere(client, sign_in):
    response = sign_in(password="wrong")

    assert response.status_code == 200
    assert "_auth_user_id" not in client.session


def test_one_gets_where_one_wanted_to_go(client, sign_in):
    asked = client.get(reverse("job_list", args=["acme"]))

    response = client.post(asked.url, {"login": "alice@acme.example", "password": PASSWORD, "next": "/c/acme/jobs/"})

    assert asked.url == "/accounts/login/?next=/c/acme/jobs/"
    assert response.url == "/c/acme/jobs/"


def test_a_fragment_asked_for_by_the_signed_out_sends_the_whole_page_to_sign_in(client, acme):
    response = client.get(reverse("job_list", args=["acme"]), headers={"HX-Request": "true"})

    assert response.headers["HX-Redirect"] == reverse("account_login")


def test_guessing_is_slowed_down(sign_in, limits):
    limits(login_failed="3/m/key")

    answers = [sign_in(password="wrong") for _ in range(3)]
    refused = sign_in()

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "Too many failed login attempts" in refused.content.decode()


def test_many_visits_of_one_place_are_told_to_wait(sign_in, limits):
    limits(login="2/m/ip")

    assert [sign_in(password="wrong").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("action", "page"), [("signup", "account_signup"), ("reset_password", "account_reset_password")]
)
def test_signing_up_and_asking_for_passwords_are_counted_too(client, db, limits, action, page):
    limits(**{action: "1/m/ip"})

    first, second = [client.post(reverse(page), {"email": "nobody@example.org"}) for _ in range(2)]

    assert first.status_code in (200, 302)
    assert second.status_code == 429
    assert "That was a lot at once" in second.content.decode()


def test_without_redis_limits_allow_and_signing_in_stays_quick(sign_in, settings, no_redis):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip", "login_failed": "1/m/key"}
    began = time.monotonic()

    sign_in(password="wrong")
    response = sign_in()

    assert response.url == reverse("home")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("demo", "shown"), [(True, True), (False, False)], ids=["in the demo", "elsewhere"])
def test_logins_of_the_demo_are_shown_in_the_demo_only(client, db, settings, demo, shown):
    settings.DEMO = demo

    html = client.get(reverse("account_login")).content.decode()

    assert (LOGINS[0].email in html) is shown


def test_pages_of_a_company_are_kept_by_no_browser(client, alice):
    client.force_login(alice)

    assert "no-store" in client.get(reverse("dashboard", args=["acme"])).headers["Cache-Control"]
