"""The web app's other half: postings, users, Authorized Apps, faults and switches, the request log."""

import json

from starlette.responses import Response

from lever_emulator import pipeline, tokens
from lever_emulator.consent import scope_in_words
from lever_emulator.faults import KINDS, STATUSES
from lever_emulator.settings import SWITCHES, checked_switch
from lever_emulator.site import Visit, Work

POSTINGS_SHOWN = 200
POSTING_STATES = ("published", "internal", "closed", "draft")
REQUESTS_SHOWN = 200
ENDPOINTS = (
    ("POST /v1/opportunities", "Create an opportunity"),
    ("GET /v1/opportunities", "List opportunities"),
    ("GET /v1/opportunities/*", "Read an opportunity"),
    ("POST /v1/opportunities/*/notes", "Write a note"),
    ("GET /v1/opportunities/*/notes", "List notes"),
    ("GET /v1/contacts/*", "Read a contact"),
    ("PUT /v1/contacts/*", "Change a contact"),
    ("GET /v1/postings", "List postings"),
    ("POST /oauth/token", "Get or refresh tokens"),
    ("/v1/**", "Every Data API call"),
)
SWITCH_WORDS = {
    "latency_ms": "Milliseconds every answer waits",
    "rate": "Requests a second, per account and app",
    "burst": "Size of the bucket",
    "retry_after": "429 carries Retry-After",
    "access_token_seconds": "Life of an access token, in seconds",
    "rotation": "Refresh tokens after use",
    "multipart_phones": "Form of phones taken in multipart",
    "known_person_links": "Links sent for a person who is known",
    "closed_postings": "Creating on a closed posting",
    "deactivation_kills_grants": "Deactivating a user ends their grants",
    "require_perform_as": "Every write needs perform_as",
    "quirks": "Answer with the quirks of the real one",
    "http_webhooks": "Webhooks to http://localhost are taken",
    "webhooks_in_package": "The account may create webhooks",
    "webhook_deliveries": "Webhooks are sent",
    "webhook_api_changes": "Webhooks tell of changes made by API too",
    "webhook_doubled": "Share of deliveries sent twice (0 to 1)",
    "webhook_shuffle_seconds": "Seconds over which deliveries are shuffled",
    "webhook_delay_seconds": "Seconds each delivery waits",
    "webhook_retry_scale": "Gaps between tries, times",
    "webhook_timeout_seconds": "Seconds a delivery may take",
}


def postings(visit: Visit) -> Response:
    """List postings."""
    words = visit.query("q").casefold()
    rows = [row for row in visit.account.postings.values() if words in row["text"].casefold()]
    rows.sort(key=lambda row: (-row["createdAt"], row["id"]))
    counts = {row["id"]: len(visit.account.by_posting.get(row["id"], ())) for row in rows[:POSTINGS_SHOWN]}
    return visit.page(
        "postings.html",
        "Postings",
        rows=rows[:POSTINGS_SHOWN],
        total=len(rows),
        counts=counts,
        states=POSTING_STATES,
        words=visit.query("q"),
    )


def posting_state(visit: Visit) -> Response:
    """Close, reopen or unlist a posting."""
    row, state = visit.row(visit.account.postings, "posting"), visit.field("state")
    if state not in POSTING_STATES:
        raise ValueError("There is no such state.")
    pipeline.set_state(visit.store, visit.account, row, state)
    return visit.back("/postings", f"{row['text']} is now {state}")


def posting_rename(visit: Visit) -> Response:
    """Rename a posting."""
    row, text = visit.row(visit.account.postings, "posting"), visit.field("text")
    if not text:
        raise ValueError("A posting needs a title.")
    pipeline.rename_posting(visit.store, visit.account, row, text)
    return visit.back("/postings", f"Renamed to {text}")


def posting_confidentiality(visit: Visit) -> Response:
    """Hide a posting, or show it again."""
    row, wish = visit.row(visit.account.postings, "posting"), visit.field("confidentiality")
    if wish not in ("confidential", "non-confidential"):
        raise ValueError("There is no such confidentiality.")
    pipeline.set_confidentiality(visit.store, visit.account, row, wish)
    return visit.back("/postings", f"{row['text']} is now {wish}")


def posting_delete(visit: Visit) -> Response:
    """Delete a posting."""
    row = visit.row(visit.account.postings, "posting")
    pipeline.delete_posting(visit.store, visit.account, row, visit.user["id"])
    return visit.back("/postings", f"{row['text']} is deleted")


def users(visit: Visit) -> Response:
    """List users."""
    rows = sorted(visit.account.users.values(), key=lambda row: (row["deactivatedAt"] is not None, row["name"]))
    return visit.page("users.html", "Users", rows=rows)


def user_active(visit: Visit) -> Response:
    """Deactivate or reactivate a user."""
    user = visit.row(visit.account.users, "user")
    active = visit.field("active") == "yes"
    pipeline.set_active(visit.store, visit.account, user, active)
    if not active and visit.store.switch("deactivation_kills_grants", visit.account):
        tokens.forget_grants_of_user(visit.store, user["id"])
    return visit.back("/users", f"{user['name']} is {'active' if active else 'deactivated'}")


def authorized_apps(visit: Visit) -> Response:
    """List the apps this account gave access to."""
    rows = []
    for grant in visit.store.grants.values():
        if grant["account"] == visit.account.id and grant["app"] in visit.store.apps:
            alive = sum(row["grant"] == grant["id"] for row in visit.store.access_tokens.values())
            rows.append(
                {
                    "app": visit.store.apps[grant["app"]],
                    "user": visit.account.users.get(grant["user"]),
                    "created_at": grant["created_at"],
                    "scopes": [scope_in_words(scope) for scope in grant["scopes"]],
                    "tokens": alive,
                }
            )
    return visit.page("apps.html", "Authorized Apps", rows=rows)


def revoke(visit: Visit) -> Response:
    """Take an app's access away."""
    app = visit.store.apps.get(visit.field("client_id"))
    if app is None:
        raise ValueError("There is no such app.")
    tokens.forget_grants_of_app(visit.store, visit.account, app["id"])
    return visit.back("/settings/integrations", f"{app['name']} has no access any more")


def control(visit: Visit) -> Response:
    """Show switches and faults."""
    switches = [
        {
            "name": name,
            "words": SWITCH_WORDS[name],
            "value": visit.store.switches[name],
            "choices": allowed if isinstance(allowed, tuple) else None,
            "is_bool": allowed == "bool",
        }
        for name, (_, allowed) in SWITCHES.items()
    ]
    return visit.page(
        "control.html",
        "Faults and switches",
        switches=switches,
        faults=[fault.as_json() for fault in visit.store.faults.all()],
        injected=visit.store.faults.injected,
        endpoints=ENDPOINTS,
        kinds=[kind for kind in KINDS if kind != "status"],
        statuses=STATUSES,
        counters=visit.store.log.counters(),
        now=visit.store.clock.now(),
    )


def throw_switches(visit: Visit) -> Response:
    """Set all switches of the form."""
    wishes = {}
    for name, (_, allowed) in SWITCHES.items():
        text = visit.field(name)
        if allowed == "bool":
            wishes[name] = checked_switch(name, text == "on")
        elif isinstance(allowed, tuple):
            wishes[name] = checked_switch(name, text)
        else:
            wishes[name] = checked_switch(name, None if text == "" else _number(text, name))
    for name, value in wishes.items():
        visit.store.throw(name, value)
    return visit.back("/control", "Switches set")


def add_fault(visit: Visit) -> Response:
    """Add a fault from the form."""
    wish: dict[str, object] = {"kind": visit.field("kind"), "endpoint": visit.field("endpoint")}
    for name in ("count", "share", "seconds", "retry_after", "seed"):
        if visit.field(name):
            wish[name] = _number(visit.field(name), name)
    if visit.field("only_here") == "on":
        wish["account"] = visit.account.id
    visit.store.faults.add(wish)
    return visit.back("/control", "Fault added")


def remove_fault(visit: Visit) -> Response:
    """Take one fault away, or all."""
    if visit.field("fault"):
        visit.store.faults.remove(visit.field("fault"))
    else:
        visit.store.faults.clear_rules()
    return visit.back("/control", "Fault removed")


def advance_clock(visit: Visit) -> Response:
    """Push the clock."""
    visit.store.advance(_number(visit.field("seconds"), "seconds"))
    return visit.back("/control", "The clock was pushed")


def expire_tokens(visit: Visit) -> Response:
    """Let this account's access tokens run out now."""
    count = tokens.expire_access_tokens(visit.store, visit.account)
    return visit.back("/control", f"{count} access tokens of {visit.account.name} ran out")


def log(visit: Visit) -> Response:
    """Show the last requests."""
    wanted = {"status": visit.query("status") or None, "method": visit.query("method") or None}
    if visit.query("mine"):
        wanted["account"] = visit.account.id
    names = {account.id: account.name for account in visit.store.accounts.values()}
    return visit.page(
        "log.html",
        "Request log",
        rows=visit.store.log.find(REQUESTS_SHOWN, **wanted),
        counters=visit.store.log.counters(),
        names=names,
        wanted=wanted,
        mine=bool(visit.query("mine")),
    )


def _number(text: str, name: str) -> float:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number.")
    return value


TABLE: list[tuple[str, str, Work]] = [
    ("GET", "/postings", postings),
    ("POST", "/postings/{posting}/state", posting_state),
    ("POST", "/postings/{posting}/rename", posting_rename),
    ("POST", "/postings/{posting}/confidentiality", posting_confidentiality),
    ("POST", "/postings/{posting}/delete", posting_delete),
    ("GET", "/users", users),
    ("POST", "/users/{user}/active", user_active),
    ("GET", "/settings/integrations", authorized_apps),
    ("POST", "/settings/integrations/revoke", revoke),
    ("GET", "/control", control),
    ("POST", "/control/switches", throw_switches),
    ("POST", "/control/faults", add_fault),
    ("POST", "/control/faults/remove", remove_fault),
    ("POST", "/control/clock", advance_clock),
    ("POST", "/control/expire_tokens", expire_tokens),
    ("GET", "/log", log),
]
