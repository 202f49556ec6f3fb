"""The signed links that applicants get by e-mail. They carry keys only, nothing about the person."""

from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.urls import reverse

from candidates.models import Application

SALT = "candidates.application"
# A link lets its reader withdraw and erase, which must stay possible for long; in seconds.
LASTS = 2 * 365 * 24 * 3600


class ApplicationKey(NamedTuple):
    company_pk: int
    application_pk: int


def application_url(application: Application) -> str:
    """Return the absolute address of an application's own page, for the e-mail to its applicant."""
    token = signing.dumps([application.company_id, application.pk], salt=SALT)
    return settings.PUBLIC_URL + reverse("application_confirm", args=[token])


def read_token(token: str) -> ApplicationKey:
    """Return whose page a link is. Raises BadSignature when it was changed or is too old."""
    company_pk, application_pk = signing.loads(token, salt=SALT, max_age=LASTS)
    return ApplicationKey(company_pk, application_pk)
