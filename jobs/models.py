"""Positions that companies offer on Purpose Jobs."""

from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import Company, PublicCompany, User
from purposejobs.tenancy import TenantModel


class Workplace(models.TextChoices):
    UNSPECIFIED = "", "Not specified"
    ONSITE = "onsite", "On site"
    HYBRID = "hybrid", "Hybrid"
    REMOTE = "remote", "Remote"


class JobQuerySet(models.QuerySet["Job"]):
    def for_company(self, company: Company) -> "JobQuerySet":
        return self.filter(company=company)

    def open(self) -> "JobQuerySet":
        return self.filter(status=Job.Status.OPEN)

    def searched(self, words: str) -> "JobQuerySet":
        """Keep the jobs that have every word in title, team or location."""
        found = self
        for word in words.split():
            found = found.filter(
                models.Q(title__icontains=word) | models.Q(team__icontains=word) | models.Q(location__icontains=word)
            )
        return found


class Job(TenantModel):
    """A position: draft until published, open until closed; a closed one can be published again."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    company = models.ForeignKey(Company, models.CASCADE, related_name="jobs")
    title = models.CharField(max_length=140)
    team = models.CharField(max_length=80, blank=True)
    location = models.CharField(max_length=120, blank=True)
    commitment = models.CharField(max_length=60, blank=True)
    workplace = models.CharField(max_length=12, choices=Workplace, blank=True)
    salary = models.CharField(max_length=120, blank=True)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    published_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["company", "status", "-created_at", "-id"], name="jobs_job_company_list")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    def get_absolute_url(self) -> str:
        return reverse("public_job", args=[self.company.slug, self.pk])

    def publish(self) -> None:
        """Put the job on the public board."""
        self.status, self.published_at, self.closed_at = self.Status.OPEN, timezone.now(), None
        self.save(update_fields=["status", "published_at", "closed_at", "updated_at"])

    def close(self) -> None:
        """Take the job off the public board; nobody can apply any more."""
        self.status, self.closed_at = self.Status.CLOSED, timezone.now()
        self.save(update_fields=["status", "closed_at", "updated_at"])


class PublicJob(models.Model):
    """An open job as everybody may read it: a view that the owner of the tables gives out."""

    id = models.BigIntegerField(primary_key=True)
    company = models.ForeignKey(PublicCompany, models.DO_NOTHING, db_constraint=False, related_name="jobs")
    title = models.CharField(max_length=140)
    team = models.CharField(max_length=80)
    location = models.CharField(max_length=120)
    commitment = models.CharField(max_length=60)
    workplace = models.CharField(max_length=12, choices=Workplace)
    salary = models.CharField(max_length=120)
    description = models.TextField()
    published_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "jobs_public_job"

    def __str__(self) -> str:
        return self.title
