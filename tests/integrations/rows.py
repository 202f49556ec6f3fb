"""Rows of integrations for tests that need no far side: plain functions with readable defaults."""

import itertools
from datetime import timedelta
from typing import Any

from django.utils import timezone

from integrations.models import (
    AccountReason,
    AccountStage,
    AccountUser,
    CandidateExport,
    Connection,
    Posting,
    PostingLink,
    StageChange,
)
from purposejobs.tenancy import company_scope
from tests.factories import make_candidate, make_job

numbers = itertools.count(1)


def make_connection(company, *, state: str = Connection.State.ACTIVE, **fields: Any) -> Connection:
    """Make a connection whose postings were listed a minute ago, and whose pipeline begins with "New lead"."""
    fields = {
        "provider": "lever",
        "environment": "emulator",
        "account_id": f"account-{next(numbers)}",
        "access_token": "token",
        "refresh_token": "refresh",
        "postings_requested_at": timezone.now() - timedelta(minutes=1),
        "postings_listed_at": timezone.now() - timedelta(seconds=50),
        "last_contact_at": timezone.now() - timedelta(seconds=50),
        "caught_up_at": timezone.now() - timedelta(seconds=50),
        "next_catch_up_at": timezone.now() + timedelta(minutes=4),
        "subscriptions_due_at": timezone.now() + timedelta(hours=1),
    } | fields
    with company_scope(company):
        connection = Connection.objects.create(company=company, state=state, **fields)
        for position, (external_id, name) in enumerate([("lead-new", "New lead"), ("lead-replied", "Responded")]):
            AccountStage.objects.create(
                company=company, connection=connection, external_id=external_id, name=name, position=position
            )
    return connection


def make_account_user(connection: Connection, name: str = "Rosa Lindqvist", **fields: Any) -> AccountUser:
    number = next(numbers)
    fields = {"external_id": f"user-{number}", "email": f"user-{number}@ats.example"} | fields
    with company_scope(connection.company):
        return AccountUser.objects.create(company=connection.company, connection=connection, name=name, **fields)


def make_posting(connection: Connection, title: str = "Community Organizer", **fields: Any) -> Posting:
    fields = {
        "external_id": f"posting-{next(numbers)}",
        "state": "Published",
        "is_open": True,
        "digest": "as listed",
        "seen_at": timezone.now(),
    } | fields
    with company_scope(connection.company):
        return Posting.objects.create(company=connection.company, connection=connection, title=title, **fields)


def make_link(posting: Posting, job=None, **fields: Any) -> PostingLink:
    job = job or make_job(posting.company, posting.title)
    with company_scope(posting.company):
        return PostingLink.objects.create(
            company=posting.company, connection=posting.connection, posting=posting, job=job, **fields
        )


def make_export(connection: Connection, candidate=None, posting: Posting | None = None, **fields: Any):
    """Make an export; one that is sent has its place in the ATS."""
    number = next(numbers)
    if fields.get("state") == CandidateExport.State.SENT:
        fields = {
            "external_id": f"record-{number}",
            "external_url": f"https://ats.example/{number}",
            "stage_id": "lead-new",
            "sent_at": timezone.now(),
        } | fields
    fields = {"reason": CandidateExport.Reason.APPLIED} | fields
    with company_scope(connection.company):
        return CandidateExport.objects.create(
            company=connection.company,
            connection=connection,
            candidate=candidate or make_candidate(f"Person {number}", is_discoverable=True),
            posting=posting,
            **fields,
        )


def make_stage(connection: Connection, name: str = "Interview", **fields: Any) -> AccountStage:
    """Make a further stage of the pipeline, after those that make_connection() made."""
    number = next(numbers)
    fields = {"external_id": f"stage-{number}", "position": number, "step": AccountStage.Step.INTERVIEW} | fields
    with company_scope(connection.company):
        return AccountStage.objects.create(company=connection.company, connection=connection, name=name, **fields)


def make_reason(connection: Connection, name: str = "Underqualified", **fields: Any) -> AccountReason:
    fields = {"external_id": f"reason-{next(numbers)}"} | fields
    with company_scope(connection.company):
        return AccountReason.objects.create(company=connection.company, connection=connection, name=name, **fields)


def make_change(export: CandidateExport, kind: str = StageChange.Kind.MOVED, **fields: Any) -> StageChange:
    """Make what happened to a sent export in the ATS, as it is told by a webhook; the export itself stays."""
    fields = {"happened_at": timezone.now(), "told_by": StageChange.ToldBy.WEBHOOK} | fields
    with company_scope(export.company_id):
        return StageChange.objects.create(company_id=export.company_id, export=export, kind=kind, **fields)


def move(export: CandidateExport, stage: AccountStage, **fields: Any) -> StageChange:
    """Move an export into a stage, as following it would: the row and its history."""
    change = make_change(export, stage_id=stage.external_id, stage_name=stage.name, **fields)
    _update(export, stage_id=stage.external_id, stage_changed_at=change.happened_at)
    return change


def end(export: CandidateExport, reason: AccountReason, **fields: Any) -> StageChange:
    """Archive an export for a reason; for one that means hired it is hired."""
    kind = StageChange.Kind.HIRED if reason.is_hire else StageChange.Kind.ARCHIVED
    change = make_change(export, kind, reason_name=reason.name, **fields)
    hired_at = change.happened_at if reason.is_hire else None
    _update(export, archived_at=change.happened_at, archive_reason_id=reason.external_id, hired_at=hired_at)
    return change


def _update(export: CandidateExport, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(export, name, value)
    with company_scope(export.company_id):
        export.save(update_fields=list(fields))
