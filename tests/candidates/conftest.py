import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.candidates import files


@pytest.fixture
def job(make, acme):
    return make.make_job(acme, "Community Organizer", location="Berlin")


@pytest.fixture
def typed():
    """Give what Kim types, with a résumé; a field is changed or left out by name."""

    def fill(**changes):
        form = {
            "name": "Kim Park",
            "email": "kim@example.net",
            "phone": "+49 30 1234567",
            "location": "Berlin, Germany",
            "headline": "Organizer of neighbours",
            "links": "https://kim.example\nlinkedin.example/in/kim",
            "note": "I live around the corner.",
            "resume": files.upload(),
        } | changes
        return {name: value for name, value in form.items() if value is not None}

    return fill


@pytest.fixture
def send(client, job, typed, django_capture_on_commit_callbacks):
    """Send Kim's application, and do what follows the commit."""

    def send(**changes):
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(reverse("apply", args=["acme", job.pk]), typed(**changes))

    return send


@pytest.fixture
def count_queries(client):
    """Give how many SQL queries a page asks."""

    def count(url):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    return count
