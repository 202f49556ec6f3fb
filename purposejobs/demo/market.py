"""The marketplace of the demo in the database: companies, recruiters, jobs, candidates and their applications."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from accounts.actions import found_company
from accounts.models import Company, Membership, User
from candidates.actions import CONSENT_VERSION
from candidates.models import Application, Candidate, HiddenCompany
from candidates.resumes import PDF
from jobs.models import Job
from purposejobs.demo import PASSWORD
from purposejobs.demo.cast import EMPLOYERS, Employer, Member, Opening
from purposejobs.demo.people import PEOPLE, Person
from purposejobs.demo.resumes import Profile, career, draw
from purposejobs.demo.trades import SUMMARIES, TRADES, VALUES
from purposejobs.tenancy import company_scope

# Ranges that telephone authorities keep for films and examples.
PHONES = {
    "Germany": ("+49 30 23125 {:03}", 999),
    "United Kingdom": ("+44 7700 900{:03}", 999),
    "France": ("+33 6 39 98 {:02} 17", 99),
    "Sweden": ("+46 70 174 06 {:02}", 99),
}
# The newest application is so old; the oldest as old as its job. Minutes.
NEWEST = 35
# Every so manieth person: has not confirmed the address; wrote no note; gave no phone.
UNCONFIRMED, SILENT, NO_PHONE = 9, 4, 6
WITHDRAWN = ("tiago.fonseca@mail.example", "oh-community")


def is_filled() -> bool:
    """Say whether the demo's companies are there: they came in one transaction."""
    return User.objects.filter(email=EMPLOYERS[0].members[0].email).exists()


@transaction.atomic
def fill() -> None:
    """Write everything, dated over the past weeks."""
    now = timezone.now()
    jobs: dict[str, Job] = {}
    companies: dict[str, Company] = {}
    for employer in EMPLOYERS:
        company = companies[employer.name] = _found(employer)
        with company_scope(company):
            jobs |= {opening.key: _open(company, opening, now) for opening in employer.jobs}
    for number, person in enumerate(PEOPLE):
        _arrive(number, person, jobs, companies, now)


def _found(employer: Employer) -> Company:
    users = [_sign_up(member) for member in employer.members]
    company = found_company(name=employer.name, founder=users[0])
    with company_scope(company):
        Company.objects.filter(pk=company.pk).update(
            website=employer.website, about=employer.about, created_at=timezone.now() - timedelta(days=75)
        )
        for member, user in list(zip(employer.members, users, strict=True))[1:]:
            Membership.objects.create(user=user, company=company, role=member.role)
    return company


def _sign_up(member: Member) -> User:
    user = User.objects.create_user(member.email, PASSWORD, name=member.name, time_zone=member.time_zone)
    # Verified: the ATS acts in the name of a recruiter whose address is known there and proven here.
    EmailAddress.objects.create(user=user, email=member.email, verified=True, primary=True)
    return user


def _open(company: Company, opening: Opening, now: datetime) -> Job:
    created_at = now - timedelta(days=opening.days_old)
    job = Job.objects.create(
        company=company,
        title=opening.title,
        team=opening.team,
        location=opening.location,
        workplace=opening.workplace,
        commitment=opening.commitment,
        salary=opening.salary,
        description=_description(company, opening),
        status=opening.status,
        published_at=None if opening.status == Job.Status.DRAFT else created_at + timedelta(hours=2),
        closed_at=now - timedelta(days=4) if opening.status == Job.Status.CLOSED else None,
    )
    Job.objects.filter(pk=job.pk).update(created_at=created_at)
    job.created_at = created_at
    return job


def _description(company: Company, opening: Opening) -> str:
    return "\n\n".join(
        [
            f"{company.name} looks for a **{opening.title}** in {opening.location}.",
            "## What you will do\n\n" + _bullets(opening.does),
            "## What you bring\n\n" + _bullets(opening.brings),
            "## How we hire\n\nTwo conversations and an afternoon together. We answer everybody within two weeks.",
        ]
    )


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _arrive(number: int, person: Person, jobs: dict[str, Job], companies: dict[str, Company], now: datetime) -> None:
    """Let a person sign up and apply to what they applied to."""
    chance = _chance(person)
    profile = profile_of(number)
    pdf = draw(profile)
    applied = [(jobs[key], _applied_at(jobs[key], now, chance)) for key in person.applied_to]
    first = min([at for _, at in applied], default=now - timedelta(days=chance.randint(2, 40)))
    candidate = Candidate(
        email=person.email,
        summary=profile.summary,
        target_location=person.location if number % 3 else "Remote in Europe",
        target_salary=person.salary,
        experience_years=person.years,
        skills=list(profile.skills),
        values=list(profile.values),
        is_discoverable=person.is_discoverable,
        **_submitted(profile, pdf),
    )
    candidate.resume.save("resume.pdf", ContentFile(pdf), save=False)
    candidate.save()
    Candidate.objects.filter(pk=candidate.pk).update(created_at=first - timedelta(minutes=chance.randint(5, 3000)))
    if person.hides_from:
        HiddenCompany.objects.create(candidate=candidate, company=companies[person.hides_from])
    for (job, applied_at), key in zip(applied, person.applied_to, strict=True):
        _apply(number, candidate, job, profile, pdf, applied_at, is_withdrawn=(person.email, key) == WITHDRAWN)


def _applied_at(job: Job, now: datetime, chance: random.Random) -> datetime:
    ends = (job.closed_at or now) - timedelta(minutes=NEWEST)
    begins = (job.published_at or job.created_at) + timedelta(hours=1)
    return begins + (ends - begins) * chance.random()


def _apply(
    number: int, candidate: Candidate, job: Job, profile: Profile, pdf: bytes, at: datetime, *, is_withdrawn: bool
) -> None:
    notes = TRADES[profile.person.trade].notes
    with company_scope(job.company):
        application = Application(
            company=job.company,
            job=job,
            candidate=candidate,
            email=candidate.email,
            note="" if number % SILENT == 0 else notes[number % len(notes)],
            consent_version=CONSENT_VERSION,
            created_at=at,
            email_confirmed_at=None if number % UNCONFIRMED == 5 else at + timedelta(minutes=7),
            withdrawn_at=at + timedelta(days=1) if is_withdrawn else None,
            **_submitted(profile, pdf),
        )
        application.resume.save("resume.pdf", ContentFile(pdf), save=False)
        application.save(force_insert=True)


def _submitted(profile: Profile, pdf: bytes) -> dict[str, object]:
    person = profile.person
    return {
        "name": person.name,
        "phone": profile.phone,
        "location": person.location,
        "headline": person.headline,
        "links": list(profile.links),
        "resume_name": f"{person.handle.replace('.', '-')}-resume.pdf",
        "resume_type": PDF,
        "resume_size": len(pdf),
    }


def profile_of(number: int) -> Profile:
    """Return what is known of the person of this number; always the same."""
    person = PEOPLE[number]
    chance, trade = _chance(person), TRADES[person.trade]
    pages = [f"https://{person.handle.replace('.', '-')}.example/", f"https://people.example/in/{person.handle}"]
    return Profile(
        person=person,
        summary=SUMMARIES[number % len(SUMMARIES)].format(years=person.years),
        phone=_phone(number, person),
        links=tuple(pages[: 1 + number % 2]),
        skills=tuple(chance.sample(trade.skills, min(len(trade.skills), 4 + number % 3))),
        values=tuple(chance.sample(VALUES, 3)),
        posts=career(person, trade, chance),
        degree=chance.choice(trade.degrees),
    )


def _chance(person: Person) -> random.Random:
    return random.Random(person.email)  # noqa: S311  the same demo each time, not a secret


def _phone(number: int, person: Person) -> str:
    pattern, most = PHONES.get(person.location.rsplit(", ", 1)[-1], ("+1 212 555 01{:02}", 99))
    return "" if number % NO_PHONE == NO_PHONE - 1 else pattern.format((number * 7 + 11) % (most + 1))
