"""Asking the ATS to tell us at once what happens, looking whether it still does, and asking it to stop."""

import logging
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Least
from django.urls import reverse
from django.utils import timezone

from integrations.errors import AccessExpired, ConnectionLost, Rejected, TryLater
from integrations.following.reaching import Reach, kept_clients
from integrations.models import Connection
from integrations.pacing import PacingAway
from integrations.providers import Provider
from purposejobs.tenancy import company_scope

logger = logging.getLogger(__name__)

# One follower at a time asks for webhooks (they may be made twice there); one that died is waited for so long.
LEASE = timedelta(minutes=2)
# The ATS could not be asked.
LATER = timedelta(minutes=1)


def hook_url(connection: Connection) -> str:
    """Return the address that the ATS is to tell; nobody can guess it."""
    return settings.PUBLIC_URL + reverse(f"{connection.provider}:webhook", args=[connection.hook_key])


def keep_subscriptions(reach: Reach) -> None:
    """See to it that the ATS tells us what happens, if it is time to look. Raises ConnectionLost, TryLater."""
    connection = reach.connection
    if connection.subscriptions_due_at is not None and connection.subscriptions_due_at > timezone.now():
        return
    if not hasattr(reach.provider, "subscribe"):
        reach.update(subscriptions_due_at=timezone.now() + timedelta(days=1))
        return
    if not reach.take(1) or not _take_in_hand(connection):
        return
    try:
        kept = reach.ask(lambda client: _ensure(reach.provider, client, connection))
    except Rejected as error:
        # Some accounts have none. The catch-up carries on, and somebody may have switched them on by tomorrow.
        reach.take_note(error)
        again = timezone.now() + timedelta(seconds=settings.FOLLOWING["ask_again_seconds"])
        period = timezone.now() + timedelta(seconds=settings.FOLLOWING["catch_up_seconds"])
        _write(connection, subscription_error=error.code, subscribed_at=None, subscriptions_due_at=again)
        with company_scope(connection.company_id):
            rows = Connection.objects.filter(pk=connection.pk)
            rows.update(next_catch_up_at=Least("next_catch_up_at", period))
        return
    except TryLater as error:
        reach.take_note(error)
        wait = max(LATER, timedelta(seconds=error.after or 0))
        _write(connection, subscriptions_due_at=timezone.now() + wait)
        return
    except (ConnectionLost, AccessExpired):
        raise
    except Exception:
        # The catch-up must not suffer from it; it is asked again as if refused.
        logger.exception("connection %s: webhooks could not be asked for by a mistake of ours", connection.pk)
        again = timezone.now() + timedelta(seconds=settings.FOLLOWING["check_webhooks_seconds"])
        _write(connection, subscription_error="internal_error", subscriptions_due_at=again)
        return
    is_new = kept != connection.subscriptions or connection.subscribed_at is None
    is_kept = _write(
        connection,
        subscriptions=kept,
        subscribed_at=timezone.now() if is_new else connection.subscribed_at,
        subscription_error="",
        subscriptions_due_at=timezone.now() + timedelta(seconds=settings.FOLLOWING["check_webhooks_seconds"]),
    )
    if not is_kept:
        # Disconnected meanwhile: nobody else knows of them.
        _unsubscribe(reach.provider, reach.client, connection, kept)


def end_subscriptions(connection: Connection, provider: Provider) -> None:
    """Take the webhooks of an ended connection away, and forget their address; called before its grant is given back.

    Best effort: the address is forgotten all the same, and then answers nobody.
    """
    if hasattr(provider, "unsubscribe") and (connection.subscriptions or connection.hook_key):
        try:
            _unsubscribe_ended(connection, provider)
        except (TryLater, Rejected, ConnectionLost, AccessExpired, PacingAway) as error:
            logger.info("connection %s: its webhooks stay there, %s", connection.pk, error)
    with company_scope(connection.company_id):
        Connection.objects.filter(pk=connection.pk, state=Connection.State.DISCONNECTED).update(
            hook_key=None, subscriptions="", subscribed_at=None, subscription_error="", subscriptions_due_at=None
        )


def _take_in_hand(connection: Connection) -> bool:
    """Say whether it is ours to ask; gives a connection its address on the first time."""
    now = timezone.now()
    with company_scope(connection.company_id):
        rows = Connection.objects.filter(pk=connection.pk, state=Connection.State.ACTIVE)
        due = rows.filter(Q(subscriptions_due_at=None) | Q(subscriptions_due_at__lte=now))
        if not due.update(subscriptions_due_at=now + LEASE):
            return False
        rows.filter(hook_key=None).update(hook_key=secrets.token_urlsafe(32))
        fields = ["hook_key", "subscriptions", "subscribed_at", "subscription_error", "subscriptions_due_at"]
        connection.refresh_from_db(fields=fields)
    return True


def _ensure(provider: Provider, client: object, connection: Connection) -> str:
    url, kept = hook_url(connection), connection.subscriptions
    if kept and connection.subscribed_at and provider.is_subscribed(client, url, kept):
        return kept
    return str(provider.subscribe(client, url, kept))


def _write(connection: Connection, **fields: str | datetime | None) -> bool:
    """Write down how asking went, if the connection is still the one that asked."""
    for name, value in fields.items():
        setattr(connection, name, value)
    with company_scope(connection.company_id):
        rows = Connection.objects.standing().filter(pk=connection.pk, hook_key=connection.hook_key)
        return bool(rows.update(**fields))


def _unsubscribe_ended(connection: Connection, provider: Provider) -> None:
    if not connection.token_lasts(timedelta(seconds=settings.EXPORTS["call_deadline_seconds"])):
        _renew_ended(connection, provider)
    client = kept_clients.client(connection, connection.access_token)
    try:
        _unsubscribe(provider, client, connection, connection.subscriptions)
    except AccessExpired:
        _renew_ended(connection, provider)
        client = kept_clients.client(connection, connection.access_token)
        _unsubscribe(provider, client, connection, connection.subscriptions)


def _renew_ended(connection: Connection, provider: Provider) -> None:
    """Trade the refresh token once more, only to tidy up: an ended connection's grant is given back right after."""
    if not (connection.refresh_token and hasattr(provider, "refresh")):
        raise ConnectionLost("grant_ended")
    tokens = provider.refresh(connection.environment, connection.refresh_token)
    connection.access_token = tokens.access_token
    connection.refresh_token = tokens.refresh_token or connection.refresh_token
    with company_scope(connection.company_id):
        Connection.objects.filter(pk=connection.pk, state=Connection.State.DISCONNECTED).update(
            access_token=connection.access_token, refresh_token=connection.refresh_token
        )


def _unsubscribe(provider: Provider, client: object, connection: Connection, kept: str) -> None:
    before = client.calls  # type: ignore[attr-defined]
    try:
        provider.unsubscribe(client, kept)
    finally:
        Reach(connection).bucket.give_back(before - client.calls)  # type: ignore[attr-defined]
