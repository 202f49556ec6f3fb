"""A job's text beside its posting's."""

from dataclasses import dataclass
from datetime import datetime

from integrations.models import PostingLink
from integrations.models.postings import is_same_text
from jobs.models import Job, Workplace

# What people call the fields that a posting has too.
LABELS = {
    "title": "Title",
    "team": "Team",
    "location": "Location",
    "workplace": "Workplace",
    "commitment": "Commitment",
    "salary": "Salary",
    "description": "Description",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that says something else here than in the ATS."""

    field: str
    label: str
    ours: str
    theirs: str
    # The posting changed since its text was taken over, or since somebody chose to keep ours.
    is_news: bool


@dataclass(frozen=True, slots=True)
class PostingText:
    """What a job's posting says, as far as it differs."""

    label: str
    posting_title: str
    posting_url: str
    is_gone: bool
    is_confidential: bool
    imported_at: datetime | None
    keeps_in_step: bool
    differences: tuple[Difference, ...]

    @property
    def news(self) -> tuple[Difference, ...]:
        return tuple(difference for difference in self.differences if difference.is_news)


def posting_text(job: Job) -> PostingText | None:
    """Compare a job with the posting it is connected with; None without one. One query."""
    links = PostingLink.objects.for_company(job.company).standing().select_related("posting", "connection")
    link = links.filter(job=job).first()
    if link is None:
        return None
    return PostingText(
        label=link.connection.label,
        posting_title=link.posting.title,
        posting_url=link.posting.url,
        is_gone=link.posting.gone_at is not None,
        is_confidential=link.posting.is_confidential,
        imported_at=link.imported_at,
        keeps_in_step=link.keeps_in_step,
        differences=tuple(
            Difference(
                field=field,
                label=LABELS[field],
                ours=_in_words(field, getattr(job, field)),
                theirs=_in_words(field, value),
                is_news=link.has_news(field, value),
            )
            for field, value in link.posting.as_job().items()
            if not is_same_text(getattr(job, field), value)
        ),
    )


def _in_words(field: str, value: str) -> str:
    return str(Workplace(value).label) if field == "workplace" else value
