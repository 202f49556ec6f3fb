"""How Lever recognises people, and what a contact call does. lever-api.md 5.2 Dedupe, 5.7."""

import pytest

ADA = {
    "name": "Ada Quill",
    "headline": "Fernhill",
    "location": "Hamburg",
    "emails": ["Ada.Quill@example.com"],
    "phones": [{"type": "mobile", "value": "+49 1"}],
    "links": ["https://example.com/ada"],
}
OTHER = {
    "name": "A. Q.",
    "headline": "Elsewhere",
    "location": "Oslo",
    "emails": ["new@example.com", " ADA.QUILL@example.com "],
    "phones": [{"type": "home", "value": "+47 2"}],
    "links": ["https://example.com/other"],
}


def test_known_person_gets_a_second_opportunity_and_keeps_their_data(lever):
    first = lever.create(**ADA)
    answer = lever.post("/opportunities", OTHER, 201)
    second = answer["data"]
    assert answer["deduped"] is True
    assert second["id"] != first["id"]
    assert second["contact"] == first["contact"]
    for name in ("name", "headline", "location", "emails", "phones"):
        assert second[name] == ADA[name]


@pytest.mark.parametrize(
    ("position", "links"),
    [("stored", ["https://example.com/ada", "https://example.com/other"]), ("dropped", ["https://example.com/ada"])],
)
def test_links_of_a_known_person_are_stored_or_dropped_by_switch(lever, position, links):
    lever.switch(known_person_links=position)
    first = lever.create(**ADA)
    assert lever.create(**OTHER)["links"] == links
    assert lever.get(f"/opportunities/{first['id']}")["data"]["links"] == links


def test_another_address_is_another_person(lever):
    first = lever.create(**ADA)
    answer = lever.post("/opportunities", ADA | {"emails": ["ada@elsewhere.example"]}, 201)
    assert answer["deduped"] is False
    assert answer["data"]["contact"] != first["contact"]


def test_without_an_address_everybody_is_new(lever):
    assert lever.create(name="Ada")["contact"] != lever.create(name="Ada")["contact"]


def test_contact_given_links_to_that_person_and_adds_what_is_new(lever):
    first = lever.create(**ADA)
    answer = lever.post("/opportunities", {**OTHER, "contact": first["contact"]}, 201)
    data = answer["data"]
    assert answer["deduped"] is True
    assert data["contact"] == first["contact"]
    assert data["name"] == "Ada Quill"
    assert data["emails"] == ["Ada.Quill@example.com", "new@example.com"]
    assert data["phones"] == [*ADA["phones"], *OTHER["phones"]]
    assert data["links"] == ["https://example.com/ada", "https://example.com/other"]


def test_contact_is_read(lever):
    created = lever.create(**ADA)
    assert lever.get(f"/contacts/{created['contact']}")["data"] == {
        "id": created["contact"],
        "name": "Ada Quill",
        "headline": "Fernhill",
        "isAnonymized": False,
        "location": {"name": "Hamburg"},
        "emails": ["Ada.Quill@example.com"],
        "phones": [{"type": "mobile", "value": "+49 1"}],
        "dataProtection": None,
    }
    lever.get("/contacts/nobody", 404)


def test_contact_change_merges_and_reaches_all_opportunities(lever):
    first, second = lever.create(**ADA), lever.create(**OTHER)
    body = {"phones": [{"type": "mobile", "value": "+49 9"}], "location": "Kiel"}
    answer = lever.put(f"/contacts/{first['contact']}", body)["data"]
    assert answer == {
        "id": first["contact"],
        "name": "Ada Quill",
        "headline": "Fernhill",
        "location": {"name": "Kiel"},
        "emails": ["Ada.Quill@example.com"],
        "phones": [{"type": "mobile", "value": "+49 9"}],
    }
    read = lever.get(f"/opportunities/{second['id']}")["data"]
    assert (read["phones"], read["location"]) == ([{"type": "mobile", "value": "+49 9"}], "Kiel")
    assert read["updatedAt"] >= second["updatedAt"]


def test_changed_address_is_what_people_are_found_by(lever):
    created = lever.create(**ADA)
    lever.put(f"/contacts/{created['contact']}", {"emails": ["ada@new.example"]})
    assert lever.get("/opportunities", email="ada.quill@example.com")["data"] == []
    assert [row["id"] for row in lever.get("/opportunities", email="ADA@new.example")["data"]] == [created["id"]]


@pytest.mark.parametrize(
    "body", [{"phones": "x"}, {"name": 1}, {"emails": [1]}, {"phones": [{"value": "1", "type": "fax"}]}]
)
def test_bad_contact_change_is_refused(lever, body):
    created = lever.create(**ADA)
    lever.put(f"/contacts/{created['contact']}", body, 400)
    assert lever.get(f"/contacts/{created['contact']}")["data"]["phones"] == ADA["phones"]
