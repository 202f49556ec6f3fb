"""Celery tasks: shells on a schedule or a nudge. Arguments are primary keys; running twice does nothing twice."""

import logging

from celery import shared_task
from django.utils import timezone

from integrations import checking, draining, following, mirroring, trials
from integrations.actions import notices
from integrations.following import deliveries
from integrations.nudging import (
    CHECK,
    DRAIN,
    FOLLOW,
    REFRESH_ACCOUNT,
    SEND_TEST,
    not_in_line,
    publish,
    publish_once,
    take_up,
)
from purposejobs.celery import AGAIN_QUEUE
from purposejobs.tenancy import keys_from

logger = logging.getLogger(__name__)


@shared_task(name=DRAIN)
def drain(connection_pk: int) -> None:
    """Send what is due for a connection, for one slice, and stand in line again if there is more."""
    come_again = draining.drain(connection_pk)
    if come_again is not None:
        publish(DRAIN, connection_pk, queue=AGAIN_QUEUE, countdown=come_again or None)


@shared_task(name=FOLLOW)
def follow(connection_pk: int) -> None:
    """Learn what became of those whom a connection sent, for one slice, and stand in line again if there is more."""
    take_up(FOLLOW, connection_pk)
    come_again = following.follow(connection_pk)
    if come_again is not None:
        publish(FOLLOW, connection_pk, countdown=come_again or None)


@shared_task(name="integrations.tasks.follow_sweep")
def follow_sweep() -> None:
    """Nudge every connection that has something to read: lost messages, waits that are over, catch-ups that are due."""
    for connection_pk in keys_from("connections_to_follow"):
        publish_once(FOLLOW, connection_pk)


@shared_task(name="integrations.tasks.prune_deliveries")
def prune_deliveries() -> None:
    """Forget deliveries that were kept long enough."""
    deliveries.prune()


@shared_task(name="integrations.tasks.sweep")
def sweep() -> None:
    """Nudge every connection that has something to do: lost messages, waits that are over, claims that ran out."""
    for connection_pk in not_in_line(keys_from("connections_with_work")):
        publish(DRAIN, connection_pk)


@shared_task(name=REFRESH_ACCOUNT)
def refresh_account(connection_pk: int) -> None:
    """Copy a connection's postings, users and stages."""
    mirroring.refresh_account(connection_pk)


@shared_task(name=CHECK)
def check_connection(connection_pk: int) -> None:
    """Test a connection, as somebody asked."""
    checking.check_connection(connection_pk)


@shared_task(name=SEND_TEST)
def send_test_candidate(connection_pk: int) -> None:
    """Send a connection's test candidate, unless they are there already."""
    trials.send_test_candidate(connection_pk)


@shared_task(name="integrations.tasks.refresh_accounts")
def refresh_accounts() -> None:
    """Ask for fresh copies of every active connection's postings, users and stages."""
    for connection_pk in keys_from("standing_connections"):
        publish(REFRESH_ACCOUNT, connection_pk)


@shared_task(name="integrations.tasks.digests")
def digests() -> None:
    """Write the digests of the day, once its hour has come; what was missed is made up for."""
    hour = notices.digest_hour(timezone.now())
    if hour is None:
        return
    for connection_pk in keys_from("connections_to_digest", hour.isoformat()):
        try:
            notices.write_digest(connection_pk, hour)
        except Exception:  # one company's trouble is not the others'; it is tried again
            logger.exception("connection %s: its digest could not be written", connection_pk)


@shared_task(name="integrations.tasks.keep_grants_alive")
def keep_grants_alive() -> None:
    """Refresh the tokens of connections that nobody uses, before they end for being idle."""
    for connection_pk in keys_from("standing_connections"):
        mirroring.keep_grant_alive(connection_pk)
