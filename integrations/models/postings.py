"""Jobs as the ATS has them, and which of ours each belongs to."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Company, User
from integrations.models.connections import Connection
from jobs.models import Job, Workplace
from purposejobs.tenancy import TenantModel


class PostingQuerySet(models.QuerySet["Posting"]):
    def for_company(self, company: Company) -> Self:
        return self.filter(company=company)

    def accepting(self) -> Self:
        """Keep those that take candidates."""
        return self.filter(is_open=True, gone_at=None)


class Posting(TenantModel):
    """A job in the ATS: a local copy, so that searching and matching are instant."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="postings")
    external_id = models.CharField(max_length=80)
    title = models.CharField(max_length=300)
    team = models.CharField(max_length=200, blank=True)
    department = models.CharField(max_length=200, blank=True)
    location = models.CharField(max_length=200, blank=True)
    locations = ArrayField(models.CharField(max_length=200), default=list)
    commitment = models.CharField(max_length=100, blank=True)
    # The ATS's own word for the state, in sentence case, and whether candidates can be added in it.
    state = models.CharField(max_length=40)
    is_open = models.BooleanField()
    is_confidential = models.BooleanField(default=False)
    owner_id = models.CharField(max_length=80, blank=True)
    # What an import takes over: our word for the workplace, the salary in words, the text as our Markdown.
    workplace = models.CharField(max_length=12, choices=Workplace, blank=True)
    salary = models.CharField(max_length=120, blank=True)
    description = models.TextField(blank=True)
    url = models.URLField(max_length=500, blank=True)
    seen_at = models.DateTimeField()
    # Set when a whole, successful list no longer had it.
    gone_at = models.DateTimeField(null=True)

    objects = PostingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "external_id"], name="integrations_posting_once")]

    def __str__(self) -> str:
        return self.title

    @property
    def accepts_candidates(self) -> bool:
        return self.is_open and self.gone_at is None


class PostingLinkQuerySet(models.QuerySet["PostingLink"]):
    def for_company(self, company: Company) -> Self:
        return self.filter(company=company)

    def standing(self) -> Self:
        """Keep the links whose connection was not ended."""
        return self.exclude(connection__state=Connection.State.DISCONNECTED)


class PostingLink(TenantModel):
    """A job's posting. One posting per job; two jobs may share a posting."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="links")
    job = models.OneToOneField(Job, models.CASCADE, related_name="+")
    posting = models.ForeignKey(Posting, models.CASCADE, related_name="links")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    # Whether applicants to this job go by themselves; null: as the connection's settings say.
    exports_automatically = models.BooleanField(null=True)
    # A job made from its posting: since when, whether it follows the posting until somebody edits it here, and what
    # was last taken over (field → value), by which an edit here is told from a change there.
    imported_at = models.DateTimeField(null=True)
    keeps_in_step = models.BooleanField(default=False)
    imported_fields = models.JSONField(default=dict)

    objects = PostingLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.job} ↔ {self.posting}"
