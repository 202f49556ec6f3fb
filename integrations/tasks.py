"""Celery tasks: shells on a schedule or a nudge. Arguments are primary keys; running twice does nothing twice."""

from celery import shared_task

from integrations import draining, following, mirroring
from integrations.following import deliveries
from integrations.nudging import DRAIN, FOLLOW, REFRESH_ACCOUNT, publish, publish_once, take_up
from purposejobs.celery import AGAIN_QUEUE
from purposejobs.tenancy import keys_from


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
    for connection_pk in keys_from("connections_with_work"):
        publish(DRAIN, connection_pk)


@shared_task(name=REFRESH_ACCOUNT)
def refresh_account(connection_pk: int) -> None:
    """Copy a connection's postings, users and stages."""
    mirroring.refresh_account(connection_pk)


@shared_task(name="integrations.tasks.refresh_accounts")
def refresh_accounts() -> None:
    """Ask for fresh copies of every active connection's postings, users and stages."""
    for connection_pk in keys_from("standing_connections"):
        publish(REFRESH_ACCOUNT, connection_pk)


@shared_task(name="integrations.tasks.keep_grants_alive")
def keep_grants_alive() -> None:
    """Refresh the tokens of connections that nobody uses, before they end for being idle."""
    for connection_pk in keys_from("standing_connections"):
        mirroring.keep_grant_alive(connection_pk)
