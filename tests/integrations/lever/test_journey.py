"""The provider against the emulator over HTTP: what it makes there, finds again and keeps alive."""

import hashlib
import time
from datetime import UTC, datetime, timedelta

import pytest

from integrations.errors import AccessExpired, ConnectionLost, Rejected, TryLater
from tests.integrations.lever.ada import POSTING, TOMAS

pytestmark = pytest.mark.real_http

NORTHWIND = "c4f2a858-aba9-5168-a8bc-19b137e24a96"
FORMER = "8b83f0d9-c31c-5d36-b53f-7998c4ae34b6"
CREATE = "POST /v1/opportunities"


@pytest.fixture
def provider():
    from integrations.lever import provider

    return provider


@pytest.fixture
def granted(emulator):
    """Tokens of Northwind, without a browser."""
    return emulator.control("POST", f"/accounts/{NORTHWIND}/tokens")


@pytest.fixture
def ats(provider, granted):
    return provider.open_client("emulator", granted["access_token"], deadline=5)


@pytest.fixture
def make_payload(make_payload):
    """Somebody whom the emulator's seed does not know."""
    return lambda **changes: make_payload(**{"name": "Bea Holm", "email": "bea.holm@example.com"} | changes)


@pytest.fixture
def at_lever(emulator):
    """Everything that Northwind has of Bea."""
    path = f"/accounts/{NORTHWIND}/opportunities"
    return lambda: emulator.control("GET", path, email="bea.holm@example.com")["opportunities"]


@pytest.fixture
def since():
    return datetime.now(UTC) - timedelta(minutes=2)


def follow_up(provider, ats, payload, created):
    provider.follow_up(
        ats,
        payload,
        external_id=created.external_id,
        contact_id=created.contact_id,
        needs_phone=created.lacks_phone,
    )


def test_a_candidate_with_everything_arrives_as_a_new_lead(provider, ats, make_payload, resume, at_lever):
    payload = make_payload(resume=resume)
    created = provider.create(ats, payload)
    follow_up(provider, ats, payload, created)
    [there] = at_lever()
    assert there["id"] == created.external_id
    assert (there["stage"], there["origin"], there["sources"]) == ("lead-new", "sourced", ["Purpose Jobs"])
    assert there["tags"][0] == "Purpose Jobs"
    assert (there["posting"], there["owner"], there["sourcedBy"]) == (POSTING, TOMAS, TOMAS)
    assert there["name"] == "Bea Holm"
    assert there["links"] == list(payload.new.links)
    assert there["phones"] == [{"type": "mobile", "value": "+49 40 5550 100"}]
    assert [note["values"] for note in there["notes"]] == [[payload.note]]
    assert [(file["name"], file["size"], file["sha256"]) for file in there["resumes"]] == [
        (resume.name, len(resume.content), hashlib.sha256(resume.content).hexdigest())
    ]


def test_a_candidate_without_resume_needs_no_second_step_for_the_phone(provider, ats, make_payload, at_lever):
    created = provider.create(ats, make_payload())
    assert created.lacks_phone is False
    [there] = at_lever()
    assert there["phones"] == [{"type": "mobile", "value": "+49 40 5550 100"}]
    assert there["resumes"] == []


def test_without_a_posting_the_candidate_is_a_general_lead(provider, ats, make_payload, since, at_lever):
    payload = make_payload(posting_id="")
    created = provider.create(ats, payload)
    [there] = at_lever()
    assert (there["posting"], there["stage"]) == (None, "lead-new")
    assert [found.external_id for found in provider.find(ats, payload, since)] == [created.external_id]


def test_a_known_person_keeps_a_phone_of_their_own(provider, ats, make_payload, resume, at_lever):
    provider.create(ats, make_payload(phone="+1 555 0100"))
    payload = make_payload(posting_id="", resume=resume)
    again = provider.create(ats, payload)
    follow_up(provider, ats, payload, again)
    assert (again.was_known, again.lacks_phone) == (True, False)
    assert [there["phones"][0]["value"] for there in at_lever()] == ["+1 555 0100", "+1 555 0100"]


@pytest.mark.parametrize("kind", ["drop_after", "half_body"])
def test_a_create_whose_answer_was_lost_is_found(emulator, provider, ats, make_payload, since, at_lever, kind):
    emulator.control("POST", "/faults", kind=kind, endpoint=CREATE, count=1)
    with pytest.raises(TryLater) as caught:
        provider.create(ats, make_payload())
    assert (caught.value.code, caught.value.unknown) == ("dropped", True)
    [there] = at_lever()
    [found] = provider.find(ats, make_payload(), since)
    assert (found.external_id, found.was_known) == (there["id"], False)


def test_a_create_that_never_began_is_not_found(emulator, provider, ats, make_payload, since):
    emulator.control("POST", "/faults", kind="drop_before", endpoint=CREATE, count=1)
    with pytest.raises(TryLater) as caught:
        provider.create(ats, make_payload())
    assert caught.value.unknown is True
    assert provider.find(ats, make_payload(), since) == []


def test_a_slow_create_ends_on_time_and_is_found_once_it_landed(
    emulator, provider, granted, ats, make_payload, since, at_lever
):
    emulator.control("POST", "/faults", kind="slow", endpoint=CREATE, count=1, seconds=1)
    hasty = provider.open_client("emulator", granted["access_token"], deadline=0.3)
    started = time.monotonic()
    with pytest.raises(TryLater, match="timeout"):
        provider.create(hasty, make_payload())
    assert time.monotonic() - started < 0.9
    assert [found.external_id for found in provider.find(ats, make_payload(), since)] == [
        there["id"] for there in at_lever()
    ]


def test_a_note_whose_answer_was_lost_is_found(emulator, provider, ats, make_payload, at_lever):
    created = provider.create(ats, make_payload())
    assert provider.find_follow_up(ats, make_payload(), created.external_id) is False
    emulator.control("POST", "/faults", kind="drop_after", endpoint="POST /v1/opportunities/*/notes", count=1)
    with pytest.raises(TryLater) as caught:
        follow_up(provider, ats, make_payload(), created)
    assert caught.value.unknown is True
    assert provider.find_follow_up(ats, make_payload(), created.external_id) is True
    [there] = at_lever()
    assert len(there["notes"]) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"acting_user_id": FORMER}, "acting_user_invalid"),
        ({"acting_user_id": "nobody"}, "acting_user_invalid"),
        ({"posting_id": "00000000-0000-0000-0000-000000000000"}, "posting_gone"),
    ],
    ids=["deactivated", "unknown user", "unknown posting"],
)
def test_a_refused_create_makes_nothing(provider, ats, make_payload, at_lever, changes, code):
    with pytest.raises(Rejected) as caught:
        provider.create(ats, make_payload(**changes))
    assert caught.value.code == code
    assert at_lever() == []


def test_the_whole_account_is_listed(provider, ats):
    assert len(provider.list_postings(ats)) == 6
    assert [user.external_id for user in provider.list_users(ats) if not user.is_active] == [FORMER]
    assert len(provider.list_stages(ats)) == 7
    provider.check(ats)


def test_three_pages_of_postings_are_one_list(emulator, provider):
    account = emulator.control("POST", "/accounts", name="Many Ltd", postings=250)
    tokens = emulator.control("POST", f"/accounts/{account['id']}/tokens")
    many = provider.open_client("emulator", tokens["access_token"], deadline=5)
    postings = provider.list_postings(many)
    assert {posting.external_id for posting in postings} == {posting["id"] for posting in account["postings"]}
    assert (len(postings), many.calls) == (250, 3)


def test_a_listing_that_fails_on_its_second_page_is_none(emulator, provider):
    account = emulator.control("POST", "/accounts", name="Many Ltd", postings=150)
    tokens = emulator.control("POST", f"/accounts/{account['id']}/tokens")
    emulator.control("POST", "/faults", kind="500", endpoint="GET /v1/postings", skip=1, count=1)
    with pytest.raises(TryLater):
        provider.list_postings(provider.open_client("emulator", tokens["access_token"], deadline=5))


def test_refresh_tokens_rotate_and_the_old_one_is_dead(provider, granted):
    first = provider.refresh("emulator", granted["refresh_token"])
    second = provider.refresh("emulator", first.refresh_token)
    assert len({granted["refresh_token"], first.refresh_token, second.refresh_token}) == 3
    assert (second.account_id, second.scopes) == (NORTHWIND, tuple(granted["scope"].split()))
    provider.check(provider.open_client("emulator", second.access_token, deadline=5))
    with pytest.raises(ConnectionLost, match="grant_dead"):
        provider.refresh("emulator", granted["refresh_token"])


def test_an_access_token_that_ran_out_is_told_apart(emulator, provider, ats, granted):
    emulator.control("POST", "/clock", advance_seconds=3700)
    with pytest.raises(AccessExpired):
        provider.check(ats)
    fresh = provider.refresh("emulator", granted["refresh_token"])
    provider.check(provider.open_client("emulator", fresh.access_token, deadline=5))


def test_revoked_access_ends_both_tokens(emulator, provider, ats, granted):
    emulator.control("POST", f"/accounts/{NORTHWIND}/revoke")
    with pytest.raises(AccessExpired):
        provider.check(ats)
    with pytest.raises(ConnectionLost):
        provider.refresh("emulator", granted["refresh_token"])


def test_a_grant_that_was_given_back_is_dead(provider, granted):
    provider.revoke("emulator", granted["refresh_token"])
    with pytest.raises(ConnectionLost):
        provider.refresh("emulator", granted["refresh_token"])
