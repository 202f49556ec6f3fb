"""Sending many at once: what was asked for, and what became of each."""

from django.db import models

from accounts.models import User
from candidates.models import Candidate
from integrations.models.connections import Connection
from integrations.models.exports import CandidateExport
from jobs.models import Job
from purposejobs.tenancy import TenantModel


class BulkSend(TenantModel):
    """One sending of many candidates. It has an address of its own, so that it can be left and come back to."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="bulk_sends")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    # Null while it is only a preview.
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["company", "-created_at", "-id"], name="integrations_bulk_send_newest")]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


class BulkSendItem(TenantModel):
    """One candidate of a sending."""

    class Outcome(models.TextChoices):
        GOES = "goes", "Goes"
        ALREADY_THERE = "already_there", "Already there"
        UNDER_WAY = "under_way", "Already on its way"
        BLOCKED = "blocked", "Cannot be sent"

    bulk_send = models.ForeignKey(BulkSend, models.CASCADE, related_name="items")
    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=15, choices=Outcome)
    code = models.CharField(max_length=60, blank=True)
    export = models.ForeignKey(CandidateExport, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bulk_send", "candidate"], name="integrations_bulk_send_item_once")
        ]
        indexes = [models.Index(fields=["bulk_send", "outcome", "id"], name="integrations_bulk_send_items")]

    def __str__(self) -> str:
        return f"{self.outcome} in {self.bulk_send_id}"
