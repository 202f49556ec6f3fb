"""What becomes of those who were sent: deliveries taken in, and people who want to know now."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models.functions import Coalesce, Least, Now
from django.utils import timezone

from accounts.models import Company
from candidates.models import Candidate
from integrations.models import CandidateExport, Connection, StageChange, WebhookEvent
from integrations.nudging import FOLLOW, nudge_once

# Thousands of deliveries in a minute must not queue up for one row: the time of the last is written this seldom.
DELIVERED = timedelta(seconds=5)

TAKE = """
INSERT INTO integrations_webhookevent
    (company_id, connection_id, token, event, external_id, triggered_at, received_at, body, outcome, processed_at)
VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp(), %s, %s, CASE WHEN %s THEN clock_timestamp() END)
ON CONFLICT (connection_id, token) DO NOTHING
"""
# Whoever holds the connection's row (a refresh of tokens, for as long as the ATS takes) is not waited for.
NOTE = """
UPDATE integrations_connection SET delivered_at = clock_timestamp() WHERE id = (
    SELECT id FROM integrations_connection WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED)
"""


def take_delivery(
    *,
    connection: Connection,
    token: str,
    event: str,
    triggered_at: datetime,
    external_id: str,
    body: dict[str, Any],
    is_test: bool = False,
) -> bool:
    """Keep a delivery whose signature was found good; say whether it is the first with this token.

    What it is about is read from the ATS by a task: a delivery is a reason to look.
    """
    outcome = WebhookEvent.Outcome.TEST if is_test else WebhookEvent.Outcome.WAITING
    with transaction.atomic(), database.cursor() as cursor:
        told = [token[:120], event[:60], external_id[:80], triggered_at]
        fields: list[Any] = [*told, json.dumps(body), outcome, is_test]
        cursor.execute(TAKE, [connection.company_id, connection.pk, *fields])
        is_new = bool(cursor.rowcount)
        if connection.delivered_at is None or connection.delivered_at < timezone.now() - DELIVERED:
            cursor.execute(NOTE, [connection.pk])
    if is_new and not is_test:
        nudge_once(FOLLOW, connection.pk)
    return is_new


def refresh_progress(*, company: Company, candidate: Candidate) -> int:
    """Look at a candidate's records in the ATS again, now; return how many there are."""
    sent = CandidateExport.objects.for_company(company).filter(
        candidate=candidate,
        state=CandidateExport.State.SENT,
        deleted_there_at=None,
        connection__state=Connection.State.ACTIVE,
    )
    # A row that somebody has locked is being recorded this moment.
    rows = list(sent.select_for_update(no_key=True, skip_locked=True, of=("self",)).only("pk", "connection_id"))
    CandidateExport.objects.filter(pk__in=[row.pk for row in rows]).update(
        read_due_at=Least(Coalesce("read_due_at", Now()), Now()), read_because=StageChange.ToldBy.REFRESH
    )
    for connection_pk in sorted({row.connection_id for row in rows}):
        nudge_once(FOLLOW, connection_pk)
    return len(rows)


def request_catch_up(*, connection: Connection) -> None:
    """Ask for everything that changed there, now, and for webhooks where there are none."""
    Connection.objects.filter(pk=connection.pk).update(
        next_catch_up_at=timezone.now(), subscriptions_due_at=timezone.now()
    )
    nudge_once(FOLLOW, connection.pk)
