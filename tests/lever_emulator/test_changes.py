"""What can be changed about an opportunity, and the quirks of the answers. lever-api.md 5.4."""

import pytest

PERSON = ("name", "headline", "phones", "emails", "links")


@pytest.fixture
def ada(lever):
    return lever.create(
        name="Ada",
        headline="Fernhill",
        emails=["ada@example.com"],
        phones=[{"type": "mobile", "value": "1"}],
        links=["https://a.example"],
        tags=["Purpose Jobs"],
        sources=["Purpose Jobs"],
        postings=[lever.posting("Data Scientist")["id"]],
    )


def blank(data: dict) -> bool:
    return [data[name] for name in PERSON] == ["", "", [], [], []] and "opportunityLocation" not in data


def test_stage_moves_and_the_answer_has_no_person(lever, ada):
    answer = lever.put(f"/opportunities/{ada['id']}/stage", {"stage": "lead-responded"})["data"]
    assert answer["stage"] == "lead-responded"
    assert blank(answer)
    last = answer["stageChanges"][-1]
    assert (last["toStageId"], last["toStageIndex"], last["userId"]) == ("lead-responded", 2, lever.admin)
    assert answer["lastAdvancedAt"] == last["updatedAt"]
    read = lever.get(f"/opportunities/{ada['id']}")["data"]
    assert [read[name] for name in PERSON] == [ada[name] for name in PERSON]


def test_unknown_stage_is_404_and_missing_one_400(lever, ada):
    lever.put(f"/opportunities/{ada['id']}/stage", {"stage": "nowhere"}, 404)
    lever.put(f"/opportunities/{ada['id']}/stage", {}, 400)
    assert lever.get(f"/opportunities/{ada['id']}")["data"]["stage"] == "lead-new"


def test_archive_change_of_reason_and_back(lever, ada):
    reasons = {row["text"]: row["id"] for row in lever.get("/archive_reasons")["data"]}
    path = f"/opportunities/{ada['id']}/archived"
    answer = lever.put(path, {"reason": reasons["Timing"]})["data"]
    assert answer["archived"]["reason"] == reasons["Timing"]
    assert blank(answer)
    when = answer["archived"]["archivedAt"]
    hired = lever.put(path, {"reason": reasons["Hired"]})["data"]
    assert hired["archived"] == {"reason": reasons["Hired"], "archivedAt": when}
    moved = lever.put(f"/opportunities/{ada['id']}/stage", {"stage": "offer"})["data"]
    assert moved["archived"] == hired["archived"]
    application = lever.get(f"/opportunities/{ada['id']}", expand="applications")["data"]["applications"][0]
    assert application["archived"] == hired["archived"]
    assert lever.put(path, {"reason": None})["data"]["archived"] is None
    lever.put(path, {"reason": "nothing"}, 404)
    lever.put(path, {}, 400)


def test_tags_are_appended_and_removed(lever, ada):
    path = f"/opportunities/{ada['id']}"
    before = lever.get(path)["data"]["tags"]
    added = lever.post(f"{path}/addTags", {"tags": ["New", "Purpose Jobs"]})["data"]
    assert added["tags"] == [*before, "New"]
    assert blank(added)
    assert "New" not in lever.post(f"{path}/removeTags", {"tags": ["New", "never there"]})["data"]["tags"]
    lever.post(f"{path}/addTags", {}, 400)
    lever.post(f"{path}/addTags", {"tags": "x"}, 400)


def test_sources_are_appended_and_removed(lever, ada):
    path = f"/opportunities/{ada['id']}"
    assert lever.post(f"{path}/addSources", {"sources": ["S"]})["data"]["sources"] == ["Purpose Jobs", "S"]
    removed = lever.post(f"{path}/removeSources", {"sources": ["Purpose Jobs"]})["data"]
    assert removed["sources"] == ["S"]
    assert blank(removed)


def test_links_belong_to_the_person_and_the_answer_is_filled(lever, ada):
    twin = lever.create(emails=["ada@example.com"])
    answer = lever.post(f"/opportunities/{ada['id']}/addLinks", {"links": ["https://b.example"]})["data"]
    assert answer["links"] == ["https://a.example", "https://b.example"]
    assert answer["name"] == "Ada"
    assert lever.get(f"/opportunities/{twin['id']}")["data"]["links"] == answer["links"]
    lever.post(f"/opportunities/{twin['id']}/removeLinks", {"links": ["https://a.example"]})
    assert lever.get(f"/opportunities/{ada['id']}")["data"]["links"] == ["https://b.example"]


def test_without_quirks_answers_are_filled(lever, ada):
    lever.switch(quirks=False)
    answer = lever.post(f"/opportunities/{ada['id']}/addTags", {"tags": ["x"]})["data"]
    assert (answer["name"], answer["opportunityLocation"]) == ("Ada", "Remote")


def test_perform_as_can_be_left_out_unless_the_switch_says_otherwise(lever, ada):
    path = f"/opportunities/{ada['id']}/addTags"
    assert lever.call("POST", path, json={"tags": ["x"]}).status_code == 200
    lever.switch(require_perform_as=True)
    assert lever.call("POST", path, json={"tags": ["y"]}).json()["message"] == "Missing required parameter: perform_as"


def test_deleted_ones_leave_the_list_and_stand_in_their_own(lever, ada):
    lever.server.control("DELETE", f"/opportunities/{ada['id']}")
    lever.get(f"/opportunities/{ada['id']}", 404)
    assert lever.get("/opportunities")["data"] == []
    assert lever.get("/opportunities", email="ada@example.com")["data"] == []
    (row,) = lever.get("/opportunities/deleted")["data"]
    assert (row["id"], row["name"], row["deletedBy"]) == (ada["id"], "Ada", lever.admin)
    assert lever.get("/opportunities/deleted", deleted_at_start=row["deletedAt"] + 1)["data"] == []
    assert lever.post("/opportunities", {"emails": ["ada@example.com"]}, 201)["deduped"] is False


def test_anonymised_person_has_no_data(lever, ada):
    lever.post(f"/opportunities/{ada['id']}/notes", {"value": "hello"}, 201)
    lever.server.control("POST", f"/opportunities/{ada['id']}", anonymise=True)
    read = lever.get(f"/opportunities/{ada['id']}")["data"]
    assert read["isAnonymized"] is True
    assert [read[name] for name in PERSON] == ["", "", [], [], []]
    assert lever.get("/opportunities", email="ada@example.com")["data"] == []
    assert lever.get(f"/opportunities/{ada['id']}/notes")["data"] == []


def test_updated_at_moves_with_a_change(lever, ada):
    lever.server.control("POST", "/clock", advance_seconds=5)
    changed = lever.post(f"/opportunities/{ada['id']}/addTags", {"tags": ["x"]})["data"]
    lever.server.control("POST", "/clock", advance_seconds=-5)
    assert changed["updatedAt"] >= ada["updatedAt"] + 5000
    assert changed["createdAt"] == ada["createdAt"]
