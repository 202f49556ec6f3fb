"""Notes and files of an opportunity. lever-api.md 5.5, 5.6."""

import pytest


@pytest.fixture
def ada(lever):
    return f"/opportunities/{lever.create(name='Ada')['id']}"


def test_note_is_made_and_answered_whole_with_its_id_twice(lever, ada):
    note = lever.post(f"{ada}/notes", {"value": "Strong.\nVery.", "score": 3}, 201)["data"]
    assert note["noteId"] == note["id"]
    assert (note["text"], note["user"], note["secret"], note["deletedAt"]) == ("Note", lever.admin, False, None)
    assert note["fields"] == [
        {
            "createdAt": note["createdAt"],
            "score": 3,
            "stage": "lead-new",
            "text": "Comment",
            "type": "note",
            "user": lever.admin,
            "value": "Strong.\nVery.",
        }
    ]
    del note["noteId"]
    assert lever.get(f"{ada}/notes")["data"] == [note]
    assert lever.get(f"{ada}/notes/{note['id']}")["data"] == note


def test_without_quirks_only_the_id_is_answered(lever, ada):
    lever.switch(quirks=False)
    assert set(lever.post(f"{ada}/notes", {"value": "x"}, 201)["data"]) == {"noteId"}


def test_note_as_a_form_and_without_author(lever, ada):
    answer = lever.call("POST", f"{ada}/notes", data={"value": "ünï", "secret": "true"})
    assert answer.status_code == 201
    assert answer.json()["data"]["fields"][0]["value"] == "ünï"
    assert (answer.json()["data"]["user"], answer.json()["data"]["secret"]) == (None, True)


def test_the_same_note_twice_is_two_notes(lever, ada):
    for _ in range(2):
        lever.post(f"{ada}/notes", {"value": "again"}, 201)
    assert [row["fields"][0]["value"] for row in lever.get(f"{ada}/notes")["data"]] == ["again", "again"]


def test_comment_joins_the_thread_of_a_note(lever, ada):
    note = lever.post(f"{ada}/notes", {"value": "first"}, 201)["data"]
    answer = lever.call("POST", f"{ada}/notes?note_id={note['id']}", json={"value": "second"})
    assert answer.json()["data"]["noteId"] == note["id"]
    (kept,) = lever.get(f"{ada}/notes")["data"]
    assert [field["value"] for field in kept["fields"]] == ["first", "second"]


@pytest.mark.parametrize(
    "body", [{}, {"value": ""}, {"value": 3}, {"value": "x", "score": 5}, {"value": "x", "score": 0}]
)
def test_bad_note_is_refused(lever, ada, body):
    lever.post(f"{ada}/notes", body, 400)
    assert lever.get(f"{ada}/notes")["data"] == []


def test_note_is_replaced_and_deleted(lever, ada):
    note = lever.post(f"{ada}/notes", {"value": "old"}, 201)["data"]["id"]
    assert lever.put(f"{ada}/notes/{note}", {"values": [{"value": "new"}]})["data"] == {"noteId": note}
    assert lever.get(f"{ada}/notes/{note}")["data"]["fields"][0]["value"] == "new"
    assert lever.call("DELETE", f"{ada}/notes/{note}").status_code == 204
    lever.get(f"{ada}/notes/{note}", 404)
    assert lever.get(f"{ada}/notes")["data"] == []


def test_note_written_in_the_app_cannot_be_changed_by_api(lever, ada, visitor):
    visitor.sign_in(lever.admin)
    assert visitor.post(f"/candidates/{ada.rpartition('/')[2]}/notes", value="by hand").status_code == 303
    (note,) = lever.get(f"{ada}/notes")["data"]
    assert lever.call("DELETE", f"{ada}/notes/{note['id']}").status_code == 403
    lever.put(f"{ada}/notes/{note['id']}", {"values": [{"value": "x"}]}, 403)


def test_notes_come_newest_first_in_pages(lever, ada):
    for number in range(3):
        lever.post(f"{ada}/notes", {"value": str(number), "createdAt": 1_700_000_000_000 + number}, 201)
    first = lever.get(f"{ada}/notes", limit=2)
    rest = lever.get(f"{ada}/notes", limit=2, offset=first["next"])
    assert [row["fields"][0]["value"] for row in first["data"] + rest["data"]] == ["2", "1", "0"]
    assert rest["hasNext"] is False


def test_file_is_added_read_and_deleted(lever, ada):
    part = {"file": ("plan.pdf", b"%PDF plan", "application/pdf")}
    path = f"{ada}/files?perform_as={lever.admin}"
    made = lever.call("POST", path, files=part)
    assert made.status_code == 201
    file = made.json()["data"]
    assert (file["name"], file["ext"], file["size"], file["status"]) == ("plan.pdf", ".pdf", 9, "processing")
    assert lever.get(f"{ada}/files/{file['id']}")["data"] == file
    assert lever.call("GET", f"{ada}/files/{file['id']}/download").content == b"%PDF plan"
    assert lever.get(f"{ada}/resumes")["data"] == []
    assert lever.get(f"{ada}/files", uploaded_at_start=file["uploadedAt"] + 1)["data"] == []
    lever.get(f"{ada}/files", 400, uploaded_at_start="x")
    assert lever.call("DELETE", f"{ada}/files/{file['id']}").status_code == 400
    assert lever.call("DELETE", f"{ada}/files/{file['id']}?perform_as={lever.admin}").status_code == 204
    assert lever.get(f"{ada}/files")["data"] == []


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"file": "x"}},
        {"files": {"other": ("a.pdf", b"x")}},
        {"files": {"file": ("a.exe", b"x")}},
        {"data": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
    ],
    ids=["json", "wrong field", "wrong type", "no boundary"],
)
def test_bad_upload_is_refused(lever, ada, options):
    assert lever.call("POST", f"{ada}/files?perform_as={lever.admin}", **options).status_code == 400
    assert lever.get(f"{ada}/files")["data"] == []
