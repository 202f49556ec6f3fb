"""Postings. lever-api.md 5.9."""

import pytest


def titles(answer: dict) -> list[str]:
    return [row["text"] for row in answer["data"]]


def test_all_states_newest_first_but_nothing_confidential(northwind):
    assert titles(northwind.get("/postings")) == [
        "Backend Engineer",
        "Data Scientist",
        "Office Manager",
        "Account Executive",
        "Support Specialist",
        "Designer",
    ]


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"state": "published"}, ["Backend Engineer", "Data Scientist"]),
        (
            {"state": "published", "distributionChannel": ["public", "internal"]},
            ["Backend Engineer", "Data Scientist", "Office Manager"],
        ),
        (
            {"state": "published", "distributionChannel": "internal"},
            ["Backend Engineer", "Data Scientist", "Office Manager"],
        ),
        ({"state": ["internal", "closed"]}, ["Account Executive", "Support Specialist"]),
        ({"team": "Data"}, ["Data Scientist"]),
        ({"department": "Engineering"}, ["Backend Engineer", "Data Scientist"]),
        ({"location": "Lisbon"}, ["Backend Engineer", "Support Specialist"]),
        ({"commitment": "Part-time"}, []),
    ],
)
def test_filters(northwind, params, wanted):
    assert titles(northwind.get("/postings", **params)) == wanted


def test_pages_and_their_token(northwind):
    first = northwind.get("/postings", limit=4)
    rest = northwind.get("/postings", limit=4, offset=first["next"])
    assert titles(first) + titles(rest) == titles(northwind.get("/postings"))
    assert "next" not in rest
    northwind.get("/postings", 400, offset="[1,2,3]")


def test_updated_filter_stands_alone_but_for_confidentiality(northwind):
    start = 1759225600003
    assert titles(northwind.get("/postings", updated_at_start=start)) == titles(northwind.get("/postings"))[:3]
    assert titles(northwind.get("/postings", updated_at_start=start, confidentiality="non-confidential", limit=1))
    northwind.get("/postings", 400, updated_at_start=start, state="published")


def test_confidential_ones_need_the_right(northwind):
    posting = northwind.posting("Chief Financial Officer")["id"]
    northwind.get(f"/postings/{posting}", 403)
    northwind.get("/postings", 403, confidentiality="all")
    northwind.token = northwind.new_token(scopes=["postings:read:admin", "confidential:access:admin"])["access_token"]
    assert titles(northwind.get("/postings", confidentiality="confidential")) == ["Chief Financial Officer"]
    assert len(titles(northwind.get("/postings", confidentiality="all"))) == 7
    assert len(titles(northwind.get("/postings"))) == 6
    assert northwind.get(f"/postings/{posting}")["data"]["confidentiality"] == "confidential"


def test_one_posting_expanded_and_narrowed(northwind):
    posting = northwind.posting("Backend Engineer")
    whole = northwind.get(f"/postings/{posting['id']}")["data"]
    assert whole == posting
    expanded = northwind.get(f"/postings/{posting['id']}", expand=["owner", "followers", "hiringManager"])["data"]
    assert expanded["owner"]["name"] == "Imani Okafor"
    assert [user["name"] for user in expanded["followers"]] == ["Imani Okafor", "Lena Hoff"]
    northwind.get(f"/postings/{posting['id']}", 400, expand="stage")
    northwind.get("/postings/nothing", 404)


def test_closing_and_reopening_changes_channels_and_addresses(lever):
    posting = lever.posting("Backend Engineer")["id"]
    closed = lever.server.control("POST", f"/postings/{posting}", state="closed")
    assert (closed["state"], closed["distributionChannels"], closed["urls"]) == ("closed", None, None)
    assert lever.get(f"/postings/{posting}")["data"] == closed
    opened = lever.server.control("POST", f"/postings/{posting}", state="published")
    assert opened["distributionChannels"] == ["internal", "public"]
    assert opened["urls"]["show"].endswith(posting)
    assert opened["updatedAt"] >= closed["updatedAt"]


def test_renaming_renames_the_tag_on_its_opportunities(lever):
    posting = lever.posting("Backend Engineer")["id"]
    created = lever.create(postings=[posting], tags=["mine"])
    lever.server.control("POST", f"/postings/{posting}", text="Platform Engineer")
    tags = lever.get(f"/opportunities/{created['id']}")["data"]["tags"]
    assert tags == ["mine", "Platform Engineer", "Engineering", "Platform", "Berlin", "Full-time"]
    assert len(lever.get("/opportunities", tag="Platform Engineer")["data"]) == 1
    assert lever.get("/opportunities", tag="Backend Engineer")["data"] == []


def test_deleted_posting_is_gone_and_takes_nobody(lever):
    posting = lever.posting("Backend Engineer")["id"]
    lever.server.control("DELETE", f"/postings/{posting}")
    lever.get(f"/postings/{posting}", 404)
    answer = lever.post("/opportunities", {"postings": [posting]}, 404)
    assert answer["message"] == f"postings {posting} was not found"
    assert lever.everything() == []


def test_postings_are_made_and_changed_by_post(lever):
    lever.token = lever.new_token(scopes=["postings:write:admin"])["access_token"]
    made = lever.post("/postings", {"text": "Cook", "categories": {"team": "Kitchen"}}, 201)["data"]
    assert (made["state"], made["categories"]["team"], made["urls"]) == ("draft", "Kitchen", None)
    changed = lever.post(f"/postings/{made['id']}", {"text": "Chef", "state": "published"})["data"]
    assert (changed["text"], changed["state"]) == ("Chef", "published")
    lever.post(f"/postings/{made['id']}", {"state": "open"}, 400)
    lever.post("/postings", {}, 400)
