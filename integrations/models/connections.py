"""One company's link to one account at an applicant-tracking system."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models import Company, User
from integrations import providers
from purposejobs.fields import EncryptedTextField
from purposejobs.tenancy import TenantModel

# How long before the end of a grant's life admins are asked to reconnect.
TELL_BEFORE_END = timedelta(days=30)


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def for_company(self, company: Company) -> Self:
        return self.filter(company=company)

    def active(self) -> Self:
        return self.filter(state=Connection.State.ACTIVE)

    def standing(self) -> Self:
        """Keep those that somebody made and nobody ended: active, or waiting to be reconnected."""
        return self.exclude(state=Connection.State.DISCONNECTED)


class Connection(TenantModel):
    """State, tokens and settings. Each change of state is one conditional UPDATE."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        NEEDS_RECONNECT = "needs_reconnect", "Reconnect"
        DISCONNECTED = "disconnected", "Disconnected"

    company = models.ForeignKey(Company, models.CASCADE, related_name="connections")
    provider = models.CharField(max_length=40)
    environment = models.CharField(max_length=20)
    # Empty when the provider does not say which account granted access.
    account_id = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=20, choices=State, default=State.ACTIVE)
    state_changed_at = models.DateTimeField(default=timezone.now)
    lost_reason = models.CharField(max_length=60, blank=True)

    access_token = EncryptedTextField(blank=True)
    refresh_token = EncryptedTextField(blank=True)
    token_expires_at = models.DateTimeField(null=True)
    token_refreshed_at = models.DateTimeField(null=True)
    granted_scopes = ArrayField(models.CharField(max_length=80), default=list)

    connected_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    connected_at = models.DateTimeField(default=timezone.now)
    # The ATS's user who granted access, where it says so; and the one chosen to act for us.
    granted_by_user_id = models.CharField(max_length=80, blank=True)
    acting_user_id = models.CharField(max_length=80, blank=True)

    # What a company may choose: see the connection's settings page.
    exports_automatically = models.BooleanField(default=True)
    sends_notes = models.BooleanField(default=True)
    # Where somebody goes who is sent without a job; none: a general lead.
    lead_posting = models.ForeignKey("integrations.Posting", models.SET_NULL, null=True, related_name="+")

    # When admins were told that the grant's life ends; some vendors end one after a year, used or not.
    end_told_at = models.DateTimeField(null=True)

    last_contact_at = models.DateTimeField(null=True)
    postings_requested_at = models.DateTimeField(null=True)
    postings_listed_at = models.DateTimeField(null=True)
    postings_error = models.CharField(max_length=60, blank=True)

    # The circuit: after several failures in a row nothing is sent until a cheap read succeeds.
    failures_in_a_row = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True)

    # Webhooks: the unguessable part of our address, what the provider must remember of them (opaque to us: ids and
    # signing secrets), why there are none, and when the last good delivery came.
    hook_key = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001  none is not unique
    subscriptions = EncryptedTextField(blank=True)
    subscribed_at = models.DateTimeField(null=True)
    subscription_error = models.CharField(max_length=60, blank=True)
    # When to look whether they are still there, or to ask for them again; null: at once.
    subscriptions_due_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    # The catch-up: up to when every change there is known here, when it is next due, and one that is under way
    # (empty, or where it stands between two slices).
    caught_up_to = models.DateTimeField(null=True)
    caught_up_at = models.DateTimeField(null=True)
    next_catch_up_at = models.DateTimeField(null=True)
    catch_up = models.JSONField(default=dict)

    # "Test connection" and "Send test candidate": asked for, finished, and what was found.
    check_requested_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    check_findings = models.JSONField(default=list)
    test_requested_at = models.DateTimeField(null=True)
    test_requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # Whoever sends it has it to themselves until then; after an unclear outcome, until a late one must have landed.
    test_claimed_until = models.DateTimeField(null=True)
    test_finished_at = models.DateTimeField(null=True)
    test_sent_at = models.DateTimeField(null=True)
    test_url = models.URLField(max_length=500, blank=True)
    test_error = models.CharField(max_length=60, blank=True)

    # The day of the last digest of exports that need a person.
    digest_sent_on = models.DateField(null=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "provider", "environment", "account_id"], name="integrations_connection_per_account"
            ),
            models.UniqueConstraint(
                fields=["company", "provider"],
                condition=~models.Q(state="disconnected"),
                name="integrations_connection_one_standing",
            ),
            models.UniqueConstraint(
                fields=["provider", "environment", "account_id"],
                condition=~models.Q(state="disconnected") & ~models.Q(account_id=""),
                name="integrations_account_one_company",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} of {self.company}"

    @property
    def label(self) -> str:
        """The name of the ATS, as people know it."""
        return providers.get_provider(self.provider).LABEL

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def needs_reconnect(self) -> bool:
        return self.state == self.State.NEEDS_RECONNECT

    @property
    def bucket(self) -> str:
        """The name of the rate-limit bucket: one per account at the ATS, or per connection where that is unknown."""
        return f"{self.provider}:{self.environment}:{self.account_id or f'connection-{self.pk}'}"

    @property
    def ends_at(self) -> datetime | None:
        """When the grant's life ends whatever is done, where the vendor sets one."""
        life: timedelta | None = getattr(providers.get_provider(self.provider), "GRANT_LIFE", None)
        return self.connected_at + life if life else None

    @property
    def ends_soon(self) -> bool:
        return self.is_active and self.ends_at is not None and self.ends_at < timezone.now() + TELL_BEFORE_END

    @property
    def is_being_checked(self) -> bool:
        """Whether somebody asked for a test whose findings have not come."""
        return _is_open(self.check_requested_at, self.checked_at)

    @property
    def is_sending_test(self) -> bool:
        """Whether somebody asked for a test candidate of whom nothing has been heard."""
        return _is_open(self.test_requested_at, self.test_finished_at)

    def token_lasts(self, duration: timedelta) -> bool:
        """Say whether the access token can be used for this long."""
        return bool(self.access_token) and (
            self.token_expires_at is None or self.token_expires_at > timezone.now() + duration
        )

    @staticmethod
    def pause_after(failures: int) -> timedelta:
        """Return how long an open circuit rests after so many failures in a row: doubled each time, up to the cap."""
        first, cap = settings.EXPORTS["circuit_first_seconds"], settings.EXPORTS["circuit_cap_seconds"]
        beyond = max(0, failures - settings.EXPORTS["circuit_failures"])
        return timedelta(seconds=min(cap, first * 2 ** min(beyond, 20)))

    def mark_lost(self, reason: str) -> bool:
        """Ask for a reconnection; say whether that was news. Exports go on waiting."""
        return self._leave(self.State.ACTIVE, self.State.NEEDS_RECONNECT, lost_reason=reason)

    def _leave(self, before: str, after: str, **fields: object) -> bool:
        fields |= {"state": after, "state_changed_at": timezone.now()}
        changed = Connection.objects.filter(pk=self.pk, state=before).update(**fields)
        if changed:
            for name, value in fields.items():
                setattr(self, name, value)
        return bool(changed)


def _is_open(requested_at: datetime | None, finished_at: datetime | None) -> bool:
    return requested_at is not None and (finished_at is None or finished_at < requested_at)


class AccountUser(TenantModel):
    """A user of the ATS account, kept so that an export can be made in the right person's name."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="users")
    external_id = models.CharField(max_length=80)
    name = models.CharField(max_length=200)
    email = models.EmailField(max_length=320)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="integrations_account_user_once")
        ]

    def __str__(self) -> str:
        return self.name


class AccountStage(TenantModel):
    """A stage of the ATS account's pipeline; companies name them as they like."""

    class Step(models.TextChoices):
        """How far somebody in this stage has come: what the report counts."""

        SENT = "sent", "Sent"
        CONTACTED = "contacted", "Contacted"
        INTERVIEW = "interview", "Interview"
        OFFER = "offer", "Offer"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="stages")
    external_id = models.CharField(max_length=80)
    name = models.CharField(max_length=200)
    position = models.PositiveIntegerField()
    step = models.CharField(max_length=10, choices=Step, default=Step.SENT)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="integrations_account_stage_once")
        ]

    def __str__(self) -> str:
        return self.name


class AccountReason(TenantModel):
    """Why somebody leaves the ATS account's pipeline; some reasons mean hired."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="reasons")
    external_id = models.CharField(max_length=80)
    name = models.CharField(max_length=200)
    is_hire = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="integrations_account_reason_once")
        ]

    def __str__(self) -> str:
        return self.name
