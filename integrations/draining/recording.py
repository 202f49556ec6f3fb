"""What came of the errands, written down in bulk, and only where the claim is still ours."""

import json
import logging
import random
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db import connection as database
from django.utils import timezone

from integrations.draining.calling import GIVEN_BACK
from integrations.draining.claims import look_delay, mark_unclear
from integrations.draining.packing import Errand, Kind
from integrations.errors import AccessExpired, ConnectionLost, Rejected, TryLater
from integrations.models import CandidateExport, Connection, ExportAttempt
from integrations.providers import Created, Provider
from purposejobs.fields import EncryptedTextField

logger = logging.getLogger(__name__)

State = CandidateExport.State
FollowUp = CandidateExport.FollowUp
Outcome = ExportAttempt.Outcome

# A refusal for these reasons waits for the posting; it is nobody's mistake. One that has just become confidential is
# as good as gone to us: the next list does not show it.
HOLDING = {
    "posting_closed": CandidateExport.Held.POSTING_CLOSED,
    "posting_gone": CandidateExport.Held.POSTING_GONE,
    "confidential": CandidateExport.Held.POSTING_GONE,
}

# Everything an errand may change; `claim` is compared before it is cleared.
RECORDED = [
    "posting_id", "state", "changed_at", "next_attempt_at", "tries", "held_reason", "failure_code",
    "failure_parameters", "cancelled_reason", "look_first", "look_email", "look_posting_id", "look_since",
    "external_id", "external_url", "external_contact_id", "stage_id", "was_known", "without_resume",
    "acting_user_id", "sent_at", "follow_up", "follow_up_at", "follow_up_tries", "follow_up_look_first",
    "follow_up_code", "needs_phone",
]  # fmt: skip

FIELDS = {"posting_id": "posting"}  # where a column's name is not its field's
look_email = EncryptedTextField()  # encrypts on its way in


def record(provider: Provider, connection: Connection, errands: list[Errand]) -> None:
    """Write down what came of the errands, in the company's scope; one bad row never keeps the others from it."""
    _choose_found(connection, errands)
    attempts = [attempt for errand in errands if (attempt := _conclude(provider, connection, errand))]
    try:
        with transaction.atomic():
            _write([errand.export for errand in errands], {errand.export.pk: errand.claim for errand in errands})
    except IntegrityError:
        for errand in errands:
            _record_alone(errand)
    ExportAttempt.objects.bulk_create(attempts)


def _record_alone(errand: Errand) -> None:
    try:
        with transaction.atomic():
            _write([errand.export], {errand.export.pk: errand.claim})
    except IntegrityError as error:
        # Its place is taken: a record that another export adopted meanwhile, or a posting another row has reached.
        logger.warning("export %s could not be recorded as it was: %s", errand.export.pk, type(error).__name__)
        export = CandidateExport.objects.get(pk=errand.export.pk)
        if errand.kind == Kind.LOOK:
            export.state, export.next_attempt_at = State.WAITING, timezone.now() + look_delay()
        else:
            export.state, export.cancelled_reason = State.CANCELLED, CandidateExport.Cancelled.ALREADY_QUEUED
        _write([export], {export.pk: errand.claim})


@cache
def _update() -> str:
    fields = {name: CandidateExport._meta.get_field(FIELDS.get(name, name)) for name in RECORDED}
    news = ", ".join(f"{name} = news.{name}" for name in fields if name != "stage_id")
    # The stage of somebody who is there already is the followers' to tell: what a follow-up read may be old by now.
    news += ", stage_id = CASE WHEN export.external_id = news.external_id THEN export.stage_id ELSE news.stage_id END"
    types = ", ".join(
        f"{name} {cast('models.Field[Any, Any]', field).db_type(database)}" for name, field in fields.items()
    )
    return (
        f"UPDATE integrations_candidateexport AS export SET claim = NULL, claimed_until = NULL, {news}"  # noqa: S608
        f" FROM jsonb_to_recordset(%s::jsonb) AS news(id bigint, claim uuid, {types})"
        " WHERE export.id = news.id AND export.claim = news.claim RETURNING export.id"
    )


def _write(exports: list[CandidateExport], claims: dict[int, object]) -> None:
    rows = [{name: getattr(export, name) for name in RECORDED} for export in exports]
    for export, row in zip(exports, rows, strict=True):
        row |= {"id": export.pk, "claim": claims[export.pk], "look_email": look_email.get_prep_value(export.look_email)}
    with database.cursor() as cursor:
        # Times and keys are written as PostgreSQL reads them, to the microsecond.
        cursor.execute(_update(), [json.dumps(rows, default=str)])
        kept = {pk for (pk,) in cursor.fetchall()}
    for row in rows:
        if row["id"] not in kept:
            logger.warning("export %s: a late outcome was not recorded, the claim had run out", row["id"])


def _choose_found(connection: Connection, errands: list[Errand]) -> None:
    """Turn each list of records that could be ours into the first that no other export has, or None."""
    looks = [errand for errand in errands if errand.kind == Kind.LOOK and isinstance(errand.outcome, list)]
    ids = {found.external_id for errand in looks for found in errand.outcome}
    if not looks:
        return
    taken = set(
        CandidateExport.objects.filter(connection=connection, external_id__in=ids)
        .exclude(pk__in=[errand.export.pk for errand in looks])
        .values_list("external_id", flat=True)
    )
    for errand in looks:
        free = [found for found in errand.outcome if found.external_id not in taken]
        errand.outcome = free[0] if free else None
        taken |= {found.external_id for found in free[:1]}


def _conclude(provider: Provider, connection: Connection, errand: Errand) -> ExportAttempt | None:
    """Change the row in memory as the outcome says, and return the attempt to keep, if a call was made."""
    export = errand.export
    if errand.is_given_back or errand.outcome is GIVEN_BACK:
        _back_in_line(errand, timezone.now())
        return None
    if errand.cancelled or errand.held:
        _stop(errand)
        return None
    try:
        if isinstance(errand.outcome, Exception):
            raise errand.outcome
        outcome, code = _succeed(provider, errand), ""
    except TryLater as error:
        outcome, code = (Outcome.UNKNOWN if error.unknown else Outcome.TRY_LATER), error.code
        _try_later(errand, error)
    except Rejected as error:
        outcome, code = Outcome.REJECTED, error.code
        _reject(errand, error.code, error.parameters)
    except (ConnectionLost, AccessExpired) as error:
        outcome, code = Outcome.LOST, getattr(error, "code", "access_refused")
        _back_in_line(errand, timezone.now())
    except Exception:
        # Our own mistake. What the call did is unknown, so whoever tries again looks first.
        logger.exception("export %s failed by a mistake of ours", export.pk)
        outcome, code = Outcome.REJECTED, "internal_error"
        if errand.kind == Kind.CREATE:
            _remember_attempt(errand)
        elif errand.kind == Kind.FOLLOW_UP:
            export.follow_up_look_first = True
        _reject(errand, code, {})
    if connection.state == Connection.State.DISCONNECTED and export.state == State.WAITING:
        export.state, export.cancelled_reason = State.CANCELLED, CandidateExport.Cancelled.DISCONNECTED
        export.held_reason = ""
    return ExportAttempt(
        company_id=export.company_id,
        export=export,
        kind=errand.kind,
        outcome=outcome,
        code=code,
        started_at=errand.started_at or timezone.now(),
        milliseconds=errand.milliseconds,
        next_attempt_at=_next_attempt_at(errand),
    )


def _next_attempt_at(errand: Errand) -> datetime | None:
    export = errand.export
    if errand.kind == Kind.FOLLOW_UP:
        return export.follow_up_at if export.follow_up == FollowUp.WAITING else None
    return export.next_attempt_at if export.state == State.WAITING else None


def _succeed(provider: Provider, errand: Errand) -> str:
    export = errand.export
    if errand.kind == Kind.FOLLOW_UP:
        export.follow_up, export.follow_up_code, export.needs_phone = FollowUp.DONE, "", False
        return Outcome.DONE
    export.look_first, export.look_email, export.look_posting_id, export.look_since = False, "", "", None
    if errand.outcome is None:
        _back_in_line(errand, timezone.now())
        return Outcome.NOT_FOUND
    created = cast(Created, errand.outcome)
    export.state, export.changed_at, export.sent_at = State.SENT, timezone.now(), timezone.now()
    export.external_id, export.external_url = created.external_id, created.external_url
    export.external_contact_id, export.stage_id = created.contact_id, created.stage_id
    export.was_known = created.was_known
    export.acting_user_id = errand.parcel.acting_user_id
    export.failure_code, export.failure_parameters, export.held_reason = "", {}, ""
    if errand.kind == Kind.CREATE:
        export.without_resume = errand.parcel.resume is None
    export.needs_phone = created.lacks_phone and bool(errand.parcel.phone)
    if hasattr(provider, "follow_up") and provider.needs_follow_up(errand.payload, created):
        export.follow_up, export.follow_up_at, export.follow_up_tries = FollowUp.WAITING, timezone.now(), 0
        export.follow_up_look_first = errand.kind == Kind.LOOK
    return Outcome.SENT if errand.kind == Kind.CREATE else Outcome.FOUND


def _stop(errand: Errand) -> None:
    export = errand.export
    if errand.kind == Kind.FOLLOW_UP:
        export.follow_up = FollowUp.NONE
        return
    export.changed_at = timezone.now()
    if errand.cancelled:
        export.state, export.cancelled_reason, export.held_reason = State.CANCELLED, errand.cancelled, ""
    else:
        export.state, export.held_reason = State.WAITING, errand.held


def _back_in_line(errand: Errand, at: datetime) -> None:
    export = errand.export
    if errand.kind == Kind.FOLLOW_UP:
        export.follow_up, export.follow_up_at = FollowUp.WAITING, at
    else:
        export.state, export.changed_at, export.next_attempt_at = State.WAITING, timezone.now(), at


def _try_later(errand: Errand, error: TryLater) -> None:
    export = errand.export
    export.failure_code = error.code if errand.kind != Kind.FOLLOW_UP else export.failure_code
    if errand.kind == Kind.FOLLOW_UP:
        export.follow_up_tries += 1
        export.follow_up_look_first = export.follow_up_look_first or error.unknown
        wait = timedelta(seconds=error.after) if error.after else backoff(export.follow_up_tries)
        _back_in_line(errand, timezone.now() + (max(look_delay(), wait) if error.unknown else wait))
        return
    export.tries += 1
    wait = timedelta(seconds=error.after) if error.after else backoff(export.tries)
    _back_in_line(errand, timezone.now() + wait)
    if error.unknown and errand.kind == Kind.CREATE:
        _remember_attempt(errand)


def _remember_attempt(errand: Errand) -> None:
    mark_unclear(
        errand.export,
        email=errand.parcel.email,
        posting_id=errand.parcel.posting_id,
        since=errand.started_at or timezone.now(),
    )


def _reject(errand: Errand, code: str, parameters: dict[str, Any]) -> None:
    export = errand.export
    if errand.kind == Kind.FOLLOW_UP:
        export.follow_up, export.follow_up_code = FollowUp.FAILED, code
        return
    export.changed_at = timezone.now()
    if code in HOLDING:
        export.state, export.held_reason, export.next_attempt_at = State.WAITING, HOLDING[code].value, timezone.now()
    else:
        export.state, export.failure_code, export.failure_parameters = State.FAILED, code, parameters
        export.held_reason = ""


def backoff(tries: int) -> timedelta:
    """Return the wait before the next try: doubled each time up to the cap, with jitter so that a crowd spreads out."""
    first, cap = settings.EXPORTS["retry_first_seconds"], settings.EXPORTS["retry_cap_seconds"]
    return timedelta(seconds=min(cap, first * 2 ** min(tries - 1, 20)) * random.uniform(0.5, 1.0))  # noqa: S311
