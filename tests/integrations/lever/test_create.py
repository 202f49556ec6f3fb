"""A candidate becomes an opportunity: one request, exactly so, and what its answer means."""

import json
from email import message_from_bytes

import pytest

from tests.integrations.lever.ada import API, CONTACT, CREATE, OPPORTUNITY, POSTING, PROFILE, TOMAS


@pytest.fixture
def provider():
    from integrations.lever import provider

    return provider


def parts_of(request) -> list[tuple[str, str, bytes]]:
    """Give the parts of a multipart request: name, file name, content."""
    message = message_from_bytes(f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode() + request.body)
    parts = []
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")
        parts.append((name, part.get_content_type(), part.get_payload(decode=True)))
    return parts


def test_a_candidate_without_resume_is_created_as_json(http, provider, lever, make_payload, answer):
    http.post(CREATE, json=answer("opportunity_created"), status=201)
    created = provider.create(lever, make_payload())
    [call] = http.calls
    assert call.request.url == CREATE
    assert call.request.headers["Authorization"] == "Bearer access-token"
    assert call.request.headers["Content-Type"] == "application/json"
    assert json.loads(call.request.body) == {
        "name": "Ada Quill",
        "headline": "Fernhill Labs, Otter & Pine",
        "location": "Hamburg",
        "origin": "sourced",
        "emails": ["ada.quill@example.com"],
        "phones": [{"type": "mobile", "value": "+49 40 5550 100"}],
        "links": ["https://www.linkedin.com/in/ada-quill-example", PROFILE],
        "tags": ["Purpose Jobs"],
        "sources": ["Purpose Jobs"],
        "postings": [POSTING],
    }
    assert created.external_id == OPPORTUNITY
    assert created.external_url == f"https://hire.lever.co/candidates/{OPPORTUNITY}"
    assert (created.contact_id, created.stage_id) == (CONTACT, "lead-new")
    assert (created.was_known, created.lacks_phone) == (False, False)


def test_what_a_candidate_did_not_give_is_not_sent(http, provider, lever, make_payload, answer):
    http.post(CREATE, json=answer("opportunity_created"), status=201)
    provider.create(lever, make_payload(phone="", headline="", location="", links=(), posting_id=""))
    assert json.loads(http.calls[0].request.body) == {
        "name": "Ada Quill",
        "origin": "sourced",
        "emails": ["ada.quill@example.com"],
        "links": [PROFILE],
        "tags": ["Purpose Jobs"],
        "sources": ["Purpose Jobs"],
    }


def test_a_resume_travels_in_the_same_request_byte_for_byte(http, provider, lever, make_payload, answer, resume):
    http.post(CREATE, json=answer("opportunity_created_from_multipart"), status=201)
    provider.create(lever, make_payload(resume=resume))
    [call] = http.calls
    assert call.request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert call.request.headers["Content-Length"] == str(len(call.request.body))
    assert parts_of(call.request) == [
        ("name", "text/plain", b"Ada Quill"),
        ("headline", "text/plain", b"Fernhill Labs, Otter & Pine"),
        ("location", "text/plain", b"Hamburg"),
        ("origin", "text/plain", b"sourced"),
        ("emails[]", "text/plain", b"ada.quill@example.com"),
        ("links[]", "text/plain", b"https://www.linkedin.com/in/ada-quill-example"),
        ("links[]", "text/plain", PROFILE.encode()),
        ("tags[]", "text/plain", b"Purpose Jobs"),
        ("sources[]", "text/plain", b"Purpose Jobs"),
        ("postings[]", "text/plain", POSTING.encode()),
        ("resumeFile", "application/pdf", resume.content),
    ]


def test_a_phone_that_did_not_travel_is_asked_for(http, provider, lever, make_payload, answer, resume):
    http.post(CREATE, json=answer("opportunity_created_from_multipart"), status=201)
    payload = make_payload(resume=resume, note="")
    created = provider.create(lever, payload)
    assert created.lacks_phone is True
    assert provider.needs_follow_up(payload, created) is True


def test_a_person_that_lever_knew_keeps_what_it_has(http, provider, lever, make_payload, answer):
    http.post(CREATE, json=answer("opportunity_created_for_a_known_person", phones=[]), status=201)
    created = provider.create(lever, make_payload())
    assert (created.was_known, created.lacks_phone) == (True, False)


def test_without_phone_and_note_nothing_follows(http, provider, lever, make_payload, answer):
    http.post(CREATE, json=answer("opportunity_created"), status=201)
    payload = make_payload(note="  ")
    assert provider.needs_follow_up(payload, provider.create(lever, payload)) is False


def test_a_link_that_is_given_twice_is_sent_once_and_the_profile_comes_last(make_payload):
    payload = make_payload(links=("https://a.example", PROFILE, "https://a.example", ""))
    assert payload.new.links == ("https://a.example", PROFILE)


def test_an_applicant_cannot_notify_people_at_lever(make_payload):
    payload = make_payload(note="Ask @rosa or mail me: ada@example.com")
    assert payload.note == "Ask @\u2060rosa or mail me: ada@example.com"


def test_names_from_the_far_side_cannot_become_links(http, provider, lever, make_payload, answer):
    http.post(CREATE, json=answer("opportunity_created", urls={"show": "javascript:alert(1)"}), status=201)
    assert provider.create(lever, make_payload()).external_url == ""


def test_expanded_references_are_read_too(http, provider, lever, make_payload, answer):
    changes = {"contact": {"id": CONTACT, "name": "Ada"}, "stage": {"id": "lead-new", "text": "New lead"}}
    http.post(CREATE, json=answer("opportunity_created", **changes, urls=None), status=201)
    created = provider.create(lever, make_payload())
    assert (created.contact_id, created.stage_id, created.external_url) == (CONTACT, "lead-new", "")


def test_calls_are_counted(http, provider, lever, make_payload, answer):
    http.post(CREATE, json=answer("opportunity_created"), status=201)
    http.get(f"{API}/stages?limit=1", json=answer("stages_listed"))
    provider.create(lever, make_payload())
    provider.check(lever)
    assert lever.calls == 2


def test_nothing_that_is_sent_can_be_printed(make_payload, resume):
    payload = make_payload(resume=resume)
    assert "Ada" not in repr(payload) + repr(payload.new) + repr(payload.new.resume)
    assert TOMAS not in repr(payload)
