"""One call to the ATS, in a thread of the pool. It touches no database."""

import time
from datetime import datetime, timedelta
from queue import SimpleQueue
from threading import Event

from django.conf import settings
from django.utils import timezone

from integrations.draining.packing import Errand, Kind
from integrations.providers import Provider

GIVEN_BACK = object()

# Set once, when this process is asked to end: what has not begun is given back.
stopping = Event()


def call(errand: Errand, provider: Provider, finished: "SimpleQueue[Errand]") -> None:
    """Do the errand and put it, with its outcome, which may be an exception, among the finished ones.

    Too late for a whole call within the lease, or in a process that is ending, the row is given back untouched.
    """
    if stopping.is_set() or time.monotonic() > errand.begin_before:
        errand.outcome = GIVEN_BACK
        finished.put(errand)
        return
    errand.started_at = timezone.now()
    began = time.perf_counter()
    try:
        errand.outcome = _do(errand, provider)
    except Exception as error:  # the drain's own thread decides what it means
        errand.outcome = error
    errand.milliseconds = round((time.perf_counter() - began) * 1000)
    finished.put(errand)


def _do(errand: Errand, provider: Provider) -> object:
    export, client = errand.export, errand.client
    if errand.kind == Kind.CREATE:
        return provider.create(client, errand.payload)
    if errand.kind == Kind.LOOK:
        return provider.find(client, errand.payload, looked_since(export.look_since))
    if export.follow_up_look_first and provider.find_follow_up(client, errand.payload, export.external_id):
        return True
    provider.follow_up(
        client,
        errand.payload,
        external_id=export.external_id,
        contact_id=export.external_contact_id,
        needs_phone=export.needs_phone,
    )
    return True


def looked_since(attempt_at: datetime | None) -> datetime:
    """Return the oldest a record may be to be ours: the first attempt, less what two clocks may differ by."""
    margin = timedelta(seconds=settings.EXPORTS["clock_margin_seconds"])
    return (attempt_at or timezone.now() - timedelta(days=365)) - margin
