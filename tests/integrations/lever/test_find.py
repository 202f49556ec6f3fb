"""After an unknown outcome: is what we sent there? Everything that could be ours, the likeliest first."""

import pytest

from tests.integrations.lever.ada import CONTACT, FIND, OPPORTUNITY, SINCE

SECOND = 1000
CREATED_AT = 1767225600000


@pytest.fixture
def find(http, lever, make_payload):
    from integrations.lever import provider

    def look(rows, *, using=lever, since=SINCE, url=f"{FIND}&limit=100", **changes):
        http.get(url, json={"data": rows, "hasNext": False})
        return provider.find(using, make_payload(**changes), since)

    return look


@pytest.fixture
def row(answer):
    """Give an opportunity as the list has it, with other fields where the test says so."""

    def make(**changes):
        return answer("opportunities_found", **changes)["data"][0]

    return make


def ids(found):
    return [record.external_id for record in found]


def test_what_we_made_is_found_in_one_call(http, find, row):
    [found] = find([row()])
    assert len(http.calls) == 1
    assert found.external_id == OPPORTUNITY
    assert found.external_url == f"https://hire.lever.co/candidates/{OPPORTUNITY}"
    assert (found.contact_id, found.stage_id) == (CONTACT, "lead-new")
    assert (found.was_known, found.lacks_phone) == (False, False)


def test_nobody_is_found_where_nobody_is(find):
    assert find([]) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": ["purpose jobs"]},
        {"sources": []},
        {"applications": []},
        {"applications": [{"posting": "another"}]},
        {"createdAt": CREATED_AT - 2 * 24 * 3600 * SECOND},
    ],
    ids=["another tag", "another source", "no posting", "another posting", "older than the attempt"],
)
def test_what_others_made_is_not_ours(find, row, changes):
    assert find([row(**changes)]) == []


def test_without_an_address_nobody_is_looked_for(http, find):
    assert find([], email="") == []
    assert len(http.calls) == 0


def test_an_archived_one_is_ours_all_the_same(find, row):
    archived = {"reason": "46cd199a-955e-5a79-bd11-ea4942999778", "archivedAt": CREATED_AT}
    assert ids(find([row(archived=archived)])) == [OPPORTUNITY]


def test_without_a_posting_only_one_without_application_is_ours(find, row):
    rows = [row(), row(id="general", applications=[])]
    assert ids(find(rows, posting_id="")) == ["general"]


def test_an_application_that_hides_its_posting_may_be_ours(find, row):
    assert ids(find([row(applications=["be5dcc39-e0b9-5836-a1cd-123752231f5b"])])) == [OPPORTUNITY]


def test_our_profile_link_decides_between_several_then_age(find, row):
    rows = [
        row(id="newer", createdAt=CREATED_AT + SECOND),
        row(id="linkless", links=[], createdAt=CREATED_AT - SECOND),
        row(id="older", createdAt=CREATED_AT),
    ]
    assert ids(find(rows)) == ["older", "newer", "linkless"]


def test_a_link_that_lever_dropped_does_not_hide_the_record(find, row):
    assert ids(find([row(links=[])])) == [OPPORTUNITY]


def test_a_person_with_an_older_candidacy_was_known(find, row):
    older = row(id="older", tags=[], createdAt=CREATED_AT - SECOND)
    [found] = find([row(phones=[]), older])
    assert (found.was_known, found.lacks_phone) == (True, False)


def test_a_younger_candidacy_of_the_same_person_says_nothing_about_ours(find, row):
    younger = row(id="younger", tags=[], createdAt=CREATED_AT + SECOND)
    [found] = find([row(phones=[]), younger])
    assert (found.was_known, found.lacks_phone) == (False, True)


def test_confidential_ones_are_seen_where_that_was_granted(find, row):
    from integrations.lever import provider

    scopes = ["confidential:access:admin"]
    sees_all = provider.open_client("production", "access-token", deadline=5, scopes=scopes)
    found = find([row(confidentiality="confidential")], using=sees_all, url=f"{FIND}&confidentiality=all&limit=100")
    assert ids(found) == [OPPORTUNITY]


def test_every_page_is_looked_at(http, find, row):
    first = {"data": [row(id="first", tags=[])], "hasNext": True, "next": "%5B1%2C17%2C%22id%22%5D"}
    http.get(f"{FIND}&limit=100", json=first)
    # The token is encoded once more, as any parameter: Lever takes it both ways.
    rest = f"{FIND}&limit=100&offset=%255B1%252C17%252C%2522id%2522%255D"
    assert ids(find([row()], url=rest)) == [OPPORTUNITY]
    assert [call.request.url for call in http.calls] == [f"{FIND}&limit=100", rest]


@pytest.mark.parametrize(
    "page",
    [
        {"data": None},
        {"hasNext": False},
        {"data": [{"id": None}], "hasNext": False},
        {"data": [], "hasNext": True},
        {"data": [], "hasNext": True, "next": ""},
    ],
    ids=["no list", "no data", "no id", "no next page", "empty next page"],
)
def test_an_answer_that_makes_no_sense_is_no_empty_answer(http, lever, make_payload, page):
    from integrations.errors import TryLater
    from integrations.lever import provider

    http.get(f"{FIND}&limit=100", json=page)
    with pytest.raises(TryLater, match="unclear"):
        provider.find(lever, make_payload(), SINCE)


def test_a_page_that_leads_to_itself_ends(http, lever, make_payload):
    from integrations.errors import TryLater
    from integrations.lever import provider

    http.get(f"{FIND}&limit=100", json={"data": [], "hasNext": True, "next": "again"})
    http.get(f"{FIND}&limit=100&offset=again", json={"data": [], "hasNext": True, "next": "again"})
    with pytest.raises(TryLater, match="unclear"):
        provider.find(lever, make_payload(), SINCE)
    assert len(http.calls) == 2
