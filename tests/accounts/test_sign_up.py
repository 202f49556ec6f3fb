"""Signing up: a person and their company, together or not at all."""

import threading

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connections
from django.urls import reverse

from accounts import actions
from accounts.models import Membership, PublicCompany, User
from purposejobs.tenancy import user_scope
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign_up(client):
    """Sign up as Carol of Umbrella; a field is changed by name."""

    def sign_up(**changes):
        typed = {"name": "Carol Chen", "company_name": "Umbrella", "email": "carol@umbrella.example"}
        return client.post(reverse("account_signup"), typed | {"password1": "correct horse battery"} | changes)

    return sign_up


def memberships(email):
    user = User.objects.get(email=email)
    with user_scope(user):
        rows = Membership.objects.filter(user=user).select_related("company")
        return [(row.company.name, row.company.slug, row.role) for row in rows]


def test_signing_up_makes_a_person_the_admin_of_a_new_company(client, sign_up):
    response = sign_up()

    assert response.url == reverse("home")
    assert User.objects.get(email="carol@umbrella.example").name == "Carol Chen"
    assert memberships("carol@umbrella.example") == [("Umbrella", "umbrella", "admin")]
    assert client.get(reverse("home")).url == reverse("dashboard", args=["umbrella"])
    assert client.get(reverse("dashboard", args=["umbrella"])).status_code == 200


def test_the_address_is_kept_in_lower_case_and_asked_to_be_confirmed(sign_up):
    sign_up(email="Carol@Umbrella.Example")

    address = EmailAddress.objects.get()
    assert (address.email, address.verified, address.primary) == ("carol@umbrella.example", False, True)
    assert [message.to for message in mail.outbox] == [["carol@umbrella.example"]]


def test_the_second_company_of_a_name_gets_a_number(sign_up, make):
    make.make_company("Umbrella", "umbrella")
    make.make_company("Umbrella", "umbrella-2")

    sign_up()

    assert memberships("carol@umbrella.example") == [("Umbrella", "umbrella-3", "admin")]


@pytest.mark.parametrize(
    ("name", "slug"), [("日本の会社", "company"), ("Ärzte & Söhne", "arzte-sohne"), ("x" * 120, "x" * 50)]
)
def test_every_name_makes_an_address(sign_up, name, slug):
    sign_up(company_name=name)

    assert memberships("carol@umbrella.example") == [(name, slug, "admin")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("company_name", ""),
        ("company_name", "x" * 121),
        ("email", "carol"),
        ("password1", "short"),
        ("password1", "1234567890"),
    ],
    ids=["no name", "no company", "long company", "no address", "short password", "common password"],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_made(sign_up, field, value):
    response = sign_up(**{field: value})

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert not User.objects.exists()
    assert not PublicCompany.objects.exists()


def test_an_address_that_has_an_account_makes_no_second_one(client, alice):
    response = client.post(
        reverse("account_signup"),
        {"name": "X", "company_name": "Y", "email": "ALICE@acme.example", "password1": "correct horse battery"},
    )

    assert response.status_code in (200, 302)
    assert User.objects.count() == 1
    assert list(PublicCompany.objects.values_list("slug", flat=True)) == ["acme"]
    assert "_auth_user_id" not in client.session


def test_a_mail_server_that_is_away_costs_nobody_their_account(sign_up, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there

    response = sign_up()

    assert response.url == reverse("home")
    assert memberships("carol@umbrella.example") == [("Umbrella", "umbrella", "admin")]


@pytest.mark.django_db(transaction=True)
def test_companies_founded_at_the_same_moment_get_addresses_of_their_own():
    founders = [factories.make_user(f"Founder {number}") for number in range(6)]
    start = threading.Barrier(len(founders))
    slugs = []

    def found(founder):
        start.wait(timeout=10)
        slugs.append(actions.found_company(name="Umbrella", founder=founder).slug)
        connections.close_all()

    threads = [threading.Thread(target=found, args=[founder]) for founder in founders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert sorted(slugs) == ["umbrella", *[f"umbrella-{number}" for number in range(2, 7)]]


def test_who_belongs_to_no_company_is_led_to_making_one(client):
    user = factories.make_user("Dan Drifter")
    client.force_login(user)

    assert client.get(reverse("home")).url == reverse("company_new")
    response = client.post(reverse("company_new"), {"name": "Drift"})

    assert response.url == reverse("dashboard", args=["drift"])
    assert memberships(user.email) == [("Drift", "drift", "admin")]
