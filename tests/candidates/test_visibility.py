"""Whom a company sees, and how much of them."""

import pytest
from django.utils import timezone

from candidates.cards import make_cards
from candidates.models import Candidate
from purposejobs.tenancy import company_scope


@pytest.fixture
def kim(make):
    return make.make_candidate("Kim Park", "kim@example.net", phone="private", summary="Mine")


def seen(company):
    with company_scope(company):
        return list(Candidate.objects.visible_to(company))


def card(company, candidate):
    with company_scope(company):
        (found,) = make_cards(company, [candidate.pk])
        return found


def test_who_neither_applied_nor_is_discoverable_is_not_seen(kim, acme):
    assert seen(acme) == []


def test_an_applicant_is_seen_by_that_company_only(kim, make, job, acme, globex):
    make.make_application(job, kim)
    assert seen(acme) == [kim]
    assert seen(globex) == []


def test_the_discoverable_are_seen_by_all_but_those_they_hide_from(make, acme, globex):
    kim = make.make_candidate(is_discoverable=True)
    make.hide_from(kim, globex)
    assert seen(acme) == [kim]
    assert seen(globex) == []


def test_a_hidden_company_sees_who_applies_to_it(kim, make, job, acme):
    make.hide_from(kim, acme)
    make.make_application(job, kim)
    assert seen(acme) == [kim]


def test_after_a_withdrawal_hiding_counts_again(kim, make, job, acme):
    make.make_application(job, kim, withdrawn_at=timezone.now())
    assert seen(acme) == [kim]
    make.hide_from(kim, acme)
    assert seen(acme) == []


def test_applying_with_somebody_elses_address_opens_nothing_of_their_profile(kim, make, job, acme):
    make.make_application(job, kim, name="Impostor", phone="+1 555 0100")
    found = card(acme, kim)
    assert (found.source.name, found.source.phone, found.email) == ("Impostor", "+1 555 0100", "kim@example.net")
    assert found.is_unconfirmed
    assert not found.shows_profile


def test_a_confirmed_applicants_profile_is_open_and_what_was_sent_comes_first(kim, make, job, acme):
    make.make_application(job, kim, name="Kim P.", email_confirmed_at=timezone.now())
    found = card(acme, kim)
    assert found.source.name == "Kim P."
    assert found.shows_profile
    assert not found.is_unconfirmed


def test_a_confirmed_applicant_who_hides_is_still_known_by_what_they_sent(kim, make, job, acme):
    make.hide_from(kim, acme)
    make.make_application(job, kim, withdrawn_at=None, email_confirmed_at=timezone.now())
    assert card(acme, kim).source.email == "kim@example.net"


def test_the_latest_standing_application_is_what_the_card_shows(kim, make, acme):
    for title, fields in (("First", {}), ("Second", {}), ("Third", {"withdrawn_at": timezone.now()})):
        make.make_application(make.make_job(acme, title), kim, headline=title, **fields)
    found = card(acme, kim)
    assert found.source.headline == "Second"
    assert [application.headline for application in found.applications] == ["Third", "Second", "First"]
