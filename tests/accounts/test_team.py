"""Who is in a company, and as what."""

import threading

import pytest
from django.db import connections
from django.urls import reverse

from accounts import actions
from accounts.models import Membership
from purposejobs.tenancy import company_scope
from tests import factories
from tests.counting import queries_of


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


def place_of(user, company):
    with company_scope(company):
        return Membership.objects.filter(user=user).first()


def role_of(user, company):
    place = place_of(user, company)
    return place and place.role


def url(name, user, company):
    return reverse(name, args=[company.slug, place_of(user, company).pk])


def test_an_admin_gives_somebody_another_role(as_alice, acme, bob):
    response = as_alice.post(url("member_role", bob, acme), {"role": "admin"}, follow=True)

    assert "Bob Brown is now admin." in response.content.decode()
    assert role_of(bob, acme) == "admin"


@pytest.mark.parametrize("role", ["owner", ""])
def test_there_are_two_roles(as_alice, acme, bob, role):
    response = as_alice.post(url("member_role", bob, acme), {"role": role}, follow=True)

    assert "Choose one of the roles." in response.content.decode()
    assert role_of(bob, acme) == "recruiter"


def test_the_last_admin_stays_one(as_alice, acme, alice, bob):
    response = as_alice.post(url("member_role", alice, acme), {"role": "recruiter"}, follow=True)

    assert "A company needs an admin." in response.content.decode()
    assert role_of(alice, acme) == "admin"


def test_the_last_admin_cannot_leave(as_alice, acme, alice, bob):
    response = as_alice.post(url("member_remove", alice, acme), follow=True)

    assert "A company needs an admin." in response.content.decode()
    assert role_of(alice, acme) == "admin"


def test_one_of_two_admins_may_step_back_and_leave(as_alice, acme, alice):
    factories.make_admin(acme)

    response = as_alice.post(url("member_role", alice, acme), {"role": "recruiter"})
    again = as_alice.get(reverse("team", args=["acme"]))

    assert response.url == reverse("dashboard", args=["acme"])
    assert again.status_code == 403


def test_removing_asks_first(as_alice, acme, bob):
    html = as_alice.get(url("member_remove", bob, acme)).content.decode()

    assert "<h1>Remove Bob Brown</h1>" in html
    assert role_of(bob, acme) == "recruiter"


def test_who_was_removed_is_out_at_once(as_alice, client, acme, bob):
    response = as_alice.post(url("member_remove", bob, acme), follow=True)
    client.force_login(bob)

    assert "Bob Brown is no longer a member of Acme." in response.content.decode()
    assert place_of(bob, acme) is None
    assert client.get(reverse("dashboard", args=["acme"])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_remove_each_other_leave_one(acme, alice):
    places = [place_of(alice, acme), place_of(factories.make_admin(acme), acme)]
    start = threading.Barrier(2)
    refused = []

    def remove(place):
        with company_scope(acme):
            start.wait(timeout=10)
            try:
                actions.remove_member(membership=place)
            except actions.Refused as refusal:
                refused.append(refusal.code)
        connections.close_all()

    threads = [threading.Thread(target=remove, args=[place]) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert refused == ["last_admin"]
    with company_scope(acme):
        assert Membership.objects.filter(role="admin").count() == 1


def test_the_page_runs_as_many_queries_for_many_members_as_for_few(as_alice, acme, bob):
    with_two = queries_of(as_alice, reverse("team", args=["acme"]))
    for _ in range(40):
        factories.make_recruiter(acme)

    assert queries_of(as_alice, reverse("team", args=["acme"])) == with_two
