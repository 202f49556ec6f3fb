"""What somebody who follows candidates reads: changes since a time, the archive, the deleted, postings."""

import pytest


@pytest.fixture
def ada(lever):
    return lever.create(
        name="Ada",
        emails=["ada@example.com"],
        tags=["Purpose Jobs"],
        sources=["Purpose Jobs"],
        links=["https://a.example"],
        postings=[lever.posting("Data Scientist")["id"]],
    )


@pytest.fixture
def later(server):
    """Let an hour pass on the emulator's clock; it is set back afterwards."""
    server.control("POST", "/clock", advance_seconds=3600)
    yield
    server.control("POST", "/clock", advance_seconds=-3600)


def act(lever, row: dict, **change: object) -> None:
    lever.server.control("POST", f"/opportunities/{row['id']}", **change)


@pytest.mark.parametrize(
    "change",
    [
        lambda lever, row: act(lever, row, stage="offer"),
        lambda lever, row: act(lever, row, archive_reason=lever.reason("Timing")),
        lambda lever, row: act(lever, row, anonymise=True),
        lambda lever, row: lever.post(f"/opportunities/{row['id']}/addSources", {"sources": ["x"]}),
        lambda lever, row: lever.post(f"/opportunities/{row['id']}/removeLinks", {"links": ["https://a.example"]}),
        lambda lever, row: lever.put(f"/contacts/{row['contact']}", {"headline": "x"}),
        lambda lever, row: lever.post(f"/opportunities/{row['id']}/notes", {"value": "x"}, 201),
        lambda lever, row: lever.server.control(
            "POST", f"/postings/{lever.posting('Data Scientist')['id']}", confidentiality="confidential"
        ),
        lambda lever, row: lever.server.control(
            "POST", f"/postings/{lever.posting('Data Scientist')['id']}", text="Scientist of data"
        ),
    ],
    ids=[
        "stage",
        "archive",
        "anonymise",
        "source",
        "link",
        "contact",
        "note",
        "confidential posting",
        "renamed posting",
    ],
)
def test_every_change_moves_updated_at(lever, ada, later, change):
    start = lever.server.control("GET", "/clock")["now"]
    scopes = ["opportunities:write:admin", "contact:write:admin", "notes:write:admin", "archive_reasons:read:admin"]
    lever.token = lever.new_token(scopes=[*scopes, "confidential:access:admin"])["access_token"]
    assert lever.get("/opportunities", updated_at_start=start, confidentiality="all")["data"] == []
    change(lever, ada)
    (row,) = lever.get("/opportunities", updated_at_start=start, confidentiality="all")["data"]
    assert (row["id"], row["updatedAt"] >= start) == (ada["id"], True)
    assert lever.get("/opportunities", updated_at_end=start - 1, confidentiality="all")["data"] == []


def test_catch_up_is_narrowed_by_tag_posting_and_archive(lever, ada):
    other = lever.create(name="Bo", tags=["Else"], postings=[lever.posting("Backend Engineer")["id"]])
    act(lever, ada, archive_reason=lever.reason("Timing"))
    common = {"updated_at_start": ada["createdAt"], "expand": ["stage", "owner", "applications"]}
    (row,) = lever.get("/opportunities", tag="Purpose Jobs", **common)["data"]
    assert row["stage"] == {"id": "lead-new", "text": "New lead"}
    assert row["owner"]["email"] == lever.user("super admin")["email"]
    assert row["applications"][0]["posting"] == lever.posting("Data Scientist")["id"]
    assert [row["id"] for row in lever.get("/opportunities", archived="true", **common)["data"]] == [ada["id"]]
    assert [row["id"] for row in lever.get("/opportunities", archived="false", **common)["data"]] == [other["id"]]
    posting = lever.posting("Backend Engineer")["id"]
    assert [row["id"] for row in lever.get("/opportunities", posting_id=posting, **common)["data"]] == [other["id"]]


def test_history_names_who_moved_and_the_archive_why_and_when(lever, ada):
    mover = lever.user("team member")["id"]
    act(lever, ada, stage="offer", user=mover)
    act(lever, ada, archive_reason=lever.reason("Hired"))
    row = lever.get(f"/opportunities/{ada['id']}")["data"]
    last = row["stageChanges"][-1]
    assert (last["toStageId"], last["userId"], len(row["stageChanges"])) == ("offer", mover, 2)
    reason = lever.get(f"/archive_reasons/{row['archived']['reason']}")["data"]
    assert (reason["type"], reason["status"]) == ("hired", "active")
    assert row["archived"]["archivedAt"] >= last["updatedAt"]


def test_anonymised_keeps_where_they_came_from(lever, ada):
    act(lever, ada, stage="offer", anonymise=True)
    row = lever.get(f"/opportunities/{ada['id']}", expand="applications")["data"]
    assert (row["isAnonymized"], row["name"], row["emails"], row["links"]) == (True, "", [], [])
    assert (row["origin"], row["sources"], row["stage"]) == ("sourced", ["Purpose Jobs"], "offer")
    assert "Purpose Jobs" in row["tags"]


def test_posting_made_confidential_takes_its_candidates_along(lever, ada):
    posting = lever.posting("Data Scientist")["id"]
    lever.server.control("POST", f"/postings/{posting}", confidentiality="confidential")
    lever.token = lever.new_token(scopes=["opportunities:read:admin", "postings:read:admin"])["access_token"]
    lever.get(f"/postings/{posting}", 403)
    lever.get(f"/opportunities/{ada['id']}", 403)
    assert lever.get("/opportunities")["data"] == []
    lever.server.control("POST", f"/postings/{posting}", confidentiality="non-confidential")
    assert lever.get(f"/opportunities/{ada['id']}")["data"]["confidentiality"] == "non-confidential"
    assert lever.get(f"/postings/{posting}")["data"]["confidentiality"] == "non-confidential"


def test_deleted_are_listed_by_when_and_confidential_ones_only_on_request(lever, ada):
    secret = lever.posting("Chief Financial Officer")["id"]
    lever.token = lever.new_token(scopes=["opportunities:write:admin", "confidential:access:admin"])["access_token"]
    hidden = lever.create(name="Hidden", postings=[secret])
    for row in (ada, hidden):
        lever.server.control("DELETE", f"/opportunities/{row['id']}")
    (row,) = lever.get("/opportunities/deleted")["data"]
    assert (row["id"], row["deletedBy"]) == (ada["id"], lever.admin)
    assert lever.get("/opportunities/deleted", deleted_at_end=row["deletedAt"] - 1)["data"] == []
    assert len(lever.get("/opportunities/deleted", deleted_at_start=row["deletedAt"])["data"]) == 1
    assert len(lever.get("/opportunities/deleted", confidentiality="all")["data"]) == 2
    lever.token = lever.new_token(scopes=["opportunities:read:admin"])["access_token"]
    lever.get("/opportunities/deleted", 403, confidentiality="all")


def test_deleted_postings_and_applications_are_listed(lever, ada):
    posting = lever.posting("Data Scientist")["id"]
    lever.server.control("DELETE", f"/postings/{posting}")
    lever.server.control("DELETE", f"/opportunities/{ada['id']}")
    (row,) = lever.get("/postings/deleted")["data"]
    assert (row["id"], row["text"], row["deletedBy"]) == (posting, "Data Scientist", lever.admin)
    assert lever.get("/postings/deleted", deleted_at_start=row["deletedAt"] + 1)["data"] == []
    (application,) = lever.get("/applications/deleted")["data"]
    assert (application["id"], application["posting"]) == (ada["applications"][0], posting)


def test_posting_carries_what_an_import_wants(lever):
    wish = {
        "text": "Chef",
        "descriptionHtml": "<p>We <b>cook</b>.</p>",
        "lists": [{"text": "You bring", "content": "<li>Salt</li>"}],
        "closing": "Come & see.",
        "workplaceType": "hybrid",
        "country": "DE",
        "salaryRange": {"min": 40000, "max": 50000, "currency": "EUR", "interval": "per-year-salary"},
        "salaryDescription": "Paid monthly",
    }
    made = lever.server.control("POST", f"/accounts/{lever.id}/postings", **wish)
    read = lever.get(f"/postings/{made['id']}")["data"]
    assert read["content"] == {
        "description": "We cook.",
        "descriptionHtml": "<p>We <b>cook</b>.</p>",
        "lists": wish["lists"],
        "closing": "Come & see.",
        "closingHtml": "<div>Come &amp; see.</div>",
    }
    for name in ("workplaceType", "country", "salaryRange", "salaryDescription"):
        assert read[name] == wish[name]
    assert read["urls"]["show"].endswith(made["id"])
    start = read["updatedAt"] + 1
    lever.server.control("POST", "/clock", advance_seconds=1)
    lever.server.control("POST", f"/postings/{made['id']}", workplaceType="remote", description="New")
    lever.server.control("POST", "/clock", advance_seconds=-1)
    (changed,) = lever.get("/postings", updated_at_start=start)["data"]
    assert (changed["workplaceType"], changed["content"]["description"]) == ("remote", "New")


def test_pages_may_shift_while_reading_and_nobody_who_stayed_is_missed(lever, server):
    server.control("POST", f"/accounts/{lever.id}/opportunities", count=60, stages=["lead-new", "lead-responded"])
    everybody = {row["id"] for row in lever.everything()}
    first = lever.get("/opportunities", limit=10)
    moved = [row["id"] for row in first["data"][:5]]
    moved_up = lever.get("/opportunities", stage_id="lead-responded", limit=3)["data"]
    for row in moved_up:
        server.control("POST", f"/opportunities/{row['id']}", stage="lead-new")
    for key in moved:
        server.control("POST", f"/opportunities/{key}", stage="offer")
    seen, page = [row["id"] for row in first["data"]], first
    while page["hasNext"]:
        page = lever.get("/opportunities", limit=10, offset=page["next"])
        seen += [row["id"] for row in page["data"]]
    assert everybody - set(seen) == {row["id"] for row in moved_up}
    assert sorted(key for key in set(seen) if seen.count(key) > 1) == sorted(moved)
