"""Lever's side of the tests: recorded answers by the name of the event, and what we would send."""

import json
from pathlib import Path

import pytest

from tests.integrations.lever.ada import NOTE, POSTING, PROFILE, TOMAS

ANSWERS = Path(__file__).parent / "answers"


@pytest.fixture
def answer():
    """Give a recorded answer, with some of its record's fields changed where the test says so."""

    def read(name: str, **changes):
        body = json.loads((ANSWERS / f"{name}.json").read_text())
        if changes:
            record = body["data"][0] if isinstance(body["data"], list) else body["data"]
            record.update(changes)
        return body

    return read


@pytest.fixture
def lever():
    """A client of real Lever's address; the closed network answers for it."""
    from integrations.lever import provider

    return provider.open_client("production", "access-token", deadline=5)


@pytest.fixture
def make_payload():
    """Give what prepare() makes of Ada, with other fields where the test says so."""
    from integrations.lever import provider
    from integrations.providers import Parcel

    def make(**changes):
        fields = {
            "export_pk": 1,
            "name": "Ada Quill",
            "email": "ada.quill@example.com",
            "phone": "+49 40 5550 100",
            "location": "Hamburg",
            "headline": "Fernhill Labs, Otter & Pine",
            "links": ("https://www.linkedin.com/in/ada-quill-example",),
            "profile_url": PROFILE,
            "note": NOTE,
            "resume": None,
            "posting_id": POSTING,
            "acting_user_id": TOMAS,
        }
        [payload] = provider.prepare([Parcel(**fields | changes)])
        return payload

    return make


@pytest.fixture
def resume():
    from integrations.providers import Resume

    return Resume(name="ada quill é.pdf", content_type="application/pdf", content=b"%PDF-1.4 \x00\xff\r\n--bytes")


@pytest.fixture
def token_url():
    from django.conf import settings

    return f"{settings.LEVER_EMULATOR_URL}/oauth/token"


@pytest.fixture
def start_url(acme):
    from django.urls import reverse

    return reverse("lever:start", args=[acme.slug])


@pytest.fixture
def browser(alice):
    """Alice's browser, signed in."""
    from django.test import Client

    browser = Client()
    browser.force_login(alice)
    return browser


@pytest.fixture
def came_back(browser, start_url):
    """Follow the link to Lever as alice and come back with an answer; the state is right unless it is named."""
    from django.urls import reverse

    from tests.integrations.lever.connecting import state_of

    def come_back(*, using=browser, **query):
        state = state_of(browser.get(start_url))
        return using.get(reverse("lever:callback"), {"state": state, **query})

    return come_back
