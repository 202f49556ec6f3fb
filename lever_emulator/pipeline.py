"""What can happen to people, opportunities and postings, whoever asks: the Data API, the pages or the control API.

Every change of an account goes through here, so that one place can tell webhooks about it.
"""

import re
from typing import Any

from lever_emulator import webhooks
from lever_emulator.account import LEAD_NEW, Account, Row, canonical_email
from lever_emulator.seeds import set_posting_state
from lever_emulator.store import Store, new_id

POSTING_TAGS = ("department", "team", "location", "commitment")
PARSER_MILLISECONDS = 2000


def once_each(values: list[str]) -> list[str]:
    """Return values in order, each once."""
    return list(dict.fromkeys(values))


def find_contact(account: Account, emails: list[str]) -> Row | None:
    """Return the oldest person who holds one of the addresses."""
    for email in emails:
        for key in account.contacts_with(email):
            return account.contacts[key]
    return None


def add_contact(store: Store, account: Account, wish: Row) -> Row:
    """Make a person."""
    contact = {
        "id": new_id(),
        "name": wish.get("name") or "",
        "headline": wish.get("headline") or "",
        "isAnonymized": False,
        "location": {"name": wish.get("location") or ""},
        "emails": once_each(wish.get("emails") or []),
        "phones": wish.get("phones") or [],
        "links": once_each(wish.get("links") or []),
        "dataProtection": None,
    }
    account.add_contact(contact)
    webhooks.contact_created(store, account, contact)
    return contact


def enrich_contact(store: Store, account: Account, contact: Row, wish: Row) -> None:
    """Add e-mails, phones and links a person does not have yet; nothing they have is changed."""
    known = {canonical_email(email) for email in contact["emails"]}
    values = {phone["value"] for phone in contact["phones"]}
    emails = [email for email in wish.get("emails") or [] if canonical_email(email) not in known]
    phones = [phone for phone in wish.get("phones") or [] if phone["value"] not in values]
    links = [link for link in wish.get("links") or [] if link not in contact["links"]]
    if emails or phones or links:
        with account.changing_contact(contact, store.clock.now()):
            contact["emails"] += once_each(emails)
            contact["phones"] += phones
            contact["links"] += once_each(links)
        webhooks.contact_updated(store, account, contact)


def create_opportunity(
    store: Store, account: Account, wish: Row, user: str | None, posting: Row | None, form: Row | None = None
) -> tuple[Row, bool]:
    """Make an opportunity of a checked wish. Return it, and whether the person was known before.

    `form` is what an applicant filled in; without one the application is a user's.
    """
    now = store.clock.now()
    contact = account.contacts[wish["contact"]] if wish.get("contact") else None
    known = contact is not None
    if contact is not None:
        enrich_contact(store, account, contact, wish)
    else:
        contact = find_contact(account, wish.get("emails") or [])
        known = contact is not None
        if contact is None:
            contact = add_contact(store, account, wish)
        elif store.switch("known_person_links", account) == "stored":
            enrich_contact(store, account, contact, {"links": wish.get("links")})
    created_at = wish.get("createdAt") or now
    stage = wish.get("stage") or LEAD_NEW
    origin = wish.get("origin") or "sourced"
    key = new_id()
    row: Row = {
        "id": key,
        "contact": contact["id"],
        "stage": stage,
        "confidentiality": posting["confidentiality"] if posting else "non-confidential",
        "archived": wish.get("archived"),
        "tags": once_each([*(wish.get("tags") or []), *(posting_tags(posting) if posting else [])]),
        "sources": once_each(wish.get("sources") or []),
        "stageChanges": [_stage_change(account, stage, created_at, user)],
        "origin": origin,
        "sourcedBy": user if origin == "sourced" else None,
        "owner": wish.get("owner") or user,
        "followers": once_each(
            [*(wish.get("followers") or []), *([user] if user else []), *(posting["followers"] if posting else [])]
        ),
        "createdAt": created_at,
        "updatedAt": now,
        "lastInteractionAt": created_at,
        "lastAdvancedAt": created_at,
        "snoozedUntil": None,
        "opportunityLocation": _opportunity_location(posting, wish.get("opportunityLocation")),
        "_application": None,
        "_posting": None,
    }
    if posting:
        application = {**_application(row, posting, user, now), **(form or {})}
        account.applications[application["id"]] = application
        account.save("application", application)
        row["_application"] = application["id"]
        row["_posting"] = posting["id"]
    account.add_opportunity(row)
    if posting:
        webhooks.application_created(store, account, row)
    return row, known


def posting_tags(posting: Row) -> list[str]:
    """Return the tags an opportunity gets from its posting."""
    named = [posting["text"], *(posting["categories"].get(name) for name in POSTING_TAGS)]
    return [tag for tag in named if tag]


def move_to_stage(store: Store, account: Account, row: Row, stage: str, user: str | None) -> None:
    """Move an opportunity; an archived one stays archived."""
    now, before = store.clock.now(), row["stage"]
    with account.changing(row, now):
        if before != stage:
            row["stage"] = stage
            row["stageChanges"].append(_stage_change(account, stage, now, user))
            row["lastAdvancedAt"] = now
        row["lastInteractionAt"] = now
    webhooks.stage_changed(store, account, row, before)


def archive(store: Store, account: Account, row: Row, reason: str | None) -> None:
    """Archive with a reason, or with None take out of the archive; the application goes along."""
    now = store.clock.now()
    archived = {"reason": reason, "archivedAt": now} if reason else None
    before = row["archived"]
    if archived and before:
        archived["archivedAt"] = before["archivedAt"]
    with account.changing(row, now):
        row["archived"] = archived
        row["lastInteractionAt"] = now
    if row["_application"]:
        application = account.applications[row["_application"]]
        application["archived"] = archived
        account.save("application", application)
    webhooks.archive_changed(store, account, row, before)


def change_list(store: Store, account: Account, row: Row, name: str, add: list[str], remove: list[str]) -> None:
    """Add to and remove from the tags or sources of an opportunity; new ones go to the end."""
    now = store.clock.now()
    with account.changing(row, now):
        row[name] = [value for value in once_each([*row[name], *add]) if value not in remove]
        row["lastInteractionAt"] = now


def change_links(store: Store, account: Account, row: Row, add: list[str], remove: list[str]) -> None:
    """Add to and remove from the links, which belong to the person."""
    contact = account.contacts[row["contact"]]
    with account.changing_contact(contact, store.clock.now()):
        contact["links"] = [link for link in once_each([*contact["links"], *add]) if link not in remove]
    webhooks.contact_updated(store, account, contact)


def change_contact(store: Store, account: Account, contact: Row, wish: Row) -> None:
    """Change the given fields of a person."""
    with account.changing_contact(contact, store.clock.now()):
        for name in ("name", "headline", "emails", "phones"):
            if name in wish:
                contact[name] = wish[name]
        if "location" in wish:
            contact["location"] = {"name": wish["location"]}
    webhooks.contact_updated(store, account, contact)


def add_note(
    store: Store, account: Account, row: Row, user: str | None, wish: dict[str, Any], *, by_api: bool = True
) -> Row:
    """Write a note on an opportunity."""
    now = wish.get("createdAt") or store.clock.now()
    note: Row = {
        "id": new_id(),
        "text": "Note",
        "fields": [note_field(row, user, wish, now)],
        "user": user,
        "secret": bool(wish.get("secret")),
        "completedAt": now,
        "deletedAt": None,
        "createdAt": now,
        "_opportunity": row["id"],
        "_api": by_api,
    }
    account.notes[note["id"]] = note
    row.setdefault("_notes", []).append(note["id"])
    account.save("note", note)
    interacted(store, account, row)
    return note


def note_field(row: Row, user: str | None, wish: dict[str, Any], now: int) -> Row:
    """Return one comment of a note's thread."""
    return {
        "createdAt": now,
        "score": wish.get("score"),
        "stage": row["stage"],
        "text": "Comment",
        "type": "note",
        "user": user,
        "value": wish["value"],
    }


def drop_note(store: Store, account: Account, row: Row, note: Row) -> None:
    """Delete a note."""
    del account.notes[note["id"]]
    account.save("note", {"id": note["id"], "_gone": True})
    with account.changing(row, store.clock.now()):
        row["_notes"].remove(note["id"])


def interacted(store: Store, account: Account, row: Row) -> None:
    """Mark that somebody did something with an opportunity."""
    now = store.clock.now()
    with account.changing(row, now):
        row["lastInteractionAt"] = now


def add_resume(store: Store, account: Account, row: Row, name: str, content: bytes) -> Row:
    """Attach a résumé."""
    now = store.clock.now()
    key = new_id()
    ext = name.rpartition(".")[2]
    url = f"{store.settings.public_url}/candidates/{row['id']}/resumes/{key}/download"
    file = {"name": name, "ext": ext.lower(), "downloadUrl": url, "uploadedAt": now, "size": len(content)}
    resume: Row = {
        "id": key,
        "createdAt": now,
        "file": file,
        "parsedData": {"positions": [], "schools": []},
        "_opportunity": row["id"],
        "_sha256": store.keep_bytes(content),
        "_processed_at": now + PARSER_MILLISECONDS,
    }
    account.resumes[key] = resume
    row.setdefault("_resumes", []).append(key)
    account.save("resume", resume)
    account.save("opportunity", row)
    return resume


def add_file(store: Store, account: Account, row: Row, name: str, content: bytes) -> Row:
    """Attach a plain file."""
    now = store.clock.now()
    key = new_id()
    file: Row = {
        "id": key,
        "downloadUrl": f"{store.settings.public_url}/candidates/{row['id']}/files/{key}/download",
        "ext": f".{name.rpartition('.')[2].lower()}",
        "name": name,
        "uploadedAt": now,
        "status": None,
        "size": len(content),
        "_opportunity": row["id"],
        "_sha256": store.keep_bytes(content),
        "_processed_at": now + PARSER_MILLISECONDS,
    }
    account.files[key] = file
    row.setdefault("_files", []).append(key)
    account.save("file", file)
    account.save("opportunity", row)
    return file


def parse_into(wish: Row, name: str, content: bytes) -> None:
    """Fill name and e-mails from a résumé where nothing was sent; the pretended parser reads only plain text."""
    if not wish.get("name"):
        wish["name"] = re.sub(r"[-_.]+", " ", name.rpartition(".")[0]).strip().title()
    if not wish.get("emails") and name.lower().endswith(".txt"):
        found = re.findall(rb"[\w.+-]+@[\w-]+\.[\w.-]+", content)
        wish["emails"] = [found[0].decode()] if found else []


def delete_opportunity(store: Store, account: Account, row: Row, user: str | None) -> None:
    """Delete an opportunity, which only the app can do; the person goes with their last one."""
    contact = account.contacts[row["contact"]]
    now = store.clock.now()
    account.drop_opportunity(row)
    tombstone = {**row, "updatedAt": now, "_deleted_at": now, "_deleted_by": user, "_contact": dict(contact)}
    account.deleted[row["id"]] = tombstone
    account.save("deleted", tombstone)
    for kind, table, name in (
        ("note", account.notes, "_notes"),
        ("resume", account.resumes, "_resumes"),
        ("file", account.files, "_files"),
    ):
        for key in row.get(name, []):
            table.pop(key, None)
            account.save(kind, {"id": key, "_gone": True})
    if not account.of_contact(contact["id"]):
        with account.changing_contact(contact, now):
            contact["emails"] = []
        del account.contacts[contact["id"]]
        account.save("contact", {"id": contact["id"], "_gone": True})
    webhooks.opportunity_deleted(store, account, row, user)


def anonymise(store: Store, account: Account, row: Row) -> None:
    """Remove a person's data and keep the statistics, as Lever's data retention does."""
    contact = account.contacts[row["contact"]]
    with account.changing_contact(contact, store.clock.now()):
        blank = {
            "name": "",
            "headline": "",
            "location": {"name": ""},
            "emails": [],
            "phones": [],
            "links": [],
        }
        contact |= blank
        contact["isAnonymized"] = True
    webhooks.contact_updated(store, account, contact)
    for opportunity in account.of_contact(contact["id"]):
        if opportunity["_application"]:
            application = account.applications[opportunity["_application"]]
            application |= dict.fromkeys(("name", "company", "phone", "email", "comments")) | {"links": []}
            application["customQuestions"] = []
            account.save("application", application)
        for kind, table, name in (
            ("note", account.notes, "_notes"),
            ("resume", account.resumes, "_resumes"),
            ("file", account.files, "_files"),
        ):
            for key in opportunity.pop(name, []):
                table.pop(key, None)
                account.save(kind, {"id": key, "_gone": True})
        account.save("opportunity", opportunity)


def set_state(store: Store, account: Account, posting: Row, state: str, channels: list[str] | None = None) -> None:
    """Close, reopen, unlist or publish a posting."""
    set_posting_state(account, posting, state, channels)
    posting["updatedAt"] = store.clock.now()
    account.save("posting", posting)


def rename_posting(store: Store, account: Account, posting: Row, text: str) -> None:
    """Rename a posting; the tag of that name on its opportunities is renamed with it."""
    old, now = posting["text"], store.clock.now()
    posting["text"] = text
    posting["updatedAt"] = now
    account.save("posting", posting)
    for key in list(account.by_posting.get(posting["id"], ())):
        row = account.opportunities[key]
        with account.changing(row, now):
            row["tags"] = once_each([text if tag == old else tag for tag in row["tags"]])


def set_confidentiality(store: Store, account: Account, posting: Row, confidentiality: str) -> None:
    """Hide a posting from those without the right, or show it again; its opportunities go with it."""
    now = store.clock.now()
    posting["confidentiality"] = confidentiality
    posting["updatedAt"] = now
    account.save("posting", posting)
    for key in list(account.by_posting.get(posting["id"], ())):
        row = account.opportunities[key]
        with account.changing(row, now):
            row["confidentiality"] = confidentiality


def delete_posting(store: Store, account: Account, posting: Row, user: str | None) -> None:
    """Delete a posting; opportunities keep its id."""
    del account.postings[posting["id"]]
    account.save("posting", {"id": posting["id"], "_gone": True})
    tombstone = {**posting, "_deleted_at": store.clock.now(), "_deleted_by": user}
    account.deleted_postings[posting["id"]] = tombstone
    account.save("deleted_posting", tombstone)


def set_active(store: Store, account: Account, user: Row, active: bool) -> None:
    """Deactivate or reactivate a user; by switch, the grants they gave die with them."""
    user["deactivatedAt"] = None if active else user["deactivatedAt"] or store.clock.now()
    account.save("user", user)


def _application(row: Row, posting: Row, user: str | None, now: int) -> Row:
    return {
        "id": new_id(),
        "type": "user",
        "candidateId": row["id"],
        "opportunityId": row["id"],
        "posting": posting["id"],
        "postingHiringManager": posting["hiringManager"],
        "postingOwner": posting["owner"],
        "name": None,
        "company": None,
        "phone": None,
        "email": None,
        "links": [],
        "comments": None,
        "user": user,
        "customQuestions": [],
        "createdAt": now,
        "archived": row["archived"],
        "requisitionForHire": None,
    }


def _stage_change(account: Account, stage: str, now: int, user: str | None) -> Row:
    change: Row = {"toStageId": stage, "toStageIndex": account.stage_index[stage], "updatedAt": now}
    if user:
        change["userId"] = user
    return change


def _opportunity_location(posting: Row | None, wish: str | None) -> str | None:
    if posting is None:
        return None
    if wish:
        return wish
    locations = posting["categories"]["allLocations"]
    return locations[0] if len(locations) == 1 else "unspecified" if locations else None
