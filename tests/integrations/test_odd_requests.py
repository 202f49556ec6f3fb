"""What no page of ours asks: numbers that are no keys, characters that the database does not take."""

import pytest
from django.urls import reverse

from tests.factories import make_job
from tests.integrations import rows

pytestmark = pytest.mark.django_db
ENDLESS = "9" * 5000


@pytest.fixture
def bobs(client, bob, acme):
    rows.make_posting(rows.make_connection(acme), "Backend Engineer")
    make_job(acme, "Backend Engineer")
    client.force_login(bob)
    return client


@pytest.mark.parametrize(
    "query", [{"q": "Kim\0"}, {"q": "\0"}, {"code": "no\0email"}, {"job": ENDLESS}, {"job": "9" * 20}]
)
def test_a_history_is_asked_for_what_cannot_be(bobs, query):
    assert bobs.get(reverse("export_list", args=["acme"]), query).status_code in (200, 404)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"connect": ENDLESS}, 404),
        ({"connect": "9" * 20}, 404),
        ({"accept": "", "sure": [f"{ENDLESS}-1", f"1-{ENDLESS}", "-", "1-"]}, 302),
    ],
    ids=["no number", "no key", "no pairs"],
)
def test_jobs_are_connected_that_cannot_be(bobs, acme, asked, status):
    assert bobs.post(reverse("job_matches", args=["acme"]), asked).status_code == status


@pytest.mark.parametrize("pair", [f"{ENDLESS}-1", f"{'9' * 20}-1", "1-", "-"])
def test_links_are_undone_that_cannot_be(bobs, pair):
    response = bobs.post(reverse("job_matches_undo", args=["acme"]), {"link": pair, "left": pair})

    assert bobs.get(response.url).status_code == 200


def test_a_notification_is_read_that_cannot_be(bobs):
    assert bobs.post(reverse("notifications_read", args=["acme"]), {"notification": ENDLESS}).status_code == 302
