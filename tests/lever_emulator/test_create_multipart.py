"""POST /opportunities as multipart: résumé, files, the unknown form of phones. lever-api.md 5.2."""

import hashlib
import os

import pytest

PDF = b"%PDF-1.4\r\n--not-a-boundary\r\n" + bytes(range(256)) * 40

PHONES = {
    "json": [("phones[]", '{"type": "mobile", "value": "+49 1"}'), ("phones[]", '{"value": "+49 2"}')],
    "brackets": [("phones[][value]", "+49 1"), ("phones[][type]", "mobile"), ("phones[][value]", "+49 2")],
    "indexed": [("phones[0][type]", "mobile"), ("phones[0][value]", "+49 1"), ("phones[1][value]", "+49 2")],
}


def resume(name: str = "cv.pdf", content: bytes = PDF, field: str = "resumeFile"):
    return (field, (name, content, "application/octet-stream"))


def test_multipart_create_takes_every_field(lever):
    posting = lever.posting("Backend Engineer")["id"]
    fields = [
        ("name", "Zoë Ångström"),
        ("headline", "Kestrel"),
        ("location", "Kiruna"),
        ("emails[]", "zoe@example.com"),
        ("emails[]", "z@example.com"),
        ("links[]", "https://example.com/zoe"),
        ("tags[]", "Purpose Jobs"),
        ("sources[]", "Purpose Jobs"),
        ("postings[]", posting),
        ("origin", "sourced"),
        ("createdAt", "1700000000000"),
    ]
    answer = lever.create_multipart(fields, [resume()])
    assert answer["deduped"] is False
    data = answer["data"]
    assert (data["name"], data["headline"], data["location"]) == ("Zoë Ångström", "Kestrel", "Kiruna")
    assert data["emails"] == ["zoe@example.com", "z@example.com"]
    assert data["links"] == ["https://example.com/zoe"]
    assert data["tags"][0] == "Purpose Jobs"
    assert data["sources"] == ["Purpose Jobs"]
    assert data["createdAt"] == 1_700_000_000_000
    (held,) = lever.everything()
    assert held["posting"] == posting
    assert held["resumes"][0]["sha256"] == hashlib.sha256(PDF).hexdigest()


def test_resume_comes_back_byte_for_byte(lever):
    content = os.urandom(300_000)
    created = lever.create_multipart([("name", "Ada")], [resume("Lebenslauf ü.PDF", content)])["data"]
    (described,) = lever.get(f"/opportunities/{created['id']}/resumes")["data"]
    file = described["file"]
    assert (file["name"], file["ext"], file["size"]) == ("Lebenslauf ü.PDF", "pdf", 300_000)
    assert described == lever.get(f"/opportunities/{created['id']}/resumes/{described['id']}")["data"]
    got = lever.call("GET", f"/opportunities/{created['id']}/resumes/{described['id']}/download")
    assert got.content == content
    assert got.headers["content-type"] == "application/pdf"


def test_resume_is_processing_for_two_seconds_then_processed(lever):
    created = lever.create_multipart([("name", "Ada")], [resume()])["data"]
    path = f"/opportunities/{created['id']}/resumes"
    (early,) = lever.get(path)["data"]
    assert early["file"]["status"] == "processing"
    assert "parsedData" not in early
    lever.server.control("POST", "/clock", advance_seconds=3)
    (later,) = lever.get(path)["data"]
    lever.server.control("POST", "/clock", advance_seconds=-3)
    assert later["file"]["status"] == "processed"
    assert later["parsedData"] == {"positions": [], "schools": []}


def test_further_files_are_files_and_no_resumes(lever):
    parts = [resume(), resume("a.txt", b"a", "files[]"), resume("b.png", b"b", "files[]")]
    created = lever.create_multipart([("name", "Ada")], parts)["data"]
    files = lever.get(f"/opportunities/{created['id']}/files")["data"]
    assert sorted(file["name"] for file in files) == ["a.txt", "b.png"]
    assert {file["ext"] for file in files} == {".txt", ".png"}
    assert len(lever.get(f"/opportunities/{created['id']}/resumes")["data"]) == 1


@pytest.mark.parametrize("sent", PHONES)
def test_phones_are_dropped_by_default(lever, sent):
    assert lever.create_multipart([("name", "Ada"), *PHONES[sent]])["data"]["phones"] == []


@pytest.mark.parametrize("taken", PHONES)
@pytest.mark.parametrize("sent", PHONES)
def test_phones_are_taken_in_the_one_form_that_is_switched_on(lever, sent, taken):
    lever.switch(multipart_phones=taken)
    wanted = [{"type": "mobile", "value": "+49 1"}, {"value": "+49 2"}] if sent == taken else []
    assert lever.create_multipart([("name", "Ada"), *PHONES[sent]])["data"]["phones"] == wanted


@pytest.mark.parametrize("sent", PHONES)
def test_phones_are_taken_in_all_forms_by_switch(lever, sent):
    lever.switch(multipart_phones="all")
    assert len(lever.create_multipart([("name", "Ada"), *PHONES[sent]])["data"]["phones"]) == 2


def test_archived_in_multipart(lever):
    reason = lever.get("/archive_reasons")["data"][0]["id"]
    fields = [("createdAt", "1700000000000"), ("archived[reason]", reason), ("archived[archivedAt]", "1700000001000")]
    assert lever.create_multipart(fields)["data"]["archived"] == {"reason": reason, "archivedAt": 1_700_000_001_000}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([resume("virus.exe")], "Unsupported file type: virus.exe"),
        ([resume(field="resume")], "Unexpected file field: resume"),
        ([resume(), resume()], "Only one resumeFile can be sent"),
    ],
    ids=["type", "field", "two"],
)
def test_bad_file_is_refused_and_nothing_is_made(lever, files, message):
    assert lever.create_multipart([("name", "Ada")], files, 400)["message"] == message
    assert lever.everything() == []


def test_two_postings_are_refused(lever):
    fields = [("postings[]", lever.posting("Backend Engineer")["id"]), ("postings[]", "other")]
    lever.create_multipart(fields, status=400)
    assert lever.everything() == []


def test_more_than_thirty_megabytes_are_refused(lever):
    answer = lever.create_multipart([("name", "Ada")], [resume("big.pdf", b"x" * (30 * 1024 * 1024))], 400)
    assert answer["message"] == "The request is larger than 30 MB"
    assert lever.everything() == []


@pytest.mark.parametrize("cut", [10, 200], ids=["last boundary", "within the file"])
def test_cut_off_body_is_refused_and_nothing_is_made(lever, cut):
    boundary = b"xyz"
    body = (
        b'--xyz\r\nContent-Disposition: form-data; name="resumeFile"; filename="cv.pdf"\r\n\r\n' + PDF + b"\r\n--xyz--"
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary.decode()}"}
    answer = lever.call("POST", f"/opportunities?perform_as={lever.admin}", data=body[:-cut], headers=headers)
    assert answer.status_code == 400
    assert lever.everything() == []


def test_parse_fills_what_was_not_sent(lever):
    parts = [resume("ada_quill.txt", b"Reach me: ada@example.com", "resumeFile")]
    answer = lever.call("POST", f"/opportunities?perform_as={lever.admin}&parse=true", files=parts)
    assert (answer.json()["data"]["name"], answer.json()["data"]["emails"]) == ("Ada Quill", ["ada@example.com"])
