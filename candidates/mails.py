"""E-mails about applications. Each goes out after commit, and a dead mail server costs nothing but the e-mail."""

import logging
from functools import partial
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)


def send_after_commit(template: str, context: dict[str, object], *, to: list[str], about: str, **headers: str) -> None:
    """Send candidates/mail/<template>.txt, whose first line is the subject, once the transaction stands.

    `about` names the occasion by its keys, for the log: addresses and names are never logged.
    """
    text = render_to_string(f"candidates/mail/{template}.txt", context).strip()
    subject, _, body = text.partition("\n")
    # A name that an applicant typed may stand in the subject; a line break there would be a header of its own.
    message = EmailMessage(
        " ".join(subject.split()), body.strip() + "\n", settings.DEFAULT_FROM_EMAIL, to, headers=headers
    )
    transaction.on_commit(partial(_send, message, f"{template} about {about}"), robust=True)


def _send(message: EmailMessage, occasion: str) -> None:
    try:
        message.send()
    except (OSError, SMTPException) as error:
        # The error's text may hold the address.
        logger.warning("E-mail %s was not sent: %s", occasion, type(error).__name__)
