"""Asking for a test of a connection, or for a test candidate; tasks do it, and the page follows."""

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from integrations.errors import Refused
from integrations.models import Activity, Connection
from integrations.nudging import CHECK, SEND_TEST, nudge

# Whoever asked this long ago and heard nothing may ask anew: the message was lost.
UNHEARD_FOR = timedelta(minutes=2)


def request_check(*, connection: Connection, requested_by: User) -> bool:
    """Ask for a test; one that is under way is not asked for twice. Say whether it was asked for now."""
    if not _is_news(connection, "check_requested_at", "checked_at"):
        return False
    Connection.objects.filter(pk=connection.pk).update(check_requested_at=timezone.now())
    Activity.objects.create(
        company_id=connection.company_id, connection=connection, verb=Activity.Verb.TESTED, actor=requested_by
    )
    nudge(CHECK, connection.pk)
    return True


def request_test_candidate(*, connection: Connection, requested_by: User) -> bool:
    """Ask for a test candidate; one that is under way is not asked for twice. Say whether it was asked for now.

    Raises Refused("not_connected").
    """
    if not connection.is_active:
        raise Refused("not_connected")
    if not _is_news(connection, "test_requested_at", "test_finished_at"):
        return False
    Connection.objects.filter(pk=connection.pk).update(test_requested_at=timezone.now(), test_requested_by=requested_by)
    nudge(SEND_TEST, connection.pk)
    return True


def _is_news(connection: Connection, requested: str, finished: str) -> bool:
    """Say whether nothing of the kind is under way; holds the row, so that two who ask follow each other."""
    is_over = Q(**{requested: None}) | Q(**{f"{finished}__gte": F(requested)})
    is_unheard = Q(**{f"{requested}__lt": timezone.now() - UNHEARD_FOR})
    rows = Connection.objects.filter(pk=connection.pk).select_for_update(no_key=True)
    return rows.filter(is_over | is_unheard).exists()
