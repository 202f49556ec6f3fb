"""Local copies of what an ATS has: postings, users, stages, reasons. A failed or partial list changes nothing."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, When
from django.utils import timezone

from integrations.actions.connections import tell_of_end
from integrations.actions.imports import keep_in_step
from integrations.actions.notices import tell_posting_closed
from integrations.errors import ConnectionLost, Rejected, TryLater
from integrations.following.recording import fill_in_names
from integrations.grants import usable_token
from integrations.models import (
    AccountReason,
    AccountStage,
    AccountUser,
    CandidateExport,
    Connection,
    Posting,
    PostingLink,
)
from integrations.nudging import DRAIN, REFRESH_ACCOUNT, nudge
from integrations.providers import PostingRecord, ReasonRecord, StageRecord, UserRecord
from integrations.visiting import Visit, find_connection, visit
from purposejobs.markdown import markdown_from_html
from purposejobs.tenancy import company_scope

logger = logging.getLogger(__name__)

# Lists of an account take a few calls; we begin once so many tokens are there, and what they take beyond is debited.
TOKENS_TO_BEGIN = 4
# Vendors end a grant that lies idle, the strictest known after 90 days. Refreshing weekly is far within.
IDLE = timedelta(days=7)
# Another number makes every posting be written anew: for when its text is made Markdown of in another way.
AS_WE_READ_IT = "1:"
# So many postings' texts are made Markdown of in about a second.
TEXTS_AT_ONCE = 200


def refresh_account(connection_pk: int) -> None:
    """Copy a connection's postings, users and stages. Busy or away: it is tried again on the next schedule or click."""
    connection = find_connection(connection_pk)
    if connection is None or not connection.is_active:
        return
    began_at = timezone.now()
    with visit(connection, REFRESH_ACCOUNT, tokens=TOKENS_TO_BEGIN) as visiting:
        lists = _read(visiting) if visiting else None
    if lists:
        _copy(connection, lists, began_at)


def _copy(connection: Connection, lists: "Lists", began_at: datetime) -> None:
    with company_scope(connection.company_id):
        known = _known_postings(connection)
    changed = [record for record in lists.postings if _is_news(record, known)]
    # Outside of the transaction: making Markdown of a text takes milliseconds, and a first list has thousands.
    ready, later = [_posting(connection, record) for record in changed[:TEXTS_AT_ONCE]], changed[TEXTS_AT_ONCE:]
    with company_scope(connection.company_id):
        _mark_missing(connection, lists.postings, known, began_at)
        _write_postings(ready)
        # People need not wait for texts to choose a posting: these come without, and as if they were still to be read.
        _write_postings([_posting(connection, record, has_text=False) for record in later], has_text=False)
        keep_in_step(connection=connection)
        _keep_users(connection, lists.users)
        _keep_stages(connection, lists.stages)
        _keep_reasons(connection, lists.reasons)
        fill_in_names(connection)
        now = timezone.now()
        Connection.objects.filter(pk=connection.pk).update(
            postings_listed_at=now, postings_error="", last_contact_at=now
        )
        _let_go(connection)
    for start in range(0, len(later), TEXTS_AT_ONCE):
        ready = [_posting(connection, record) for record in later[start : start + TEXTS_AT_ONCE]]
        with company_scope(connection.company_id):
            _write_postings(ready)
            keep_in_step(connection=connection)


@dataclass(frozen=True, slots=True)
class Lists:
    """What an account has, each list whole."""

    postings: list[PostingRecord]
    users: list[UserRecord]
    stages: list[StageRecord]
    reasons: list[ReasonRecord]


def _read(visiting: Visit) -> Lists | None:
    """Read every list; None where one of them could not be read, which is written down."""
    provider, connection = visiting.provider, visiting.connection
    try:
        return visiting.ask(
            lambda client: Lists(
                postings=provider.list_postings(client),
                users=provider.list_users(client) if hasattr(provider, "list_users") else [],
                stages=provider.list_stages(client) if hasattr(provider, "list_stages") else [],
                reasons=provider.list_reasons(client) if hasattr(provider, "list_reasons") else [],
            )
        )
    except (TryLater, Rejected) as error:
        logger.info("connection %s: its postings could not be listed, %s", connection.pk, error.code)
        with company_scope(connection.company_id):
            # Without a list, asking for one is over: a request that is newer than the list is still under way.
            Connection.objects.filter(pk=connection.pk).update(
                postings_error=error.code, postings_requested_at=connection.postings_listed_at
            )
    except ConnectionLost:
        logger.info("connection %s: its postings could not be listed, access is over", connection.pk)
    return None


# -- Postings: thousands, of which few change --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What we have of a posting: as the list last said it, and whether it takes candidates."""

    digest: str
    is_gone: bool
    is_open: bool


def _known_postings(connection: Connection) -> dict[str, Known]:
    rows = Posting.objects.filter(connection=connection).values_list("external_id", "digest", "gone_at", "is_open")
    return {key: Known(digest, gone_at is not None, is_open) for key, digest, gone_at, is_open in rows}


def _digest(record: PostingRecord) -> str:
    return hashlib.sha256(f"{AS_WE_READ_IT}{record}".encode("utf-8", "replace")).hexdigest()


def _is_news(record: PostingRecord, known: dict[str, Known]) -> bool:
    before = known.get(record.external_id)
    return before is None or before.is_gone or before.digest != _digest(record)


def _posting(connection: Connection, record: PostingRecord, *, has_text: bool = True) -> Posting:
    text = record.description or markdown_from_html(record.description_html) if has_text else ""
    return Posting(
        company_id=connection.company_id,
        connection=connection,
        external_id=record.external_id,
        title=record.title[:300],
        team=record.team[:200],
        department=record.department[:200],
        location=record.location[:200],
        locations=[place[:200] for place in record.locations],
        commitment=record.commitment[:100],
        state=record.state,
        is_open=record.is_open,
        is_confidential=record.is_confidential,
        owner_id=record.owner_id,
        workplace=record.workplace,
        salary=record.salary[:120],
        description=text,
        url=record.url,
        # Without its text it is news again.
        digest=_digest(record) if has_text else "",
        seen_at=timezone.now(),
        gone_at=None,
    )


def _write_postings(postings: list[Posting], *, has_text: bool = True) -> None:
    fields = [
        "title", "team", "department", "location", "locations", "commitment", "state", "is_open", "is_confidential",
        "owner_id", "workplace", "salary", "url", "digest", "seen_at", "gone_at",
    ]  # fmt: skip
    Posting.objects.bulk_create(
        postings,
        update_conflicts=True,
        unique_fields=["connection", "external_id"],
        update_fields=[*fields, "description"] if has_text else fields,
        batch_size=500,
    )


def _mark_missing(
    connection: Connection, records: list[PostingRecord], known: dict[str, Known], began_at: datetime
) -> None:
    """Mark what a whole list no longer has, and tell of what it closed."""
    now = timezone.now()
    is_open = {record.external_id: record.is_open for record in records}
    gone = [key for key, before in known.items() if not before.is_gone and key not in is_open]
    # Not what another refresh found while this list was being read: it may be younger than the list.
    Posting.objects.filter(connection=connection, external_id__in=gone, gone_at=None, seen_at__lt=began_at).update(
        gone_at=now
    )
    closed = [
        key for key, before in known.items() if before.is_open and not before.is_gone and not is_open.get(key, False)
    ]
    if closed:
        links = PostingLink.objects.filter(connection=connection, posting__external_id__in=closed)
        tell_posting_closed(links.select_related("connection__company", "job", "posting").order_by("pk"))


# -- Users, stages, reasons: short lists -------------------------------------------------------------------------------


def _keep_users(connection: Connection, records: list[UserRecord]) -> None:
    _keep(
        AccountUser,
        connection,
        {
            record.external_id: {
                "name": record.name[:200],
                "email": record.email[:320],
                "is_active": record.is_active,
            }
            for record in records
        },
    )
    # Who is no longer listed cannot be acted as.
    listed = [record.external_id for record in records]
    users = AccountUser.objects.filter(connection=connection, is_active=True)
    users.exclude(external_id__in=listed).update(is_active=False)


def _keep_stages(connection: Connection, records: list[StageRecord]) -> None:
    """Keep the stages; those that were taken out of the pipeline too, since people went through them."""
    _keep(
        AccountStage,
        connection,
        {
            record.external_id: {"name": record.name[:200], "position": position, "step": record.step}
            for position, record in enumerate(records)
        },
    )


def _keep_reasons(connection: Connection, records: list[ReasonRecord]) -> None:
    _keep(
        AccountReason,
        connection,
        {record.external_id: {"name": record.name[:200], "is_hire": record.is_hire} for record in records},
    )


def _keep(model: Any, connection: Connection, records: dict[str, dict[str, Any]]) -> None:
    """Write the rows that are new or say something new; leave the others as they are."""
    if not records:
        return
    fields = list(next(iter(records.values())))
    rows = model.objects.filter(connection=connection).values("external_id", *fields)
    known = {row.pop("external_id"): row for row in rows}
    model.objects.bulk_create(
        [
            model(company_id=connection.company_id, connection=connection, external_id=key, **values)
            for key, values in records.items()
            if known.get(key) != values
        ],
        update_conflicts=True,
        unique_fields=["connection", "external_id"],
        update_fields=fields,
        batch_size=500,
    )


def _let_go(connection: Connection) -> None:
    """Release rows that were held for a posting that takes candidates again, or for somebody to act as.

    Also those whose job is connected with another posting by now: they were in hand when the others moved, and the
    next claim moves them.
    """
    held = CandidateExport.objects.waiting().filter(connection=connection).exclude(held_reason="")
    # A row to be looked up is not looked up sooner: its unclear attempt must have landed.
    at = Case(When(look_first=True, then=F("next_attempt_at")), default=timezone.now())
    freed = held.filter(posting__is_open=True, posting__gone_at=None).update(held_reason="", next_attempt_at=at)
    freed += held.filter(held_reason=CandidateExport.Held.NO_ACTING_USER).update(held_reason="", next_attempt_at=at)
    links = PostingLink.objects.filter(connection=connection, job_id=OuterRef("job_id"))
    elsewhere = links.exclude(posting_id=OuterRef("posting_id"))
    freed += held.filter(Exists(elsewhere)).update(held_reason="", next_attempt_at=at)
    if freed:
        nudge(DRAIN, connection.pk)


def keep_grant_alive(connection_pk: int) -> None:
    """Refresh a connection's tokens if nobody has for a week, and ask for a reconnection in good time."""
    connection = find_connection(connection_pk)
    if connection is None:
        return
    if connection.ends_soon:
        with company_scope(connection.company_id):
            tell_of_end(connection=connection)
    is_idle = connection.token_refreshed_at is None or connection.token_refreshed_at < timezone.now() - IDLE
    if not (connection.is_active and connection.refresh_token and is_idle):
        return
    try:
        usable_token(connection, lasts=IDLE, refused=connection.access_token)
    except (TryLater, ConnectionLost) as error:
        logger.info("connection %s could not be kept alive now: %s", connection_pk, error)
