"""Local copies of what an ATS has: postings, users, stages. A failed or partial list changes nothing."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, Exists, F, OuterRef, When
from django.utils import timezone

from integrations.actions.connections import lose_connection, tell_of_end
from integrations.actions.imports import keep_in_step
from integrations.errors import AccessExpired, ConnectionLost, Rejected, TryLater
from integrations.following.recording import fill_in_names
from integrations.following.recording import fill_in_names
from integrations.grants import kept_clients, usable_token
from integrations.models import AccountStage, AccountUser, CandidateExport, Connection, Posting, PostingLink
from integrations.nudging import DRAIN, REFRESH_ACCOUNT, nudge, publish
from integrations.pacing import Bucket, PacingAway
from integrations.providers import PostingRecord, Provider, StageRecord, UserRecord, get_provider
from purposejobs.tenancy import company_scope, keys_from

logger = logging.getLogger(__name__)

# Lists of an account take a few calls; we begin once so many tokens are there, and what they take beyond is debited.
TOKENS_TO_BEGIN = 4
# Vendors end a grant that lies idle, the strictest known after 90 days. Refreshing weekly is far within.
IDLE = timedelta(days=7)


def refresh_account(connection_pk: int) -> None:
    """Copy a connection's postings, users and stages. Busy or away: it is tried again on the next schedule or click."""
    connection = _connection(connection_pk)
    if connection is None:
        return
    if not connection.is_active:
        return
    provider = get_provider(connection.provider)
    bucket = Bucket(connection.bucket, *provider.RATE)
    try:
        grant = bucket.take(TOKENS_TO_BEGIN)
        if grant.granted < TOKENS_TO_BEGIN:
            bucket.give_back(grant.granted)
            publish(REFRESH_ACCOUNT, connection_pk, countdown=max(0.2, bucket.seconds_until(TOKENS_TO_BEGIN, grant)))
            return
        _copy(connection, provider, bucket)
    except PacingAway:
        logger.warning("connection %s: Redis is away, its postings are listed later", connection_pk)


def _copy(connection: Connection, provider: Provider, bucket: Bucket) -> None:
    error_code = ""
    calls = 0
    try:
        postings, users, stages, calls = _with_access(connection, lambda client: _read(provider, client))
    except (TryLater, Rejected) as error:
        error_code = error.code
    except ConnectionLost as error:
        with company_scope(connection.company_id):
            lose_connection(connection=connection, code=error.code)
        return
    finally:
        bucket.give_back(TOKENS_TO_BEGIN - calls)
    with company_scope(connection.company_id):
        if error_code:
            logger.info("connection %s: its postings could not be listed, %s", connection.pk, error_code)
            Connection.objects.filter(pk=connection.pk).update(
                postings_error=error_code,
                postings_requested_at=None if connection.postings_listed_at is None else connection.postings_listed_at,
            )
            return
        _keep_postings(connection, postings)
        keep_in_step(connection=connection)
        _keep_users(connection, users)
        _keep_stages(connection, stages)
        fill_in_names(connection)
        fill_in_names(connection)
        now = timezone.now()
        Connection.objects.filter(pk=connection.pk).update(
            postings_listed_at=now, postings_error="", last_contact_at=now
        )
        _let_go(connection)


def _read(provider: Provider, client: Any) -> tuple[list[PostingRecord], list[UserRecord], list[StageRecord], int]:
    before = client.calls
    postings = provider.list_postings(client)
    users = provider.list_users(client) if hasattr(provider, "list_users") else []
    stages = provider.list_stages(client) if hasattr(provider, "list_stages") else []
    return postings, users, stages, client.calls - before


def _with_access(connection: Connection, work: Callable[[Any], Any]) -> Any:
    """Do the work with an open client, once more with a fresh token where the first is refused."""
    lasts = timedelta(seconds=settings.EXPORTS["call_deadline_seconds"])
    token = usable_token(connection, lasts=lasts)
    try:
        return work(kept_clients.client(connection, token))
    except AccessExpired:
        fresh = usable_token(connection, lasts=lasts, refused=token)
    try:
        return work(kept_clients.client(connection, fresh))
    except AccessExpired:
        raise ConnectionLost("access_refused") from None


def _keep_postings(connection: Connection, records: list[PostingRecord]) -> None:
    now = timezone.now()
    fields = [
        "title", "team", "department", "location", "locations", "commitment", "state", "is_open", "is_confidential",
        "owner_id", "url", "seen_at", "gone_at",
    ]  # fmt: skip
    Posting.objects.bulk_create(
        [
            Posting(
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
                url=record.url,
                seen_at=now,
                gone_at=None,
            )
            for record in records
        ],
        update_conflicts=True,
        unique_fields=["connection", "external_id"],
        update_fields=fields,
        batch_size=500,
    )
    Posting.objects.filter(connection=connection, seen_at__lt=now, gone_at=None).update(gone_at=now)


def _keep_users(connection: Connection, records: list[UserRecord]) -> None:
    AccountUser.objects.bulk_create(
        [
            AccountUser(
                company_id=connection.company_id,
                connection=connection,
                external_id=record.external_id,
                name=record.name[:200],
                email=record.email[:320],
                is_active=record.is_active,
            )
            for record in records
        ],
        update_conflicts=True,
        unique_fields=["connection", "external_id"],
        update_fields=["name", "email", "is_active"],
        batch_size=500,
    )
    # Who is no longer listed cannot be acted as.
    known = [record.external_id for record in records]
    AccountUser.objects.filter(connection=connection).exclude(external_id__in=known).update(is_active=False)


def _keep_stages(connection: Connection, records: list[StageRecord]) -> None:
    AccountStage.objects.bulk_create(
        [
            AccountStage(
                company_id=connection.company_id,
                connection=connection,
                external_id=record.external_id,
                name=record.name[:200],
                position=position,
            )
            for position, record in enumerate(records)
        ],
        update_conflicts=True,
        unique_fields=["connection", "external_id"],
        update_fields=["name", "position"],
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
    connection = _connection(connection_pk)
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


def _connection(connection_pk: int) -> Connection | None:
    for company_pk in keys_from("company_of_connection", connection_pk):
        with company_scope(company_pk):
            return Connection.objects.select_related("company").get(pk=connection_pk)
    return None
