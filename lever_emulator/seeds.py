"""Accounts to begin with: from a seed file, or made up on request."""

from __future__ import annotations

import html
import re
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from lever_emulator.account import Account, Row

if TYPE_CHECKING:
    from lever_emulator.store import Store

OWN_PEOPLE = (
    ("Robin Sommer", "super admin", "Head of Talent"),
    ("Kim Aldous", "admin", "Recruiting Lead"),
    ("Jules Ferro", "team member", "Recruiter"),
)
TITLES = (
    ("Backend Engineer", "Engineering", "Platform"),
    ("Product Designer", "Product", "Design"),
    ("Data Scientist", "Engineering", "Data"),
    ("Account Executive", "Sales", "Field"),
    ("Support Specialist", "Support", "Support"),
    ("Site Reliability Engineer", "Engineering", "Infrastructure"),
    ("Marketing Manager", "Marketing", "Growth"),
    ("Finance Analyst", "Finance", "Controlling"),
)
PLACES = ("Berlin", "Lisbon", "Remote", "New York, NY", "Hamburg")
SALARY_FIELDS = ("salaryRange", "salaryDescription", "salaryDescriptionHtml")
CATEGORY_FIELDS = ("commitment", "department", "level", "location", "team")


def load_seed(store: Store, seed: dict[str, Any]) -> Account:
    """Take in one account in the form of `seed.json`."""
    account = store.add_account(
        {
            **seed["account"],
            "stages": seed["stages"],
            "archiveReasons": seed["archiveReasons"],
            "apiKeys": seed.get("apiKeys", []),
            "tags": seed.get("tags", []),
            "sources": seed.get("sources", []),
        }
    )
    _load_app(store, seed.get("oauthApp"))
    for user in seed["users"]:
        _put(account, "user", dict(user))
    for posting in seed["postings"]:
        _put(account, "posting", dict(posting))
    links = {row["contact"]: row["links"] for row in seed.get("opportunities", [])}
    for contact in seed.get("contacts", []):
        _put(account, "contact", {**contact, "links": list(links.get(contact["id"], []))})
    applications = {row["id"]: dict(row) for row in seed.get("applications", [])}
    for application in applications.values():
        _put(account, "application", application)
    for row in seed.get("opportunities", []):
        _put(account, "opportunity", _opportunity_row(row, applications, seed))
    for note in seed.get("notes", []):
        _put(account, "note", {**_own(note), "_opportunity": note["opportunity"], "_api": True})
    for resume in seed.get("resumes", []):
        file = resume["file"]
        digest = store.keep_bytes(stand_in_pdf(file["size"]))
        kept = {**_own(resume), "_opportunity": resume["opportunity"], "_sha256": digest, "_processed_at": 0}
        _put(account, "resume", kept)
    for file in seed.get("files", []):
        digest = store.keep_bytes(stand_in_pdf(file["size"]))
        _put(
            account, "file", {**_own(file), "_opportunity": file["opportunity"], "_sha256": digest, "_processed_at": 0}
        )
    for webhook in seed.get("webhooks", []):
        _put(account, "webhook", {**webhook, "_signature_token": secrets.token_hex(24)})
    return account


def make_account(
    store: Store, name: str, users: list[dict[str, Any]] | None, postings: list[dict[str, Any]] | int, key: str | None
) -> Account:
    """Make up an account with the stages and reasons of the first seed; users default to three people."""
    pattern = next(iter(store.accounts.values())).row
    site = "".join(letter for letter in name.lower() if letter.isalnum()) or "account"
    now = store.clock.now()
    account = store.add_account(
        {
            "id": key or str(uuid.uuid4()),
            "name": name,
            "site": site,
            "region": "global",
            "stages": [dict(stage) for stage in pattern["stages"]],
            "archiveReasons": [dict(reason) for reason in pattern["archiveReasons"]],
            "apiKeys": [{"key": f"key-{secrets.token_hex(12)}", "permissions": "*", "confidential": True}],
            "tags": [],
            "sources": ["Added manually", "Job site", "LinkedIn", "Referral"],
        }
    )
    people = users or [
        {"name": person, "accessRole": role, "jobTitle": title, "email": f"{person.split()[0].lower()}@{site}.example"}
        for person, role, title in OWN_PEOPLE
    ]
    for place, person in enumerate(people):
        add_user(account, person, now - 86_400_000 * (len(people) - place))
    owner = account.active_users()[0]["id"]
    if isinstance(postings, int):
        postings = [made_up_posting(number) for number in range(postings)]
    for place, posting in enumerate(postings):
        add_posting(account, posting, owner, now - 60_000 * place)
    return account


def add_user(account: Account, wish: dict[str, Any], now: int) -> Row:
    """Add a user; `name` and `email` are needed, the rest has Lever's defaults."""
    row = {
        "id": str(wish.get("id") or uuid.uuid4()),
        "name": wish["name"],
        "username": wish["email"].partition("@")[0],
        "email": wish["email"],
        "accessRole": wish.get("accessRole") or "interviewer",
        "photo": None,
        "createdAt": now,
        "deactivatedAt": now if wish.get("deactivated") else None,
        "externalDirectoryId": wish.get("externalDirectoryId"),
        "linkedContactIds": None,
        "jobTitle": wish.get("jobTitle"),
        "managerId": wish.get("managerId"),
    }
    _put(account, "user", row)
    return row


def add_posting(account: Account, wish: dict[str, Any], owner: str | None, now: int) -> Row:
    """Add a posting; `text` (the title) is needed. Categories may stand at the top: `team`, `location`, `locations`."""
    categories = dict(wish.get("categories") or {})
    for name in CATEGORY_FIELDS:
        categories.setdefault(name, wish.get(name))
    locations = wish.get("locations") or categories.get("allLocations")
    if not locations:
        locations = [categories["location"]] if categories["location"] else []
    categories["location"] = categories["location"] or (locations[0] if locations else None)
    row = {
        "id": str(wish.get("id") or uuid.uuid4()),
        "text": wish["text"],
        "state": "draft",
        "distributionChannels": None,
        "user": wish.get("user", owner),
        "owner": wish.get("owner", owner),
        "hiringManager": wish.get("hiringManager"),
        "categories": {**{name: categories[name] for name in CATEGORY_FIELDS}, "allLocations": locations},
        "tags": wish.get("tags", []),
        "content": {**posting_content(wish), **(wish.get("content") or {})},
        "country": wish.get("country"),
        "followers": [owner] if owner else [],
        "reqCode": None,
        "requisitionCodes": [],
        "urls": None,
        "confidentiality": wish.get("confidentiality", "non-confidential"),
        "createdAt": now,
        "updatedAt": now,
        "workplaceType": wish.get("workplaceType", "unspecified"),
        "transcribeInterviews": False,
        "screening": {"enabled": False},
    }
    row |= {name: wish[name] for name in SALARY_FIELDS if wish.get(name)}
    set_posting_state(account, row, wish.get("state", "published"), wish.get("distributionChannels"))
    _put(account, "posting", row)
    return row


def posting_content(wish: dict[str, Any]) -> Row:
    """Return a posting's content; texts are given plain or, as `descriptionHtml` and `closingHtml`, in HTML."""
    content: Row = {"lists": wish.get("lists", [])}
    for name in ("description", "closing"):
        markup = wish.get(f"{name}Html")
        text = wish.get(name, re.sub(r"<[^>]+>", "", markup) if markup else "")
        content |= {name: text, f"{name}Html": markup or (f"<div>{html.escape(text)}</div>" if text else "")}
    return {name: content[name] for name in ("description", "descriptionHtml", "lists", "closing", "closingHtml")}


def set_posting_state(account: Account, row: Row, state: str, channels: list[str] | None = None) -> None:
    """Set a posting's state with what hangs on it: channels only when published, no addresses for draft or closed."""
    row["state"] = state
    row["distributionChannels"] = (channels or ["internal", "public"]) if state == "published" else None
    base = f"https://jobs.lever.co/{account.row['site']}"
    has_page = state in ("published", "internal")
    show = f"{base}/{row['id']}"
    row["urls"] = {"list": base, "show": show, "apply": f"{show}/apply"} if has_page else None


def stand_in_pdf(size: int) -> bytes:
    """Return a small PDF of exactly that many bytes, for files a seed only names."""
    page = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    )
    end = b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    return page + b"%" + b" " * max(0, size - len(page) - len(end) - 1) + end


def _opportunity_row(row: Row, applications: dict[str, Row], seed: dict[str, Any]) -> Row:
    application = row["applications"][0] if row["applications"] else None
    derived = ("name", "headline", "location", "phones", "emails", "links", "applications", "urls", "isAnonymized")
    kept = {name: value for name, value in row.items() if name not in (*derived, "dataProtection")}
    kept["_application"] = application
    kept["_posting"] = applications[application]["posting"] if application else None
    kept.setdefault("opportunityLocation", None)
    for name in ("notes", "resumes", "files"):
        kept[f"_{name}"] = [item["id"] for item in seed.get(name, []) if item["opportunity"] == row["id"]]
    return kept


def _load_app(store: Store, app: dict[str, Any] | None) -> None:
    if app:
        store.add_app(
            {
                "client_id": app["clientId"],
                "client_secret": app["clientSecret"],
                "name": app["name"],
                "redirect_uris": app["redirectUris"],
                "scopes": app["scopes"],
            }
        )


def made_up_posting(number: int) -> dict[str, Any]:
    """Return the n-th posting of a made-up account; no two have the same title."""
    title, department, team = TITLES[number % len(TITLES)]
    round_ = number // len(TITLES)
    return {
        "text": title if round_ == 0 else f"{title} {round_ + 1}",
        "department": department,
        "team": team,
        "location": PLACES[number % len(PLACES)],
        "commitment": "Full-time",
        "description": f"We are hiring: {title}.",
    }


def _own(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "opportunity"}


def _put(account: Account, kind: str, row: Row) -> None:
    account.load(kind, row)
    account.save(kind, row)
