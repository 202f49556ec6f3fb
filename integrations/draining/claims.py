"""Taking rows in hand, and taking them back from a holder whose lease ran out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from candidates.models import Application
from integrations.models import CandidateExport, Connection
from integrations.providers import Provider

# One statement: follow-ups first, then the rows that are due the longest, as many as there are tokens for their calls.
# Rows that another drain has locked are passed over. Each row gets a claim of its own. Whether the connection still
# stands is asked here once more: the slice read it a while ago.
CLAIM = """
WITH follow_ups AS (
    SELECT id, 0 AS kind, follow_up_at AS due_at,
           CASE WHEN needs_phone THEN %(phone_calls)s ELSE %(note_calls)s END
           + CASE WHEN follow_up_look_first THEN %(look_note_calls)s ELSE 0 END AS calls
    FROM integrations_candidateexport
    WHERE connection_id = %(connection)s AND follow_up = 'waiting' AND state = 'sent'
      AND follow_up_at <= statement_timestamp()
      AND EXISTS (SELECT FROM integrations_connection WHERE id = %(connection)s AND state = 'active')
    ORDER BY follow_up_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), exports AS (
    SELECT id, 1 AS kind, next_attempt_at AS due_at, CASE WHEN look_first THEN %(find_calls)s ELSE 1 END AS calls
    FROM integrations_candidateexport
    WHERE connection_id = %(connection)s AND state = 'waiting' AND next_attempt_at <= statement_timestamp()
      AND (held_reason = '' OR look_first)
      AND EXISTS (SELECT FROM integrations_connection WHERE id = %(connection)s AND state = 'active')
    ORDER BY next_attempt_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), lined_up AS (
    SELECT id, kind, sum(calls) OVER (ORDER BY kind, due_at, id) AS calls_so_far
    FROM (SELECT * FROM follow_ups UNION ALL SELECT * FROM exports) AS due
), picked AS (
    SELECT id, kind, row_number() OVER (ORDER BY calls_so_far) AS place FROM lined_up WHERE calls_so_far <= %(tokens)s
)
UPDATE integrations_candidateexport AS export
SET claim = gen_random_uuid(),
    claimed_until = clock_timestamp() + make_interval(secs => %(lease)s),
    state = CASE WHEN picked.kind = 1 THEN 'sending' ELSE export.state END,
    changed_at = CASE WHEN picked.kind = 1 THEN clock_timestamp() ELSE export.changed_at END,
    follow_up = CASE WHEN picked.kind = 0 THEN 'sending' ELSE export.follow_up END
FROM picked WHERE export.id = picked.id AND picked.place <= %(limit)s
RETURNING export.*
"""

# What is due, counted no further than a handful, only to know when to wake; and whether the connection still stands.
LOOK_AGAIN = """
SELECT state, access_token <> '' OR refresh_token <> '', paused_until IS NOT NULL, (
    SELECT count(*) FROM (
        (SELECT FROM integrations_candidateexport
         WHERE connection_id = %(connection)s AND state = 'waiting' AND next_attempt_at <= statement_timestamp()
           AND (held_reason = '' OR look_first) LIMIT %(limit)s)
        UNION ALL
        (SELECT FROM integrations_candidateexport
         WHERE connection_id = %(connection)s AND follow_up = 'waiting' AND state = 'sent'
           AND follow_up_at <= statement_timestamp() LIMIT %(limit)s)
    ) AS due)
FROM integrations_connection WHERE id = %(connection)s
"""

# Nearly always there is none: not worth a query of many columns.
EXPIRED = """
SELECT EXISTS (SELECT FROM integrations_candidateexport
               WHERE connection_id = %s AND claim IS NOT NULL AND claimed_until < %s)
"""


@dataclass(frozen=True, slots=True)
class CallCounts:
    """How many calls of the ATS each kind of work takes, at least."""

    find: int
    note: int
    phone: int
    look_note: int

    @classmethod
    def of(cls, provider: Provider) -> "CallCounts":
        """Read them from a provider; one without follow-ups needs none."""
        count = getattr(provider, "calls_to_follow_up", lambda **kinds: 1)
        note = count(needs_phone=False, look_first=False)
        return cls(
            find=provider.pages_to_find,
            note=note,
            phone=count(needs_phone=True, look_first=False),
            look_note=count(needs_phone=False, look_first=True) - note,
        )

    def calls_of(self, export: CandidateExport) -> int:
        """Return how many calls a claimed row takes, as the claim counted them."""
        if export.state == CandidateExport.State.SENDING:
            return self.find if export.look_first else 1
        calls = self.phone if export.needs_phone else self.note
        return calls + (self.look_note if export.follow_up_look_first else 0)


def claim(connection: Connection, counts: CallCounts, *, tokens: int, limit: int) -> list[CandidateExport]:
    """Take up to `limit` due rows in hand whose calls fit into `tokens`; in the company's scope.

    Follow-ups come first, then the rows that are due the longest.
    """
    parameters = {
        "connection": connection.pk,
        "limit": limit,
        "tokens": tokens,
        "lease": settings.EXPORTS["lease_seconds"],
        "find_calls": counts.find,
        "note_calls": counts.note,
        "phone_calls": counts.phone,
        "look_note_calls": counts.look_note,
    }
    rows = CandidateExport.objects.raw(CLAIM, parameters)
    return sorted(rows, key=lambda row: (row.state != CandidateExport.State.SENT, row.next_attempt_at, row.pk))


def look_again(connection: Connection, *, limit: int) -> tuple[str, bool, bool, int]:
    """Return the connection's state now, whether it has a grant, whether it is paused, and how many rows are due.

    Counted up to `limit` for each kind of work; in the company's scope.
    """
    with database.cursor() as cursor:
        cursor.execute(LOOK_AGAIN, {"connection": connection.pk, "limit": limit})
        return cursor.fetchone()


def release_expired(connection: Connection) -> int:
    """Take rows back whose holder's lease ran out; return how many. In the company's scope.

    What the holder did is unknown: a create is looked up before it is tried again, once a late one must have landed.
    """
    with database.cursor() as cursor:
        cursor.execute(EXPIRED, [connection.pk, timezone.now()])
        if not cursor.fetchone()[0]:
            return 0
    expired = list(
        CandidateExport.objects.filter(connection=connection, claimed_until__lt=timezone.now())
        .exclude(claim=None)
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("candidate", "posting")
    )
    emails = addresses(connection, [row.candidate_id for row in expired if row.state == CandidateExport.State.SENDING])
    for row in expired:
        if row.state == CandidateExport.State.SENDING:
            mark_unclear(
                row,
                email=emails.get(row.candidate_id) or row.candidate.email,
                posting_id=row.posting.external_id if row.posting else "",
                since=row.changed_at,
            )
            row.state, row.changed_at = CandidateExport.State.WAITING, timezone.now()
        else:
            row.follow_up, row.follow_up_look_first = row.FollowUp.WAITING, True
            row.follow_up_at = timezone.now() + look_delay()
        row.claim, row.claimed_until = None, None
    CandidateExport.objects.bulk_update(
        expired,
        [
            "state", "changed_at", "look_first", "look_email", "look_posting_id", "look_since",
            "next_attempt_at", "follow_up", "follow_up_look_first", "follow_up_at", "claim", "claimed_until",
        ],
    )  # fmt: skip
    return len(expired)


def mark_unclear(row: CandidateExport, *, email: str, posting_id: str, since: datetime) -> None:
    """Remember a create of unknown outcome: what to look for, where, since when, and not before when."""
    if not row.look_first:
        row.look_first, row.look_email, row.look_posting_id, row.look_since = True, email, posting_id, since
    row.next_attempt_at = timezone.now() + look_delay()


def look_delay() -> timedelta:
    """Return how long a late create may take to land: longer than a call's deadline."""
    return timedelta(seconds=settings.EXPORTS["look_delay_seconds"])


def addresses(connection: Connection, candidate_pks: list[int]) -> dict[int, str]:
    """Return the e-mail each candidate applied with to this company, also where the application was withdrawn since."""
    applications = Application.objects.filter(company_id=connection.company_id, candidate_id__in=candidate_pks)
    return dict(applications.exclude(email="").order_by("created_at").values_list("candidate_id", "email"))
