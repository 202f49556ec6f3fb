"""One candidate to be in the ATS for one posting: the queue and the history in one row.

The states and what leads out of each:

waiting    → claim → sending; cancel → cancelled. Held rows wait for their posting.
sending    → sent; waiting (try later, unknown outcome, lease over); failed (rejected)
sent       → waiting, when it was deleted in the ATS and a person sends it again
failed     → waiting (try again); cancelled (dismiss)
cancelled  → waiting (sent again, applied again, back-filled)
"""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Company, User
from candidates.models import Candidate
from integrations.models.connections import Connection
from integrations.models.postings import Posting
from jobs.models import Job
from purposejobs.fields import EncryptedTextField
from purposejobs.tenancy import TenantModel


class CandidateExportQuerySet(models.QuerySet["CandidateExport"]):
    def for_company(self, company: Company) -> Self:
        return self.filter(company=company)

    def waiting(self) -> Self:
        return self.filter(state=CandidateExport.State.WAITING)

    def due(self) -> Self:
        """Keep what may be claimed now: not held, or held but to be looked up, which is allowed while held."""
        return self.waiting().filter(models.Q(held_reason="") | models.Q(look_first=True), next_attempt_at__lte=Now())

    def follow_up_due(self) -> Self:
        """Keep sent rows whose phone or note is still to be added."""
        return self.filter(
            state=CandidateExport.State.SENT,
            follow_up=CandidateExport.FollowUp.WAITING,
            follow_up_at__lte=Now(),
        )

    def under_way(self) -> Self:
        return self.filter(state__in=[CandidateExport.State.WAITING, CandidateExport.State.SENDING])


class CandidateExport(TenantModel):
    """Keeps ids and outcomes; the person stays in the application or the profile."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Needs attention"
        CANCELLED = "cancelled", "Cancelled"

    class FollowUp(models.TextChoices):
        NONE = "none", "None"
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Sending"
        DONE = "done", "Done"
        FAILED = "failed", "Needs attention"

    class Reason(models.TextChoices):
        """Why the row exists: the difference between "applied" and "somebody asked"."""

        APPLIED = "applied", "Applied"
        SENT = "sent", "Sent by hand"
        BACK_FILL = "back_fill", "Back-fill"

    class Held(models.TextChoices):
        POSTING_CLOSED = "posting_closed", "The posting is closed"
        POSTING_GONE = "posting_gone", "The posting is gone"
        NO_ACTING_USER = "no_acting_user", "Nobody to act as"

    class Cancelled(models.TextChoices):
        DISMISSED = "dismissed", "Dismissed"
        WITHDRAWN = "withdrawn", "The candidate withdrew"
        HIDDEN = "hidden", "The candidate hides from the company"
        ERASED = "erased", "The candidate erased their data"
        UNLINKED = "unlinked", "The job was disconnected"
        DISCONNECTED = "disconnected", "The connection was ended"
        ALREADY_QUEUED = "already_queued", "Its place at the new posting is taken"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="exports")
    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="exports")
    # The job it was asked for; another job on the same posting is the same row.
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason)
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)

    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    changed_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    held_reason = models.CharField(max_length=30, choices=Held, blank=True)
    failure_code = models.CharField(max_length=60, blank=True)
    failure_parameters = models.JSONField(default=dict, blank=True)
    cancelled_reason = models.CharField(max_length=30, choices=Cancelled, blank=True)

    # Whose hands it is in, and until when; an outcome counts only while the claim is still the same.
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)

    # After an unknown outcome: what to look for before creating again, and since when it may exist.
    look_first = models.BooleanField(default=False)
    look_email = EncryptedTextField(blank=True)
    look_posting_id = models.CharField(max_length=80, blank=True)
    look_since = models.DateTimeField(null=True)

    external_id = models.CharField(max_length=80, blank=True)
    external_url = models.URLField(max_length=500, blank=True)
    external_contact_id = models.CharField(max_length=80, blank=True)
    stage_id = models.CharField(max_length=80, blank=True)
    # The ATS already knew this person, and left its own profile of them unchanged.
    was_known = models.BooleanField(default=False)
    without_resume = models.BooleanField(default=False)
    acting_user_id = models.CharField(max_length=80, blank=True)
    sent_at = models.DateTimeField(null=True)
    deleted_there_at = models.DateTimeField(null=True)

    # What became of it there, as it was last read: see StageChange for how it came so. `external_updated_at` is the
    # ATS's own time of the state we have; an older answer never replaces a newer one.
    stage_changed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    archive_reason_id = models.CharField(max_length=80, blank=True)
    hired_at = models.DateTimeField(null=True)
    anonymised_there_at = models.DateTimeField(null=True)
    owner_id = models.CharField(max_length=80, blank=True)
    origin = models.CharField(max_length=40, blank=True)
    tags = ArrayField(models.CharField(max_length=200), default=list)
    external_updated_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    # To be read again from this moment on: a delivery, "Refresh", or too long since the last look. While somebody reads
    # it, this is when that reader is given up. Why (a StageChange.ToldBy), and how often it failed in a row.
    read_due_at = models.DateTimeField(null=True)
    read_because = models.CharField(max_length=10, blank=True)
    read_tries = models.PositiveSmallIntegerField(default=0)

    # Phone and note: a second small job of a sent row.
    follow_up = models.CharField(max_length=10, choices=FollowUp, default=FollowUp.NONE)
    follow_up_at = models.DateTimeField(null=True)
    follow_up_tries = models.PositiveIntegerField(default=0)
    follow_up_look_first = models.BooleanField(default=False)
    follow_up_code = models.CharField(max_length=60, blank=True)
    needs_phone = models.BooleanField(default=False)

    objects = CandidateExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "candidate", "posting"],
                nulls_distinct=False,
                name="integrations_export_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "external_id"],
                condition=~models.Q(external_id=""),
                name="integrations_export_one_record",
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "next_attempt_at", "id"],
                condition=models.Q(state="waiting"),
                name="integrations_export_due",
            ),
            models.Index(
                fields=["connection", "claimed_until"],
                condition=~models.Q(claim=None),
                name="integrations_export_claimed",
            ),
            models.Index(
                fields=["connection", "follow_up_at"],
                condition=models.Q(follow_up="waiting"),
                name="integrations_export_follow",
            ),
            models.Index(
                fields=["connection", "read_due_at"],
                condition=~models.Q(read_due_at=None),
                name="integrations_export_read_due",
            ),
            models.Index(
                fields=["connection", "checked_at"],
                condition=models.Q(state="sent"),
                name="integrations_export_checked",
            ),
            models.Index(fields=["company", "candidate"], name="integrations_export_person"),
            # Who stands where in the ATS, for lists of candidates: in a stage, archived, hired.
            models.Index(
                fields=["company", "stage_id", "candidate"],
                condition=models.Q(state="sent", deleted_there_at=None, archived_at=None, hired_at=None),
                name="integrations_export_stage",
            ),
            models.Index(
                fields=["company", "candidate"],
                condition=models.Q(deleted_there_at=None, hired_at=None) & ~models.Q(archived_at=None),
                name="integrations_export_archived",
            ),
            models.Index(
                fields=["company", "candidate"],
                condition=models.Q(deleted_there_at=None) & ~models.Q(hired_at=None),
                name="integrations_export_hired",
            ),
            models.Index(fields=["company", "state", "-changed_at", "-id"], name="integrations_export_list"),
            # The history: all of it, and what waits or needs somebody, which is several states.
            models.Index(fields=["company", "-changed_at", "-id"], name="integrations_export_newest"),
            models.Index(
                fields=["company", "-changed_at", "-id"],
                condition=models.Q(state__in=["waiting", "sending", "failed"]),
                name="integrations_export_open",
            ),
        ]

    def __str__(self) -> str:
        return f"export {self.pk} ({self.state})"

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.SENDING)

    def wait_again(self, *, reason: str, requested_by: User | None, job: Job | None = None) -> None:
        """Put a cancelled, failed or deleted-there row back in line (not saved)."""
        if self.deleted_there_at:
            # Only here the memory of an unknown attempt may go: what it made has been deleted by a person.
            self.look_first, self.look_email, self.look_posting_id, self.look_since = False, "", "", None
            self.external_id = self.external_url = self.external_contact_id = self.stage_id = ""
            self.follow_up, self.sent_at, self.deleted_there_at = self.FollowUp.NONE, None, None
            self.forget_progress()
        # An unclear attempt may still land: nobody's impatience makes us look before it must have.
        self.next_attempt_at = max(timezone.now(), self.next_attempt_at) if self.look_first else timezone.now()
        self.state, self.changed_at = self.State.WAITING, timezone.now()
        self.reason, self.requested_by, self.requested_at = reason, requested_by, timezone.now()
        self.job = job or self.job
        self.tries, self.held_reason, self.failure_code, self.cancelled_reason = 0, "", "", ""
        self.failure_parameters = {}

    def forget_progress(self) -> None:
        """Forget what became of a record that is no more (not saved); its history stays."""
        self.stage_changed_at = self.archived_at = self.hired_at = self.anonymised_there_at = None
        self.external_updated_at = self.checked_at = self.read_due_at = None
        self.archive_reason_id = self.owner_id = self.origin = self.read_because = ""
        self.tags, self.read_tries = [], 0


# What `forget_progress` changes.
PROGRESS_FIELDS = (
    "stage_changed_at", "archived_at", "archive_reason_id", "hired_at", "anonymised_there_at", "owner_id", "origin",
    "tags", "external_updated_at", "checked_at", "read_due_at", "read_because", "read_tries",
)  # fmt: skip


class ExportAttempt(TenantModel):
    """The machine's record: what was tried, when, how it ended, how long it took. Never bodies."""

    class Kind(models.TextChoices):
        CREATE = "create", "Send"
        LOOK = "look", "Look whether it is there"
        FOLLOW_UP = "follow_up", "Add phone and note"

    class Outcome(models.TextChoices):
        SENT = "sent", "Sent"
        FOUND = "found", "Found there"
        NOT_FOUND = "not_found", "Not there"
        DONE = "done", "Done"
        TRY_LATER = "try_later", "Try later"
        UNKNOWN = "unknown", "No clear answer"
        REJECTED = "rejected", "Refused"
        LOST = "lost", "No access"

    export = models.ForeignKey(CandidateExport, models.CASCADE, related_name="attempts")
    kind = models.CharField(max_length=10, choices=Kind)
    outcome = models.CharField(max_length=10, choices=Outcome)
    code = models.CharField(max_length=60, blank=True)
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    next_attempt_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["export", "-started_at"], name="integrations_attempt_newest")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.outcome}"
