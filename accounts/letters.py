"""E-mails that must not be lost: rows until the mail server has taken them, as exports are rows until they are sent.

A letter is written in the transaction of what it tells of, so that both happen or neither. It goes out after the
commit; if the mail server is away, it is tried again. Killed between the server's yes and the commit: twice.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from django.core.mail import EmailMessage
from django.utils import timezone

from accounts.models import Company, Letter, User
from purposejobs.tenancy import company_scope, keys_from

logger = logging.getLogger(__name__)

# So that absence notes are not answered to us (RFC 3834).
BY_A_MACHINE = {"Auto-Submitted": "auto-generated"}
# Waits of one letter: doubled each time from the first, up to the cap. One that is given up is logged as an error.
FIRST_WAIT, LONGEST_WAIT, GIVE_UP_AFTER = timedelta(minutes=1), timedelta(hours=1), timedelta(days=3)


def write(*, company: Company, users: Iterable[User], subject: str, text: str) -> int:
    """Write the same letter to each; return to how many. Whoever calls nudges `deliver` after the commit."""
    # A company's name stands in subjects; a line break there would be a header of its own.
    subject = " ".join(subject.split())[:200]
    letters = Letter.objects.bulk_create(
        Letter(company=company, user=user, subject=subject, text=text.strip() + "\n") for user in users
    )
    return len(letters)


def deliver(company_pk: int) -> int:
    """Send a company's letters that are due; return how many the mail server took."""
    return _send_due(company_pk)[0]


def deliver_all() -> int:
    """Send every company's letters that are due; if the mail server is away, the next round tries again."""
    sent = 0
    for company_pk in keys_from("companies_with_letters"):
        number, is_there = _send_due(company_pk)
        sent += number
        if not is_there:
            break
    return sent


def _send_due(company_pk: int) -> tuple[int, bool]:
    """Return how many were taken, and whether the mail server was there to the end."""
    sent = 0
    while True:
        with company_scope(company_pk):
            due = Letter.objects.due().select_related("user").order_by("next_attempt_at", "pk")
            letter = due.select_for_update(skip_locked=True, of=("self",)).first()
            if letter is None:
                return sent, True
            try:
                EmailMessage(letter.subject, letter.text, to=[letter.user.email], headers=BY_A_MACHINE).send()
            except (SMTPRecipientsRefused, SMTPDataError, ValueError) as error:
                # This one, or an address that is none; the server is there for the others.
                _postpone(letter, error)
            except (OSError, SMTPException) as error:
                _postpone(letter, error)
                return sent, False
            else:
                letter.delete()
                sent += 1


def _postpone(letter: Letter, error: Exception) -> None:
    # The error's text may hold the address.
    if timezone.now() - letter.created_at > GIVE_UP_AFTER:
        logger.error("letter %s is given up: %s", letter.pk, type(error).__name__)
        letter.delete()
        return
    logger.warning("letter %s was not sent: %s", letter.pk, type(error).__name__)
    letter.tries += 1
    letter.next_attempt_at = timezone.now() + min(FIRST_WAIT * 2 ** min(letter.tries - 1, 10), LONGEST_WAIT)
    letter.save(update_fields=["tries", "next_attempt_at"])
