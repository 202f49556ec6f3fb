"""What could not travel with the create: the phone of a new person, and the note."""

import json

import pytest

from tests.integrations.lever.ada import API, CONTACT, NOTE, NOTES, OPPORTUNITY, TOMAS

READ_CONTACT = f"{API}/contacts/{CONTACT}"
CHANGE_CONTACT = f"{API}/contacts/{CONTACT}?perform_as={TOMAS}"
ADD_NOTE = f"{NOTES}?perform_as={TOMAS}"
LIST_NOTES = f"{NOTES}?limit=100"


@pytest.fixture
def follow_up(lever, make_payload):
    from integrations.lever import provider

    def follow(*, needs_phone, **changes):
        payload = make_payload(**changes)
        provider.follow_up(lever, payload, external_id=OPPORTUNITY, contact_id=CONTACT, needs_phone=needs_phone)

    return follow


@pytest.fixture
def find_follow_up(lever, make_payload):
    from integrations.lever import provider

    return lambda **changes: provider.find_follow_up(lever, make_payload(**changes), OPPORTUNITY)


def sent(http):
    return [(call.request.method, call.request.url) for call in http.calls]


def test_the_note_is_written_once_in_the_right_persons_name(http, follow_up, answer):
    http.post(ADD_NOTE, json=answer("note_created"), status=201)
    follow_up(needs_phone=False)
    assert sent(http) == [("POST", ADD_NOTE)]
    assert json.loads(http.calls[0].request.body) == {"value": NOTE}


def test_a_phone_is_added_to_the_contact_before_the_note(http, follow_up, answer):
    http.get(READ_CONTACT, json=answer("contact_without_phone"))
    http.put(CHANGE_CONTACT, json=answer("contact_read"))
    http.post(ADD_NOTE, json=answer("note_created"), status=201)
    follow_up(needs_phone=True)
    assert sent(http) == [("GET", READ_CONTACT), ("PUT", CHANGE_CONTACT), ("POST", ADD_NOTE)]
    assert json.loads(http.calls[1].request.body) == {
        "name": "Ada Quill",
        "headline": "Fernhill Labs, Otter & Pine",
        "location": "Hamburg",
        "emails": ["ada.quill@example.com"],
        "phones": [{"type": "mobile", "value": "+49 40 5550 100"}],
    }


def test_a_contact_that_has_a_phone_is_left_alone(http, follow_up, answer):
    http.get(READ_CONTACT, json=answer("contact_read"))
    follow_up(needs_phone=True, note="")
    assert sent(http) == [("GET", READ_CONTACT)]


def test_a_phone_is_not_added_where_none_is_missing(http, follow_up):
    follow_up(needs_phone=False, note="")
    assert sent(http) == []


def test_a_note_without_an_answer_may_have_been_written(http, follow_up):
    from integrations.errors import TryLater

    http.post(ADD_NOTE, status=500)
    with pytest.raises(TryLater) as caught:
        follow_up(needs_phone=False)
    assert (caught.value.code, caught.value.unknown) == ("unavailable", True)


def test_a_phone_that_is_refused_is_told_from_the_note(http, follow_up, answer):
    from integrations.errors import Rejected

    http.get(READ_CONTACT, json=answer("contact_without_phone"))
    http.put(CHANGE_CONTACT, status=400, json={"code": "BadRequestError", "message": "Invalid phone"})
    with pytest.raises(Rejected) as caught:
        follow_up(needs_phone=True)
    assert caught.value.code == "phone_refused"


def test_a_record_that_was_deleted_gets_no_note(http, follow_up):
    from integrations.errors import Rejected

    http.post(ADD_NOTE, status=404, json={"code": "ResourceNotFound", "message": "opportunities x was not found"})
    with pytest.raises(Rejected) as caught:
        follow_up(needs_phone=False)
    assert caught.value.code == "not_found"


@pytest.mark.parametrize(
    ("note", "is_there"),
    [(NOTE, True), (f"  {NOTE}\r\n", True), ("Another note", False), (NOTE.lower(), False)],
    ids=["the same", "other white space", "another", "other case"],
)
def test_a_note_is_known_by_its_words(http, find_follow_up, answer, note, is_there):
    http.get(LIST_NOTES, json=answer("notes_listed"))
    assert find_follow_up(note=note) is is_there


def test_a_note_is_looked_for_on_every_page(http, find_follow_up, answer):
    http.get(LIST_NOTES, json={"data": [{"id": "n", "fields": None}], "hasNext": True, "next": "p2"})
    http.get(f"{LIST_NOTES}&offset=p2", json=answer("notes_listed"))
    assert find_follow_up() is True


def test_without_a_note_there_is_nothing_to_look_for(http, find_follow_up):
    assert find_follow_up(note="") is False
    assert sent(http) == []


@pytest.mark.parametrize(
    ("needs_phone", "look_first", "calls"), [(False, False, 1), (True, False, 3), (False, True, 2), (True, True, 4)]
)
def test_calls_are_known_beforehand(needs_phone, look_first, calls):
    from integrations.lever import provider

    assert provider.calls_to_follow_up(needs_phone=needs_phone, look_first=look_first) == calls
