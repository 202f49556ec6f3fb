"""What people do: apply, withdraw, hide, erase. Each is one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import Company, Membership, User
from candidates.mails import send_after_commit
from candidates.models import Application, Candidate, HiddenCompany
from candidates.resumes import ResumeType
from candidates.tokens import application_url
from integrations import actions as integrations
from jobs.models import Job
from purposejobs.tenancy import company_scope, keys_from

# The version of candidates/_consent.html; change it with every change of its words.
CONSENT_VERSION = "2026-11"
ERASED_NAME = "Erased candidate"


class JobClosed(Exception):
    """The job does not take applications any more."""


@dataclass(frozen=True, slots=True, repr=False)
class Submission:
    """What an applicant typed and chose. Never logged."""

    name: str
    email: str
    phone: str
    location: str
    headline: str
    links: list[str]
    note: str
    resume: UploadedFile
    resume_type: ResumeType


def submit_application(*, company_pk: int, job_pk: int, submission: Submission) -> Application:
    """Store an application and ask for its export, in one transaction; return the standing application.

    Applying again changes nothing: an e-mail says that the first application stands. Raises JobClosed.
    """
    stored: list[str] = []
    try:
        with company_scope(company_pk):
            job = Job.objects.filter(company=company_pk).open().select_related("company").filter(pk=job_pk).first()
            if job is None:
                raise JobClosed
            candidate = _find_or_make_candidate(submission)
            standing = Application.objects.for_company(job.company).standing()
            application = standing.filter(candidate=candidate, job=job).first()
            if application is None:
                application = _store(submission, candidate, job, stored)
                integrations.request_exports(application=application)
                template = "thanks"
            else:
                template = "stands_already"
            context: dict[str, object] = {
                "job": job,
                "company": job.company,
                "application": application,
                "url": application_url(application),
            }
            send_after_commit(template, context, to=[submission.email], about=f"application {application.pk}")
    except BaseException:
        _delete_files(stored)
        raise
    return application


def confirm_email(*, application: Application) -> None:
    """Note that whoever applied reads the address they gave."""
    now = timezone.now()
    if Application.objects.filter(pk=application.pk, email_confirmed_at=None).update(email_confirmed_at=now):
        application.email_confirmed_at = now


@transaction.atomic
def withdraw(*, application: Application) -> bool:
    """Take an application back; say whether it still stood."""
    now = timezone.now()
    standing = Application.objects.filter(pk=application.pk).standing()
    if not standing.update(withdrawn_at=now):
        return False
    application.withdrawn_at = now
    integrations.forget_application(application=application)
    return True


@transaction.atomic
def hide_from_company(*, candidate: Candidate, company_pk: int) -> None:
    """Keep a company from seeing the profile and from exporting it."""
    HiddenCompany.objects.get_or_create(candidate=candidate, company_id=company_pk)
    with company_scope(company_pk):
        integrations.hide_candidate(candidate=candidate, company=Company.objects.get(pk=company_pk))


def show_to_company(*, candidate: Candidate, company_pk: int) -> None:
    """Take back a hide_from_company()."""
    HiddenCompany.objects.filter(candidate=candidate, company_id=company_pk).delete()


@transaction.atomic
def erase(*, candidate: Candidate) -> None:
    """Delete our copies of a person everywhere: texts now, files after commit. Keys stay.

    Companies whose applicant-tracking system received the person are told that it holds its own copy.
    """
    locked = Candidate.objects.select_for_update(no_key=True).get(pk=candidate.pk)
    if locked.erased_at:
        return
    files = {locked.resume.name or ""}
    knowing = {*keys_from("companies_that_exported", locked.pk), *keys_from("companies_of_candidate", locked.pk)}
    for company_pk in sorted(knowing):
        with company_scope(company_pk):
            files |= _erase_applications(locked)
            company = Company.objects.get(pk=company_pk)
            if integrations.forget_candidate(candidate=locked, company=company):
                _tell_admins(locked, company)
    HiddenCompany.objects.filter(candidate=locked).delete()
    now = timezone.now()
    Candidate.objects.filter(pk=locked.pk).update(
        **_empty_profile(),
        email="",
        summary="",
        target_location="",
        target_salary="",
        experience_years=None,
        skills=[],
        values=[],
        is_discoverable=False,
        erased_at=now,
    )
    candidate.erased_at = now
    transaction.on_commit(partial(_delete_files, files), robust=True)


def share_with_member(
    *, candidate: Candidate, name: str, member: User, shared_by: User, message: str, url: str
) -> None:
    """Send a colleague the link to a candidate's page."""
    context: dict[str, object] = {
        "name": name,
        "member": member,
        "shared_by": shared_by,
        "message": message,
        "url": url,
    }
    reply_to = {"Reply-To": shared_by.email}
    send_after_commit("shared", context, to=[member.email], about=f"candidate {candidate.pk}", **reply_to)


def _find_or_make_candidate(submission: Submission) -> Candidate:
    """Return the person with this address, locked; an existing profile stays as it is, whoever is applying."""
    email = submission.email.lower()
    # The condition on the empty address is that of the unique index, which then finds the person.
    known: QuerySet[Candidate] = Candidate.objects.alias(lower_email=Lower("email")).filter(lower_email=email)
    locked = known.exclude(email="").select_for_update(no_key=True)
    candidate: Candidate | None = locked.first()
    if candidate is None:
        try:
            with transaction.atomic():
                candidate = Candidate.objects.create(email=email, **_typed(submission))
        except IntegrityError:
            candidate = locked.get()  # somebody applied with this address in the same moment
    return candidate


def _typed(submission: Submission) -> dict[str, object]:
    return {name: getattr(submission, name) for name in ("name", "phone", "location", "headline", "links")}


def _store(submission: Submission, candidate: Candidate, job: Job, stored: list[str]) -> Application:
    application = Application(
        company=job.company,
        job=job,
        candidate=candidate,
        email=submission.email,
        note=submission.note,
        consent_version=CONSENT_VERSION,
        resume_name=submission.resume_type.name,
        resume_type=submission.resume_type.content_type,
        resume_size=submission.resume.size or 0,
        **_typed(submission),
    )
    application.resume.save(submission.resume_type.name, submission.resume, save=False)
    stored.append(application.resume.name or "")
    application.save(force_insert=True)
    return application


def _erase_applications(candidate: Candidate) -> set[str]:
    """Empty the person's applications to the company in scope; return their files."""
    applications = Application.objects.filter(candidate=candidate)
    files = {name for name in applications.values_list("resume", flat=True) if name}
    applications.standing().update(withdrawn_at=timezone.now())
    applications.update(**_empty_profile(), email="", note="")
    return files


def _empty_profile() -> dict[str, object]:
    texts = dict.fromkeys(("phone", "location", "headline", "resume", "resume_name", "resume_type"), "")
    return {**texts, "name": ERASED_NAME, "links": [], "resume_size": 0}


def _tell_admins(candidate: Candidate, company: Company) -> None:
    admins = Membership.objects.filter(company=company, role=Membership.Role.ADMIN, user__is_active=True)
    addresses = list(admins.values_list("user__email", flat=True))
    context: dict[str, object] = {"company": company, "candidate": candidate}
    for address in addresses:
        send_after_commit("erased", context, to=[address], about=f"candidate {candidate.pk}")


def _delete_files(names: Iterable[str]) -> None:
    for name in names:
        if name:
            default_storage.delete(name)
