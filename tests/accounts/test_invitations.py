"""Inviting somebody, and joining by the link of the mail."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from django.core import mail, signing
from django.urls import reverse

from accounts import actions
from accounts.models import Invitation, Membership
from purposejobs.tenancy import company_scope
from tests import factories

NEW = "carol@acme.example"


@pytest.fixture
def invite(client, alice, django_capture_on_commit_callbacks):
    """Let Alice invite somebody; gives the page she sees."""

    def invite(email=NEW, role="recruiter"):
        client.force_login(alice)
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(
                reverse("invitation_create", args=["acme"]), {"email": email, "role": role}, follow=True
            )
        client.logout()
        return response

    return invite


def link():
    """Give the link of the mail that was sent last, without the host."""
    return re.search(r"http://[^/]+(/invitations/\S+)", mail.outbox[-1].body).group(1)


def team(company):
    with company_scope(company):
        return sorted(Membership.objects.values_list("user__email", "role"))


def test_an_invitation_mails_a_link_and_is_listed(invite, acme):
    html = invite().content.decode()

    assert f"{NEW} gets an e-mail with a link to join." in html
    assert [message.to for message in mail.outbox] == [[NEW]]
    assert mail.outbox[0].subject == "Join Acme on Purpose Jobs"
    assert "Alice Adams asks you to join Acme on Purpose Jobs as a recruiter." in mail.outbox[0].body


def test_whoever_has_an_account_of_that_address_joins_by_a_click(client, invite, acme, alice):
    invite(role="admin")
    carol = factories.make_user("Carol Chen", NEW, is_verified=False)
    client.force_login(carol)

    page = client.get(link()).content.decode()
    before = team(acme)
    response = client.post(link())

    assert "<h1>Join Acme</h1>" in page
    assert before == [(alice.email, "admin")]
    assert response.url == reverse("dashboard", args=["acme"])
    assert team(acme) == [(alice.email, "admin"), (NEW, "admin")]
    assert EmailAddress.objects.get(user=carol).verified


def test_signing_up_with_the_invited_address_joins_without_naming_a_company(client, invite, acme, alice):
    invite()

    page = client.get(link()).content.decode()
    form = client.get(reverse("account_signup")).content.decode()
    client.post(reverse("account_signup"), {"name": "Carol Chen", "email": NEW, "password1": "correct horse battery"})

    assert f'href="{reverse("account_signup")}"' in page
    assert f'value="{NEW}"' in form
    assert team(acme) == [(alice.email, "admin"), (NEW, "recruiter")]
    assert EmailAddress.objects.get(email=NEW).verified
    assert client.get(reverse("home")).url == reverse("dashboard", args=["acme"])


def test_signing_up_with_another_address_needs_a_company_and_joins_nothing(client, invite, acme, alice):
    invite()
    client.get(link())
    typed = {"name": "Eve", "email": "eve@evil.example", "password1": "correct horse battery"}

    refused = client.post(reverse("account_signup"), typed)
    client.post(reverse("account_signup"), typed | {"company_name": "Evil"})

    assert list(refused.context["form"].errors) == ["company_name"]
    assert team(acme) == [(alice.email, "admin")]
    assert not EmailAddress.objects.get(email="eve@evil.example").verified


def test_whoever_names_a_company_gets_that_one_and_can_join_later(client, invite, acme, alice):
    invite()
    client.get(link())

    client.post(
        reverse("account_signup"),
        {"name": "Carol", "company_name": "Umbrella", "email": NEW, "password1": "correct horse battery"},
    )
    before = team(acme)
    client.post(link())

    assert before == [(alice.email, "admin")]
    assert team(acme) == [(alice.email, "admin"), (NEW, "recruiter")]


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_else_who_is_signed_in_cannot_use_it(client, invite, acme, alice, mallory, method):
    invite()
    client.force_login(mallory)

    response = getattr(client, method)(link())

    assert "You are signed in as mallory@globex.example." in response.content.decode()
    assert team(acme) == [(alice.email, "admin")]


def test_following_the_link_joins_nothing_yet(client, invite, acme, alice):
    invite()
    client.force_login(factories.make_user("Carol Chen", NEW))

    client.get(link())

    assert team(acme) == [(alice.email, "admin")]


def test_an_invitation_works_once(client, invite, acme, alice):
    invite()
    carol = factories.make_user("Carol Chen", NEW)
    client.force_login(carol)
    client.post(link())
    with company_scope(acme):
        Membership.objects.get(user=carol).delete()

    again = client.post(link())

    assert again.status_code == 410
    assert team(acme) == [(alice.email, "admin")]


def test_a_cancelled_invitation_is_over(client, invite, acme, alice):
    invite()
    client.force_login(alice)
    with company_scope(acme):
        pk = Invitation.objects.get().pk

    client.post(reverse("invitation_cancel", args=["acme", pk]))

    assert client.get(link()).status_code == 410


class SignerOfThePast(signing.TimestampSigner):
    """Signs as of some days ago."""

    days = 0

    def timestamp(self):
        return signing.b62_encode(int(time.time()) - self.days * 86400)


@pytest.mark.parametrize(("days", "status"), [(13, 200), (15, 410)], ids=["in time", "too late"])
def test_an_invitation_is_open_for_two_weeks(client, acme, days, status):
    invitation = factories.make_invitation(acme)
    signer = SignerOfThePast(salt=actions.INVITATION_SALT)
    signer.days = days
    token = signer.sign_object([acme.pk, invitation.pk])

    assert client.get(reverse("invitation_accept", args=[token])).status_code == status


@pytest.mark.parametrize(
    "token",
    ["nonsense", signing.dumps([1, 1], salt="another"), signing.dumps("text", salt=actions.INVITATION_SALT)],
    ids=["no token", "of something else", "of another shape"],
)
def test_a_token_that_is_not_ours_is_over(client, acme, token):
    assert client.get(reverse("invitation_accept", args=[token])).status_code == 410


def test_inviting_again_sends_another_mail_for_the_same_invitation(invite, acme):
    invite(role="recruiter")
    invite("Carol@Acme.example", role="admin")

    with company_scope(acme):
        assert list(Invitation.objects.values_list("email", "role")) == [(NEW, "admin")]
    assert len(mail.outbox) == 2


def test_a_member_is_not_invited(invite, acme, bob):
    response = invite(bob.email)

    assert response.context["form"].errors["email"] == ["This person is a member already."]
    assert mail.outbox == []
    with company_scope(acme):
        assert not Invitation.objects.exists()
