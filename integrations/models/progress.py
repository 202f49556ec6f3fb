"""What became of those who were sent, and what the ATS told us of it."""

from django.db import models

from integrations.models.connections import Connection
from integrations.models.exports import CandidateExport
from purposejobs.tenancy import TenantModel


class StageChange(TenantModel):
    """One thing that happened to somebody in the ATS; reading it twice makes one row."""

    class Kind(models.TextChoices):
        MOVED = "moved", "Moved"
        ARCHIVED = "archived", "Archived"
        HIRED = "hired", "Hired"
        REOPENED = "reopened", "Reopened"
        DELETED = "deleted", "Deleted"
        ANONYMISED = "anonymised", "Anonymised"

    class ToldBy(models.TextChoices):
        SENT = "sent", "The answer to our own call"
        WEBHOOK = "webhook", "A webhook"
        CATCH_UP = "catch_up", "The catch-up"
        REFRESH = "refresh", "Somebody who asked"

    export = models.ForeignKey(CandidateExport, models.CASCADE, related_name="stage_changes")
    kind = models.CharField(max_length=10, choices=Kind)
    # Where to (moved), with the name it had then; why (archived, hired).
    stage_id = models.CharField(max_length=80, blank=True)
    stage_name = models.CharField(max_length=200, blank=True)
    reason_name = models.CharField(max_length=200, blank=True)
    # The ATS's time, where it says one; else when we noticed.
    happened_at = models.DateTimeField()
    noticed_at = models.DateTimeField(auto_now_add=True)
    told_by = models.CharField(max_length=10, choices=ToldBy)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["export", "kind", "stage_id", "happened_at"], name="integrations_stage_change_once"
            )
        ]
        indexes = [
            models.Index(fields=["export", "happened_at", "id"], name="integrations_stage_change_line"),
            models.Index(fields=["company", "kind", "happened_at"], name="integrations_stage_change_kind"),
            # Those whose stage or reason was not known here yet: named once the account's lists are.
            models.Index(
                fields=["company"],
                condition=models.Q(kind="moved", stage_name="") | models.Q(kind="archived", reason_name=""),
                name="integrations_stage_change_bare",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.happened_at:%Y-%m-%d %H:%M}"


class WebhookEvent(TenantModel):
    """A delivery as it came, after its signature was found good. It carries ids and no people."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        NOT_OURS = "not_ours", "Nobody we sent"
        TEST = "test", "A test"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="webhook_events")
    # The vendor's name for this delivery: seen before, it is answered and not processed again.
    token = models.CharField(max_length=120)
    event = models.CharField(max_length=60)
    external_id = models.CharField(max_length=80, blank=True)
    triggered_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)
    body = models.JSONField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    processed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "token"], name="integrations_webhook_once")]
        indexes = [
            models.Index(
                fields=["connection", "id"],
                condition=models.Q(outcome="waiting"),
                name="integrations_webhook_waiting",
            ),
            models.Index(fields=["connection", "-received_at", "-id"], name="integrations_webhook_newest"),
            models.Index(fields=["received_at"], name="integrations_webhook_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.event} at {self.triggered_at:%Y-%m-%d %H:%M}"
