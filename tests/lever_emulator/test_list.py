"""GET /opportunities: filters, order, paging, include and expand. lever-api.md 4.2, 4.3, 5.3."""

import json
import urllib.parse

import pytest

ORDER = ["lead-new", "lead-reached-out", "lead-responded", "applicant-new", "offer"]


@pytest.fixture
def crowd(lever):
    """Twelve people over four stages, made so that creation order is not list order."""
    made = []
    for number in range(12):
        stage = ["offer", "lead-new", "applicant-new", "lead-responded"][number % 4]
        made.append(
            lever.create(name=f"P{number}", stage=stage, createdAt=1_700_000_000_000 + (number // 4 % 2) * 1000)
        )
    return made


def names(answer: dict) -> list[str]:
    return [row["name"] for row in answer["data"]]


def test_order_is_stage_rank_then_latest_advance_then_id(lever, crowd):
    listed = lever.get("/opportunities")["data"]
    wanted = sorted(crowd, key=lambda row: (ORDER.index(row["stage"]), -row["lastAdvancedAt"], row["id"]))
    assert [row["id"] for row in listed] == [row["id"] for row in wanted]


@pytest.mark.parametrize("size", [1, 5, 12])
def test_pages_hold_everybody_once(lever, crowd, size):
    seen, offset, pages = [], {}, 0
    while True:
        page = lever.get("/opportunities", limit=size, **offset)
        seen += [row["id"] for row in page["data"]]
        pages += 1
        if not page["hasNext"]:
            assert "next" not in page
            break
        offset = {"offset": page["next"]}
    assert sorted(seen) == sorted(row["id"] for row in crowd)
    assert pages == -(-12 // size)


def test_token_is_the_sort_key_of_the_next_row(lever, crowd):
    whole = lever.get("/opportunities")["data"]
    token = lever.get("/opportunities", limit=3)["next"]
    assert token.startswith("%5B")
    assert json.loads(urllib.parse.unquote(token)) == [5, whole[3]["lastAdvancedAt"], whole[3]["id"]]
    assert whole[3]["stage"] == "lead-responded"


def test_token_is_understood_raw_and_encoded_again(lever, crowd):
    token = lever.get("/opportunities", limit=3)["next"]
    encoded_again = lever.get("/opportunities", limit=3, offset=token)
    pasted_raw = lever.call("GET", f"/opportunities?limit=3&offset={token}").json()
    assert pasted_raw == encoded_again


@pytest.mark.parametrize("token", ["x", "[1]", "0.1414895548650.a607", '["a","b","c"]', '[1,2,{"a":1}]'])
def test_bad_token_is_refused(lever, token):
    answer = lever.get("/opportunities", 400, offset=token)
    assert "Invalid offset token" in answer["message"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many"])
def test_bad_limit_is_refused(lever, limit):
    lever.get("/opportunities", 400, limit=limit)


def test_email_posting_and_archived_filters(lever):
    backend, data = lever.posting("Backend Engineer")["id"], lever.posting("Data Scientist")["id"]
    lever.create(name="one", emails=["ada@example.com"], postings=[backend])
    two = lever.create(name="two", emails=["ADA@example.com"], postings=[data])
    lever.create(name="three", emails=["bo@example.com"], postings=[backend])
    reason = lever.get("/archive_reasons")["data"][1]["id"]
    lever.put(f"/opportunities/{two['id']}/archived", {"reason": reason})
    emails = {"email": " Ada@Example.com"}
    assert len(lever.get("/opportunities", **emails)["data"]) == 2
    assert len(lever.get("/opportunities", **emails, posting_id=backend)["data"]) == 1
    assert len(lever.get("/opportunities", posting_id=[backend, data])["data"]) == 3
    assert len(lever.get("/opportunities", **emails, archived="false")["data"]) == 1
    assert [row["id"] for row in lever.get("/opportunities", archived="true")["data"]] == [two["id"]]
    assert [row["id"] for row in lever.get("/opportunities", archived_posting_id=data)["data"]] == [two["id"]]
    assert lever.get("/opportunities", archived_posting_id=backend)["data"] == []
    assert [row["id"] for row in lever.get("/opportunities", archive_reason_id=reason)["data"]] == [two["id"]]
    assert len(lever.get("/opportunities", contact_id=two["contact"])["data"]) == 2
    assert lever.get("/opportunities", email="nobody@example.com")["data"] == []


def test_tag_source_origin_stage_and_location_filters(lever):
    posting = lever.posting("Data Scientist")["id"]
    lever.create(name="a", tags=["Purpose Jobs"], sources=["S1"], origin="sourced", postings=[posting])
    lever.create(name="b", tags=["purpose jobs"], sources=["S2"], origin="referred", stage="offer")
    assert names(lever.get("/opportunities", tag="Purpose Jobs")) == ["a"]
    assert names(lever.get("/opportunities", tag=["Purpose Jobs", "purpose jobs"])) == ["a", "b"]
    assert names(lever.get("/opportunities", source="S2")) == ["b"]
    assert names(lever.get("/opportunities", origin=["sourced"])) == ["a"]
    assert names(lever.get("/opportunities", stage_id="offer")) == ["b"]
    assert names(lever.get("/opportunities", location="Remote")) == ["a"]
    lever.get("/opportunities", 400, origin="stolen")
    lever.get("/opportunities", 400, archived="maybe")
    lever.get("/opportunities", 400, created_at_start="yesterday")


def test_time_filters_include_both_ends(lever):
    for number in range(4):
        lever.create(name=f"P{number}", createdAt=1_700_000_000_000 + number)
    start, end = 1_700_000_000_001, 1_700_000_000_002
    assert sorted(names(lever.get("/opportunities", created_at_start=start, created_at_end=end))) == ["P1", "P2"]
    assert sorted(names(lever.get("/opportunities", advanced_at_start=end))) == ["P2", "P3"]


def test_updated_since_finds_what_changed(lever):
    old, changed = lever.create(name="old"), lever.create(name="changed")
    mark = lever.get(f"/opportunities/{changed['id']}")["data"]["updatedAt"] + 1
    lever.server.control("POST", "/clock", advance_seconds=1)
    lever.post(f"/opportunities/{changed['id']}/addTags", {"tags": ["x"]})
    lever.server.control("POST", "/clock", advance_seconds=-1)
    assert names(lever.get("/opportunities", updated_at_start=mark)) == ["changed"]
    assert names(lever.get("/opportunities", updated_at_end=old["updatedAt"])) == ["old"]


def test_include_narrows_and_expand_wins(lever):
    created = lever.create(name="Ada", postings=[lever.posting("Backend Engineer")["id"]])
    (row,) = lever.call("GET", "/stages", params={"limit": 1}).json()["data"]
    assert row == {"id": "lead-new", "text": "New lead"}
    answer = lever.http.get(
        f"{lever.server.url}/v1/opportunities",
        params={"include": ["id", "name"], "expand": ["stage", "applications"]},
        headers={"Authorization": f"Bearer {lever.token}"},
        timeout=10,
    ).json()
    assert set(answer["data"][0]) == {"id", "name", "stage", "applications"}
    assert answer["data"][0]["stage"] == {"id": "lead-new", "text": "New lead"}
    assert answer["data"][0]["applications"][0]["opportunityId"] == created["id"]


def test_expand_gives_objects(lever):
    created = lever.create(name="Ada")
    path = f"/opportunities/{created['id']}"
    row = lever.get(path, expand=["owner", "followers", "sourcedBy", "contact", "stage"])["data"]
    admin = lever.user("super admin")
    assert row["owner"] == row["sourcedBy"] == row["followers"][0] == admin
    assert row["contact"]["id"] == created["contact"]
    assert lever.get(path, 400, expand="posting")["message"] == "posting is not expandable"
    assert lever.get("/opportunities", 400, expand="posting")["message"] == "posting is not expandable"
