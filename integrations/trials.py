"""Send a test candidate: one clearly named person for each company, looked for before it is made.

The ATS has no idempotency key, so each attempt looks first, and one at a time holds the connection's test. After an
unclear outcome nobody looks before a late create must have landed. The person is no candidate of ours.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from integrations.draining.claims import look_delay
from integrations.draining.packing import Facts
from integrations.errors import ConnectionLost, Rejected, TryLater
from integrations.models import Activity, CandidateExport, Connection
from integrations.nudging import SEND_TEST, publish
from integrations.providers import Created, Parcel, get_provider
from integrations.visiting import SOONEST_SECONDS, Visit, find_connection, visit
from purposejobs.tenancy import company_scope

logger = logging.getLogger(__name__)

NAME = "Purpose Jobs Test Candidate"
HEADLINE = "Sent to test the connection. Can be archived or deleted at any time."
# However old the company's test candidate is, it is found.
EVER = datetime(2000, 1, 1, tzinfo=UTC)


def email_of(company_pk: int) -> str:
    """Return the address of a company's test candidate, in a domain that is reserved for examples."""
    return f"purpose-jobs-test-{company_pk}@example.com"


def send_test_candidate(connection_pk: int) -> None:
    """Send a connection's test candidate where that was asked for, unless they are there already."""
    connection = find_connection(connection_pk)
    if connection is None or not (connection.is_active and connection.is_sending_test):
        return
    # Looking, then making.
    tokens = get_provider(connection.provider).pages_to_find + 1
    with visit(connection, SEND_TEST, tokens=tokens) as visiting:
        if visiting is not None:
            _send(visiting)


def _send(visiting: Visit) -> None:
    connection, provider = visiting.connection, visiting.provider
    until = _claim(connection)
    if until is None:
        return
    news: dict[str, Any] = {"test_error": "internal_error", "test_claimed_until": timezone.now() + look_delay()}
    try:
        with company_scope(connection.company_id):
            parcel = _parcel(connection)
            (payload,) = provider.prepare([parcel])
        if not parcel.acting_user_id:
            news = {"test_error": "no_acting_user", "test_claimed_until": None}
            return
        is_there = visiting.ask(lambda client: provider.find(client, payload, EVER))
        created: Created = is_there[0] if is_there else visiting.ask(lambda client: provider.create(client, payload))
        news = {"test_error": "", "test_url": created.external_url, "test_claimed_until": None}
        news |= {} if is_there else {"test_sent_at": timezone.now()}
    except TryLater as error:
        if error.unknown:
            news = {"test_error": "unclear", "test_claimed_until": timezone.now() + look_delay()}
        else:
            news = {"test_error": "busy" if error.code == "busy" else "vendor_away", "test_claimed_until": None}
    except (Rejected, ConnectionLost) as error:
        news = {"test_error": error.code, "test_claimed_until": None}
    finally:
        _record(connection, until, news)


def _claim(connection: Connection) -> datetime | None:
    """Take the test in hand, and return until when; None where somebody has it, or a late one may still land."""
    now = timezone.now()
    # Two calls, each of which may be repeated with a fresh token; then whatever was begun must have landed.
    until = now + timedelta(seconds=4 * settings.EXPORTS["call_deadline_seconds"]) + look_delay()
    with company_scope(connection.company_id):
        free = Q(test_claimed_until=None) | Q(test_claimed_until__lte=now)
        if Connection.objects.filter(free, pk=connection.pk).update(test_claimed_until=until):
            return until
        held_until = Connection.objects.values_list("test_claimed_until", flat=True).get(pk=connection.pk)
    wait = max(SOONEST_SECONDS, (held_until - now).total_seconds()) if held_until else SOONEST_SECONDS
    publish(SEND_TEST, connection.pk, countdown=wait)
    return None


def _record(connection: Connection, until: datetime, news: dict[str, Any]) -> None:
    with company_scope(connection.company_id):
        ours = Connection.objects.filter(pk=connection.pk, test_claimed_until=until)
        if not ours.update(test_finished_at=timezone.now(), **news):
            logger.warning("connection %s: a late outcome of its test candidate was not recorded", connection.pk)
        elif news.get("test_sent_at"):
            Activity.objects.create(
                company_id=connection.company_id,
                connection=connection,
                verb=Activity.Verb.TEST_SENT,
                actor=connection.test_requested_by,
            )


def _parcel(connection: Connection) -> Parcel:
    """Make what travels; the ATS's user who acts is found as for exports."""
    export = CandidateExport(connection=connection, requested_by=connection.test_requested_by)
    facts = Facts(connection.company, connection)
    facts.read_users([export])
    page = reverse("connection_check", args=[connection.company.slug, connection.provider])
    return Parcel(
        export_pk=0,
        name=NAME,
        email=email_of(connection.company_id),
        phone="",
        location="",
        headline=HEADLINE,
        links=(),
        profile_url=settings.PUBLIC_URL + page,
        note="",
        resume=None,
        posting_id="",
        acting_user_id=facts.acting_user_id(export),
    )
