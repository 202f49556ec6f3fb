"""Contacts, stages, users, tags, sources, archive reasons and webhook subscriptions in the Data API."""

from typing import Any

from lever_emulator import pipeline, shapes, subscriptions
from lever_emulator.account import Row, canonical_email
from lever_emulator.calls import Answer, Call, Refusal, bad_request, enveloped, json_answer, not_found
from lever_emulator.opportunities import phones, strings
from lever_emulator.paging import page_of
from lever_emulator.seeds import add_user
from lever_emulator.tokens import forget_grants_of_user


def read_contact(call: Call) -> Answer:
    """GET /contacts/:contact."""
    return enveloped(shapes.contact(_one(call.account.contacts, "contacts", call.params["contact"])))


def update_contact(call: Call) -> Answer:
    """PUT /contacts/:contact, which merges."""
    contact = _one(call.account.contacts, "contacts", call.params["contact"])
    body = call.json()
    wish: Row = {name: body[name] for name in ("name", "headline", "location", "emails", "phones") if name in body}
    for name in ("name", "headline", "location"):
        if not isinstance(wish.get(name, ""), str):
            raise bad_request(f"Invalid field {name}: must be a string")
    strings(wish.get("emails", []), "emails")
    phones(wish.get("phones", []))
    pipeline.change_contact(call.store, call.account, contact, wish)
    return enveloped(shapes.contact(contact, answer_to_put=bool(call.store.switch("quirks", call.account))))


def list_stages(call: Call) -> Answer:
    """GET /stages, in pipeline order."""
    places = call.account.stage_index
    rows = list(call.account.stages.values())
    return page_of(call, rows, lambda row: [places[row["id"]], row["id"]], shapes.stage, newest_first=False)


def read_stage(call: Call) -> Answer:
    """GET /stages/:stage."""
    return enveloped(shapes.stage(_one(call.account.stages, "stages", call.params["stage"])))


def disposition_stages(call: Call) -> Answer:
    """GET /disposition_stages: not documented, but there. Its rank is what orders opportunity lists."""
    stages = [{**stage, "hasInterview": stage["pipeline"] == "onsite"} for stage in call.account.stages.values()]
    return enveloped({"stages": stages, "archiveReasons": list(call.account.archive_reasons.values())})


def list_archive_reasons(call: Call) -> Answer:
    """GET /archive_reasons."""
    wanted = call.one("type")
    if wanted not in (None, "hired", "non-hired"):
        raise bad_request("Invalid value for parameter type")
    rows = [row for row in call.account.archive_reasons.values() if wanted in (None, row["type"])]
    places = {row["id"]: place for place, row in enumerate(rows)}
    return page_of(call, rows, lambda row: [places[row["id"]], row["id"]], shapes.public, newest_first=False)


def read_archive_reason(call: Call) -> Answer:
    """GET /archive_reasons/:reason."""
    return enveloped(_one(call.account.archive_reasons, "archive_reasons", call.params["reason"]))


def list_tags(call: Call) -> Answer:
    """GET /tags."""
    return _counts(call, call.account.by_tag)


def list_sources(call: Call) -> Answer:
    """GET /sources."""
    return _counts(call, call.account.by_source)


def _counts(call: Call, index: dict[str, set[str]]) -> Answer:
    rows = [{"count": len(keys), "text": text} for text, keys in index.items()]
    return page_of(call, rows, lambda row: [row["text"].casefold(), row["text"]], shapes.public, newest_first=False)


def list_users(call: Call) -> Answer:
    """GET /users, newest first; only active ones unless asked otherwise."""
    rows = list(call.account.users.values())
    if not call.flag("includeDeactivated"):
        rows = [row for row in rows if row["deactivatedAt"] is None]
    if email := call.one("email"):
        rows = [row for row in rows if canonical_email(row["email"]) == canonical_email(email)]
    if roles := call.many("accessRole"):
        rows = [row for row in rows if row["accessRole"] in roles]
    if external := call.one("external_directory_id"):
        rows = [row for row in rows if row["externalDirectoryId"] == external]
    include = call.many("include")
    return page_of(
        call,
        rows,
        lambda row: [row["createdAt"], row["id"]],
        lambda row: shapes.included(row, include, []),
        newest_first=True,
    )


def read_user(call: Call) -> Answer:
    """GET /users/:user."""
    return enveloped(_one(call.account.users, "users", call.params["user"]))


def create_user(call: Call) -> Answer:
    """POST /users."""
    body = call.json()
    for name in ("name", "email"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise bad_request(f"Missing required field: {name}")
    if any(canonical_email(user["email"]) == canonical_email(body["email"]) for user in call.account.users.values()):
        raise bad_request("A user with this email exists already")
    wish = {name: body.get(name) for name in ("name", "email", "accessRole", "externalDirectoryId", "jobTitle")}
    return enveloped(add_user(call.account, wish, call.now), 201)


def deactivate_user(call: Call) -> Answer:
    """POST /users/:user/deactivate."""
    return _set_active(call, active=False)


def reactivate_user(call: Call) -> Answer:
    """POST /users/:user/reactivate."""
    return _set_active(call, active=True)


def _set_active(call: Call, *, active: bool) -> Answer:
    user = _one(call.account.users, "users", call.params["user"])
    pipeline.set_active(call.store, call.account, user, active)
    if not active and call.store.switch("deactivation_kills_grants", call.account):
        forget_grants_of_user(call.store, user["id"])
    return enveloped(user)


def list_webhooks(call: Call) -> Answer:
    """GET /webhooks: no paging fields, no signing tokens, and none that was made by hand in Settings."""
    rows = [row for row in call.account.webhooks.values() if not row.get("_by_hand")]
    return json_answer({"data": [shapes.webhook(row) for row in rows]})


def create_webhook(call: Call) -> Answer:
    """POST /webhooks: the only answer that shows the signing token. The same event and address again is allowed."""
    if not call.store.switch("webhooks_in_package", call.account):
        raise Refusal(403, "The Webhooks API is available in select packages only")
    body = call.json()
    configuration = body.get("configuration") or {}
    row = subscriptions.subscribe(call.store, call.account, body.get("event"), body.get("url"), configuration)
    shown = shapes.webhook(row)
    shown["configuration"] = {**row["configuration"], "signatureToken": row["_signature_token"]}
    return enveloped(shown, 201)


def update_webhooks(call: Call) -> Answer:
    """PUT /webhooks: address and conditions of several."""
    items = call.json().get("data")
    if not isinstance(items, list):
        raise bad_request("Missing required field: data")
    changed = []
    for item in items:
        row = _webhook(call, item.get("id") if isinstance(item, dict) else None)
        changes: Row = {}
        if "url" in item:
            changes["url"] = subscriptions.checked_url(call.store, call.account, item["url"])
        if "configuration" in item:
            changes["configuration"] = subscriptions.checked_configuration(row["event"], item["configuration"])
        changed.append((row, changes))
    for row, changes in changed:
        row |= changes | {"updatedAt": call.now}
        call.account.save("webhook", row)
    return enveloped([shapes.webhook(row) for row, _ in changed])


def delete_webhook(call: Call) -> Answer:
    """DELETE /webhooks/:webhook."""
    row = _webhook(call, call.params["webhook"])
    subscriptions.unsubscribe(call.account, row)
    return Answer(204)


def _webhook(call: Call, key: Any) -> Row:
    """Return a webhook the API may change. What a call on one made by hand gets is unknown; here it is not there."""
    row = _one(call.account.webhooks, "webhooks", key)
    if row.get("_by_hand"):
        raise not_found("webhooks", key)
    return row


def _one(table: dict[str, Row], collection: str, key: Any) -> Row:
    row = table.get(key)
    if row is None:
        raise not_found(collection, key)
    return row
