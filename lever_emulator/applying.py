"""What applicants do: the form of a posting, the application, and files sent ahead of it. lever-api.md 5.12, 5.13.

It makes applicants (origin applied, stage New applicant), so it is not how sourced candidates come in.
"""

from typing import Any

from lever_emulator import pipeline
from lever_emulator.account import Row
from lever_emulator.calls import Answer, Call, Refusal, bad_request, enveloped
from lever_emulator.multipart import read_multipart
from lever_emulator.opportunities import check_file
from lever_emulator.postings import posting_of
from lever_emulator.store import new_id

KEPT_MS = 86_400_000  # a file waits a day for its application
NEW_APPLICANT = "applicant-new"
PERSONAL = (
    ("name", "Full name", "text", True),
    ("email", "Email", "text", True),
    ("phone", "Phone", "text", False),
    ("company", "Current company", "text", False),
    ("resume", "Resume/CV", "file-upload", False),
    ("comments", "Additional information", "textarea", False),
)
ALIASES = {"fullName": "name", "currentCompany": "company", "org": "company", "additionalInformation": "comments"}
LINKS = ("LinkedIn", "GitHub", "Portfolio", "Other")


def upload(call: Call) -> Answer:
    """POST /uploads: a file that an application names by its `uri` within a day."""
    if call.content_type != "multipart/form-data":
        raise bad_request("The request body must be multipart/form-data")
    _, files = read_multipart(call.headers[b"content-type"], call.body)
    if len(files) != 1:
        raise bad_request("Missing required field: file")
    given, account = check_file(files[0], ("file",)), call.account
    for key, old in list(account.uploads.items())[:2]:  # oldest first: two forgotten for each that comes
        if old["expiresAt"] <= call.now:
            del account.uploads[key]
            account.save("upload", {"id": key, "_gone": True})
    key = f"{new_id()}-{given.name}"
    row: Row = {
        "id": key,
        "uri": f"{call.store.settings.public_url}/v1/uploads/{key}",
        "filename": given.name,
        "size": len(given.content),
        "expiresAt": call.now + KEPT_MS,
        "_sha256": call.store.keep_bytes(given.content),
    }
    account.uploads[key] = row
    account.save("upload", row)
    return enveloped({name: value for name, value in row.items() if name[0] != "_"}, 201)


def read_form(call: Call) -> Answer:
    """GET /postings/:id/apply: what the form asks."""
    posting = _open_posting(call)
    personal = [
        {"name": name, "text": text, "type": kind, "required": required, "value": None}
        for name, text, kind, required in PERSONAL
    ]
    links = [{"name": name, "text": name, "type": "text", "required": False, "value": None} for name in LINKS]
    return enveloped(
        {
            "id": posting["id"],
            "text": posting["text"],
            "customQuestions": posting.get("_questions", []),
            "personalInformation": personal,
            "urls": links,
        }
    )


def apply(call: Call) -> Answer:
    """POST /postings/:id/apply. It takes no `perform_as`, and gives back no opportunity."""
    posting, body = _open_posting(call), call.json()
    given = {ALIASES.get(name, name): value for name, value in _pairs(body, "personalInformation").items()}
    for name, text, _, required in PERSONAL:
        value = given.get(name)
        if required and not value:
            raise bad_request(f"Missing required field: {text}")
        if value is not None and not isinstance(value, str):
            raise bad_request(f"Invalid field {name}: must be a string")
    call.flag("send_confirmation_email")
    origin = body.get("origin", "applied")
    if origin not in ("applied", "internal"):
        raise bad_request("Invalid field origin: must be applied or internal")
    resume = _upload(call, given["resume"]) if given.get("resume") else None
    links = [value for value in _pairs(body, "urls").values() if isinstance(value, str) and value]
    phone = {"type": "mobile", "value": given["phone"]} if given.get("phone") else None
    wish: Row = {
        "name": given["name"],
        "emails": [given["email"]],
        "phones": [phone] if phone else [],
        "headline": given.get("company") or "",
        "links": links,
        "stage": NEW_APPLICANT,
        "origin": origin,
        "owner": posting["owner"],
        "sources": [body["source"]] if isinstance(body.get("source"), str) and body["source"] else [],
    }
    form: Row = {
        "type": "posting",
        **{name: given.get(name) for name in ("name", "company", "email", "comments")},
        "phone": phone,
        "links": links,
        "customQuestions": body.get("customQuestions") if isinstance(body.get("customQuestions"), list) else [],
        "user": None,
    }
    row, _ = pipeline.create_opportunity(call.store, call.account, wish, None, posting, form)
    if resume:
        content = call.store.blobs.get(resume["_sha256"])
        pipeline.add_resume(call.store, call.account, row, resume["filename"], content)
    return enveloped({"applicationId": row["_application"]}, 201)


def _open_posting(call: Call) -> Row:
    posting = posting_of(call)
    if posting["state"] not in ("published", "internal"):
        raise Refusal(400, f"posting {posting['id']} is not open to applications")
    return posting


def _pairs(body: Row, name: str) -> dict[str, Any]:
    """Return a list of `{name, value}` as a dict."""
    items = body.get(name, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) and "name" in item for item in items):
        raise bad_request(f"Invalid field {name}: must be an array of objects with name and value")
    return {str(item["name"]): item.get("value") for item in items}


def _upload(call: Call, uri: str) -> Row:
    row = call.account.uploads.get(uri.rpartition("/")[2])
    if row is None or row["uri"] != uri or row["expiresAt"] <= call.now:
        raise bad_request("Invalid field resume: the uri is unknown or expired")
    return row
