"""What people and connections did: not one row per automatic step."""

from django.db import models

from accounts.models import User
from candidates.models import Candidate
from integrations.models.connections import Connection
from jobs.models import Job
from purposejobs.tenancy import TenantModel


class Activity(TenantModel):
    """One act, for the history that recruiters read."""

    class Verb(models.TextChoices):
        CONNECTED = "connected", "connected"
        RECONNECTED = "reconnected", "reconnected"
        DISCONNECTED = "disconnected", "disconnected"
        LOST = "lost", "lost access"
        LINKED = "linked", "connected a job"
        UNLINKED = "unlinked", "disconnected a job"
        SENT = "sent", "sent a candidate"
        RETRIED = "retried", "tried again"
        DISMISSED = "dismissed", "dismissed"
        IMPORTED = "imported", "imported a posting"
        BACK_FILLED = "back_filled", "sent those left out"
        CHANGED = "changed", "changed a setting"
        TESTED = "tested", "tested the connection"
        TEST_SENT = "test_sent", "sent a test candidate"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="activities")
    verb = models.CharField(max_length=20, choices=Verb)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    candidate = models.ForeignKey(Candidate, models.SET_NULL, null=True, related_name="+")
    detail = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "activities"
        indexes = [
            models.Index(fields=["company", "-created_at", "-id"], name="integrations_activity_newest"),
            models.Index(fields=["company", "candidate", "-created_at"], name="integrations_activity_person"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} at {self.created_at:%Y-%m-%d %H:%M}"
