"""Rows as the Data API shows them: key order, expanded references, quirks."""

from typing import Any

from lever_emulator.account import Account, Row
from lever_emulator.calls import Call, bad_request

OPPORTUNITY_EXPANDS = ("applications", "stage", "owner", "followers", "sourcedBy", "contact")
POSTING_EXPANDS = ("user", "owner", "hiringManager", "followers")
NOTE_EXPANDS = ("user",)

BLANK_PERSON: Row = {"name": "", "headline": "", "phones": [], "emails": [], "links": []}


def wanted_expands(call: Call, possible: tuple[str, ...]) -> list[str]:
    """Return the `expand` parameters, refusing what cannot be expanded."""
    wanted = call.many("expand")
    for name in wanted:
        if name not in possible:
            raise bad_request(f"{name} is not expandable")
    return wanted


def public(row: Row) -> Row:
    """Return a row without what the emulator keeps for itself."""
    return {name: value for name, value in row.items() if name[0] != "_"}


def included(row: Row, include: list[str], expand: list[str]) -> Row:
    """Keep only the asked fields; an expanded one is always there."""
    if not include:
        return row
    keep = {*include, *expand}
    return {name: value for name, value in row.items() if name in keep}


def opportunity(
    account: Account,
    row: Row,
    base_url: str,
    expand: list[str] | None = None,
    *,
    blank: bool = False,
    fresh: bool = False,
) -> Row:
    """Return an opportunity as Lever sends it.

    `blank`: the quirk of stage, archive, tag and source answers, which carry no person. `fresh`: the create answer,
    which lacks `opportunityLocation`.
    """
    contact = row.get("_contact") or account.contacts[row["contact"]]  # a deleted one brings its person along
    person = BLANK_PERSON if blank else contact
    shown = {
        "id": row["id"],
        "name": person["name"],
        "contact": row["contact"],
        "headline": person["headline"],
        "stage": row["stage"],
        "confidentiality": row["confidentiality"],
        "location": contact["location"]["name"],
        "phones": person["phones"],
        "emails": person["emails"],
        "links": person["links"],
        "archived": row["archived"],
        "tags": row["tags"],
        "sources": row["sources"],
        "stageChanges": row["stageChanges"],
        "origin": row["origin"],
        "sourcedBy": row["sourcedBy"],
        "owner": row["owner"],
        "followers": row["followers"],
        "applications": [row["_application"]] if row["_application"] else [],
        "createdAt": row["createdAt"],
        "updatedAt": row["updatedAt"],
        "lastInteractionAt": row["lastInteractionAt"],
        "lastAdvancedAt": row["lastAdvancedAt"],
        "snoozedUntil": row["snoozedUntil"],
        "urls": {"list": f"{base_url}/candidates", "show": f"{base_url}/candidates/{row['id']}"},
        "isAnonymized": contact["isAnonymized"],
        "dataProtection": None,
    }
    if row["opportunityLocation"] and not blank and not fresh:
        shown["opportunityLocation"] = row["opportunityLocation"]
    if "_deleted_at" in row:
        shown |= {"deletedAt": row["_deleted_at"], "deletedBy": row["_deleted_by"]}
    for name in expand or ():
        shown[name] = _expanded(account, name, shown[name])
    return shown


def _expanded(account: Account, name: str, value: Any) -> Any:
    if name == "applications":
        return [public(account.applications[key]) for key in value]
    if name == "stage":
        return stage(account.stages[value])
    if name == "contact":
        return contact(account.contacts[value])
    if isinstance(value, list):
        return [account.users.get(key, key) for key in value]
    return account.users.get(value, value)


def contact(row: Row, *, answer_to_put: bool = False) -> Row:
    """Return a person; the answer to a PUT lacks two fields."""
    shown = {
        "id": row["id"],
        "name": row["name"],
        "headline": row["headline"],
        "isAnonymized": row["isAnonymized"],
        "location": row["location"],
        "emails": row["emails"],
        "phones": row["phones"],
        "dataProtection": row["dataProtection"],
    }
    if answer_to_put:
        del shown["isAnonymized"], shown["dataProtection"]
    return shown


def stage(row: Row) -> Row:
    """Return a stage; rank and pipeline are not shown."""
    return {"id": row["id"], "text": row["text"]}


def posting(account: Account, row: Row, expand: list[str]) -> Row:
    """Return a posting."""
    shown = public(row)
    for name in expand:
        shown[name] = _expanded(account, name, shown[name])
    return shown


def note(account: Account, row: Row, expand: list[str] | None = None) -> Row:
    """Return a note."""
    shown = public(row)
    for name in expand or ():
        shown[name] = _expanded(account, name, shown[name])
    return shown


def _status(row: Row, now: int, ext: str) -> str:
    """Return how far the pretended parser has come: it takes two seconds and cannot read images."""
    if now < row["_processed_at"]:
        return "processing"
    return "unsupported" if ext.lstrip(".") in ("png", "jpg", "js") else "processed"


def file(row: Row, now: int) -> Row:
    """Return a file."""
    return {**public(row), "status": _status(row, now, row["ext"])}


def resume(row: Row, now: int) -> Row:
    """Return a résumé; `parsedData` comes once it was processed."""
    status = _status(row, now, row["file"]["ext"])
    shown = {**public(row), "file": {**row["file"], "status": status}}
    if status != "processed":
        shown.pop("parsedData", None)
    return shown


def webhook(row: Row) -> Row:
    """Return a subscription without its signing token, as lists do."""
    return public(row)
