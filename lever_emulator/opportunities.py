"""Opportunities in the Data API: create, read and change. https://hire.lever.co/developer/documentation#opportunities"""

import json
import re
from typing import Any

from lever_emulator import pipeline, shapes
from lever_emulator.account import Row
from lever_emulator.calls import Answer, Call, Form, Refusal, Upload, bad_request, enveloped, not_found
from lever_emulator.listing import ORIGINS
from lever_emulator.multipart import read_multipart

ARRAYS = ("emails", "links", "tags", "sources", "followers", "postings")
TEXTS = ("name", "headline", "stage", "location", "origin", "owner", "opportunityLocation", "contact")
PHONE_TYPES = ("mobile", "home", "work", "skype", "other")
FILE_TYPES = ("docx", "doc", "js", "jpg", "png", "pdf", "txt")


def opportunity_of(call: Call) -> Row:
    """Return the opportunity in the path; a confidential one needs the right to see it."""
    key = call.params["opportunity"]
    row = call.account.opportunities.get(key)
    if row is None:
        raise not_found("opportunities", key)
    assert call.caller is not None
    if row["confidentiality"] == "confidential" and not call.caller.confidential:
        raise Refusal(403, "This token has no access to confidential records")
    return row


def read_opportunity(call: Call) -> Answer:
    """Answer one opportunity."""
    row = opportunity_of(call)
    expand = shapes.wanted_expands(call, shapes.OPPORTUNITY_EXPANDS)
    shown = shapes.opportunity(call.account, row, call.store.settings.public_url, expand)
    return enveloped(shapes.included(shown, call.many("include"), expand))


def create_opportunity(call: Call) -> Answer:
    """Create one, from JSON or multipart. There is no idempotency: the same call again makes another."""
    user = call.perform_as(required=True)
    assert user is not None
    account, store = call.account, call.store
    wish = wish_of(call)
    posting = _posting_of(call, wish)
    _check(call, wish, posting)
    if call.flag("perform_as_posting_owner"):
        if posting is None:
            raise bad_request("perform_as_posting_owner needs exactly one posting")
        wish["owner"] = posting["owner"] or user
    resume = next((upload for upload in call.files if upload.field == "resumeFile"), None)
    if resume and call.flag("parse"):
        pipeline.parse_into(wish, resume.name, resume.content)
    row, known = pipeline.create_opportunity(store, account, wish, user, posting)
    if resume:
        pipeline.add_resume(store, account, row, resume.name, resume.content)
    for upload in call.files:
        if upload is not resume:
            pipeline.add_file(store, account, row, upload.name, upload.content)
    fresh = bool(store.switch("quirks", account))
    shown = shapes.opportunity(account, row, store.settings.public_url, fresh=fresh)
    return enveloped(shown, 201, deduped=known)


def wish_of(call: Call) -> Row:
    """Return the fields of a create call, of the right types; files go to `call.files`."""
    if call.content_type == "multipart/form-data":
        fields, files = read_multipart(call.headers[b"content-type"], call.body)
        call.files = [check_file(upload, ("resumeFile", "files", "files[]")) for upload in files]
        if sum(upload.field == "resumeFile" for upload in files) > 1:
            raise bad_request("Only one resumeFile can be sent")
        wish = _wish_from_form(fields, call.store.switch("multipart_phones", call.account))
    elif call.content_type in ("application/json", "") or not call.body:
        body = call.json()
        wish = {name: body[name] for name in (*TEXTS, *ARRAYS, "phones", "createdAt", "archived") if name in body}
        wish = {name: value for name, value in wish.items() if value is not None}
    else:
        raise bad_request(f"Unsupported content type: {call.content_type}")
    for name in TEXTS:
        if not isinstance(wish.get(name, ""), str):
            raise bad_request(f"Invalid field {name}: must be a string")
    for name in ARRAYS:
        strings(wish.get(name, []), name)
    phones(wish.get("phones", []))
    return wish


def strings(value: Any, name: str) -> list[str]:
    """Return a checked list of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_request(f"Invalid field {name}: must be an array of strings")
    return value


def phones(value: Any) -> list[Row]:
    """Return checked phones: `{value, type?}`."""
    if not isinstance(value, list):
        raise bad_request("Invalid field phones: must be an array")
    for phone in value:
        if not isinstance(phone, dict) or not isinstance(phone.get("value"), str):
            raise bad_request("Invalid field phones: each needs a value")
        if phone.get("type") is not None and phone["type"] not in PHONE_TYPES:
            raise bad_request(f"Invalid field phones: type must be one of {', '.join(PHONE_TYPES)}")
    return value


def check_file(upload: Upload, fields: tuple[str, ...]) -> Upload:
    """Return an upload that Lever would take: its field name and its type."""
    if upload.field not in fields:
        raise bad_request(f"Unexpected file field: {upload.field}")
    if upload.name.rpartition(".")[2].lower() not in FILE_TYPES:
        raise bad_request(f"Unsupported file type: {upload.name}")
    return upload


def _wish_from_form(fields: Form, phone_form: str) -> Row:
    wish: Row = {name: fields[name][0] for name in TEXTS if name in fields}
    for name in ARRAYS:
        values = fields.get(f"{name}[]", []) + fields.get(name, [])
        if values:
            wish[name] = values
    if "createdAt" in fields:
        wish["createdAt"] = _whole_number(fields["createdAt"][0], "createdAt")
    if "archived[reason]" in fields:
        wish["archived"] = {"reason": fields["archived[reason]"][0]}
        if "archived[archivedAt]" in fields:
            wish["archived"]["archivedAt"] = _whole_number(fields["archived[archivedAt]"][0], "archived[archivedAt]")
    found = _phones_from_form(fields, phone_form)
    if found:
        wish["phones"] = found
    return wish


def _phones_from_form(fields: Form, form: str) -> list[Row]:
    """Return phones sent in the one form that is switched on; which one real Lever takes is unknown."""
    found: list[Row] = []
    if form in ("json", "all"):
        for text in fields.get("phones[]", []):
            try:
                found.append(json.loads(text))
            except ValueError:
                raise bad_request("Invalid field phones[]: must be JSON") from None
    if form in ("brackets", "all"):
        types = fields.get("phones[][type]", [])
        for place, value in enumerate(fields.get("phones[][value]", [])):
            found.append({"type": types[place], "value": value} if place < len(types) else {"value": value})
    if form in ("indexed", "all"):
        numbers = sorted(
            {int(match[1]) for name in fields if (match := re.fullmatch(r"phones\[(\d+)\]\[value\]", name))}
        )
        for number in numbers:
            phone = {"value": fields[f"phones[{number}][value]"][0]}
            if f"phones[{number}][type]" in fields:
                phone = {"type": fields[f"phones[{number}][type]"][0], **phone}
            found.append(phone)
    return found


def _whole_number(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise bad_request(f"Invalid field {name}: must be a timestamp in milliseconds") from None


def _posting_of(call: Call, wish: Row) -> Row | None:
    keys = wish.get("postings") or []
    if len(keys) > 1:
        raise bad_request("An opportunity can be created for one posting only")
    if not keys:
        return None
    posting = call.account.postings.get(keys[0])
    if posting is None:
        raise not_found("postings", keys[0])
    assert call.caller is not None
    if posting["confidentiality"] == "confidential" and not call.caller.confidential:
        raise Refusal(403, "This token has no access to confidential records")
    if posting["state"] == "closed" and call.store.switch("closed_postings", call.account) == "reject":
        raise bad_request(f"posting {posting['id']} is closed")
    return posting


def _check(call: Call, wish: Row, posting: Row | None) -> None:
    """Refuse what refers to nothing or contradicts itself. Which status real Lever gives for unknown ids: not known."""
    account, now = call.account, call.now
    if "stage" in wish and wish["stage"] not in account.stages:
        raise not_found("stages", wish["stage"])
    if "origin" in wish and wish["origin"] not in ORIGINS:
        raise bad_request(f"Invalid field origin: must be one of {', '.join(ORIGINS)}")
    for user in [*([wish["owner"]] if "owner" in wish else []), *wish.get("followers", [])]:
        if user not in account.users:
            raise not_found("users", user)
    if "contact" in wish and wish["contact"] not in account.contacts:
        raise not_found("contacts", wish["contact"])
    created_at = wish.get("createdAt")
    if created_at is not None:
        if isinstance(created_at, bool) or not isinstance(created_at, int):
            raise bad_request("Invalid field createdAt: must be a timestamp in milliseconds")
        if created_at > now:
            raise bad_request("Invalid field createdAt: must not be in the future")
    location = wish.get("opportunityLocation")
    if posting and location and location not in (*posting["categories"]["allLocations"], "unspecified"):
        raise bad_request("Invalid field opportunityLocation: must be a location of the posting or unspecified")
    _check_archived(call, wish, created_at)


def _check_archived(call: Call, wish: Row, created_at: int | None) -> None:
    archived = wish.pop("archived", None)
    if archived is None:
        return
    if not isinstance(archived, dict):
        raise bad_request("Invalid field archived: must be an object")
    reason, archived_at = archived.get("reason"), archived.get("archivedAt")
    if not reason:
        return  # archivedAt alone is ignored
    if reason not in call.account.archive_reasons:
        raise not_found("archive_reasons", reason)
    if archived_at is not None:
        if isinstance(archived_at, bool) or not isinstance(archived_at, int) or archived_at > call.now:
            raise bad_request("Invalid field archived: archivedAt must be a past timestamp in milliseconds")
        if created_at is None or created_at >= archived_at:
            raise bad_request("Invalid field archived: createdAt is required and must be before archivedAt")
    wish["archived"] = {"reason": reason, "archivedAt": archived_at or call.now}


def change_stage(call: Call) -> Answer:
    """PUT .../stage."""
    row, user = opportunity_of(call), call.perform_as()
    stage = call.json().get("stage")
    if not isinstance(stage, str):
        raise bad_request("Missing required field: stage")
    if stage not in call.account.stages:
        raise not_found("stages", stage)
    pipeline.move_to_stage(call.store, call.account, row, stage, user)
    return _changed(call, row, blank=True)


def change_archived(call: Call) -> Answer:
    """PUT .../archived; a null reason takes it out of the archive."""
    row = opportunity_of(call)
    call.perform_as()
    body = call.json()
    if "reason" not in body:
        raise bad_request("Missing required field: reason")
    reason = body["reason"]
    if reason is not None and reason not in call.account.archive_reasons:
        raise not_found("archive_reasons", reason)
    pipeline.archive(call.store, call.account, row, reason)
    return _changed(call, row, blank=True)


def add_tags(call: Call) -> Answer:
    """POST .../addTags."""
    return _change_list(call, "tags", add=True)


def remove_tags(call: Call) -> Answer:
    """POST .../removeTags."""
    return _change_list(call, "tags", add=False)


def add_sources(call: Call) -> Answer:
    """POST .../addSources."""
    return _change_list(call, "sources", add=True)


def remove_sources(call: Call) -> Answer:
    """POST .../removeSources."""
    return _change_list(call, "sources", add=False)


def add_links(call: Call) -> Answer:
    """POST .../addLinks, which acts on the person and answers with the person."""
    return _change_links(call, add=True)


def remove_links(call: Call) -> Answer:
    """POST .../removeLinks."""
    return _change_links(call, add=False)


def _change_list(call: Call, name: str, *, add: bool) -> Answer:
    row = opportunity_of(call)
    call.perform_as()
    values = _values(call, name)
    pipeline.change_list(call.store, call.account, row, name, values if add else [], [] if add else values)
    return _changed(call, row, blank=True)


def _change_links(call: Call, *, add: bool) -> Answer:
    row = opportunity_of(call)
    call.perform_as()
    values = _values(call, "links")
    pipeline.change_links(call.store, call.account, row, values if add else [], [] if add else values)
    return _changed(call, row, blank=False)


def _values(call: Call, name: str) -> list[str]:
    body = call.json()
    if name not in body:
        raise bad_request(f"Missing required field: {name}")
    return strings(body[name], name)


def _changed(call: Call, row: Row, *, blank: bool) -> Answer:
    quirky = blank and bool(call.store.switch("quirks", call.account))
    return enveloped(shapes.opportunity(call.account, row, call.store.settings.public_url, blank=quirky))


def list_applications(call: Call) -> Answer:
    """GET .../applications (deprecated)."""
    row = opportunity_of(call)
    return enveloped([shapes.public(call.account.applications[key]) for key in _application_keys(row)], hasNext=False)


def read_application(call: Call) -> Answer:
    """GET .../applications/:application."""
    row = opportunity_of(call)
    if call.params["application"] not in _application_keys(row):
        raise not_found("applications", call.params["application"])
    return enveloped(shapes.public(call.account.applications[call.params["application"]]))


def _application_keys(row: Row) -> list[str]:
    return [row["_application"]] if row["_application"] else []
