"""People on the marketplace, and what they submitted when they applied."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import Company
from jobs.models import Job
from purposejobs.tenancy import TenantModel


def resume_path(instance: models.Model, filename: str) -> str:
    """Return a path that says nothing about the person; the name they gave the file is a column."""
    ending = filename.rsplit(".", 1)[-1].lower()[:5]
    return f"resumes/{uuid.uuid4()}.{ending}"


class Folded(models.Func):
    """A text as it is compared in searches: lower case, without accents. The database has the function."""

    function = "candidates_fold"
    output_field = models.TextField()


def has_words(field: str, words: str) -> models.Q:
    """Return the condition that a folded search text has every word; short ones count at the beginning of a word."""
    condition = models.Q()
    for word in words.split():
        if len(word) > 2:
            condition &= models.Q(**{f"{field}__contains": Folded(models.Value(word))})
        else:
            # The index has groups of three characters; two within a word would read all of it.
            starts = models.Q(**{f"{field}__startswith": Folded(models.Value(word))})
            for before in " |":
                starts |= models.Q(**{f"{field}__contains": Folded(models.Value(before + word))})
            condition &= starts
    return condition


def has_skills(field: str, skills: list[str]) -> models.Q:
    """Return the condition that a candidate's folded search text has every one of these skills, as a whole."""
    condition = models.Q()
    for skill in skills:
        condition &= models.Q(**{f"{field}__contains": Folded(models.Value(f"|{skill}|"))})
    return condition


class Profile(models.Model):
    """What a candidate says about themselves; a candidate's profile and an application's snapshot have the same."""

    name = models.CharField(max_length=150)
    phone = models.CharField(max_length=40, blank=True)
    location = models.CharField(max_length=120, blank=True)
    headline = models.CharField(max_length=200, blank=True)
    links = ArrayField(models.URLField(max_length=300), default=list, blank=True, size=6)
    resume = models.FileField(upload_to=resume_path, blank=True)
    resume_name = models.CharField(max_length=200, blank=True)
    resume_type = models.CharField(max_length=100, blank=True)
    resume_size = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def visible_to(self, company: Company) -> Self:
        """Keep those who applied to the company, or who are discoverable, and who did not hide from it.

        A standing application is seen whatever the candidate hides; after a withdrawal hiding counts again.
        """
        applied = Application.objects.filter(company=company, candidate=models.OuterRef("pk"))
        return self.filter(erased_at=None).filter(
            models.Exists(applied.standing())
            | (models.Q(is_discoverable=True) | models.Exists(applied)) & ~models.Exists(_hidden_from(company))
        )

    def discoverable_to(self, company: Company) -> Self:
        """Keep those whom the company sees without an application."""
        return self.filter(~models.Exists(_hidden_from(company)), erased_at=None, is_discoverable=True)

    def open_to(self, company: Company) -> Self:
        """Keep those whose profile the company may read, beside what was sent to it.

        Applying opens a profile only once the address is confirmed: with somebody else's address anybody can apply.
        """
        return self.filter(_is_open_to(company), erased_at=None)

    def sendable_by(self, company: Company) -> Self:
        """Keep those of whom something may travel to the company's ATS: a standing application, or an open profile."""
        standing = Application.objects.standing().filter(company=company, candidate=models.OuterRef("pk"))
        return self.filter(models.Exists(standing) | _is_open_to(company), erased_at=None)

    def with_profile_mark(self, company: Company) -> Self:
        """Mark as `profile_is_open` those whom open_to() keeps."""
        return self.annotate(
            profile_is_open=models.ExpressionWrapper(_is_open_to(company), output_field=models.BooleanField())
        )


def _hidden_from(company: Company) -> "models.QuerySet[HiddenCompany]":
    return HiddenCompany.objects.filter(company=company, candidate=models.OuterRef("pk"))


def _is_open_to(company: Company) -> models.Q:
    confirmed = Application.objects.standing().filter(email_confirmed_at__isnull=False)
    return models.Q(
        models.Exists(confirmed.filter(company=company, candidate=models.OuterRef("pk")))
        | models.Q(is_discoverable=True) & ~models.Exists(_hidden_from(company))
    )


class Candidate(Profile):
    """One person on the marketplace, known by e-mail. Belongs to no company."""

    email = models.EmailField(blank=True)
    summary = models.TextField(blank=True)
    target_location = models.CharField(max_length=120, blank=True)
    target_salary = models.CharField(max_length=60, blank=True)
    experience_years = models.PositiveSmallIntegerField(null=True, blank=True)
    skills = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    values = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    is_discoverable = models.BooleanField(default=False)
    hidden_companies = models.ManyToManyField(Company, through="HiddenCompany", related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    # Skills stand between bars, so that a whole skill can be asked for.
    search_text = models.GeneratedField(
        expression=models.Func(
            "name", "headline", "location", "target_location", "skills", function="candidates_search_text"
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = CandidateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="candidates_one_per_email")
        ]
        indexes = [
            GinIndex(fields=["skills"], name="candidates_skills"),
            models.Index(fields=["-created_at", "-id"], name="candidates_newest"),
            models.Index(
                fields=["-created_at", "-id"],
                condition=models.Q(is_discoverable=True, erased_at=None),
                name="candidates_discoverable",
            ),
            GinIndex(OpClass("search_text", name="gin_trgm_ops"), name="candidates_search"),
            # Few: counting others leaves them out without reading everybody.
            models.Index(fields=["id"], condition=~models.Q(erased_at=None), name="candidates_erased"),
        ]

    def __str__(self) -> str:
        return self.name


class HiddenCompany(models.Model):
    """A company a candidate does not want to be seen by. It is the candidate's row, not the company's."""

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="+")
    company = models.ForeignKey(Company, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["candidate", "company"], name="candidates_hidden_once")]

    def __str__(self) -> str:
        return f"{self.candidate_id} hides from {self.company_id}"


class ApplicationQuerySet(models.QuerySet["Application"]):
    def for_company(self, company: Company) -> Self:
        return self.filter(company=company)

    def standing(self) -> Self:
        return self.filter(withdrawn_at=None)

    def newest_of_each_person(self) -> Self:
        """Keep one application of each candidate: the last of those chosen so far."""
        newer = (
            self.order_by()
            .filter(candidate=models.OuterRef("candidate"))
            .filter(
                models.Q(created_at__gt=models.OuterRef("created_at"))
                | models.Q(created_at=models.OuterRef("created_at"), pk__gt=models.OuterRef("pk"))
            )
        )
        return self.filter(~models.Exists(newer))


class Application(Profile, TenantModel):
    """A candidate applied to a job: what they submitted then, never overwritten by later edits of a profile."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="applications")
    job = models.ForeignKey(Job, models.CASCADE, related_name="applications")
    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="applications")
    email = models.EmailField(blank=True)
    note = models.TextField(blank=True)
    consent_version = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now)
    email_confirmed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    search_text = models.GeneratedField(
        expression=models.Func("name", "headline", "location", function="candidates_search_text"),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["candidate", "job"], condition=models.Q(withdrawn_at=None), name="candidates_one_standing"
            )
        ]
        indexes = [
            models.Index(fields=["company", "-created_at", "-id"], name="candidates_application_newest"),
            models.Index(fields=["company", "candidate"], name="candidates_application_person"),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.job}"

    @property
    def is_standing(self) -> bool:
        return self.withdrawn_at is None

    @property
    def is_confirmed(self) -> bool:
        return self.email_confirmed_at is not None
