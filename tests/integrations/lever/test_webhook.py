"""Where Lever's webhooks arrive: what is Lever's is stored and answered 2xx, everything else changes nothing."""

import hashlib
import hmac
import itertools
import json
import logging
import time

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.models import CandidateExport, Connection, WebhookEvent
from purposejobs.tenancy import company_scope
from tests.integrations.rows import make_connection, make_export

TOKENS = {"candidateStageChange": "stage-token", "candidateHired": "hired-token"}
ADA = "971a19f6-a066-5259-abec-f263c6838d15"
numbers = itertools.count(1)
NOW = object()


def delivery(*, key="stage-token", at=NOW, **fields):
    """Give a delivery as Lever would sign it now, but for what the test says."""
    at = int(time.time() * 1000) if at is NOW else at
    body = {
        "id": f"delivery-{next(numbers)}",
        "triggeredAt": at,
        "event": "candidateStageChange",
        "data": {"opportunityId": ADA, "candidateId": ADA, "contactId": "c", "toStageId": "lead-responded"},
        "token": f"token-{next(numbers)}",
    } | fields
    signed = f"{body['token']}{body['triggeredAt']}".encode()
    return {"signature": hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()} | body


def subscribe(company, *, hook_key, tokens=TOKENS, **fields):
    kept = json.dumps({event: {"id": f"hook-{event}", "token": token} for event, token in tokens.items()})
    return make_connection(company, hook_key=hook_key, subscriptions=kept, **fields)


@pytest.fixture
def connection(acme, db):
    return subscribe(acme, hook_key="acmes-key")


@pytest.fixture
def post():
    browser = Client(enforce_csrf_checks=True)

    def post(body, key="acmes-key", **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"HTTP_USER_AGENT": "Lever-Webhooks"} | headers
        return browser.post(
            reverse("lever:webhook", args=[key]), data=content, content_type="application/json", **headers
        )

    return post


def events_of(company):
    with company_scope(company):
        return list(WebhookEvent.objects.order_by("pk"))


def test_a_delivery_is_stored_as_it_came(post, connection, acme):
    body = delivery()
    response = post(body)
    assert (response.status_code, response.content) == (204, b"")
    [event] = events_of(acme)
    assert (event.connection_id, event.token, event.event) == (connection.pk, body["token"], "candidateStageChange")
    assert (event.external_id, event.outcome, event.body) == (ADA, "waiting", body)
    assert int(event.triggered_at.timestamp() * 1000) == body["triggeredAt"]
    with company_scope(acme):
        assert Connection.objects.get(pk=connection.pk).delivered_at is not None


def test_one_that_was_seen_is_received_and_stored_once(post, connection, acme):
    body = delivery()
    assert [post(body).status_code for _ in range(3)] == [204, 204, 204]
    assert len(events_of(acme)) == 1


def test_a_rerun_of_two_weeks_ago_is_received(post, connection, acme):
    two_weeks_ago = int(time.time() * 1000) - 14 * 24 * 3600 * 1000
    assert post(delivery(at=two_weeks_ago)).status_code == 204
    assert len(events_of(acme)) == 1


def test_the_settings_pages_test_is_received_and_is_about_nobody(post, connection, acme):
    # It calls itself candidateHired, whichever webhook it tests.
    body = delivery(key="stage-token", event="candidateHired", data={})
    del body["id"]
    assert post(body).status_code == 204
    [event] = events_of(acme)
    assert (event.outcome, event.external_id) == ("test", "")


def test_a_delivery_nudges_the_follower_after_commit(post, connection, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        post(delivery())
    assert len(callbacks) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (delivery(key="another-token"), 403),
        (delivery(key=""), 403),
        (delivery() | {"signature": "0" * 64}, 403),
        (delivery() | {"token": "another"}, 403),
        (delivery(at=int(time.time() * 1000) - 16 * 24 * 3600 * 1000), 403),
        (delivery(at=int(time.time() * 1000) + 3600 * 1000), 403),
        (delivery(at=10**25), 403),
        (delivery(at=-1), 403),
        (b"", 400),
        (b"<xml/>", 400),
        (b"[]", 400),
        (json.dumps(delivery())[:-1].encode(), 400),
        (delivery(data={"opportunityId": "\x00"}), 400),
        (delivery(data={"opportunityId": "\ud800"}), 400),
        (delivery(data=[]) | {"data": ["Ada"]}, 400),
        (b"[" * 60_000, 400),
        (b" " * 65_537, 413),
        (delivery(data={"more": "x" * 70_000}), 413),
    ],
    ids=[
        "another webhook's token", "no token", "made up", "another delivery's", "too old", "of the future",
        "far future", "before time", "nothing", "xml", "list", "half", "no character", "half a character",
        "odd data", "deep", "long and empty", "long",
    ],
)  # fmt: skip
def test_what_is_not_levers_changes_nothing(post, connection, acme, body, status, caplog):
    with caplog.at_level(logging.DEBUG):
        assert post(body).status_code == status
    assert events_of(acme) == []
    with company_scope(acme):
        assert Connection.objects.get(pk=connection.pk).delivered_at is None
    assert ADA not in caplog.text
    assert "lead-responded" not in caplog.text


def test_an_address_that_is_nobodys_is_not_found(post, connection):
    assert post(delivery(), key="another-key").status_code == 404


def test_only_posts_are_taken(client, connection):
    assert client.get(reverse("lever:webhook", args=["acmes-key"])).status_code == 405


def test_before_our_webhooks_are_known_nothing_is_believed(post, acme):
    make_connection(acme, hook_key="acmes-key")
    assert post(delivery()).status_code == 403
    assert post(delivery(key="")).status_code == 403
    assert events_of(acme) == []


def test_after_disconnecting_nobody_is_there(post, acme):
    subscribe(acme, hook_key="acmes-key", state=Connection.State.DISCONNECTED)
    assert post(delivery()).status_code == 404
    assert events_of(acme) == []


def test_while_a_reconnection_is_awaited_news_is_kept(post, acme):
    subscribe(acme, hook_key="acmes-key", state=Connection.State.NEEDS_RECONNECT)
    assert post(delivery()).status_code == 204
    assert len(events_of(acme)) == 1


def test_another_ats_s_address_is_not_levers(post, acme):
    subscribe(acme, hook_key="acmes-key", provider="harbor")
    assert post(delivery()).status_code == 404


def test_one_companys_delivery_never_touches_another(post, connection, acme, globex):
    subscribe(globex, hook_key="globexs-key", tokens={"candidateStageChange": "globexs-token"})
    export = make_export(connection, state=CandidateExport.State.SENT, external_id=ADA)
    # Globex's Lever is honest or not: what it signs is Globex's, whomever it names.
    assert post(delivery(key="globexs-token"), key="globexs-key").status_code == 204
    assert post(delivery(key="globexs-token"), key="acmes-key").status_code == 403
    assert events_of(acme) == []
    assert len(events_of(globex)) == 1
    with company_scope(acme):
        assert CandidateExport.objects.get(pk=export.pk).read_due_at is None


def test_the_same_token_may_come_to_two_connections(post, connection, acme, globex):
    subscribe(globex, hook_key="globexs-key")
    body = delivery()
    assert post(body).status_code == post(body, key="globexs-key").status_code == 204
    assert len(events_of(acme)) == len(events_of(globex)) == 1


def test_what_is_no_delivery_costs_no_query(post, connection):
    with CaptureQueriesContext(database) as queries:
        post(b"[]")
    assert len(queries) == 0


def test_a_delivery_costs_few_queries_and_decrypts_one_column(post, connection, acme):
    post(delivery())
    with CaptureQueriesContext(database) as queries:
        post(delivery())
    own = [
        query["sql"] for query in queries if "SAVEPOINT" not in query["sql"] and "current_setting" not in query["sql"]
    ]
    # Whose address it is; the scope, set and (in a test's transaction) given back; the connection; the delivery.
    assert len(own) == 5
    assert sum("set_config" in sql for sql in own) == 2
    assert not any("access_token" in sql or "refresh_token" in sql for sql in own)


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.lists(st.integers())
names = st.sampled_from(["id", "token", "event", "signature", "triggeredAt", "data", "more"])


@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(names, anything | st.dictionaries(st.text(max_size=10), anything, max_size=3), max_size=4),
    st.sampled_from(["stage-token", "hired-token", "forged"]),
)
def test_whatever_comes_is_answered_and_only_what_is_signed_is_kept(post, connection, acme, changes, key):
    before = len(events_of(acme))
    whole = delivery(key=key)
    status = post(whole | changes).status_code
    assert status in {204, 400, 403}
    spoiled = any(changes.get(name, whole[name]) != whole[name] for name in ("token", "triggeredAt", "signature"))
    if key == "forged" or spoiled:
        assert status != 204
    assert len(events_of(acme)) == before + (status == 204)
