"""The page of one person, and sharing it."""

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from integrations.models import Connection
from purposejobs.tenancy import company_scope


@pytest.fixture
def kim(make, job):
    candidate = make.make_candidate("Kim Park", "kim@example.net", summary="I bring people together", skills=["Python"])
    make.make_application(job, candidate, note="Around the corner", email_confirmed_at=timezone.now())
    return candidate


@pytest.fixture
def url(kim):
    return reverse("candidate_detail", args=["acme", kim.pk])


@pytest.fixture
def bobs(client, bob):
    client.force_login(bob)
    return client


def test_page_shows_what_was_sent_and_the_profile(bobs, url):
    page = bobs.get(url).content.decode()
    for words in ("Kim Park", "kim@example.net", "I bring people together", "Around the corner", "Python"):
        assert words in page
    assert "Not confirmed" not in page
    assert "There is no résumé." in page


def test_an_unconfirmed_address_is_marked(bobs, make, job):
    candidate = make.make_application(job, make.make_candidate("Lee Lang", summary="Private")).candidate
    page = bobs.get(reverse("candidate_detail", args=["acme", candidate.pk])).content.decode()
    assert "Not confirmed" in page
    assert "Private" not in page


def test_beside_the_list_it_is_the_same_without_the_frame(bobs, url):
    fragment = bobs.get(url, headers={"HX-Request": "true", "HX-Target": "slide-over-body"}).content.decode()
    assert "Around the corner" in fragment
    assert "<html" not in fragment


@pytest.mark.usefixtures("one_ats")
def test_send_stays_and_says_why_it_cannot_be_done(bobs, url):
    page = bobs.get(url).content.decode()
    assert "Send to Lever" in page
    assert "Lever is not connected. An admin can connect it" in page
    assert "Copy candidate link" in page
    assert "Share with team" in page


def test_send_leads_to_its_confirmation_once_something_is_connected(bobs, url, kim, acme):
    with company_scope(acme):
        Connection.objects.create(company=acme, provider="lever", environment="emulator")
    assert f'hx-get="{reverse("export_confirm", args=["acme", kim.pk])}"' in bobs.get(url).content.decode()


def test_the_neighbours_are_those_of_the_filtered_list(bobs, make, acme, kim, url):
    for name in ("Lee Lang", "Max Moor"):
        make.make_application(make.make_job(acme, "Grant Writer"), make.make_candidate(name, headline="Organizer"))
    make.make_candidate("Nora Noll", is_discoverable=True)
    response = bobs.get(url + "?show=applied")
    assert (response.context["previous_pk"], response.context["next_pk"]) == (kim.pk + 1, None)
    assert "?show=applied" in response.content.decode()


@pytest.mark.parametrize("name", ["candidate_detail", "candidate_resume", "candidate_share"])
def test_whom_the_company_does_not_see_is_not_found(bobs, make, globex, name):
    stranger = make.make_application(make.make_job(globex)).candidate
    assert bobs.get(reverse(name, args=["acme", stranger.pk])).status_code == 404


def test_hidden_companies_never_see_the_page(bobs, make, acme):
    candidate = make.make_candidate(is_discoverable=True)
    address = reverse("candidate_detail", args=["acme", candidate.pk])
    assert bobs.get(address).status_code == 200
    make.hide_from(candidate, acme)
    assert bobs.get(address).status_code == 404


def test_the_number_of_queries_does_not_grow_with_applications(bobs, make, acme, kim, url, count_queries):
    bobs.get(url)
    before = count_queries(url)
    for number in range(10):
        make.make_application(make.make_job(acme, f"Job {number}"), kim)
    assert count_queries(url) == before


def test_sharing_sends_the_link_to_a_colleague(bobs, kim, alice, settings, django_capture_on_commit_callbacks):
    address = reverse("candidate_share", args=["acme", kim.pk])
    with django_capture_on_commit_callbacks(execute=True):
        response = bobs.post(address, {"member": alice.pk, "message": "What do you think?"})
    assert response.url == reverse("candidate_detail", args=["acme", kim.pk])
    (message,) = mail.outbox
    assert message.to == ["alice@acme.example"]
    assert message.subject == "Bob Brown shows you a candidate"
    assert settings.PUBLIC_URL + response.url in message.body
    assert "What do you think?" in message.body


def test_sharing_from_the_dialog_closes_it_and_says_so(bobs, kim, alice):
    address = reverse("candidate_share", args=["acme", kim.pk])
    response = bobs.post(address, {"member": alice.pk}, headers={"HX-Request": "true"})
    assert response["HX-Trigger"] == '{"close-dialog": {}}'
    assert "The link goes to Alice Adams by e-mail." in response.content.decode()


def test_a_link_cannot_be_sent_to_somebody_outside_the_company(bobs, kim, alice, mallory):
    response = bobs.post(reverse("candidate_share", args=["acme", kim.pk]), {"member": mallory.pk})
    assert "Select a valid choice" in response.content.decode()
    assert mail.outbox == []
