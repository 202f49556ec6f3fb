"""Notes, files and résumés of an opportunity. https://hire.lever.co/developer/documentation#notes, #files, #resumes"""

import mimetypes
import urllib.parse
from typing import Any

from lever_emulator import pipeline, shapes
from lever_emulator.account import Row
from lever_emulator.calls import Answer, Call, Refusal, bad_request, enveloped, not_found
from lever_emulator.multipart import read_multipart
from lever_emulator.opportunities import check_file, opportunity_of
from lever_emulator.paging import page_of


def list_notes(call: Call) -> Answer:
    """Answer the notes, newest first."""
    row = opportunity_of(call)
    expand = shapes.wanted_expands(call, shapes.NOTE_EXPANDS)
    rows = [call.account.notes[key] for key in row.get("_notes", [])]
    return page_of(call, rows, _by_creation, lambda note: shapes.note(call.account, note, expand), newest_first=True)


def create_note(call: Call) -> Answer:
    """Write a note, or with `note_id` a comment in a note's thread. Live answers carry the note and `noteId`."""
    row, user = opportunity_of(call), call.perform_as()
    wish = _note_wish(call)
    parent = call.one("note_id")
    if parent:
        note = _note(call, row, parent)
        note["fields"].append(pipeline.note_field(row, user, wish, wish.get("createdAt") or call.now))
        call.account.save("note", note)
        pipeline.interacted(call.store, call.account, row)
    else:
        note = pipeline.add_note(call.store, call.account, row, user, wish)
    whole = shapes.note(call.account, note) if call.store.switch("quirks", call.account) else {}
    return enveloped({**whole, "noteId": note["id"]}, 201)


def read_note(call: Call) -> Answer:
    """Answer one note."""
    note = _note(call, opportunity_of(call), call.params["note"])
    return enveloped(shapes.note(call.account, note, shapes.wanted_expands(call, shapes.NOTE_EXPANDS)))


def update_note(call: Call) -> Answer:
    """Replace a note that was made through the API."""
    row = opportunity_of(call)
    note = _made_by_api(_note(call, row, call.params["note"]))
    body = call.json()
    values = body.get("values")
    if not isinstance(values, list) or not values:
        raise bad_request("Missing required field: values")
    fields = []
    for value in values:
        if not isinstance(value, dict) or not isinstance(value.get("value"), str):
            raise bad_request("Invalid field values: each needs a value")
        wish = {"value": value["value"], "score": body.get("score")}
        fields.append(
            pipeline.note_field(row, value.get("user", note["user"]), wish, value.get("createdAt") or call.now)
        )
    note["fields"] = fields
    note["secret"] = bool(body.get("secret", note["secret"]))
    call.account.save("note", note)
    pipeline.interacted(call.store, call.account, row)
    return enveloped({"noteId": note["id"]})


def delete_note(call: Call) -> Answer:
    """Delete a note that was made through the API."""
    row = opportunity_of(call)
    pipeline.drop_note(call.store, call.account, row, _made_by_api(_note(call, row, call.params["note"])))
    return Answer(204)


def list_files(call: Call) -> Answer:
    """Answer the files that are no résumés."""
    row = opportunity_of(call)
    rows = _uploaded_between(call, [call.account.files[key] for key in row.get("_files", [])], lambda file: file)
    return page_of(call, rows, _by_upload, lambda file: shapes.file(file, call.now), newest_first=True)


def upload_file(call: Call) -> Answer:
    """Add a file; it never becomes a résumé."""
    row = opportunity_of(call)
    call.perform_as(required=True)
    if call.content_type != "multipart/form-data":
        raise bad_request("The request body must be multipart/form-data")
    _, files = read_multipart(call.headers[b"content-type"], call.body)
    if len(files) != 1:
        raise bad_request("Missing required field: file")
    upload = check_file(files[0], ("file",))
    file = pipeline.add_file(call.store, call.account, row, upload.name, upload.content)
    pipeline.interacted(call.store, call.account, row)
    return enveloped(shapes.file(file, call.now), 201)


def read_file(call: Call) -> Answer:
    """Answer one file's description."""
    return enveloped(shapes.file(_file(call), call.now))


def delete_file(call: Call) -> Answer:
    """Delete a file."""
    row, file = opportunity_of(call), _file(call)
    call.perform_as(required=True)
    row["_files"].remove(file["id"])
    del call.account.files[file["id"]]
    call.account.save("file", {"id": file["id"], "_gone": True})
    pipeline.interacted(call.store, call.account, row)
    return Answer(204)


def download_file(call: Call) -> Answer:
    """Answer a file's bytes."""
    file = _file(call)
    return download(call.store.blobs.get(file["_sha256"]), file["name"])


def list_resumes(call: Call) -> Answer:
    """Answer the résumés."""
    row = opportunity_of(call)
    kept = [call.account.resumes[key] for key in row.get("_resumes", [])]
    rows = _uploaded_between(call, kept, lambda resume: resume["file"])
    return page_of(call, rows, _by_creation, lambda resume: shapes.resume(resume, call.now), newest_first=True)


def read_resume(call: Call) -> Answer:
    """Answer one résumé's description."""
    return enveloped(shapes.resume(_resume(call), call.now))


def download_resume(call: Call) -> Answer:
    """Answer a résumé's bytes."""
    resume = _resume(call)
    return download(call.store.blobs.get(resume["_sha256"]), resume["file"]["name"])


def download(content: bytes, name: str) -> Answer:
    """Return bytes to be saved under a name."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    disposition = f"attachment; filename*=UTF-8''{urllib.parse.quote(name)}".encode()
    return Answer(200, content, kind.encode(), [(b"content-disposition", disposition)])


def _note_wish(call: Call) -> Row:
    if call.content_type == "application/x-www-form-urlencoded":  # one client has done so for years
        form = urllib.parse.parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
        wish: dict[str, Any] = {name: values[0] for name, values in form.items()}
        wish["secret"] = wish.get("secret") == "true"
        for name in ("score", "createdAt"):
            if name in wish:
                wish[name] = int(wish[name]) if wish[name].isdecimal() else wish[name]
    else:
        wish = call.json()
    if not isinstance(wish.get("value"), str) or not wish["value"]:
        raise bad_request("Missing required field: value")
    score, created_at = wish.get("score"), wish.get("createdAt")
    if score is not None and (not isinstance(score, int) or not 1 <= score <= 4):
        raise bad_request("Invalid field score: must be 1 to 4")
    if created_at is not None and (not isinstance(created_at, int) or created_at > call.now):
        raise bad_request("Invalid field createdAt: must be a past timestamp in milliseconds")
    return wish


def _note(call: Call, row: Row, key: str) -> Row:
    note = call.account.notes.get(key)
    if note is None or note["_opportunity"] != row["id"]:
        raise not_found("notes", key)
    return note


def _made_by_api(note: Row) -> Row:
    if not note["_api"]:
        raise Refusal(403, "Only notes created through the API can be changed through it")
    return note


def _file(call: Call) -> Row:
    row, key = opportunity_of(call), call.params["file"]
    if key not in row.get("_files", []):
        raise not_found("files", key)
    return call.account.files[key]


def _resume(call: Call) -> Row:
    row, key = opportunity_of(call), call.params["resume"]
    if key not in row.get("_resumes", []):
        raise not_found("resumes", key)
    return call.account.resumes[key]


def _by_creation(row: Row) -> list[Any]:
    return [row["createdAt"], row["id"]]


def _by_upload(row: Row) -> list[Any]:
    return [row["uploadedAt"], row["id"]]


def _uploaded_between(call: Call, rows: list[Row], file_of: Any) -> list[Row]:
    start, end = call.millis("uploaded_at_start"), call.millis("uploaded_at_end")
    return [
        row
        for row in rows
        if (start is None or file_of(row)["uploadedAt"] >= start) and (end is None or file_of(row)["uploadedAt"] <= end)
    ]
