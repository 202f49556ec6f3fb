"""Every page and mail of signing in is ours: it opens, in our words, for those who need it."""

import re

import pytest
from django.core import mail

OURS = '<main class="public-main sign-in"'


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("login/", "Sign in"),
        ("signup/", "Hire on Purpose Jobs"),
        ("password/reset/", "Forgotten your password?"),
        ("password/reset/done/", "Look into your mail"),
        ("password/reset/key/done/", "Your password is changed"),
        ("password/reset/key/1-never-was/", "This link has been used or is too old"),
        ("confirm-email/", "Look into your mail"),
        ("confirm-email/never-was/", "This link has been used or is too old"),
        ("inactive/", "This account is closed"),
    ],
)
def test_signed_out_people_see_our_page(client, db, path, heading):
    html = client.get(f"/accounts/{path}").content.decode()
    assert OURS in html
    assert f"<h1>{heading}</h1>" in html


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("logout/", "Sign out?"),
        ("password/change/", "Change your password"),
        ("email/", "Your e-mail addresses"),
        ("reauthenticate/", "Confirm it is you"),
    ],
)
def test_signed_in_people_see_our_page(client, alice, path, heading):
    client.force_login(alice)
    html = client.get(f"/accounts/{path}").content.decode()
    assert OURS in html
    assert f"<h1>{heading}</h1>" in html


def test_a_forgotten_password_is_chosen_anew_by_a_link_that_works_once(client, alice):
    client.post("/accounts/password/reset/", {"email": alice.email})
    assert mail.outbox[0].subject == "Choose a new password for Purpose Jobs"
    link = re.search(r"http://\S+", mail.outbox[0].body).group()
    form = client.get(link, follow=True)
    assert "<h1>Choose a new password</h1>" in form.content.decode()
    password = "a river of barley"
    done = client.post(form.request["PATH_INFO"], {"password1": password, "password2": password}, follow=True)
    assert "<h1>Your password is changed</h1>" in done.content.decode()
    again = client.get(link, follow=True).content.decode()
    assert "<h1>This link has been used or is too old</h1>" in again
    assert client.login(email=alice.email, password=password)


def test_an_unknown_address_gets_the_same_page_and_a_mail_that_says_so(client, db):
    answer = client.post("/accounts/password/reset/", {"email": "nobody@acme.example"}, follow=True)
    assert "<h1>Look into your mail</h1>" in answer.content.decode()
    assert mail.outbox[0].subject == "No account on Purpose Jobs with this address"
    assert "/accounts/signup/" in mail.outbox[0].body


def test_a_wrong_password_says_what_to_look_at(client, alice):
    html = client.post("/accounts/login/", {"login": alice.email, "password": "wrong"}).content.decode()
    assert "One thing needs another look" in html


def test_signing_out_is_said(client, alice):
    client.force_login(alice)
    assert "You have signed out." in client.post("/accounts/logout/", follow=True).content.decode()
