"""The web app: home, the pipeline board, and a candidate's profile."""

import heapq
import itertools
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from lever_emulator import attachments, pipeline, settings_pages, webhook_pages
from lever_emulator.account import Row
from lever_emulator.site import Visit, route
from lever_emulator.store import Store

CARDS_IN_A_COLUMN = 50
POSTINGS_TO_CHOOSE = 500


def routes(store: Store) -> list[Route]:
    """Return the routes of the web app."""
    table = [
        ("GET", "/", home),
        ("GET", "/candidates", board),
        ("GET", "/candidates/{opportunity}", profile),
        ("GET", "/candidates/{opportunity}/resumes/{resume}/download", resume),
        ("GET", "/candidates/{opportunity}/files/{file}/download", file),
        ("POST", "/candidates/{opportunity}/stage", move),
        ("POST", "/candidates/{opportunity}/archive", archive),
        ("POST", "/candidates/{opportunity}/notes", add_note),
        ("POST", "/candidates/{opportunity}/delete", delete),
        ("POST", "/candidates/{opportunity}/anonymise", anonymise),
        *settings_pages.TABLE,
        *webhook_pages.TABLE,
    ]
    return [route(store, method, path, work) for method, path, work in table]


def home(visit: Visit) -> Response:
    """Show where everybody stands and who came last."""
    account = visit.account
    newest = heapq.nlargest(8, account.opportunities.values(), key=lambda row: row["createdAt"])
    stages = [(stage, account.count_in_stage(stage["id"], archived=False)) for stage in account.stages.values()]
    return visit.page(
        "home.html",
        "Home",
        stages=stages,
        newest=[card(visit, row) for row in newest],
        total=len(account.opportunities),
        open_postings=sum(row["state"] in ("published", "internal") for row in account.postings.values()),
        apps={grant["app"] for grant in visit.store.grants.values() if grant["account"] == account.id},
    )


def board(visit: Visit) -> Response:
    """Show the pipeline by stage, or with `view=archived` the archive."""
    account = visit.account
    words, posting = visit.query("q").casefold(), visit.query("posting")
    archived = visit.query("view") == "archived"

    def wanted(row: Row) -> bool:
        if posting and row["_posting"] != posting:
            return False
        person = account.contacts[row["contact"]]
        return words in " ".join([person["name"], *person["emails"], *row["tags"]]).casefold()

    columns = []
    for stage in account.stages.values():
        rows = account.in_stage(stage["id"], archived=archived)
        if words or posting:
            found = [row for row in rows if wanted(row)]
            shown, count = found[:CARDS_IN_A_COLUMN], len(found)
        else:
            shown = list(itertools.islice(rows, CARDS_IN_A_COLUMN))
            count = account.count_in_stage(stage["id"], archived=archived)
        columns.append({"stage": stage, "count": count, "cards": [card(visit, row) for row in shown]})
    postings = sorted(account.postings.values(), key=lambda row: row["text"])[:POSTINGS_TO_CHOOSE]
    return visit.page(
        "board.html",
        "Candidates",
        columns=columns,
        archived=archived,
        postings=postings,
        chosen=posting,
        words=visit.query("q"),
        reasons=_reasons(visit),
        hired=_hired(visit),
    )


def card(visit: Visit, row: Row) -> dict[str, Any]:
    """Return what a card shows."""
    account = visit.account
    person = account.contacts[row["contact"]]
    posting = account.postings.get(row["_posting"] or "")
    from_posting = set(pipeline.posting_tags(posting)) if posting else set()
    archived = row["archived"]
    return {
        "id": row["id"],
        "name": _name(person),
        "headline": person["headline"],
        "posting": posting["text"] if posting else "Posting deleted" if row["_posting"] else "No posting",
        "stage": account.stages[row["stage"]],
        "origin": row["origin"],
        "sources": row["sources"],
        "tags": [tag for tag in row["tags"] if tag not in from_posting],
        "created_at": row["createdAt"],
        "reason": account.archive_reasons[archived["reason"]]["text"] if archived else None,
    }


def profile(visit: Visit) -> Response:
    """Show one candidate: that is where `urls.show` leads."""
    account, row = visit.account, _opportunity(visit)
    person = account.contacts[row["contact"]]
    others = [other for other in account.of_contact(person["id"]) if other["id"] != row["id"]]
    return visit.page(
        "profile.html",
        _name(person),
        row=row,
        person=person,
        card=card(visit, row),
        others=[card(visit, other) for other in others],
        posting=account.postings.get(row["_posting"] or ""),
        notes=[account.notes[key] for key in reversed(row.get("_notes", []))],
        resumes=[account.resumes[key] for key in row.get("_resumes", [])],
        files=[account.files[key] for key in row.get("_files", [])],
        history=list(reversed(row["stageChanges"])),
        names={key: user["name"] for key, user in account.users.items()},
        stages=account.stages,
        reasons=_reasons(visit),
        hired=_hired(visit),
    )


def resume(visit: Visit) -> Response:
    """Send a résumé's bytes."""
    key = visit.param("resume")
    if key not in _opportunity(visit).get("_resumes", []):
        raise HTTPException(404)
    found = visit.account.resumes[key]
    return _bytes(visit, found["_sha256"], found["file"]["name"])


def file(visit: Visit) -> Response:
    """Send a file's bytes."""
    key = visit.param("file")
    if key not in _opportunity(visit).get("_files", []):
        raise HTTPException(404)
    found = visit.account.files[key]
    return _bytes(visit, found["_sha256"], found["name"])


def move(visit: Visit) -> Response:
    """Move a candidate on."""
    row, stage = _opportunity(visit), visit.field("stage")
    if stage not in visit.account.stages:
        raise ValueError("There is no such stage.")
    pipeline.move_to_stage(visit.store, visit.account, row, stage, visit.user["id"])
    return visit.back(f"/candidates/{row['id']}", f"Moved to {visit.account.stages[stage]['text']}")


def archive(visit: Visit) -> Response:
    """Archive with a reason, or with none take out of the archive."""
    row, reason = _opportunity(visit), visit.field("reason")
    if reason and reason not in visit.account.archive_reasons:
        raise ValueError("There is no such reason.")
    pipeline.archive(visit.store, visit.account, row, reason or None)
    said = f"Archived: {visit.account.archive_reasons[reason]['text']}" if reason else "Reopened"
    return visit.back(f"/candidates/{row['id']}", said)


def add_note(visit: Visit) -> Response:
    """Write a note, which the Data API cannot change."""
    row = _opportunity(visit)
    if not visit.field("value"):
        raise ValueError("Write something first.")
    wish = {"value": visit.field("value")}
    pipeline.add_note(visit.store, visit.account, row, visit.user["id"], wish, by_api=False)
    return visit.back(f"/candidates/{row['id']}", "Note added")


def delete(visit: Visit) -> Response:
    """Delete the opportunity."""
    pipeline.delete_opportunity(visit.store, visit.account, _opportunity(visit), visit.user["id"])
    return visit.back("/candidates", "Deleted")


def anonymise(visit: Visit) -> Response:
    """Remove the person's data."""
    row = _opportunity(visit)
    pipeline.anonymise(visit.store, visit.account, row)
    return visit.back(f"/candidates/{row['id']}", "Personal data removed")


def _name(person: Row) -> str:
    return person["name"] or ("Anonymized" if person["isAnonymized"] else "No name")


def _opportunity(visit: Visit) -> Row:
    return visit.row(visit.account.opportunities, "opportunity")


def _reasons(visit: Visit) -> list[Row]:
    """Return what people can archive with; "hired" stands last, since it has a button of its own."""
    active = [reason for reason in visit.account.archive_reasons.values() if reason["status"] == "active"]
    return sorted(active, key=lambda reason: reason["type"] == "hired")


def _hired(visit: Visit) -> str | None:
    """Return the reason behind "Hire"."""
    return next((reason["id"] for reason in _reasons(visit) if reason["type"] == "hired"), None)


def _bytes(visit: Visit, digest: str, name: str) -> Response:
    answer = attachments.download(visit.store.blobs.get(digest), name)
    headers = {key.decode(): value.decode() for key, value in answer.headers} | {"X-Content-Type-Options": "nosniff"}
    return Response(answer.body, media_type=answer.content_type.decode(), headers=headers)
