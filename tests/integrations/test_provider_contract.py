"""The contract of integrations.providers, for each ATS that is switched on.

`tests.integrations.<slug>.contract` plays the far side; what is expected here is the same for all.
"""

import inspect
from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from integrations import providers
from integrations.errors import AccessExpired, ConnectionLost, Rejected, TryLater
from integrations.providers import Created, Parcel, PostingRecord, Progress, Resume, Tokens

BEFORE_ALL = datetime(2000, 1, 1, tzinfo=UTC)
HOOK = "https://purpose.example/integrations/hooks/unguessable/"


def needs(provider, name):
    """Leave a test out for an ATS that does not declare this optional part."""
    if not hasattr(provider, name):
        pytest.skip(f"{provider.LABEL} has no {name}")


@pytest.fixture(params=settings.ATS_PROVIDERS)
def slug(request):
    return request.param


@pytest.fixture
def provider(slug):
    return providers.get_provider(slug)


@pytest.fixture
def far_side(slug):
    return import_module(f"tests.integrations.{slug}.contract")


@pytest.fixture
def ats(provider, far_side):
    return provider.open_client(far_side.ENVIRONMENT, "access-token", deadline=5, scopes=())


@pytest.fixture
def parcel(far_side):
    return Parcel(
        export_pk=1,
        name="Ada Quill",
        email="ada.quill@example.com",
        phone="+49 40 5550 100",
        location="Hamburg",
        headline="Fernhill Labs, Otter & Pine",
        links=("https://www.linkedin.com/in/ada-quill-example",),
        profile_url="https://purpose.example/candidates/7",
        note="Hello",
        resume=Resume("cv.pdf", "application/pdf", b"%PDF"),
        posting_id=far_side.POSTING_ID,
        acting_user_id="d2025960-6211-5f75-9812-83a60553db2b",
    )


@pytest.fixture
def payload(provider, parcel):
    return provider.prepare([parcel])[0]


WORKS = ["create", "find", "list_postings", "follow_up", "find_follow_up", "list_users", "list_stages", "list_reasons"]
WORKS += ["check", "read_progress", "list_progress", "list_deleted", "subscribe", "unsubscribe", "is_subscribed"]


@pytest.fixture(params=WORKS)
def work(request, provider, far_side, ats, payload):
    """Each thing that a provider does at the far side, as far as it does it."""
    needs(provider, request.param)
    ids = {"external_id": "external-id", "contact_id": "contact-id"}
    kept = getattr(far_side, "KEPT", "")
    return {
        "list_stages": lambda: provider.list_stages(ats),
        "list_reasons": lambda: provider.list_reasons(ats),
        "read_progress": lambda: provider.read_progress(ats, "external-id"),
        "list_progress": lambda: provider.list_progress(ats, BEFORE_ALL, ""),
        "list_deleted": lambda: provider.list_deleted(ats, BEFORE_ALL, ""),
        "subscribe": lambda: provider.subscribe(ats, HOOK, ""),
        "unsubscribe": lambda: provider.unsubscribe(ats, kept),
        "is_subscribed": lambda: provider.is_subscribed(ats, HOOK, kept),
        "create": lambda: provider.create(ats, payload),
        "find": lambda: provider.find(ats, payload, BEFORE_ALL),
        "list_postings": lambda: provider.list_postings(ats),
        "follow_up": lambda: provider.follow_up(ats, payload, needs_phone=True, **ids),
        "find_follow_up": lambda: provider.find_follow_up(ats, payload, "external-id"),
        "list_users": lambda: provider.list_users(ats),
        "check": lambda: provider.check(ats),
    }[request.param]


def test_it_says_what_it_is_in_words(provider):
    assert all(isinstance(words, str) and words for words in (provider.LABEL, provider.PROMISE))
    assert all([*provider.READS, *provider.WRITES, *provider.REQUIREMENTS])
    assert min(len(provider.READS), len(provider.WRITES), len(provider.REQUIREMENTS)) > 0
    message = provider.ADMIN_MESSAGE.format(company="Acme", url="https://purpose.example/there")
    assert "Acme" in message
    assert "https://purpose.example/there" in message
    assert provider.LABEL in message


def test_it_paces_itself(provider):
    rate, burst = provider.RATE
    assert 0 < rate <= burst
    assert provider.pages_to_find >= 1


def test_people_can_follow_a_link_to_connect_it(slug):
    try:
        assert reverse(f"{slug}:start", args=["acme"])
    except NoReverseMatch:
        pytest.fail(f"{slug} has no URL named {slug}:start")


def test_what_is_declared_can_be_called_as_the_contract_says(provider):
    signatures = {
        "open_client": ["environment", "token", "deadline", "scopes"],
        "list_postings": ["client"],
        "prepare": ["parcels"],
        "create": ["client", "payload"],
        "find": ["client", "payload", "since"],
        "refresh": ["environment", "refresh_token"],
        "revoke": ["environment", "refresh_token"],
        "needs_follow_up": ["payload", "created"],
        "follow_up": ["client", "payload", "external_id", "contact_id", "needs_phone"],
        "find_follow_up": ["client", "payload", "external_id"],
        "calls_to_follow_up": ["needs_phone", "look_first"],
        "list_users": ["client"],
        "list_stages": ["client"],
        "list_reasons": ["client"],
        "check": ["client"],
        "explain_scopes": ["scopes"],
        "missing_scopes": ["scopes"],
        "read_progress": ["client", "external_id"],
        "list_progress": ["client", "since", "cursor"],
        "list_deleted": ["client", "since", "cursor"],
        "subscribe": ["client", "url", "kept"],
        "unsubscribe": ["client", "kept"],
        "is_subscribed": ["client", "url", "kept"],
    }
    declared = {
        name: list(inspect.signature(getattr(provider, name)).parameters)
        for name in signatures
        if hasattr(provider, name)
    }
    assert declared == {name: signatures[name] for name in declared}
    assert {"open_client", "list_postings", "prepare", "create", "find"} <= set(declared)


@pytest.mark.parametrize(
    "together",
    [["read_progress", "list_progress", "list_deleted"], ["subscribe", "unsubscribe", "is_subscribed"]],
    ids=["progress", "webhooks"],
)
def test_what_belongs_together_is_declared_together(provider, together):
    assert len({hasattr(provider, name) for name in together}) == 1
    # Nobody can be told of what nobody can read.
    assert hasattr(provider, "read_progress") or not hasattr(provider, "subscribe")


def test_each_parcel_has_its_payload(provider, parcel):
    assert len(provider.prepare([parcel, parcel, parcel])) == 3
    assert provider.prepare([]) == []


def test_a_good_answer_to_a_create_names_the_record(http, far_side, provider, ats, payload):
    far_side.creates(http)
    before = ats.calls
    created = provider.create(ats, payload)
    assert isinstance(created, Created)
    assert created.external_id == far_side.EXTERNAL_ID
    assert created.external_url.startswith("https://")
    assert ats.calls == before + 1


def test_what_was_created_is_found(http, far_side, provider, ats, payload):
    far_side.has_what_was_created(http)
    assert [found.external_id for found in provider.find(ats, payload, BEFORE_ALL)] == [far_side.EXTERNAL_ID]


def test_what_is_older_than_the_attempt_is_not_ours(http, far_side, provider, ats, payload):
    far_side.has_what_was_created(http)
    assert provider.find(ats, payload, datetime(2100, 1, 1, tzinfo=UTC)) == []


def test_an_empty_answer_is_nobody(http, far_side, provider, ats, payload):
    far_side.has_nobody(http)
    assert provider.find(ats, payload, BEFORE_ALL) == []


def test_postings_are_listed_to_the_last_page(http, far_side, provider, ats):
    far_side.lists_postings(http)
    postings = provider.list_postings(ats)
    assert [type(posting) for posting in postings] == [PostingRecord] * far_side.POSTINGS
    assert all(posting.external_id and posting.title and posting.state for posting in postings)


def test_an_empty_listing_is_a_listing(http, far_side, provider, ats):
    far_side.lists_no_postings(http)
    assert provider.list_postings(ats) == []


def test_half_a_listing_is_an_error(http, far_side, provider, ats):
    far_side.lists_half_of_the_postings(http)
    with pytest.raises(TryLater):
        provider.list_postings(ats)


def test_stages_come_in_order_and_say_how_far_one_has_come(http, far_side, provider, ats):
    needs(provider, "list_stages")
    far_side.lists_stages(http)
    stages = provider.list_stages(ats)
    order = ["sent", "contacted", "interview", "offer"]
    steps = [order.index(stage.step) for stage in stages]
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, 3)
    assert all(stage.external_id and stage.name for stage in stages)


def test_of_the_reasons_some_are_a_hire(http, far_side, provider, ats):
    needs(provider, "list_reasons")
    far_side.lists_reasons(http)
    reasons = provider.list_reasons(ats)
    assert all(reason.external_id and reason.name for reason in reasons)
    assert {reason.is_hire for reason in reasons} == {True, False}


def test_how_one_stands_is_read(http, far_side, provider, ats):
    needs(provider, "read_progress")
    far_side.has_progress(http)
    progress = provider.read_progress(ats, far_side.EXTERNAL_ID)
    assert isinstance(progress, Progress)
    assert (progress.external_id, progress.archived_at) == (far_side.EXTERNAL_ID, None)
    assert progress.stage_id == progress.moves[-1].stage_id
    assert progress.updated_at >= progress.moves[-1].at > BEFORE_ALL


def test_one_that_was_deleted_is_none(http, far_side, provider, ats):
    needs(provider, "read_progress")
    far_side.has_deleted_it(http)
    assert provider.read_progress(ats, far_side.EXTERNAL_ID) is None


def pages(read, ats):
    """Follow the cursors from the first page to the last."""
    page = read(ats, BEFORE_ALL, "")
    yield page
    while page.next_cursor:
        page = read(ats, BEFORE_ALL, page.next_cursor)
        yield page


def test_changes_are_read_to_the_last_page(http, far_side, provider, ats):
    needs(provider, "list_progress")
    far_side.lists_changes(http)
    found = [record.external_id for page in pages(provider.list_progress, ats) for record in page.records]
    assert found == far_side.CHANGED
    assert ats.calls == 2


def test_when_nothing_changed_there_is_one_empty_page(http, far_side, provider, ats):
    needs(provider, "list_progress")
    far_side.has_nobody(http)
    page = provider.list_progress(ats, BEFORE_ALL, "")
    assert (page.records, page.next_cursor) == ((), "")


def test_the_deleted_are_listed(http, far_side, provider, ats):
    needs(provider, "list_deleted")
    far_side.lists_deleted(http)
    assert [key for page in pages(provider.list_deleted, ats) for key in page.external_ids] == far_side.DELETED


def test_webhooks_are_made_once_and_taken_away(http, far_side, provider, ats):
    needs(provider, "subscribe")
    far_side.has_webhooks(http)
    assert provider.is_subscribed(ats, HOOK, "") is False
    kept = provider.subscribe(ats, HOOK, "")
    assert provider.is_subscribed(ats, HOOK, kept) is True
    assert provider.is_subscribed(ats, "https://elsewhere.example/", kept) is False
    assert provider.subscribe(ats, HOOK, kept) == kept
    provider.unsubscribe(ats, kept)
    provider.unsubscribe(ats, kept)
    assert provider.is_subscribed(ats, HOOK, kept) is False


def test_an_account_without_webhooks_is_told_apart(http, far_side, provider, ats):
    needs(provider, "subscribe")
    far_side.refuses(http)
    with pytest.raises(Rejected, match="webhooks_refused"):
        provider.subscribe(ats, HOOK, "")


def test_a_follow_up_is_done(http, far_side, provider, ats, payload):
    needs(provider, "follow_up")
    far_side.takes_follow_ups(http)
    provider.follow_up(ats, payload, external_id=far_side.EXTERNAL_ID, contact_id="", needs_phone=False)
    assert ats.calls == 1


def test_a_busy_far_side_is_tried_later_and_did_nothing(http, far_side, work):
    far_side.is_busy(http)
    with pytest.raises(TryLater) as caught:
        work()
    assert (caught.value.after, caught.value.unknown, caught.value.is_outage) == (7, False, False)
    assert len(http.calls) == 1


def test_a_far_side_that_is_down_is_tried_later(http, far_side, work):
    far_side.is_down(http)
    with pytest.raises(TryLater) as caught:
        work()
    assert caught.value.is_outage is True
    assert len(http.calls) == 1


def test_a_create_at_a_far_side_that_is_down_may_have_been_done(http, far_side, provider, ats, payload):
    far_side.is_down(http)
    with pytest.raises(TryLater) as caught:
        provider.create(ats, payload)
    assert caught.value.unknown is True


def test_a_refusal_needs_a_person(http, far_side, work):
    far_side.refuses(http)
    with pytest.raises(Rejected):
        work()
    assert len(http.calls) == 1


def test_a_token_that_is_no_longer_taken_is_told_apart(http, far_side, work):
    far_side.no_longer_takes_the_token(http)
    with pytest.raises(AccessExpired):
        work()
    assert len(http.calls) == 1


def test_a_refresh_gives_tokens(http, far_side, provider):
    needs(provider, "refresh")
    far_side.refreshes(http)
    tokens = provider.refresh(far_side.ENVIRONMENT, "refresh-token")
    assert isinstance(tokens, Tokens)
    assert tokens.access_token
    assert tokens.expires_in > 0


def test_a_dead_grant_loses_the_connection(http, far_side, provider):
    needs(provider, "refresh")
    far_side.has_forgotten_the_grant(http)
    with pytest.raises(ConnectionLost):
        provider.refresh(far_side.ENVIRONMENT, "refresh-token")


def test_a_refresh_that_fails_does_not(http, far_side, provider):
    needs(provider, "refresh")
    far_side.cannot_refresh_now(http)
    with pytest.raises(TryLater):
        provider.refresh(far_side.ENVIRONMENT, "refresh-token")
