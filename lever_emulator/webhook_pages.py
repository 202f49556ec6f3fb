"""Settings, Webhooks: events on and off, subscriptions, the test delivery, the delivery log and reruns."""

import json
from typing import Any

from starlette.responses import Response

from lever_emulator import subscriptions
from lever_emulator.account import Row
from lever_emulator.calls import Refusal
from lever_emulator.listing import ORIGINS
from lever_emulator.site import Visit, Work
from lever_emulator.webhooks import EVENTS, EVENTS_WITH_ORIGINS, is_on, switch_event

DELIVERIES_SHOWN = 100
STATES = ("delivered", "waiting", "failed", "cancelled")
EVENT_WORDS = {
    "applicationCreated": "Application created",
    "candidateHired": "Candidate hired",
    "candidateStageChange": "Candidate stage change",
    "candidateArchiveChange": "Candidate archive state change",
    "candidateDeleted": "Candidate deleted",
    "interviewCreated": "Interview created",
    "interviewUpdated": "Interview updated",
    "interviewDeleted": "Interview deleted",
    "contactCreated": "Contact created",
    "contactUpdated": "Contact updated",
}


def webhooks(visit: Visit) -> Response:
    """Show the events, the subscriptions and what was delivered last."""
    account = _for_super_admin(visit).account
    state, hook = visit.query("state"), visit.query("webhook")
    rows = [
        row
        for row in reversed(list(account.deliveries.values()))
        if state in ("", row["state"]) and hook in ("", row["webhook"])
    ]
    return visit.page(
        "webhooks.html",
        "Webhooks",
        events=[(event, EVENT_WORDS[event], is_on(account, event)) for event in EVENTS],
        words=EVENT_WORDS,
        hooks=[_shown(visit, row) for row in account.webhooks.values()],
        with_origins=EVENTS_WITH_ORIGINS,
        origins=ORIGINS,
        rows=rows[:DELIVERIES_SHOWN],
        total=len(rows),
        states=STATES,
        state=state,
        hook=hook,
        figures=visit.store.deliveries.figures(),
    )


def set_events(visit: Visit) -> Response:
    """Switch events on or off, or the whole group."""
    account = _for_super_admin(visit).account
    for event in EVENTS:
        on = (visit.field("all") or visit.field(event)) == "on"
        if on != is_on(account, event):
            switch_event(account, event, on)
    return visit.back("/settings/webhooks", "Events saved")


def add(visit: Visit) -> Response:
    """Add a webhook by hand."""
    account = _for_super_admin(visit).account
    origins = [str(origin) for origin in visit.form.getlist("origins")]
    configuration = {"conditions": {"origins": origins or list(ORIGINS)}}
    subscriptions.subscribe(visit.store, account, visit.field("event"), visit.field("url"), configuration, by_hand=True)
    return visit.back("/settings/webhooks", "Webhook added. Copy its signing token to the partner.")


def delete(visit: Visit) -> Response:
    """Delete a webhook that was made by hand."""
    row = _webhook(visit)
    if not row.get("_by_hand"):
        raise ValueError("This webhook was made through the API and can be changed only there.")
    subscriptions.unsubscribe(visit.account, row)
    return visit.back("/settings/webhooks", "Webhook deleted")


async def verify(visit: Visit) -> Response:
    """Send the test delivery and say what came of it."""
    tried = await visit.store.deliveries.verify(visit.account, _webhook(visit))
    return visit.back("/settings/webhooks", _outcome(tried))


def delivery(visit: Visit) -> Response:
    """Show one delivery: what was sent, and every try."""
    _for_super_admin(visit)
    row = visit.row(visit.account.deliveries, "delivery")
    body = json.dumps(json.loads(row["body"]), indent=2, ensure_ascii=False)
    return visit.page(
        "delivery.html",
        EVENT_WORDS[row["event"]],
        row=row,
        body=body,
        words=EVENT_WORDS,
        hook=visit.account.webhooks.get(row["webhook"]),
        is_here=row["opportunity"] in visit.account.opportunities,
    )


async def rerun(visit: Visit) -> Response:
    """Send one delivery again, as it was."""
    _for_super_admin(visit)
    row = visit.row(visit.account.deliveries, "delivery")
    tried = await visit.store.deliveries.rerun(visit.account, row)
    return visit.back(f"/settings/webhooks/deliveries/{row['id']}", _outcome(tried))


def rerun_all(visit: Visit) -> Response:
    """Send again what the list shows."""
    account = _for_super_admin(visit).account
    state, hook = visit.field("state"), visit.field("webhook")
    rows = [row for row in account.deliveries.values() if state in ("", row["state"]) and hook in ("", row["webhook"])]
    for row in rows:
        visit.store.deliveries.rerun_later(account, row)
    return visit.back("/settings/webhooks", f"Sending {len(rows)} again")


def _for_super_admin(visit: Visit) -> Visit:
    if visit.user["accessRole"] != "super admin":
        raise Refusal(403, "Webhooks are for Super Admins. Sign in as one.")
    return visit


def _webhook(visit: Visit) -> Row:
    return _for_super_admin(visit).row(visit.account.webhooks, "webhook")


def _shown(visit: Visit, row: Row) -> dict[str, Any]:
    origins = row["configuration"].get("conditions", {}).get("origins")
    newest = next(
        (one for one in reversed(visit.account.deliveries.values()) if one["webhook"] == row["id"] and one["tries"]),
        None,
    )
    return {
        "id": row["id"],
        "event": row["event"],
        "url": row["url"],
        "origins": None if origins is None or len(origins) == len(ORIGINS) else origins,
        "by_hand": bool(row.get("_by_hand")),
        "signature_token": row["_signature_token"],
        "is_on": is_on(visit.account, row["event"]),
        "last": newest["tries"][-1] if newest else None,
    }


def _outcome(tried: Row) -> str:
    if tried["status"]:
        taken = "Received" if 200 <= tried["status"] < 300 else "Refused"
        return f"{taken}: answered {tried['status']} after {tried['durationMs']:.0f} ms"
    return f"Not received: {tried['error']}"


TABLE: list[tuple[str, str, Work]] = [
    ("GET", "/settings/webhooks", webhooks),
    ("POST", "/settings/webhooks", add),
    ("POST", "/settings/webhooks/events", set_events),
    ("POST", "/settings/webhooks/rerun", rerun_all),
    ("GET", "/settings/webhooks/deliveries/{delivery}", delivery),
    ("POST", "/settings/webhooks/deliveries/{delivery}/rerun", rerun),
    ("POST", "/settings/webhooks/{webhook}/verify", verify),
    ("POST", "/settings/webhooks/{webhook}/delete", delete),
]
