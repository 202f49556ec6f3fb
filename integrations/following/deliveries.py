"""Webhooks that came in. A delivery is a reason to look, not the news itself: many of them are one look."""

from datetime import timedelta

from django.conf import settings
from django.db import connection as database
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from integrations.models import CandidateExport, Connection, StageChange, WebhookEvent
from purposejobs.tenancy import company_scope, keys_from

# Whom these deliveries concern is to be read from now on. Rows that somebody has locked are passed over, and their
# deliveries wait for the next round: nobody waits for a lock while holding one.
SORT = """
WITH locked AS (
    SELECT id, external_id FROM integrations_candidateexport
    WHERE connection_id = %(connection)s AND external_id <> '' AND external_id = ANY(%(external_ids)s)
    FOR NO KEY UPDATE SKIP LOCKED
), due AS (
    UPDATE integrations_candidateexport AS export
    SET read_due_at = least(coalesce(read_due_at, clock_timestamp()), clock_timestamp()), read_because = %(because)s
    FROM locked WHERE export.id = locked.id
)
UPDATE integrations_webhookevent AS event SET outcome = 'done', processed_at = clock_timestamp()
FROM locked WHERE event.connection_id = %(connection)s AND event.outcome = 'waiting'
  AND event.external_id = locked.external_id
"""
# Records looked up by one statement: few enough for their index to be used, however many were sent.
SORTED_AT_ONCE = 500

# Deliveries go in such pieces: a statement holds its locks for a moment only.
PRUNED_AT_ONCE = 5000


def sort(connection: Connection) -> None:
    """Turn deliveries into rows to be read, and put those aside that concern nobody we sent; in the company's scope.

    Our own create may tell of itself before it is recorded here: an unknown record is waited for a little.
    """
    waiting = WebhookEvent.objects.filter(connection=connection, outcome=WebhookEvent.Outcome.WAITING)
    external_ids = list(waiting.order_by().values_list("external_id", flat=True).distinct())
    if not external_ids:
        return
    with database.cursor() as cursor:
        # One sorter at a time; the other's work is the same.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('deliveries'), %s)", [connection.pk])
        if not cursor.fetchone()[0]:
            return
        for begins in range(0, len(external_ids), SORTED_AT_ONCE):
            some = external_ids[begins : begins + SORTED_AT_ONCE]
            because = StageChange.ToldBy.WEBHOOK.value
            cursor.execute(SORT, {"connection": connection.pk, "because": because, "external_ids": some})
    ours = CandidateExport.objects.filter(connection=connection, external_id=OuterRef("external_id"))
    too_old = timezone.now() - timedelta(seconds=settings.FOLLOWING["unknown_seconds"])
    waiting.filter(Q(external_id="") | Q(received_at__lt=too_old) & ~Exists(ours)).update(
        outcome=WebhookEvent.Outcome.NOT_OURS, processed_at=timezone.now()
    )


def prune() -> int:
    """Forget deliveries that were kept long enough; return how many."""
    before = timezone.now() - timedelta(days=settings.FOLLOWING["keep_deliveries_days"])
    forgotten = 0
    for company_pk in keys_from("companies_with_old_deliveries", before.isoformat()):
        while True:
            with company_scope(company_pk):
                old = WebhookEvent.objects.filter(received_at__lt=before).order_by("received_at")
                keys = list(old.values_list("pk", flat=True)[:PRUNED_AT_ONCE])
                count, _ = WebhookEvent.objects.filter(pk__in=keys).delete()
            forgotten += count
            if count < PRUNED_AT_ONCE:
                break
    return forgotten
