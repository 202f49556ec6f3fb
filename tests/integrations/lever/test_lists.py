"""Postings, users and stages: whole lists in our words, or an error."""

import pytest

from tests.integrations.lever.ada import API

FIRST = f"{API}/postings?limit=100"
# The next page's token, encoded once more as any parameter is.
LAST = f"{FIRST}&offset=%255B1758225600004%252C%2522992c460d-06a6-5040-8be4-ce433fb668f9%2522%255D"


@pytest.fixture
def provider():
    from integrations.lever import provider

    return provider


@pytest.fixture
def both_pages(http, answer):
    http.get(FIRST, json=answer("postings_first_page"))
    http.get(LAST, json=answer("postings_last_page"))


def test_postings_of_every_page_and_state_are_listed(http, both_pages, provider, lever):
    postings = provider.list_postings(lever)
    assert [call.request.url for call in http.calls] == [FIRST, LAST]
    assert [(posting.title, posting.state, posting.is_open, posting.is_confidential) for posting in postings] == [
        ("Backend Engineer", "Published", True, False),
        ("Data Scientist", "Published", True, False),
        ("Office Manager", "Published", True, False),
        ("Account Executive", "Unlisted", True, False),
        ("Chief Financial Officer", "Published", True, True),
        ("Support Specialist", "Closed", False, False),
        ("Designer", "Draft", False, False),
    ]


def test_a_posting_brings_what_one_chooses_by(both_pages, provider, lever):
    from integrations.providers import PostingRecord

    assert provider.list_postings(lever)[0] == PostingRecord(
        external_id="4b25972f-50aa-57a9-a283-f36656fd30a4",
        title="Backend Engineer",
        team="Platform",
        department="Engineering",
        location="Berlin",
        locations=("Berlin", "Lisbon"),
        commitment="Full-time",
        state="Published",
        is_open=True,
        is_confidential=False,
        owner_id="279ee0c0-8253-51cc-8d25-e8c577aa8925",
        url="https://jobs.lever.co/northwind/4b25972f-50aa-57a9-a283-f36656fd30a4",
        workplace="hybrid",
        description_html=(
            "<div><div>We are hiring: Backend Engineer.</div></div>"
            "<h3>What you bring</h3><ul><li>Curiosity</li><li>Care</li></ul>"
        ),
    )


def test_a_posting_with_nothing_filled_in_is_listed(http, provider, lever, answer):
    empty = {"text": "", "categories": None, "urls": None, "owner": None, "state": "on_hold"}
    page = answer("postings_first_page", **empty) | {"hasNext": False}
    http.get(FIRST, json=page)
    [posting] = provider.list_postings(lever)
    assert (posting.title, posting.team, posting.locations, posting.url) == ("Untitled", "", (), "")
    assert (posting.state, posting.is_open) == ("On_hold", False)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_half_a_listing_is_none(http, provider, lever, answer, status):
    from integrations.errors import TryLater

    http.get(FIRST, json=answer("postings_first_page"))
    http.get(LAST, status=status)
    with pytest.raises(TryLater) as caught:
        provider.list_postings(lever)
    assert caught.value.unknown is False


def test_a_page_token_that_is_no_longer_taken_is_tried_later(http, provider, lever, answer):
    from integrations.errors import TryLater

    http.get(FIRST, json=answer("postings_first_page"))
    http.get(LAST, status=400, json={"code": "BadRequestError", "message": "Invalid offset token"})
    with pytest.raises(TryLater) as caught:
        provider.list_postings(lever)
    assert (caught.value.code, caught.value.is_outage) == ("unclear", False)


def test_a_posting_that_moved_between_pages_is_listed_once(http, provider, lever, answer):
    http.get(FIRST, json=answer("postings_first_page"))
    page = answer("postings_last_page")
    page["data"] += answer("postings_first_page")["data"]
    http.get(LAST, json=page)
    assert len(provider.list_postings(lever)) == 7


def test_confidential_postings_are_listed_where_that_was_granted(http, provider, answer):
    lever = provider.open_client("production", "t", deadline=5, scopes=["confidential:access:admin"])
    url = f"{API}/postings?confidentiality=all&limit=100"
    http.get(url, json=answer("postings_last_page"))
    assert len(provider.list_postings(lever)) == 6


def test_deactivated_users_are_listed_as_such(http, provider, lever, answer):
    http.get(f"{API}/users?includeDeactivated=true&limit=100", json=answer("users_listed"))
    users = provider.list_users(lever)
    assert [(user.name, user.email, user.is_active) for user in users] == [
        ("Jun Park", "jun@northwind.example", True),
        ("Lena Hoff", "lena@northwind.example", True),
        ("Tomas Vrba", "tomas@northwind.example", True),
        ("Imani Okafor", "imani@northwind.example", True),
        ("Rosa Lindqvist", "rosa@northwind.example", True),
        ("Pat Former", "pat@northwind.example", False),
    ]


def test_stages_come_in_the_pipelines_order(http, provider, lever, answer):
    http.get(f"{API}/stages?limit=100", json=answer("stages_listed"))
    stages = provider.list_stages(lever)
    assert [(stage.external_id, stage.name) for stage in stages][:2] == [
        ("lead-new", "New lead"),
        ("lead-reached-out", "Reached out"),
    ]
    assert len(stages) == 7


def test_the_cheapest_read_says_what_is_wrong(http, provider, lever):
    from integrations.errors import AccessExpired

    http.get(f"{API}/stages?limit=1", status=401)
    with pytest.raises(AccessExpired):
        provider.check(lever)
