"""Jobs made from postings, and keeping them in step."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import Company, User
from integrations.actions.notices import tell_job_differs
from integrations.models import Activity, Connection, Posting, PostingLink
from jobs.models import Job

# What a job takes over from its posting.
FIELDS = ("title", "team", "location", "workplace", "commitment", "salary", "description")


def import_postings(
    *, company: Company, posting_pks: Iterable[int], imported_by: User, keeps_in_step: bool = False
) -> list[Job]:
    """Make a draft job of each of these postings, connected from birth, and return the jobs.

    A posting that a job has already, that takes no candidates or that is gone is passed over: twice is once.
    """
    # The company's row is the lock: two people who import the same postings follow each other.
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    postings = list(importable(company).filter(pk__in=list(posting_pks)).order_by("title", "pk"))
    jobs = Job.objects.bulk_create(Job(company=company, created_by=imported_by, **row.as_job()) for row in postings)
    now = timezone.now()
    PostingLink.objects.bulk_create(
        PostingLink(
            company=company,
            connection_id=posting.connection_id,
            job=job,
            posting=posting,
            created_by=imported_by,
            imported_at=now,
            keeps_in_step=keeps_in_step,
            imported_fields=posting.as_job(),
        )
        for posting, job in zip(postings, jobs, strict=True)
    )
    Activity.objects.bulk_create(
        Activity(
            company=company,
            connection_id=posting.connection_id,
            verb=Activity.Verb.IMPORTED,
            actor=imported_by,
            job=job,
            detail=posting.title[:200],
        )
        for posting, job in zip(postings, jobs, strict=True)
    )
    return jobs


def importable(company: Company) -> QuerySet[Posting]:
    """Keep the postings that take candidates, whose text has been read, and that no job of the company has."""
    links = PostingLink.objects.filter(posting=OuterRef("pk"))
    postings = Posting.objects.for_company(company).accepting().exclude(connection__state="disconnected")
    return postings.exclude(digest="").filter(~Exists(links))


def keep_in_step(*, connection: Connection) -> int:
    """Let imported jobs follow their postings after a good list; return how many changed. In the company's scope."""
    links = PostingLink.objects.filter(connection=connection, keeps_in_step=True, posting__gone_at=None)
    behind = [
        link.job_id
        for link in links.select_related("posting")
        if any(link.has_news(field, value) for field, value in link.posting.as_job().items())
    ]
    # The jobs are locked before anything is compared: somebody may be saving one at this moment.
    jobs = {job.pk: job for job in Job.objects.filter(pk__in=behind).select_for_update(no_key=True).order_by("pk")}
    fresh = list(links.filter(job__in=jobs).select_related("posting", "connection__company"))
    following = [link for link in fresh if link.follow(jobs[link.job_id])]
    # Without a digest its text is still to be read: what it says now is half of it.
    _tell_of_differences([link for link in fresh if link.posting.digest not in ("", link.told_digest)], jobs)
    now = timezone.now()
    for link in following:
        jobs[link.job_id].updated_at = now
    Job.objects.bulk_update([jobs[link.job_id] for link in following], [*FIELDS, "updated_at"], batch_size=100)
    PostingLink.objects.bulk_update(following, ["imported_fields"], batch_size=100)
    return len(following)


def _tell_of_differences(links: list[PostingLink], jobs: dict[int, Job]) -> None:
    """Tell people, once for each change there, of what was left because it was edited here."""
    for link in links:
        if any(link.has_news(field, value) for field, value in link.posting.as_job().items()):
            link.job = jobs[link.job_id]
            link.told_digest = link.posting.digest
            tell_job_differs(link)
            link.save(update_fields=["told_digest"])


def take_over(*, job: Job, fields: Iterable[str]) -> None:
    """Put the posting's text into these fields of a job; from then on they follow it again, if the job does."""
    job, link = _locked(job)
    if link is None:
        return
    theirs = link.posting.as_job()
    chosen = [field for field in FIELDS if field in set(fields)]
    for field in chosen:
        setattr(job, field, theirs[field])
        link.imported_fields[field] = theirs[field]
    job.save(update_fields=[*chosen, "updated_at"])
    link.save(update_fields=["imported_fields"])


def keep_ours(*, job: Job, fields: Iterable[str]) -> None:
    """Leave these fields as they are here; their difference is no news until the posting changes again."""
    _, link = _locked(job)
    if link is None:
        return
    theirs = link.posting.as_job()
    for field in set(fields).intersection(FIELDS):
        link.imported_fields[field] = theirs[field]
    link.save(update_fields=["imported_fields"])


def choose_step(*, job: Job, keeps_in_step: bool) -> None:
    """Let a job follow its posting from now on, or no longer. What was edited here stays as it is."""
    job, link = _locked(job)
    if link is None:
        return
    theirs = link.posting.as_job()
    if keeps_in_step and not link.keeps_in_step:
        link.imported_fields = theirs | link.imported_fields
        if link.follow(job):
            job.save(update_fields=[*FIELDS, "updated_at"])
    link.keeps_in_step = keeps_in_step
    link.save(update_fields=["keeps_in_step", "imported_fields"])


def _locked(job: Job) -> tuple[Job, PostingLink | None]:
    job = Job.objects.select_for_update(no_key=True).get(pk=job.pk, company=job.company_id)
    return job, PostingLink.objects.standing().filter(job=job).select_related("posting").first()
