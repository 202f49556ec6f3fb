"""The part of `/_control` about webhooks: subscriptions, deliveries, and a storm of them on request."""

import json
import random
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from lever_emulator import pipeline, subscriptions
from lever_emulator.account import Account, Row
from lever_emulator.control_accounts import account_named, summary
from lever_emulator.deliveries import signed_body
from lever_emulator.store import Store, new_id
from lever_emulator.webhooks import EVENTS, is_on, of_opportunity, subscribers, switch_event

Body = dict[str, Any]


def show_webhooks(store: Store, request: Request, body: Body) -> Body:
    """Show an account's webhooks with their signing tokens, and which events are on in Settings."""
    account = account_named(store, request.path_params["account"])
    return {
        "webhooks": [shown_webhook(row) for row in account.webhooks.values()],
        "events": {event: is_on(account, event) for event in EVENTS},
    }


def change_webhooks(store: Store, request: Request, body: Body) -> Body:
    """Switch events on or off in Settings, all or some: {events: true, false or {name: bool}}."""
    account = account_named(store, request.path_params["account"])
    wish = body.get("events")
    if isinstance(wish, bool):
        wish = dict.fromkeys(EVENTS, wish)
    if not isinstance(wish, dict) or not all(isinstance(on, bool) for on in wish.values()):
        raise ValueError("events must be true, false, or an object of event names with true or false.")
    if unknown := sorted(set(wish) - set(EVENTS)):
        raise ValueError(f"There is no event {unknown[0]}. There are: {', '.join(EVENTS)}.")
    for event, on in wish.items():
        switch_event(account, event, on)
    return show_webhooks(store, request, body)


def delete_webhook(store: Store, request: Request, body: Body) -> Body:
    """Delete a webhook, as somebody in Settings would."""
    account, row = _webhook(store, request)
    subscriptions.unsubscribe(account, row)
    return {"deleted": row["id"]}


async def verify(store: Store, request: Request, body: Body) -> Body:
    """Do what "Verify connection" does: send the signed test with empty data, and wait for what comes of it."""
    account, row = _webhook(store, request)
    return await store.deliveries.verify(account, row)


def list_deliveries(store: Store, request: Request, body: Body) -> Body:
    """Show the log, newest first; narrowed by account, webhook, event, state, opportunity; `limit` (1000)."""
    params = request.query_params
    wanted = {name: params[name] for name in ("webhook", "event", "state", "opportunity") if name in params}
    rows = [
        (account, row)
        for account in _accounts(store, params.get("account"))
        for row in account.deliveries.values()
        if all(row[name] == value for name, value in wanted.items())
    ]
    rows.sort(key=lambda pair: pair[1]["triggeredAt"], reverse=True)
    limit = int(params.get("limit", "1000"))
    return {"deliveries": [shown_delivery(*pair) for pair in rows[:limit]], "counters": store.deliveries.figures()}


def forget_deliveries(store: Store, request: Request, body: Body) -> Body:
    """Empty the log and the queue, and count from zero."""
    store.deliveries.clear()
    for account in store.accounts.values():
        for key in account.deliveries:
            account.save("delivery", {"id": key, "_gone": True})
        account.deliveries.clear()
    return store.deliveries.figures()


async def rerun(store: Store, request: Request, body: Body) -> Body:
    """Send one delivery of the log again, and wait for what comes of it."""
    key = request.path_params["delivery"]
    for account in store.accounts.values():
        if key in account.deliveries:
            row = account.deliveries[key]
            await store.deliveries.rerun(account, row)
            return shown_delivery(account, row)
    raise LookupError(f"There is no delivery {key}.")


def rerun_all(store: Store, request: Request, body: Body) -> Body:
    """Send many of the log again, oldest first: {account?, webhook?, event?, state?}. Does not wait."""
    wanted = {name: body[name] for name in ("webhook", "event", "state") if body.get(name)}
    count = 0
    for account in _accounts(store, body.get("account")):
        for row in list(account.deliveries.values()):
            if all(row[name] == value for name, value in wanted.items()):
                store.deliveries.rerun_later(account, row)
                count += 1
    return {"rerun": count}


def pause(store: Store, request: Request, body: Body) -> Body:
    """Send nothing until resumed."""
    store.deliveries.pause()
    return store.deliveries.figures()


def resume(store: Store, request: Request, body: Body) -> Body:
    """Go on sending."""
    store.deliveries.resume()
    return store.deliveries.figures()


async def wait(store: Store, request: Request, body: Body) -> Body:
    """Wait until everything was sent: {account?, retries?: bool, timeout_seconds? (10)}.

    Retries that wait for their time do not count unless asked for; deliveries that are delayed do.
    """
    account = account_named(store, body["account"]) if body.get("account") else None
    seconds = float(body.get("timeout_seconds", 10))
    quiet = await store.deliveries.quiet(account, retries=bool(body.get("retries")), seconds=seconds)
    return {"quiet": quiet, **store.deliveries.figures()}


def storm(store: Store, request: Request, body: Body) -> Body:
    """Change many at once: {count, send? (true), opportunities?: [ids], doubled?, forged?, shuffled?, seed?}.

    Each change is real: the next stage, or now and then into the archive and back. With `send` false nothing is sent;
    the signed bodies come back instead, to be sent by whoever asked: `doubled` and `forged` are shares, `shuffled` true
    mixes their order. A forged one has a wrong signature and tells of a stage that is not so.
    """
    account = account_named(store, request.path_params["account"])
    count, dice = body.get("count"), random.Random(body.get("seed"))
    if not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= 100_000:
        raise ValueError("count must be between 1 and 100000.")
    rows = _storm_rows(account, body.get("opportunities"))
    user = summary(store, account)["super_admin"]
    made: list[Body] = []
    send = body.get("send", True)
    for number in range(count):
        row = rows[number % len(rows)]
        if send:
            _change(store, account, row, user, dice)
        else:
            with store.hush():
                event, data = _change(store, account, row, user, dice)
            made += [
                _signed(webhook, event, data, store.clock.now())
                for webhook in subscribers(account, event, row["origin"])
            ]
    for delivery in list(made):
        if dice.random() < float(body.get("doubled", 0)):
            made.append(delivery)
        if dice.random() < float(body.get("forged", 0)):
            made.append(_forged(delivery))
    if body.get("shuffled"):
        dice.shuffle(made)
    return {"changed": count, "deliveries": made}


def shown_webhook(row: Row) -> Body:
    """Return a webhook with its signing token, which the Data API shows only once."""
    shown = {name: value for name, value in row.items() if name[0] != "_"}
    return {**shown, "signatureToken": row["_signature_token"], "byHand": bool(row.get("_by_hand"))}


def shown_delivery(account: Account, row: Row) -> Body:
    """Return a delivery with its body as an object, and all its tries."""
    return {**row, "account": account.id, "body": json.loads(row["body"])}


def _accounts(store: Store, key: str | None) -> list[Account]:
    return [account_named(store, key)] if key else list(store.accounts.values())


def _webhook(store: Store, request: Request) -> tuple[Account, Row]:
    key = request.path_params["webhook"]
    for account in store.accounts.values():
        if key in account.webhooks:
            return account, account.webhooks[key]
    raise LookupError(f"There is no webhook {key}.")


def _storm_rows(account: Account, keys: Any) -> list[Row]:
    if keys is None:
        keys = list(account.opportunities)
    missing = [key for key in keys if key not in account.opportunities]
    if missing:
        raise LookupError(f"There is no opportunity {missing[0]}.")
    if not keys:
        raise ValueError("The account has no opportunities.")
    return [account.opportunities[key] for key in keys]


def _change(store: Store, account: Account, row: Row, user: str, dice: random.Random) -> tuple[str, Row]:
    """Move a candidate on as people do; return what subscribers are told."""
    if row["archived"] or dice.random() < 0.1:
        before = row["archived"]
        reason = None if before else dice.choice([*account.archive_reasons])
        pipeline.archive(store, account, row, reason)
        return "candidateArchiveChange", of_opportunity(row, fromArchived=before, toArchived=row["archived"])
    stages = list(account.stages)
    before_stage = row["stage"]
    pipeline.move_to_stage(store, account, row, stages[(stages.index(before_stage) + 1) % len(stages)], user)
    return "candidateStageChange", of_opportunity(row, fromStageId=before_stage, toStageId=row["stage"])


def _signed(webhook: Row, event: str, data: Row, now: int) -> Body:
    body = signed_body(webhook, event, data, now, new_id())
    return {"url": webhook["url"], "event": event, "body": body, "forged": False}


def _forged(delivery: Body) -> Body:
    body = json.loads(delivery["body"])
    lie = {"fromStageId": "offer", "toStageId": "lead-new", "fromArchived": None, "toArchived": None}
    data = {name: lie.get(name, value) for name, value in body["data"].items()}
    body |= {"id": new_id(), "data": data, "token": new_id().replace("-", "") * 2, "signature": "0" * 64}
    return {**delivery, "body": json.dumps(body, separators=(",", ":")), "forged": True}


TABLE: list[tuple[str, str, Callable[[Store, Request, Body], Any]]] = [
    ("GET", "/accounts/{account}/webhooks", show_webhooks),
    ("POST", "/accounts/{account}/webhooks", change_webhooks),
    ("POST", "/accounts/{account}/storm", storm),
    ("DELETE", "/webhooks/{webhook}", delete_webhook),
    ("POST", "/webhooks/{webhook}/verify", verify),
    ("GET", "/deliveries", list_deliveries),
    ("DELETE", "/deliveries", forget_deliveries),
    ("POST", "/deliveries/pause", pause),
    ("POST", "/deliveries/resume", resume),
    ("POST", "/deliveries/wait", wait),
    ("POST", "/deliveries/rerun", rerun_all),
    ("POST", "/deliveries/{delivery}/rerun", rerun),
]
