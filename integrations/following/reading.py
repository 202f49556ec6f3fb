"""Reading one record at a time: which are due, the call in a thread of the pool, and what it told."""

import json
import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from integrations.draining.recording import backoff
from integrations.errors import AccessExpired, ConnectionLost, Rejected, TryLater
from integrations.following.recording import apply, gone
from integrations.models import CandidateExport, Connection, StageChange
from integrations.providers import Provider

logger = logging.getLogger(__name__)

# Taking in hand is setting the time to read it again, in case this reader dies. Recording clears that very time: had a
# delivery come meanwhile, it is another one, and the record is read once more.
CLAIM = """
WITH due AS (
    SELECT id FROM integrations_candidateexport
    WHERE connection_id = %(connection)s AND read_due_at <= statement_timestamp() AND external_id <> ''
    ORDER BY read_due_at, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE integrations_candidateexport AS export
SET read_due_at = clock_timestamp() + make_interval(secs => %(lease)s)
FROM due WHERE export.id = due.id
RETURNING export.id, export.external_id, export.read_because, export.read_tries, export.read_due_at
"""
RELEASE = """
WITH news AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS news(id bigint, marker timestamptz, again timestamptz, tries integer)
), locked AS (
    SELECT id FROM integrations_candidateexport WHERE id IN (SELECT id FROM news) FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE integrations_candidateexport AS export
SET read_due_at = news.again, read_tries = news.tries,
    read_because = CASE WHEN news.again IS NULL THEN '' ELSE export.read_because END
FROM news, locked WHERE export.id = news.id AND export.id = locked.id AND export.read_due_at = news.marker
"""

# So many who were just sent are looked at one by one; more come with the next list of changes, in far fewer calls.
FEW_NEWCOMERS = 20
# The answer to our create says all that is new for the first moments.
NEWCOMER_SECONDS = 5
# One the ATS refuses to show, again and again: a first wait, doubled each time up to a day.
REFUSED_FIRST, REFUSED_CAP = timedelta(minutes=1), timedelta(days=1)


UNREAD = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Reading:
    """One record to be looked at, and what was seen."""

    export_pk: int
    external_id: str
    because: str
    tries: int
    marker: datetime
    client: Any = None
    read_at: datetime = UNREAD
    outcome: Any = None
    was_repeated: bool = False


def count_due(connection: Connection, *, limit: int) -> int:
    """Count the records to be read now, up to `limit`; in the company's scope."""
    due = CandidateExport.objects.filter(connection=connection, read_due_at__lte=timezone.now()).exclude(external_id="")
    return len(due.values_list("pk")[:limit])


def claim(connection: Connection, *, limit: int) -> list[Reading]:
    """Take up to `limit` records in hand that are due the longest; in the company's scope."""
    with database.cursor() as cursor:
        parameters = {"connection": connection.pk, "limit": limit, "lease": settings.EXPORTS["lease_seconds"]}
        cursor.execute(CLAIM, parameters)
        return [Reading(*row) for row in cursor.fetchall()]


def read(reading: Reading, provider: Provider, finished: "SimpleQueue[Reading]") -> None:
    """Look at one record, in a thread of the pool that touches no database."""
    reading.read_at = timezone.now()
    try:
        reading.outcome = provider.read_progress(reading.client, reading.external_id)
    except Exception as error:  # the slice's own thread decides what it means
        reading.outcome = error
    finished.put(reading)


def record(connection: Connection, readings: list[Reading]) -> None:
    """Write down what was seen, and when those that could not be read are tried again; in the company's scope."""
    seen: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        if not isinstance(reading.outcome, Exception):
            seen[reading.because or StageChange.ToldBy.CATCH_UP].append(reading)
    for told_by, group in seen.items():
        # Together they are as old as the oldest of them.
        read_at = min(reading.read_at for reading in group)
        apply(connection, [reading.outcome for reading in group if reading.outcome], told_by, read_at)
        gone(connection, [reading.external_id for reading in group if reading.outcome is None], told_by, read_at)
    rows = []
    for reading in readings:
        again, tries = _again(reading)
        rows.append({"id": reading.export_pk, "marker": reading.marker, "again": again, "tries": tries})
    with database.cursor() as cursor:
        cursor.execute(RELEASE, [json.dumps(rows, default=str)])


def look_at_newcomers(connection: Connection) -> None:
    """See to it that who was just sent is looked at for a first time; in the company's scope."""
    if connection.catch_up and connection.next_catch_up_at and connection.next_catch_up_at <= timezone.now():
        return  # the list that is being read shows them
    since = timezone.now() - timedelta(seconds=NEWCOMER_SECONDS)
    newcomers = CandidateExport.objects.filter(
        connection=connection,
        state=CandidateExport.State.SENT,
        checked_at=None,
        read_due_at=None,
        deleted_there_at=None,
        sent_at__lt=since,
    )
    keys = list(newcomers.values_list("pk", flat=True)[: FEW_NEWCOMERS + 1])
    if 0 < len(keys) <= FEW_NEWCOMERS:
        locked = newcomers.filter(pk__in=keys).select_for_update(no_key=True, skip_locked=True, of=("self",))
        CandidateExport.objects.filter(pk__in=[row.pk for row in locked.only("pk")]).update(
            read_due_at=timezone.now(), read_because=StageChange.ToldBy.SENT
        )
    elif keys:
        minute_ago = timezone.now() - timedelta(minutes=1)
        if connection.caught_up_at is None or connection.caught_up_at < minute_ago:
            soon = Connection.objects.filter(pk=connection.pk, catch_up={}, next_catch_up_at__gt=timezone.now())
            if soon.update(next_catch_up_at=timezone.now()):
                connection.next_catch_up_at = timezone.now()


def _again(reading: Reading) -> tuple[datetime | None, int]:
    """Return when to read it again, or None, and how often it failed in a row."""
    outcome, now = reading.outcome, timezone.now()
    if not isinstance(outcome, Exception):
        return None, 0
    if isinstance(outcome, ConnectionLost | AccessExpired):
        return now, reading.tries
    tries = min(reading.tries + 1, 30)
    if isinstance(outcome, TryLater):
        if not outcome.is_outage:
            return now + timedelta(seconds=outcome.after or 0), reading.tries
        return now + max(backoff(tries), timedelta(seconds=outcome.after or 0)), tries
    if not isinstance(outcome, Rejected):
        logger.error("export %s could not be read by a mistake of ours", reading.export_pk, exc_info=outcome)
    return now + min(REFUSED_CAP, REFUSED_FIRST * 2 ** (tries - 1)), tries
