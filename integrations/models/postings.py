"""Jobs as the ATS has them, and which of ours each belongs to."""

from typing import Self, cast

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

from accounts.models import Company, User
from integrations.models.connections import Connection
from jobs.models import Job, Workplace
from purposejobs.tenancy import TenantModel

# More words than this make a search no narrower, only slower.
MOST_WORDS = 8


class PostingQuerySet(models.QuerySet["Posting"]):
    def for_company(self, company: Company) -> Self:
        return self.filter(company=company)

    def searched(self, text: str) -> Self:
        """Keep those that have every word in title, team or a location."""
        found = self.alias(places=Cast("locations", models.TextField()))
        for word in text.split()[:MOST_WORDS]:
            found = found.filter(
                Q(title__icontains=word)
                | Q(team__icontains=word)
                | Q(location__icontains=word)
                | Q(places__icontains=word)
            )
        return found

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
    # What the list last said of it, as a hash: where that is the same again, nothing is written. Empty until its text
    # has been read.
    digest = models.CharField(max_length=64, blank=True)
    # When the list last said something new of it.
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

    @property
    def places(self) -> str:
        """Every location once, the main one first, in one line that fits into a job."""
        places = list(dict.fromkeys(place for place in (self.location, *self.locations) if place))
        return _joined(places, _length("location"))

    def as_job(self) -> dict[str, str]:
        """Return what a job takes over from it: the job's field names, with values that fit into them."""
        return {
            "title": _fitted(self.title, "title"),
            "team": _fitted(self.team, "team"),
            "location": self.places,
            "workplace": self.workplace,
            "commitment": _fitted(self.commitment, "commitment"),
            "salary": _fitted(self.salary, "salary"),
            "description": self.description.strip(),
        }


def _length(field: str) -> int:
    return cast("models.CharField[str, str]", Job._meta.get_field(field)).max_length or 0


def _fitted(text: str, field: str) -> str:
    text, length = text.strip(), _length(field)
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _joined(places: list[str], length: int) -> str:
    """Name as many places as fit, and count the rest. Places have commas in them, so they are not joined by commas."""
    for number in range(len(places), 0, -1):
        rest = len(places) - number
        text = " / ".join([*places[:number], *([f"{rest} more"] if rest else [])])
        if len(text) <= length:
            return text
    return _fitted(places[0], "location") if places else ""


def is_same_text(one: str, other: str) -> bool:
    """Compare as people read: line endings and spaces at the ends make no difference (browsers change both)."""
    return [line.rstrip() for line in one.strip().splitlines()] == [
        line.rstrip() for line in other.strip().splitlines()
    ]


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
    # The posting's digest when people were last told that it changed where the job was edited here: told once.
    told_digest = models.CharField(max_length=64, blank=True, default="")

    objects = PostingLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.job} ↔ {self.posting}"

    @property
    def sends_automatically(self) -> bool:
        """Whether applicants to this job go by themselves: as chosen for the job, else for the connection."""
        if self.exports_automatically is None:
            return self.connection.exports_automatically
        return self.exports_automatically

    def is_edited(self, job: Job, field: str) -> bool:
        """Say whether somebody changed here what was taken over; compared, so that no way of editing is missed."""
        return not is_same_text(getattr(job, field), self.imported_fields.get(field, ""))

    def has_news(self, field: str, value: str) -> bool:
        """Say whether the posting says something else than when it was last taken over, or looked at and left."""
        return not is_same_text(value, self.imported_fields.get(field, ""))

    def follow(self, job: Job) -> bool:
        """Let the job take over what changed in the posting, where nobody edited it here (not saved); say if so.

        A confidential posting's text never walks into a job that everybody can read.
        """
        if self.posting.is_confidential and job.status != Job.Status.DRAFT:
            return False
        followed = False
        for field, value in self.posting.as_job().items():
            if self.has_news(field, value) and not self.is_edited(job, field):
                setattr(job, field, value)
                self.imported_fields[field] = value
                followed = True
        return followed
