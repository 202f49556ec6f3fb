"""The catch-up: the ATS's own list of what changed, a page at a time, left and taken up again between slices.

Webhooks may be refused, switched off or lost; this finds what they did not tell. Each list begins before the one before
it did, by an overlap: records move between pages while they are read, and whoever moved has changed since.
"""

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Min
from django.utils import timezone

from integrations.draining.recording import backoff
from integrations.errors import AccessExpired, ConnectionLost, Rejected, TryLater
from integrations.following.health import webhooks_are_at_work
from integrations.following.reaching import Reach
from integrations.following.recording import apply, gone
from integrations.models import CandidateExport, Connection, StageChange
from integrations.providers import Progress
from purposejobs.tenancy import company_scope

logger = logging.getLogger(__name__)

CHANGED, DELETED = "changed", "deleted"
# A vendor whose list never ends is begun anew: a million records.
MOST_PAGES = 10_000
# Those whom nobody looked at for long take no more than this share of the account's rate.
STALE_SHARE = 0.1


def is_due(reach: Reach) -> bool:
    """Say whether there is a page to be read now."""
    at = reach.connection.next_catch_up_at
    return hasattr(reach.provider, "list_progress") and (at is None or at <= timezone.now())


def read_page(reach: Reach) -> bool:
    """Read the next page, for which there is a token, and write it down; say whether a call was made.

    Raises ConnectionLost. Half a list changes no watermark.
    """
    connection = reach.connection
    if not connection.catch_up and not _begin(reach):
        return False
    state = connection.catch_up
    read_at = timezone.now()
    since, cursor = datetime.fromisoformat(state["since"]), state["cursor"]
    list_page = reach.provider.list_progress if state["phase"] == CHANGED else reach.provider.list_deleted
    try:
        page = reach.ask(lambda client: list_page(client, since, cursor))
        if page.next_cursor and (page.next_cursor == cursor or state["pages"] >= MOST_PAGES):
            raise TryLater("unclear", is_outage=False)
    except TryLater as error:
        if error.code == "unclear" and cursor:
            _begin_anew(reach)
        else:
            reach.take_note(error, counts=state["tries"] == 0)
            _put_off(reach, error)
        return True
    except Rejected as error:
        logger.warning("connection %s: its changes cannot be listed, %s", connection.pk, error.code)
        reach.take_note(error)
        if state["phase"] == DELETED:
            _end(reach)
        else:
            _put_off(reach, TryLater(error.code, after=_period(connection)))
        return True
    except (ConnectionLost, AccessExpired):
        raise
    except Exception:
        logger.exception("connection %s: its changes could not be read by a mistake of ours", connection.pk)
        _put_off(reach, TryLater("internal_error"))
        return True
    if state["phase"] == CHANGED:
        _apply(connection, page.records, read_at)
    else:
        with company_scope(connection.company_id):
            gone(connection, page.external_ids, StageChange.ToldBy.CATCH_UP, read_at)
    if page.next_cursor:
        _step(reach, {**state, "cursor": page.next_cursor, "pages": state["pages"] + 1, "tries": 0})
    elif state["phase"] == CHANGED and hasattr(reach.provider, "list_deleted"):
        _step(reach, {**state, "phase": DELETED, "cursor": "", "pages": 0, "tries": 0})
    else:
        _end(reach)
    return True


def _apply(connection: Connection, records: tuple[Progress, ...], read_at: datetime) -> None:
    """Write a page down; a record that cannot be written keeps neither the others nor the list from going on."""
    try:
        with company_scope(connection.company_id):
            apply(connection, records, StageChange.ToldBy.CATCH_UP, read_at)
    except DatabaseError:
        for record in records:
            try:
                with company_scope(connection.company_id):
                    apply(connection, [record], StageChange.ToldBy.CATCH_UP, read_at)
            except DatabaseError:
                logger.exception(
                    "connection %s: a change could not be written down by a mistake of ours", connection.pk
                )


def _begin(reach: Reach) -> bool:
    """Begin a list; say whether there is anybody to look for."""
    connection = reach.connection
    now = timezone.now()
    with company_scope(connection.company_id):
        sent = CandidateExport.objects.filter(connection=connection).exclude(external_id="")
        known_to = connection.caught_up_to
        if known_to is None or not sent.exists():
            known_to = sent.aggregate(first=Min("sent_at"))["first"]
    if known_to is None:
        return _end(reach, {"began_at": now.isoformat()})
    return _step(reach, _fresh(known_to, now))


def _fresh(known_to: datetime, now: datetime) -> dict[str, Any]:
    # Two computers' clocks differ, and a vendor's list may lag behind its records.
    overlap = settings.FOLLOWING["overlap_seconds"] + settings.EXPORTS["clock_margin_seconds"]
    return {
        "began_at": now.isoformat(),
        "since": (min(known_to, now) - timedelta(seconds=overlap)).isoformat(),
        "phase": CHANGED,
        "cursor": "",
        "pages": 0,
        "tries": 0,
        "anew": 0,
    }


def _begin_anew(reach: Reach) -> None:
    """Begin the list again from its first page: the cursor is no longer taken."""
    state = reach.connection.catch_up
    reach.take_note(None)
    logger.info("connection %s: its list of changes is begun anew", reach.connection.pk)
    fresh = {**state, "began_at": timezone.now().isoformat(), "phase": CHANGED, "cursor": "", "pages": 0}
    fresh["anew"] = min(state["anew"] + 1, 30)
    _step(reach, fresh, next_catch_up_at=timezone.now() + backoff(fresh["anew"]))


def _put_off(reach: Reach, error: TryLater) -> None:
    """Go on with the same page later."""
    state = {**reach.connection.catch_up, "tries": min(reach.connection.catch_up["tries"] + 1, 30)}
    wait = timedelta(seconds=error.after) if error.after else backoff(state["tries"])
    _step(reach, state, next_catch_up_at=timezone.now() + wait)


def _end(reach: Reach, state: dict[str, Any] | None = None) -> bool:
    """Note up to when every change is known, and when to look next; give out those nobody looked at for long."""
    connection = reach.connection
    began_at = datetime.fromisoformat((state or connection.catch_up)["began_at"])
    period = _period(connection)
    # A tenth of jitter, so that a thousand connections do not ask together. A list that took longer is begun again at
    # once: whoever moved while it was read is in the next.
    next_at = max(timezone.now(), began_at + timedelta(seconds=period * random.uniform(0.9, 1.0)))  # noqa: S311
    if _step(reach, {}, caught_up_to=began_at, caught_up_at=timezone.now(), next_catch_up_at=next_at):
        _look_again(reach, began_at, period)
    return False


def _step(reach: Reach, state: dict[str, Any], **fields: Any) -> bool:
    """Go on from where we stood, unless another follower has: then it goes on, and we stop."""
    connection = reach.connection
    with company_scope(connection.company_id):
        rows = Connection.objects.filter(pk=connection.pk, catch_up=connection.catch_up)
        is_ours = bool(rows.update(catch_up=state, **fields))
        if not is_ours:
            connection.refresh_from_db(fields=["catch_up", "next_catch_up_at", "caught_up_to", "caught_up_at"])
            reach.stops = True
            return False
    for name, value in {"catch_up": state, **fields}.items():
        setattr(connection, name, value)
    return True


def _period(connection: Connection) -> float:
    with company_scope(connection.company_id):
        if webhooks_are_at_work(connection):
            return float(settings.FOLLOWING["catch_up_beside_webhooks_seconds"])
    return float(settings.FOLLOWING["catch_up_seconds"])


def _look_again(reach: Reach, began_at: datetime, period: float) -> None:
    """Let those be read, spread over the time to come, whom neither webhooks nor lists told of for a day."""
    connection = reach.connection
    now = timezone.now()
    margin = timedelta(seconds=settings.EXPORTS["clock_margin_seconds"])
    share = max(1, int(period * reach.bucket.rate * STALE_SHARE))
    live = CandidateExport.objects.filter(
        connection=connection, state=CandidateExport.State.SENT, deleted_there_at=None, read_due_at=None
    ).exclude(archived_at__lt=now - timedelta(days=settings.FOLLOWING["look_no_more_days"]))
    day_ago = now - timedelta(seconds=settings.FOLLOWING["look_again_seconds"])
    with company_scope(connection.company_id):
        # Never looked at although the list began well after it was sent: the list does not show it.
        never = live.filter(checked_at=None, sent_at__lt=began_at - margin).order_by("pk")
        keys = list(never.values_list("pk", flat=True)[:share])
        long_ago = live.filter(checked_at__lt=day_ago).order_by("checked_at")
        keys += list(long_ago.values_list("pk", flat=True)[: share - len(keys)])
        if not keys:
            return
        rows = CandidateExport.objects.filter(pk__in=keys, read_due_at=None)
        locked = rows.select_for_update(no_key=True, skip_locked=True, of=("self",)).only("pk", "read_due_at")
        spread = list(locked)
        for row in spread:
            row.read_due_at = now + timedelta(seconds=period * random.random())  # noqa: S311
            row.read_because = StageChange.ToldBy.CATCH_UP
        CandidateExport.objects.bulk_update(spread, ["read_due_at", "read_because"], batch_size=500)
