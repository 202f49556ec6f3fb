"""Connecting a company's account, losing it, ending it."""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Company, User
from integrations.actions import notices
from integrations.actions.exports import cancel
from integrations.errors import Refused
from integrations.models import Activity, CandidateExport, Connection
from integrations.nudging import DRAIN, FOLLOW, REFRESH_ACCOUNT, nudge, nudge_once
from integrations.providers import Tokens


def open_connection(*, company: Company, provider: str, tokens: Tokens, connected_by: User) -> Connection:
    """Store a new grant and make the connection active; waiting exports then go out by themselves.

    The same account revives its row, so history and uniqueness survive; another account ends the old row first.
    Raises Refused("account_taken") when another company holds the account.
    """
    environment = settings.ATS_PROVIDERS[provider]["environment"]
    rows = list(
        Connection.objects.for_company(company)
        .filter(provider=provider)
        .select_for_update(no_key=True)
        .order_by("-connected_at", "-pk")
    )
    same = _same_account(rows, environment, tokens.account_id)
    for row in rows:
        if row != same and row.state != Connection.State.DISCONNECTED:
            close_connection(connection=row, closed_by=connected_by)
    grant: dict[str, Any] = {
        "state": Connection.State.ACTIVE,
        "state_changed_at": timezone.now(),
        "lost_reason": "",
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_expires_at": tokens.expires_at,
        "token_refreshed_at": timezone.now(),
        "granted_scopes": list(tokens.scopes),
        "granted_by_user_id": tokens.user_id,
        "connected_by": connected_by,
        "connected_at": timezone.now(),
        "end_told_at": None,
        "failures_in_a_row": 0,
        "paused_until": None,
        "postings_requested_at": timezone.now(),
        "postings_error": "",
        # What a test found of the grant before says nothing of this one.
        "check_requested_at": None,
        "checked_at": None,
        "check_findings": [],
        # Webhooks are asked for, or looked at, and what happened meanwhile is caught up with at once.
        "subscriptions_due_at": None,
        "next_catch_up_at": timezone.now(),
    }
    try:
        with transaction.atomic():
            if same is None:
                connection = Connection.objects.create(
                    company=company, provider=provider, environment=environment, account_id=tokens.account_id, **grant
                )
            else:
                grant["account_id"] = tokens.account_id or same.account_id
                Connection.objects.filter(pk=same.pk).update(**grant)
                connection = Connection.objects.get(pk=same.pk)
    except IntegrityError:
        raise Refused("account_taken") from None
    verb = Activity.Verb.RECONNECTED if same else Activity.Verb.CONNECTED
    Activity.objects.create(company=company, connection=connection, verb=verb, actor=connected_by)
    notices.stop_asking(connection)
    if same is not None and same.needs_reconnect:
        notices.tell_back(connection)
    nudge(REFRESH_ACCOUNT, connection.pk)
    nudge(DRAIN, connection.pk)
    nudge_once(FOLLOW, connection.pk)
    return connection


def close_connection(*, connection: Connection, closed_by: User) -> None:
    """End a connection: nothing more is sent, what waits is cancelled, a task gives the grant back and forgets it."""
    ended = (
        Connection.objects.filter(pk=connection.pk)
        .standing()
        .update(state=Connection.State.DISCONNECTED, state_changed_at=timezone.now(), lost_reason="")
    )
    if not ended:
        return
    cancel(CandidateExport.objects.waiting().filter(connection=connection), CandidateExport.Cancelled.DISCONNECTED)
    Activity.objects.create(
        company_id=connection.company_id, connection=connection, verb=Activity.Verb.DISCONNECTED, actor=closed_by
    )
    notices.stop_asking(connection)
    nudge(DRAIN, connection.pk)


def lose_connection(*, connection: Connection, code: str) -> None:
    """Ask for a reconnection, once: admins get one e-mail, exports go on waiting."""
    if not connection.mark_lost(code):
        return
    Activity.objects.create(
        company_id=connection.company_id, connection=connection, verb=Activity.Verb.LOST, detail=code
    )
    notices.tell_lost(connection)


def tell_of_end(*, connection: Connection) -> None:
    """Ask admins, once, to reconnect before the grant's life ends."""
    told = Connection.objects.filter(pk=connection.pk, end_told_at=None).update(end_told_at=timezone.now())
    if told and connection.ends_at:
        notices.tell_of_end(connection)


def refresh_account(*, connection: Connection) -> None:
    """Ask for a fresh list of postings, users and stages; the page follows `postings_requested_at`."""
    Connection.objects.filter(pk=connection.pk).update(postings_requested_at=timezone.now())
    nudge(REFRESH_ACCOUNT, connection.pk)


def _same_account(rows: list[Connection], environment: str, account_id: str) -> Connection | None:
    here = [row for row in rows if row.environment == environment]
    if account_id:
        named = next((row for row in here if row.account_id == account_id), None)
        # A row that never learned its account, and still stands, is the one being connected again.
        return named or next((row for row in here if not row.account_id and row.state != "disconnected"), None)
    return here[0] if here else None
