"""What becomes of candidates, from the emulator over HTTP: read page by page, told by webhooks, or caught up with."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from integrations import actions, following, mirroring
from integrations.errors import Rejected
from integrations.following.health import connection_health
from integrations.models import Connection, StageChange, WebhookEvent
from purposejobs.tenancy import company_scope
from tests.integrations.connected import NORTHWIND, apply, drain, fill_bucket, only_export
from tests.integrations.following.followed import let_tokens_come
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.real_http]

HOOKS = f"/accounts/{NORTHWIND}/webhooks"
MANY = f"/accounts/{NORTHWIND}/opportunities"
URL = "http://127.0.0.1:9/hooks/unguessable/"


@pytest.fixture
def provider():
    from integrations.lever import provider

    return provider


@pytest.fixture
def control(ats):
    return ats.emulator.control


@pytest.fixture
def lever(ats, provider):
    tokens = ats.tokens()
    return provider.open_client("emulator", tokens.access_token, deadline=5, scopes=tokens.scopes)


@pytest.fixture
def hooks(control):
    return lambda: control("GET", HOOKS)["webhooks"]


def ago(**delta):
    return datetime.now(UTC) - timedelta(**delta)


# -- The provider alone ------------------------------------------------------------------------------------------------


def test_one_is_read_as_it_moves_is_archived_and_deleted(provider, lever, control):
    [key] = control("POST", MANY, count=1, ids=True)["ids"]
    began = provider.read_progress(lever, key)
    assert (began.stage_id, began.archived_at, began.is_anonymised) == ("lead-new", None, False)
    control("POST", f"/opportunities/{key}", stage="offer")
    moved = provider.read_progress(lever, key)
    assert (moved.stage_id, moved.moves[-1].stage_id) == ("offer", "offer")
    assert moved.updated_at > began.updated_at
    hire = next(reason for reason in provider.list_reasons(lever) if reason.is_hire)
    control("POST", f"/opportunities/{key}", archive_reason=hire.external_id)
    hired = provider.read_progress(lever, key)
    assert (hired.archive_reason_id, hired.archived_at is None) == (hire.external_id, False)
    control("POST", f"/opportunities/{key}", anonymise=True)
    assert provider.read_progress(lever, key).is_anonymised is True
    control("DELETE", f"/opportunities/{key}")
    assert provider.read_progress(lever, key) is None
    assert key in provider.list_deleted(lever, ago(minutes=1), "").external_ids
    assert provider.list_deleted(lever, datetime.now(UTC) + timedelta(hours=1), "").external_ids == ()


def test_changes_are_read_over_several_pages(provider, lever, control):
    keys = control("POST", MANY, count=230, ids=True)["ids"]
    found, cursor, calls = [], "", 0
    while calls == 0 or cursor:
        page = provider.list_progress(lever, ago(minutes=1), cursor)
        found += [record.external_id for record in page.records]
        cursor, calls = page.next_cursor, calls + 1
    assert set(keys) <= set(found)
    assert len(found) == len(set(found))
    assert calls == 3


def test_stages_and_reasons_are_the_accounts_own(provider, lever):
    assert [(stage.name, stage.step) for stage in provider.list_stages(lever)] == [
        ("New lead", "sent"),
        ("Reached out", "contacted"),
        ("Responded", "contacted"),
        ("New applicant", "contacted"),
        ("Recruiter screen", "interview"),
        ("On-site interview", "interview"),
        ("Offer", "offer"),
    ]
    assert [reason.name for reason in provider.list_reasons(lever) if reason.is_hire] == ["Hired"]


def test_webhooks_are_made_kept_mended_and_taken_away(provider, lever, hooks, control):
    kept = provider.subscribe(lever, URL, "")
    assert {hook["event"]: hook["signatureToken"] for hook in hooks()} == {
        event: row["token"] for event, row in json.loads(kept).items()
    }
    assert len(hooks()) == 4
    assert provider.subscribe(lever, URL, kept) == kept
    control("DELETE", f"/webhooks/{hooks()[0]['id']}")
    assert provider.is_subscribed(lever, URL, kept) is False
    mended = provider.subscribe(lever, URL, kept)
    assert provider.is_subscribed(lever, URL, mended) is True
    # What we remembered is lost: the old ones go, so that nothing is told twice.
    anew = provider.subscribe(lever, URL, "")
    assert {hook["signatureToken"] for hook in hooks()} == {row["token"] for row in json.loads(anew).values()}
    provider.unsubscribe(lever, anew)
    assert hooks() == []


def test_a_token_that_may_not_have_webhooks_says_so(provider, ats):
    tokens = ats.tokens(scopes=["offline_access", "opportunities:read:admin"])
    lever = provider.open_client("emulator", tokens.access_token, deadline=5)
    with pytest.raises(Rejected, match="webhooks_refused"):
        provider.subscribe(lever, URL, "")


def test_an_address_without_tls_is_refused_as_lever_refuses_it(provider, lever, control):
    control("POST", "/switches", http_webhooks=False)
    with pytest.raises(Rejected, match="webhooks_refused"):
        provider.subscribe(lever, URL, "")


# -- With everything between -------------------------------------------------------------------------------------------


def read(connection) -> Connection:
    with company_scope(connection.company_id):
        return Connection.objects.get(pk=connection.pk)


def follow(connection) -> None:
    for _ in range(100):
        let_tokens_come(connection)
        if following.follow(connection.pk) is None:
            return
    raise AssertionError("the follower found no end")


def catch_up(connection) -> None:
    with company_scope(connection.company_id):
        Connection.objects.update(next_catch_up_at=timezone.now())
    follow(connection)


def at_work(connection) -> str:
    with company_scope(connection.company_id):
        return connection_health(read(connection)).at_work


@pytest.fixture
def events(acme):
    def events() -> list[tuple[str, str]]:
        with company_scope(acme):
            return list(WebhookEvent.objects.order_by("pk").values_list("event", "outcome"))

    return events


@pytest.fixture
def sent(live_server, connection, linked_job, acme):
    """Somebody who applied and is in Lever, which tells the live server what becomes of them."""
    follow(connection)
    apply(linked_job)
    drain(connection)
    catch_up(connection)
    return only_export(acme)


@pytest.mark.django_db(transaction=True)
def test_the_board_is_told_at_once_and_a_rerun_changes_nothing(sent, connection, acme, control, events):
    control("POST", f"/opportunities/{sent.external_id}", stage="offer")
    wait_until(lambda: events() == [("candidateStageChange", "waiting")], what="the delivery")
    follow(connection)
    assert only_export(acme).stage_id == "offer"
    [delivery] = control("GET", "/deliveries", opportunity=sent.external_id)["deliveries"]
    assert (delivery["state"], delivery["tries"][0]["status"]) == ("delivered", 204)

    control("POST", f"/deliveries/{delivery['id']}/rerun")
    [delivery] = control("GET", "/deliveries", opportunity=sent.external_id)["deliveries"]
    assert delivery["tries"][-1]["status"] == 204
    assert events() == [("candidateStageChange", "done")]
    with company_scope(acme):
        assert StageChange.objects.filter(stage_id="offer").count() == 1
    assert at_work(connection) == "webhooks"


@pytest.mark.django_db(transaction=True)
def test_the_settings_pages_test_arrives_whichever_webhook_it_tests(sent, connection, control, hooks, events):
    answers = [control("POST", f"/webhooks/{hook['id']}/verify") for hook in hooks()]
    assert [answer["status"] for answer in answers] == [204, 204, 204, 204]
    assert [outcome for _, outcome in events()] == ["test"] * 4


@pytest.mark.django_db(transaction=True)
def test_with_the_events_switched_off_the_catch_up_carries_on(sent, connection, acme, control, events):
    control("POST", HOOKS, events=False)
    control("POST", f"/opportunities/{sent.external_id}", stage="offer")
    follow(connection)
    assert only_export(acme).stage_id == "lead-new"
    catch_up(connection)
    moved = only_export(acme)
    assert (moved.stage_id, events()) == ("offer", [])
    with company_scope(acme):
        assert StageChange.objects.get(stage_id="offer").told_by == "catch_up"


@pytest.mark.django_db(transaction=True)
def test_an_account_without_webhooks_is_followed_by_the_catch_up(
    live_server, connection, linked_job, acme, control, hooks
):
    control("POST", "/faults", kind="403", endpoint="GET /v1/webhooks")
    follow(connection)
    assert (read(connection).subscription_error, hooks()) == ("webhooks_refused", [])
    apply(linked_job)
    drain(connection)
    control("POST", f"/opportunities/{only_export(acme).external_id}", stage="offer")
    catch_up(connection)
    assert only_export(acme).stage_id == "offer"
    assert at_work(connection) == "catch_up"


@pytest.mark.django_db(transaction=True)
def test_disconnecting_takes_the_webhooks_away(sent, connection, acme, alice, hooks):
    assert len(hooks()) == 4
    with company_scope(acme):
        actions.close_connection(connection=connection, closed_by=alice)
    drain(connection)
    assert hooks() == []
    assert read(connection).hook_key is None


@pytest.mark.django_db(transaction=True)
def test_a_posting_that_closes_there_is_closed_here_and_reopens(ats, connection, linked_job, acme, control):
    posting = next(
        row for row in control("GET", f"/accounts/{NORTHWIND}")["postings"] if row["text"] == linked_job.title
    )

    def state(**changes) -> tuple[str, bool, bool]:
        control("POST", f"/postings/{posting['id']}", **changes)
        fill_bucket(connection)
        mirroring.refresh_account(connection.pk)
        with company_scope(acme):
            kept = connection.postings.get(external_id=posting["id"])
            return kept.state, kept.accepts_candidates, kept.gone_at is not None

    assert state(state="closed") == ("Closed", False, False)
    apply(linked_job)
    drain(connection)
    assert (only_export(acme).state, only_export(acme).held_reason) == ("waiting", "posting_closed")
    # A confidential one is not shown to us: it is gone, until it is shown again.
    assert state(state="published", confidentiality="confidential") == ("Closed", False, True)
    assert state(confidentiality="non-confidential") == ("Published", True, False)
    drain(connection)
    assert only_export(acme).state == "sent"
