"""Letters: written with what they tell of, and kept until the mail server has taken them."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import timezone

from accounts import letters, tasks
from accounts.models import Letter
from purposejobs.tenancy import company_scope


class Server(EmailBackend):
    """A mail server that raises what is in `says` first, in its order; None takes the mail."""

    says: list = []

    def send_messages(self, messages):
        error = Server.says.pop(0) if Server.says else None
        if error:
            raise error
        return super().send_messages(messages)


@pytest.fixture
def server(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    Server.says = []
    return Server


def write(company, users, subject="Reconnect", text="Please."):
    with company_scope(company):
        return letters.write(company=company, users=users, subject=subject, text=text)


def kept(company):
    with company_scope(company):
        return list(Letter.objects.order_by("pk"))


def make_due(company):
    with company_scope(company):
        Letter.objects.update(next_attempt_at=timezone.now())


def test_a_letter_goes_to_each_once(acme, alice, bob):
    assert write(acme, [alice, bob]) == 2

    assert letters.deliver(acme.pk) == 2
    assert letters.deliver(acme.pk) == 0
    assert [(message.to, message.subject, message.body) for message in mail.outbox] == [
        (["alice@acme.example"], "Reconnect", "Please.\n"),
        (["bob@acme.example"], "Reconnect", "Please.\n"),
    ]
    assert kept(acme) == []


def test_a_letter_says_that_a_machine_wrote_it(acme, alice):
    write(acme, [alice])
    letters.deliver(acme.pk)

    assert mail.outbox[0].message()["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "error",
    [ConnectionRefusedError(), TimeoutError(), smtplib.SMTPServerDisconnected(), smtplib.SMTPConnectError(421, b"")],
)
def test_a_mail_server_that_is_away_loses_nothing(server, acme, alice, bob, error):
    server.says = [error]
    write(acme, [alice, bob])

    assert letters.deliver(acme.pk) == 0  # and the second is not even tried
    assert [letter.tries for letter in kept(acme)] == [1, 0]
    make_due(acme)
    tasks.deliver_all()
    assert sorted(message.to[0] for message in mail.outbox) == ["alice@acme.example", "bob@acme.example"]
    assert kept(acme) == []


def test_while_the_mail_server_is_away_no_company_waits_for_it_twice(server, acme, globex, alice, mallory):
    server.says = [ConnectionRefusedError(), ConnectionRefusedError()]
    write(acme, [alice])
    write(globex, [mallory])

    assert letters.deliver_all() == 0
    assert server.says  # asked once
    assert sorted(letter.tries for letter in kept(acme) + kept(globex)) == [0, 1]


@pytest.mark.parametrize(
    "error",
    [smtplib.SMTPRecipientsRefused({"alice@acme.example": (550, b"unknown")}), ValueError("Invalid address")],
    ids=["refused", "no address"],
)
def test_one_bad_address_does_not_hold_up_the_others(server, acme, alice, bob, error):
    server.says = [error]
    write(acme, [alice, bob])

    assert letters.deliver(acme.pk) == 1
    assert [message.to for message in mail.outbox] == [["bob@acme.example"]]
    assert [letter.user for letter in kept(acme)] == [alice]


def test_the_waits_grow_up_to_an_hour(server, acme, alice):
    write(acme, [alice])
    waits = []
    for _ in range(9):
        server.says = [ConnectionRefusedError()]
        make_due(acme)
        letters.deliver(acme.pk)
        waits.append(round((kept(acme)[0].next_attempt_at - timezone.now()).total_seconds() / 60))

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_after_three_days_it_is_given_up_and_logged_without_the_address(server, acme, alice, caplog):
    write(acme, [alice])
    with company_scope(acme):
        Letter.objects.update(created_at=timezone.now() - timedelta(days=4))
    server.says = [ConnectionRefusedError("alice@acme.example")]

    letters.deliver(acme.pk)

    assert kept(acme) == []
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "given up" in record.getMessage()
    assert "alice" not in record.getMessage()


def test_a_letter_is_undone_with_what_it_tells_of(acme, alice):
    with transaction.atomic():
        write(acme, [alice])
        transaction.set_rollback(True)

    assert kept(acme) == []


def test_a_line_break_in_a_name_makes_no_header(acme, alice):
    write(acme, [alice], subject="Acme\nBcc: everybody@example.org: reconnect")
    letters.deliver(acme.pk)

    assert mail.outbox[0].subject == "Acme Bcc: everybody@example.org: reconnect"


def test_a_companys_letters_are_its_own(acme, globex, alice, mallory):
    write(acme, [alice])
    write(globex, [mallory])

    assert letters.deliver(globex.pk) == 1
    assert [message.to for message in mail.outbox] == [["mallory@globex.example"]]
    assert len(kept(acme)) == 1
