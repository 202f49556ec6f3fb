"""Where django-allauth asks us."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter

logger = logging.getLogger(__name__)

# A mail that somebody can ask for again, sent beside something that has already happened.
IN_PASSING = "account/email/email_confirmation"


class AccountAdapter(DefaultAccountAdapter):
    """allauth's own behaviour, but a mail server that is away does not cost somebody their new account."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:  # what smtplib and sockets raise
            if not template_prefix.startswith(IN_PASSING):
                raise
            logger.warning("confirmation mail not sent: %s", type(error).__name__)
