"""Rows for tests: plain functions with readable defaults, each written in the scope of its company."""

import itertools
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import Company, Invitation, Membership, User
from candidates.models import Application, Candidate, HiddenCompany
from jobs.models import Job
from purposejobs.tenancy import company_scope, reserve_pk

PASSWORD = "correct horse battery"
numbers = itertools.count(1)
SNAPSHOT = ["name", "email", "phone", "location", "headline", "links"]
SNAPSHOT += ["resume", "resume_name", "resume_type", "resume_size"]


def make_user(name: str = "Robin Reed", email: str | None = None, *, is_verified: bool = True, **fields: Any) -> User:
    email = email or f"{slugify(name)}.{next(numbers)}@example.org"
    user = User.objects.create_user(email, PASSWORD, name=name, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=is_verified, primary=True)
    return user


def make_company(name: str = "Initech", slug: str | None = None, **fields: Any) -> Company:
    pk = reserve_pk(Company)
    with company_scope(pk):
        return Company.objects.create(pk=pk, name=name, slug=slug or f"{slugify(name)}-{pk}", **fields)


def make_membership(user: User, company: Company, role: str = Membership.Role.RECRUITER) -> Membership:
    with company_scope(company):
        return Membership.objects.create(user=user, company=company, role=role)


def make_admin(company: Company, name: str = "Ada Admin", email: str | None = None) -> User:
    user = make_user(name, email)
    make_membership(user, company, Membership.Role.ADMIN)
    return user


def make_recruiter(company: Company, name: str = "Remy Recruiter", email: str | None = None) -> User:
    user = make_user(name, email)
    make_membership(user, company)
    return user


def make_invitation(company: Company, email: str = "new.colleague@example.org", **fields: Any) -> Invitation:
    with company_scope(company):
        return Invitation.objects.create(company=company, email=email, **fields)


def make_job(
    company: Company, title: str = "Community Organizer", *, status: str = Job.Status.OPEN, **fields: Any
) -> Job:
    """Make an open job, unless another status is named; the times fit the status."""
    if status != Job.Status.DRAFT:
        fields.setdefault("published_at", timezone.now())
    if status == Job.Status.CLOSED:
        fields.setdefault("closed_at", timezone.now())
    with company_scope(company):
        return Job.objects.create(company=company, title=title, status=status, **fields)


def make_candidate(name: str = "Kim Park", email: str | None = None, **fields: Any) -> Candidate:
    email = email or f"{slugify(name)}.{next(numbers)}@example.net"
    return Candidate.objects.create(name=name, email=email, **fields)


def make_application(job: Job, candidate: Candidate | None = None, **fields: Any) -> Application:
    """Let a candidate apply: the snapshot is the profile, but for the fields that are named. Exports nothing."""
    candidate = candidate or make_candidate()
    snapshot = {name: getattr(candidate, name) for name in SNAPSHOT} | {"consent_version": "test"} | fields
    with company_scope(job.company):
        return Application.objects.create(company=job.company, job=job, candidate=candidate, **snapshot)


def hide_from(candidate: Candidate, company: Company) -> HiddenCompany:
    return HiddenCompany.objects.create(candidate=candidate, company=company)
