"""Postings in the Data API. https://hire.lever.co/developer/documentation#postings"""

from typing import Any

from lever_emulator import pipeline, shapes
from lever_emulator.account import Row
from lever_emulator.calls import Answer, Call, Refusal, bad_request, enveloped, not_found
from lever_emulator.listing import deleted_between, wanted_confidentiality
from lever_emulator.paging import page_of
from lever_emulator.seeds import CATEGORY_FIELDS, SALARY_FIELDS, add_posting

STATES = ("published", "internal", "closed", "draft", "pending", "rejected")
CHANNELS = ("public", "internal")
PLAIN_FILTERS = ("state", "distributionChannel", "group", *CATEGORY_FIELDS, "tag")
CHANGEABLE = ("owner", "hiringManager", "tags", "country", "workplaceType", "content", *SALARY_FIELDS)


def list_postings(call: Call) -> Answer:
    """Answer one page, newest first."""
    expand = shapes.wanted_expands(call, shapes.POSTING_EXPANDS)
    include = call.many("include")
    rows = [row for row in call.account.postings.values() if _matches(row, _filters(call))]
    return page_of(
        call,
        rows,
        lambda row: [row["createdAt"], row["id"]],
        lambda row: shapes.included(shapes.posting(call.account, row, expand), include, expand),
        newest_first=True,
    )


def read_posting(call: Call) -> Answer:
    """Answer one posting; a confidential one needs the right to see it."""
    expand = shapes.wanted_expands(call, shapes.POSTING_EXPANDS)
    return enveloped(shapes.posting(call.account, posting_of(call), expand))


def list_deleted(call: Call) -> Answer:
    """Answer the postings that were deleted: not documented, but there."""
    rows = deleted_between(call, call.account.deleted_postings.values())
    return page_of(
        call,
        rows,
        lambda row: [row["_deleted_at"], row["id"]],
        lambda row: {**shapes.public(row), "deletedAt": row["_deleted_at"], "deletedBy": row["_deleted_by"]},
        newest_first=True,
    )


def create_posting(call: Call) -> Answer:
    """Make a posting, a draft unless a state is given."""
    user = call.perform_as(required=True)
    body = call.json()
    if not isinstance(body.get("text"), str):
        raise bad_request("Missing required field: text")
    state = body.get("state", "draft")
    if state not in STATES:
        raise bad_request(f"Invalid field state: must be one of {', '.join(STATES)}")
    return enveloped(shapes.public(add_posting(call.account, {**body, "state": state}, user, call.now)), 201)


def update_posting(call: Call) -> Answer:
    """Change the given fields. Yes, POST."""
    call.perform_as(required=True)
    row, body = posting_of(call), call.json()
    state = body.get("state", row["state"])
    if state not in STATES:
        raise bad_request(f"Invalid field state: must be one of {', '.join(STATES)}")
    change_posting(call, row, body)
    return enveloped(shapes.public(row))


def change_posting(call: Call, row: Row, body: dict[str, Any]) -> None:
    """Take over what was sent of a posting."""
    if isinstance(body.get("text"), str) and body["text"] != row["text"]:
        pipeline.rename_posting(call.store, call.account, row, body["text"])
    row |= {name: body[name] for name in CHANGEABLE if name in body}
    if isinstance(body.get("categories"), dict):
        row["categories"] |= body["categories"]
    if "state" in body or "distributionChannels" in body:
        channels = body.get("distributionChannels", row["distributionChannels"])
        pipeline.set_state(call.store, call.account, row, str(body.get("state", row["state"])), channels)
    row["updatedAt"] = call.now
    call.account.save("posting", row)


def posting_of(call: Call) -> Row:
    """Return the posting in the path; a confidential one needs the right to see it."""
    row = call.account.postings.get(call.params["posting"])
    if row is None:
        raise not_found("postings", call.params["posting"])
    assert call.caller is not None
    if row["confidentiality"] == "confidential" and not call.caller.confidential:
        raise Refusal(403, "This token has no access to confidential records")
    return row


def _filters(call: Call) -> dict[str, Any]:
    filters: dict[str, Any] = {name: set(call.many(name)) for name in PLAIN_FILTERS}
    for name, allowed in (("state", STATES), ("distributionChannel", CHANNELS)):
        if not filters[name] <= set(allowed):
            raise bad_request(f"Invalid value for parameter {name}")
    filters["confidentiality"] = wanted_confidentiality(call)
    filters["start"], filters["end"] = call.millis("updated_at_start"), call.millis("updated_at_end")
    if (filters["start"] or filters["end"]) and any(filters[name] for name in PLAIN_FILTERS):
        raise bad_request("updated_at_start and updated_at_end can only be combined with confidentiality")
    return filters


def _matches(row: Row, filters: dict[str, Any]) -> bool:
    if filters["confidentiality"] not in ("all", row["confidentiality"]):
        return False
    if filters["state"] and row["state"] not in filters["state"]:
        return False
    channels = set(row["distributionChannels"] or ())
    if filters["distributionChannel"]:
        if not channels & filters["distributionChannel"]:
            return False
    elif filters["state"] and row["state"] == "published" and "public" not in channels:
        return False  # state=published alone lists the public job site only
    for name in CATEGORY_FIELDS:
        values = row["categories"]["allLocations"] if name == "location" else [row["categories"].get(name)]
        if filters[name] and not filters[name] & set(values):
            return False
    if filters["tag"] and not filters["tag"] & set(row["tags"]):
        return False
    updated = row["updatedAt"] or row["createdAt"]
    return (filters["start"] is None or updated >= filters["start"]) and (
        filters["end"] is None or updated <= filters["end"]
    )
