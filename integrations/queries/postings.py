"""Which of a company's jobs are connected with which posting, and which could be."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import Company
from integrations import wording
from integrations.matching import similar_postings
from integrations.models import CandidateExport, Connection, Posting, PostingLink
from integrations.queries.connections import standing_connection
from jobs.models import Job, JobQuerySet


@dataclass(frozen=True, slots=True)
class PostingChoice:
    """A posting to connect a job with; one that takes nobody says why."""

    pk: int
    title: str
    team: str
    location: str
    state: str
    is_open: bool
    why_not: str
    # titles of our jobs that are connected with it already
    used_by: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """Title, team and location in one line."""
        return " · ".join(part for part in (self.title, self.team, self.location) if part)


@dataclass(frozen=True, slots=True)
class JobMark:
    """A job's posting, in words."""

    label: str
    is_linked: bool
    posting_title: str
    posting_state: str
    # linked, but the posting takes nobody: applicants wait
    is_held: bool
    word: str
    # what is in the way, and what to do about it
    title: str = ""
    reason: str = ""
    remedy: str = ""
    # how many wait for the posting
    waiting: int = 0
    # others that the job could have instead, the best first
    instead: tuple[PostingChoice, ...] = ()
    is_confidential: bool = False


def job_marks(company: Company, job_pks: Iterable[int]) -> dict[int, JobMark]:
    """Return for each of these jobs what it is connected with, and where its posting takes nobody, what else it could.

    One query, and three more where a posting takes nobody.
    """
    job_pks = list(job_pks)
    links = {
        link.job_id: link
        for link in PostingLink.objects.for_company(company)
        .standing()
        .filter(job_id__in=job_pks)
        .select_related("posting", "connection", "job")
        .defer("posting__description", "job__description")
    }
    held = [link for link in links.values() if not link.posting.accepts_candidates]
    waiting = count_waiting(company, {link.posting_id for link in held})
    instead = postings_instead(company, [link.job for link in held])
    marks = {pk: _job_mark(link, waiting.get(link.posting_id, 0), instead.get(pk, ())) for pk, link in links.items()}
    return {pk: marks.get(pk, NOT_CONNECTED) for pk in job_pks}


NOT_CONNECTED = JobMark("", is_linked=False, posting_title="", posting_state="", is_held=False, word="Not connected")


def count_waiting(company: Company, posting_pks: Collection[int | None]) -> dict[int | None, int]:
    """Count who is on the way to each of these postings."""
    if not posting_pks:
        return {}
    exports = CandidateExport.objects.for_company(company).under_way().order_by()
    waiting = exports.filter(posting__in=posting_pks)
    return dict(waiting.values_list("posting_id").annotate(number=Count("pk")))


def postings_instead(company: Company, jobs: Iterable[Job]) -> dict[int, tuple[PostingChoice, ...]]:
    """Return for each job up to three open postings like it, to be connected with one click."""
    jobs = list(jobs)
    connection = standing_connection(company) if jobs else None
    if connection is None:
        return {}
    found = similar_postings(connection, jobs)
    return {job_pk: tuple(_choice(posting, connection.label) for posting in rows) for job_pk, rows in found.items()}


def _job_mark(link: PostingLink, waiting: int, instead: tuple[PostingChoice, ...]) -> JobMark:
    posting, label = link.posting, link.connection.label
    word, words = posting.title, wording.Words("", "")
    if posting.gone_at:
        word = f"Gone or confidential in {label}"
        words = wording.describe_posting_trouble("posting_gone", label)
    elif not posting.is_open:
        word = f"{posting.state} in {label}"
        words = wording.describe_posting_trouble("posting_closed", label)
    return JobMark(
        label=label,
        is_linked=True,
        posting_title=posting.title,
        posting_state=posting.state,
        is_held=not posting.accepts_candidates,
        word=word,
        title=words.title,
        reason=words.reason,
        remedy=words.remedy,
        waiting=waiting,
        instead=instead,
        is_confidential=posting.is_confidential,
    )


@dataclass(frozen=True, slots=True)
class LinkedPosting:
    """What a job is connected with, for its form."""

    pk: int
    title: str
    is_confidential: bool
    # whether applicants go by themselves: for this job (None: as the connection says), and as the connection says
    exports_automatically: bool | None
    # the job's text follows the posting's
    keeps_in_step: bool


def linked_posting(job: Job) -> LinkedPosting | None:
    """Return the posting a job is connected with."""
    links = PostingLink.objects.for_company(job.company).standing().filter(job=job)
    row = links.values_list(
        "posting_id", "posting__title", "posting__is_confidential", "exports_automatically", "keeps_in_step"
    ).first()
    return LinkedPosting(*row) if row else None


def why_closed(posting: Posting, label: str) -> str:
    """Say why a posting takes no candidates; empty when it does."""
    if posting.gone_at:
        return f"no longer in {label}, or confidential there"
    return "" if posting.is_open else f"{posting.state.lower()} in {label}"


def posting_choices(company: Company) -> list[PostingChoice]:
    """Return the postings a job can be connected with, open ones first; one that is gone only while a job has it."""
    connection = standing_connection(company)
    if connection is None:
        return []
    label = connection.label
    users: dict[int, list[str]] = {}
    links = PostingLink.objects.for_company(company).filter(connection=connection).order_by("job__title")
    for posting_pk, job_title in links.values_list("posting_id", "job__title"):
        users.setdefault(posting_pk, []).append(job_title)
    postings = (
        Posting.objects.for_company(company)
        .filter(Q(gone_at=None) | Q(pk__in=list(users)), connection=connection)
        .only("pk", "title", "team", "location", "state", "is_open", "gone_at")
        .order_by("-is_open", "title", "location", "pk")
    )
    return [_choice(posting, label, used_by=tuple(users.get(posting.pk, ()))) for posting in postings]


def _choice(posting: Posting, label: str, *, used_by: tuple[str, ...] = ()) -> PostingChoice:
    return PostingChoice(
        pk=posting.pk,
        title=posting.title,
        team=posting.team,
        location=posting.location,
        state=posting.state,
        is_open=posting.accepts_candidates,
        why_not=why_closed(posting, label),
        used_by=used_by,
    )


def unlinked_jobs(company: Company) -> JobQuerySet:
    """Keep the open jobs that no standing connection has a posting for."""
    links = PostingLink.objects.for_company(company).standing().filter(job=OuterRef("pk"))
    return Job.objects.for_company(company).open().filter(~Exists(links))


def unlinked_open_jobs(company: Company) -> int:
    """Count the open jobs that are not connected; none while nothing is connected at all."""
    if not Connection.objects.for_company(company).active().exists():
        return 0
    return unlinked_jobs(company).count()


def linked_jobs(company: Company) -> JobQuerySet:
    """Keep the jobs that a standing connection has a posting for; those that are over are not looked at."""
    links = PostingLink.objects.for_company(company).standing().filter(job=OuterRef("pk"))
    return Job.objects.for_company(company).exclude(status=Job.Status.CLOSED).filter(Exists(links))


def troubled_jobs(company: Company) -> JobQuerySet:
    """Keep the connected jobs whose posting takes nobody."""
    links = PostingLink.objects.for_company(company).standing().filter(job=OuterRef("pk"))
    shut = links.filter(Q(posting__is_open=False) | Q(posting__gone_at__isnull=False))
    return Job.objects.for_company(company).exclude(status=Job.Status.CLOSED).filter(Exists(shut))
