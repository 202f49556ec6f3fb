"""Which of the two ways brings the news from an ATS: webhooks, the catch-up, or none."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from integrations.models import Connection, StageChange
from integrations.providers import get_provider

# A change that the catch-up had to tell so long after it happened was not told by a webhook.
SLACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Health:
    """How news come from the ATS."""

    # "webhooks", "catch_up", "none"
    at_work: str
    # whether the ATS lets us read what became of people at all
    can_follow: bool
    # asked for and granted, whether or not anything came yet
    is_subscribed: bool
    # why there are no webhooks; `wording` has the words
    error: str
    delivered_at: datetime | None
    caught_up_at: datetime | None
    next_catch_up_at: datetime | None
    # under way, or asked for and about to begin
    is_catching_up: bool


def connection_health(connection: Connection) -> Health:
    """Say how news of this connection come; in the company's scope, in one query at most."""
    provider = get_provider(connection.provider)
    at_work = "none"
    if connection.is_active:
        if webhooks_are_at_work(connection):
            at_work = "webhooks"
        elif hasattr(provider, "list_progress") and not _is_late(connection):
            at_work = "catch_up"
    return Health(
        at_work=at_work,
        can_follow=hasattr(provider, "read_progress"),
        is_subscribed=connection.subscribed_at is not None,
        error=connection.subscription_error,
        delivered_at=connection.delivered_at,
        caught_up_at=connection.caught_up_at,
        next_catch_up_at=connection.next_catch_up_at,
        is_catching_up=hasattr(provider, "list_progress") and _is_catching_up(connection),
    )


def webhooks_are_at_work(connection: Connection) -> bool:
    """Say whether webhooks tell us what happens; in the company's scope.

    Silence alone proves nothing, some accounts are quiet for days. A change that the catch-up had to tell does: then
    webhooks are silent until the next one comes.
    """
    if connection.subscribed_at is None or connection.delivered_at is None:
        return False
    untold = StageChange.objects.filter(
        company_id=connection.company_id,
        export__connection=connection,
        kind__in=[StageChange.Kind.MOVED, StageChange.Kind.ARCHIVED, StageChange.Kind.HIRED],
        told_by=StageChange.ToldBy.CATCH_UP,
        happened_at__gt=max(connection.delivered_at, connection.subscribed_at) + SLACK,
        happened_at__lt=timezone.now() - SLACK,
    )
    # That somebody came into the first stage when we sent them is no news, and no webhook tells it.
    untold = untold.exclude(happened_at__lte=F("export__sent_at") + SLACK)
    return not untold.exists()


def _is_catching_up(connection: Connection) -> bool:
    now = timezone.now()
    if not connection.is_active or (connection.paused_until and connection.paused_until > now):
        return False
    return connection.next_catch_up_at is None or connection.next_catch_up_at <= now


def _is_late(connection: Connection) -> bool:
    """Say whether the catch-up did not come through for several times its period."""
    longest = timedelta(seconds=3 * settings.FOLLOWING["catch_up_beside_webhooks_seconds"])
    known_at = connection.caught_up_at or connection.connected_at
    return known_at < timezone.now() - longest
