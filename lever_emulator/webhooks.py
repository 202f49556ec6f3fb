"""What Lever tells its subscribers, and whom. lever-api.md 5.15 and 6.3.

Whoever changes something (Data API, pages, control API) goes through the pipeline, which calls these. An account
without subscribers costs one look.
"""

from lever_emulator.account import Account, Row
from lever_emulator.store import Store

EVENTS_WITH_ORIGINS = ("applicationCreated", "candidateArchiveChange", "candidateHired", "candidateStageChange")
EVENTS = (
    *EVENTS_WITH_ORIGINS, "candidateDeleted", "interviewCreated", "interviewUpdated", "interviewDeleted",
    "contactCreated", "contactUpdated",
)  # fmt: skip


def is_on(account: Account, event: str) -> bool:
    """Say whether a Super Admin has the event switched on in Settings."""
    return event not in account.row.get("_events_off", ())


def switch_event(account: Account, event: str, on: bool) -> None:
    """Switch an event on or off in Settings."""
    others = [name for name in account.row.get("_events_off", ()) if name != event]
    account.row["_events_off"] = others if on else [*others, event]
    account.save_self()


def subscribers(account: Account, event: str, origin: str | None) -> list[Row]:
    """Return the webhooks an event goes to; four events can be narrowed by origin."""
    found = []
    for webhook in account.webhooks.values():
        conditions = webhook["configuration"].get("conditions")
        if webhook["event"] == event and (conditions is None or origin in conditions["origins"]):
            found.append(webhook)
    return found


def tell(store: Store, account: Account, event: str, data: Row, origin: str | None = None) -> None:
    """Have an event delivered to everybody who wants it."""
    if store.hushed or not is_on(account, event) or not store.switch("webhook_deliveries", account):
        return
    if store.in_api_call and not store.switch("webhook_api_changes", account):
        return
    for webhook in subscribers(account, event, origin):
        store.deliveries.add(account, webhook, event, data)


def of_opportunity(row: Row, **further: object) -> Row:
    """Return the ids every candidate event carries; `candidateId` is the old name of the same."""
    return {"opportunityId": row["id"], "candidateId": row["id"], "contactId": row["contact"], **further}


def stage_changed(store: Store, account: Account, row: Row, before: str) -> None:
    """Tell that an opportunity moved."""
    if account.webhooks and row["stage"] != before:
        data = of_opportunity(row, fromStageId=before, toStageId=row["stage"])
        tell(store, account, "candidateStageChange", data, row["origin"])


def archive_changed(store: Store, account: Account, row: Row, before: Row | None) -> None:
    """Tell that an opportunity was archived, got another reason or came back; a hired-type reason is a hire too."""
    if not account.webhooks or row["archived"] == before:
        return
    after = row["archived"]
    data = of_opportunity(row, fromArchived=before, toArchived=after)
    tell(store, account, "candidateArchiveChange", data, row["origin"])
    if _is_hired(account, after) and not _is_hired(account, before):
        tell(store, account, "candidateHired", of_opportunity(row), row["origin"])


def application_created(store: Store, account: Account, row: Row) -> None:
    """Tell that somebody was put forward for a posting."""
    if account.webhooks:
        data = of_opportunity(row, applicationId=row["_application"])
        tell(store, account, "applicationCreated", data, row["origin"])


def opportunity_deleted(store: Store, account: Account, row: Row, user: str | None) -> None:
    """Tell that an opportunity is gone."""
    if account.webhooks:
        tell(store, account, "candidateDeleted", of_opportunity(row, deletedBy=user), row["origin"])


def contact_created(store: Store, account: Account, contact: Row) -> None:
    """Tell that there is a new person."""
    if account.webhooks:
        data = {"contactId": contact["id"], "accountId": account.id, "createdAt": store.clock.now()}
        tell(store, account, "contactCreated", data)


def contact_updated(store: Store, account: Account, contact: Row) -> None:
    """Tell that a person's data changed."""
    if account.webhooks:
        data = {"contactId": contact["id"], "accountId": account.id, "updatedAt": store.clock.now()}
        tell(store, account, "contactUpdated", data)


def _is_hired(account: Account, archived: Row | None) -> bool:
    reason = account.archive_reasons.get(archived["reason"]) if archived else None
    return reason is not None and reason["type"] == "hired"
