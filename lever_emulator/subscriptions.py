"""Webhook subscriptions: the checks and the rows, whether made through the API or by hand in Settings."""

import secrets
import urllib.parse
from typing import Any

from lever_emulator.account import Account, Row
from lever_emulator.calls import bad_request
from lever_emulator.listing import ORIGINS
from lever_emulator.store import Store, new_id
from lever_emulator.webhooks import EVENTS, EVENTS_WITH_ORIGINS

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def subscribe(
    store: Store, account: Account, event: Any, url: Any, configuration: Any, *, by_hand: bool = False
) -> Row:
    """Add a webhook with a signing token of its own. It stays when the app that made it loses its access."""
    if event not in EVENTS:
        raise bad_request(f"Invalid field event: must be one of {', '.join(EVENTS)}")
    now = store.clock.now()
    row: Row = {
        "id": new_id(),
        "event": event,
        "url": checked_url(store, account, url),
        "configuration": checked_configuration(event, configuration),
        "createdAt": now,
        "updatedAt": now,
        "_signature_token": secrets.token_hex(24),
    }
    if by_hand:
        row["_by_hand"] = True
    account.webhooks[row["id"]] = row
    account.save("webhook", row)
    return row


def unsubscribe(account: Account, row: Row) -> None:
    """Take a webhook away; deliveries still waiting are not sent."""
    del account.webhooks[row["id"]]
    account.save("webhook", {"id": row["id"], "_gone": True})


def checked_configuration(event: str, wish: Any) -> Row:
    """Return the conditions of a webhook; only four events have any, and they default to every origin."""
    if event not in EVENTS_WITH_ORIGINS:
        return {}
    conditions = wish.get("conditions") if isinstance(wish, dict) else None
    origins = conditions.get("origins", ORIGINS) if isinstance(conditions, dict) else ORIGINS
    if not isinstance(origins, list | tuple) or not set(origins) <= set(ORIGINS):
        raise bad_request(f"Invalid field configuration: origins must be of {', '.join(ORIGINS)}")
    return {"conditions": {"origins": list(origins)}}


def checked_url(store: Store, account: Account, value: Any) -> str:
    """Return an address webhooks may go to: https, or by switch plain http to this machine."""
    if isinstance(value, str):
        try:
            parts = urllib.parse.urlsplit(value)
            _ = parts.port
        except ValueError:
            parts = urllib.parse.SplitResult("", "", "", "", "")
        loopback = parts.hostname in LOOPBACK and store.switch("http_webhooks", account)
        if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
            return value
    raise bad_request("Invalid field url: must be an https address")
