"""What the signed link in an applicant's e-mail leads to."""

import pytest
from django.core import mail
from django.urls import reverse

from candidates.models import Application, Candidate, HiddenCompany
from candidates.tokens import application_url
from purposejobs.tenancy import company_scope


@pytest.fixture
def application(make, job):
    return make.make_application(job, make.make_candidate("Kim Park", "kim@example.net", phone="+49 30 1234567"))


@pytest.fixture
def address(application, settings):
    return application_url(application).removeprefix(settings.PUBLIC_URL)


def stored(acme):
    with company_scope(acme):
        return Application.objects.get()


def test_link_in_the_email_opens_the_application(send, client, settings):
    send()
    link = next(word for word in mail.outbox[0].body.split() if "/applications/" in word)
    response = client.get(link.removeprefix(settings.PUBLIC_URL))
    assert response.status_code == 200
    assert "Community Organizer at Acme" in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_looking_confirms_nothing_since_mail_scanners_follow_links(client, acme, address):
    assert "Confirm my address" in client.get(address).content.decode()
    assert stored(acme).email_confirmed_at is None


def test_confirming_takes_a_click(client, acme, address):
    page = client.post(address, follow=True).content.decode()
    assert "your address is confirmed" in page
    assert stored(acme).is_confirmed


def test_confirming_again_keeps_the_first_time(client, acme, address):
    client.post(address)
    before = stored(acme).email_confirmed_at
    client.post(address)
    assert stored(acme).email_confirmed_at == before


@pytest.mark.parametrize(
    "change", [lambda url: url[:-3] + "x/", lambda url: "/applications/x/"], ids=["changed", "made up"]
)
@pytest.mark.parametrize("act", ["", "withdraw/", "erase/", "hide/"])
def test_a_changed_link_leads_nowhere(client, acme, address, change, act):
    response = client.post(change(address) + act, {"is_sure": "on", "company": acme.pk})
    assert response.status_code == 404
    assert "This link does not work" in response.content.decode()
    assert stored(acme).withdrawn_at is None
    assert stored(acme).name == "Kim Park"
    assert not HiddenCompany.objects.exists()


def test_withdrawing_is_said_and_leaves_the_application_to_be_read(client, acme, address):
    page = client.post(address + "withdraw/", follow=True).content.decode()
    assert "You withdrew this application." in page
    assert not stored(acme).is_standing


def test_withdrawing_needs_a_post(client, acme, address):
    assert client.get(address + "withdraw/").status_code == 405
    assert stored(acme).is_standing


def test_hiding_from_a_company_can_be_taken_back(client, globex, address):
    page = client.post(address + "hide/", {"company": globex.pk}, follow=True).content.decode()
    assert "You hide from Globex" in page
    assert HiddenCompany.objects.get().company_id == globex.pk
    client.post(address + "unhide/", {"company": globex.pk})
    assert not HiddenCompany.objects.exists()


def test_hiding_from_nobody_says_so(client, address):
    response = client.post(address + "hide/", {"company": ""})
    assert response.status_code == 200
    assert "This field is required." in response.content.decode()
    assert not HiddenCompany.objects.exists()


def test_erasing_asks_first(client, acme, address):
    response = client.post(address + "erase/")
    assert "Tick this to say that you are sure." in response.content.decode()
    assert stored(acme).name == "Kim Park"


def test_erasing_is_said_and_the_link_says_so_ever_after(client, acme, address):
    page = client.post(address + "erase/", {"is_sure": "on"}, follow=True).content.decode()
    assert "Your data is erased" in page
    assert "Kim Park" not in client.get(address).content.decode()
    assert Candidate.objects.get().email == ""
    assert reverse("public_board") in page
