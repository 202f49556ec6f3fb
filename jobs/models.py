"""Positions that companies offer on Purpose Jobs."""

from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Concat, Lower
from django.urls import reverse
from django.utils import timezone

from accounts.models import Company, PublicCompany, User
from purposejobs.tenancy import TenantModel


class Workplace(models.TextChoices):
    UNSPECIFIED = "", "Not specified"
    ONSITE = "onsite", "On site"
    HYBRID = "hybrid", "Hybrid"
    REMOTE = "remote", "Remote"


# More words than this make a search no narrower, only slower.
MOST_WORDS = 8


class JobQuerySet(models.QuerySet["Job"]):
    def for_company(self, company: Company) -> Self:
        return self.filter(company=company)

    def open(self) -> Self:
        return self.filter(status=Job.Status.OPEN)

    def searched(self, text: str) -> Self:
        """Keep the jobs that have every word in title, team or location."""
        found = self
        for word in text.lower().split()[:MOST_WORDS]:
            found = found.filter(search_text__contains=word)
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
    search_text = models.GeneratedField(
        expression=Lower(Concat("title", models.Value(" "), "team", models.Value(" "), "location")),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["company", "status", "-created_at", "-id"], name="jobs_job_company_list"),
            models.Index(fields=["company", "-created_at", "-id"], name="jobs_job_company_newest"),
            models.Index(fields=["company", "title", "id"], name="jobs_job_company_title"),
            # The board reads through the owner's view, which no policy binds, so it can use these.
            models.Index(
                fields=["-published_at", "-id"], condition=models.Q(status="open"), name="jobs_job_board_newest"
            ),
            models.Index(
                fields=["workplace", "-published_at", "-id"],
                condition=models.Q(status="open"),
                name="jobs_job_board_workplace",
            ),
            GinIndex(
                fields=["search_text"],
                opclasses=["gin_trgm_ops"],
                condition=models.Q(status="open"),
                name="jobs_job_board_search",
            ),
        ]

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


class PublicJobQuerySet(models.QuerySet["PublicJob"]):
    def searched(self, text: str) -> Self:
        """Keep the jobs that have every word in title, team, location or their company's name."""
        words = text.lower().split()[:MOST_WORDS]
        if not words:
            return self
        # Looked up first: an OR across two tables could use no index.
        any_word = models.Q(*[models.Q(name__icontains=word) for word in words], _connector=models.Q.OR)
        companies = list(PublicCompany.objects.filter(any_word).order_by("pk").values_list("pk", "name")[:200])
        found = self
        for word in words:
            pks = [pk for pk, name in companies if word in name.lower()]
            found = found.filter(models.Q(search_text__contains=word) | models.Q(company__in=pks))
        return found

    def located(self, text: str) -> Self:
        """Keep the jobs that have every word in their location."""
        found = self
        for word in text.lower().split()[:MOST_WORDS]:
            # The first condition finds the rows by the index, the second decides.
            found = found.filter(search_text__contains=word, location__icontains=word)
        return found


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
    search_text = models.TextField()

    objects = PublicJobQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "jobs_public_job"

    def __str__(self) -> str:
        return self.title
