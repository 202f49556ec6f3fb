"""Our webhooks at Lever: which there are, and what must be remembered of them to check what they tell.

One per event, all to one address. Lever shows the token that signs an event's deliveries once, when its webhook is
made; so what is kept is the JSON of {event: {"id": ..., "token": ...}}, and one whose token we do not know is made
anew.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from integrations.errors import Rejected
from integrations.lever.client import LeverClient

# Of Lever's ten events (https://hire.lever.co/developer/documentation#webhooks) those that tell what became of somebody
# we sent. Left out: applicationCreated (we know whom we sent; applicants of others are not ours), contactCreated and
# contactUpdated (about every person of the account, without naming an opportunity; anonymised ones come with the
# catch-up, since `isAnonymized` moves `updatedAt`), and the interviews (in beta, and a stage tells as much).
EVENTS = ("candidateStageChange", "candidateArchiveChange", "candidateHired", "candidateDeleted")
# Three of them can be narrowed by origin. We want all: a recruiter who changes an origin must not silence us.
NARROWED_BY_ORIGIN = {"candidateStageChange", "candidateArchiveChange", "candidateHired"}
ORIGINS = ("agency", "applied", "internal", "referred", "sourced", "university")


def subscribe(lever: LeverClient, url: str, kept: str) -> str:
    """Let each event be told to `url` by exactly one webhook whose token we know, and return what must be kept.

    Lists first, so doing it again after a call without an answer makes nothing twice. Raises
    Rejected("webhooks_refused") where the account may have none ("select packages" have that API) or Lever does not
    take the address (it must be https).
    """
    remembered = read_kept(kept)
    try:
        listed = lever.list_webhooks()
        known = {
            webhook.event: remembered[webhook.event]
            for webhook in listed
            if webhook.url == url and _id_of(remembered.get(webhook.event)) == webhook.id and webhook.event in EVENTS
        }
        ours = {webhook.id for webhook in listed if webhook.url == url} | {_id_of(row) for row in remembered.values()}
        for webhook in listed:
            if webhook.id in ours and webhook.id != _id_of(known.get(webhook.event)):
                lever.delete_webhook(webhook.id)
        for event in EVENTS:
            if event not in known:
                known[event] = _make(lever, url, event)
    except Rejected as error:
        raise Rejected("webhooks_refused", **error.parameters) from None
    return json.dumps(known)


def unsubscribe(lever: LeverClient, kept: str) -> None:
    """Take all of them away; one that cannot be taken keeps none of the others."""
    trouble: Exception | None = None
    for row in read_kept(kept).values():
        try:
            lever.delete_webhook(row["id"])
        except Rejected as error:
            trouble = error
    if trouble:
        raise trouble


def is_subscribed(lever: LeverClient, url: str, kept: str) -> bool:
    """Say whether each event still has its webhook to `url`, and we its token. Raises as `subscribe` does."""
    remembered = read_kept(kept)
    try:
        there = {(webhook.event, webhook.id) for webhook in lever.list_webhooks() if webhook.url == url}
    except Rejected as error:
        raise Rejected("webhooks_refused", **error.parameters) from None
    return all((event, _id_of(remembered.get(event))) in there for event in EVENTS)


def signing_tokens(kept: str, event: str) -> list[str]:
    """Return the tokens that may have signed a delivery, its own event's first.

    The others too: the test that Lever's settings page sends calls itself candidateHired, whichever webhook it tests.
    """
    remembered = read_kept(kept)
    first = [row["token"] for name, row in remembered.items() if name == event]
    return first + [row["token"] for name, row in remembered.items() if name != event]


def is_signed(token: str, triggered_at: int, signature: str, signing_tokens: Iterable[str]) -> bool:
    """Say whether one of our tokens signed a delivery, in a time that tells nothing about the right signature.

    https://hire.lever.co/developer/documentation#webhooks: the signature is the HMAC-SHA256 of `token` followed by
    `triggeredAt` (milliseconds, in decimal) with the webhook's signing token, in lower-case hexadecimals. It does not
    cover `data`.
    """
    message, given = f"{token}{triggered_at}".encode(), signature.encode()
    good = False
    for key in signing_tokens:
        good |= hmac.compare_digest(hmac.new(key.encode(), message, "sha256").hexdigest().encode(), given)
    return good


def read_kept(kept: str) -> dict[str, dict[str, str]]:
    """Return what is kept, event by event; nothing of what is not whole."""
    value = _json(kept)
    return {
        event: row
        for event, row in value.items()
        if isinstance(row, dict) and all(isinstance(row.get(name), str) and row[name] for name in ("id", "token"))
    }


def _make(lever: LeverClient, url: str, event: str) -> dict[str, str]:
    made = lever.create_webhook(url, event, origins=ORIGINS if event in NARROWED_BY_ORIGIN else ())
    if not made.signing_token:
        # Its deliveries could be anybody's.
        lever.delete_webhook(made.id)
        raise Rejected("webhooks_refused", status=201, word="no_signing_token")
    return {"id": made.id, "token": made.signing_token}


def _id_of(row: Mapping[str, str] | None) -> str:
    return row["id"] if row else ""


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
