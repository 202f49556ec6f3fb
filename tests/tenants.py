"""One row of everything that belongs to a company, to see whether anybody else reaches it."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.utils import timezone

from accounts.models import Company, Invitation, Letter, Membership, Notification
from candidates.models import Application, Candidate
from integrations.models import (
    AccountReason,
    Activity,
    BulkSend,
    BulkSendItem,
    CandidateExport,
    Connection,
    ExportAttempt,
    Posting,
    PostingLink,
    StageChange,
    WebhookEvent,
)
from jobs.models import Job
from purposejobs.tenancy import TenantModel, company_scope
from tests import factories
from tests.integrations import rows

# What belongs to one company, with how its rows are told apart: every TenantModel, and what was there before those.
TENANT_MODELS = [model for model in apps.get_models() if issubclass(model, TenantModel)] + [Membership, Invitation]


@dataclass
class Belongings:
    """A company's rows by the name that addresses use for them."""

    company: Company
    membership: Membership
    invitation: Invitation
    job: Job
    candidate: Candidate
    application: Application
    connection: Connection
    posting: Posting
    link: PostingLink
    export: CandidateExport
    bulk_send: BulkSend
    notification: Notification

    def address(self, *names: str) -> dict[str, Any]:
        """Give the values of an address: `job_pk` is the job's key, `provider` the connection's ATS."""
        return {
            name: self.connection.provider if name == "provider" else getattr(self, name.removesuffix("_pk")).pk
            for name in names
        }


def furnish(company: Company) -> Belongings:
    """Fill every table of a company."""
    member = factories.make_recruiter(company, "Oda Olsen")
    job = factories.make_job(company, "Community Organizer")
    application = factories.make_application(job)
    connection = rows.make_connection(company)
    rows.make_account_user(connection)
    posting = rows.make_posting(connection)
    link = rows.make_link(posting, job)
    export = rows.make_export(connection, application.candidate, posting, state="failed", failure_code="refused")
    with company_scope(company):
        ExportAttempt.objects.create(
            company=company, export=export, kind="create", outcome="rejected", started_at=timezone.now(), milliseconds=9
        )
        Activity.objects.create(company=company, connection=connection, verb=Activity.Verb.CONNECTED)
        AccountReason.objects.create(company=company, connection=connection, external_id="hired", name="Hired")
        StageChange.objects.create(
            company=company, export=export, kind="moved", stage_id="lead", happened_at=timezone.now(), told_by="sent"
        )
        WebhookEvent.objects.create(
            company=company, connection=connection, token="token", event="moved", triggered_at=timezone.now(), body={}
        )
        bulk_send = BulkSend.objects.create(company=company, connection=connection, job=job, requested_by=member)
        BulkSendItem.objects.create(
            company=company, bulk_send=bulk_send, candidate=application.candidate, outcome="goes", export=export
        )
        notification = Notification.objects.create(company=company, user=member, kind="test", title="Reconnect")
        Letter.objects.create(company=company, user=member, subject="Reconnect", text="Reconnect")
        membership = Membership.objects.get(user=member)
    return Belongings(
        company=company,
        membership=membership,
        invitation=factories.make_invitation(company),
        job=job,
        candidate=application.candidate,
        application=application,
        connection=connection,
        posting=posting,
        link=link,
        export=export,
        bulk_send=bulk_send,
        notification=notification,
    )


def everything_of(company: Company) -> dict[str, list[dict[str, Any]]]:
    """Read all rows of a company, to prove that nothing happened to them."""
    with company_scope(company):
        return {
            model.__name__: list(model._base_manager.filter(company=company).order_by("pk").values())
            for model in TENANT_MODELS
        }
