"""Companies with a connected account each, and the people who apply to them."""

import hashlib
import itertools
import random
import time
from dataclasses import dataclass, field

import requests
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import Company, Membership, User
from candidates.models import Candidate
from integrations import actions
from integrations.models import Connection, Posting
from integrations.providers import Tokens
from jobs.models import Job
from purposejobs.tenancy import company_scope
from tests.factories import make_application, make_company, make_job
from tests.faults.stack import Emulator, wait_for

TITLES = ["Engineer", "Designer", "Organizer", "Analyst"]
numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """Somebody who is going to apply, or to be sent by hand."""

    name: str
    email: str
    jobs: tuple[int, ...]  # places in the house's jobs; none: a recruiter sends them, for no posting
    note: str
    phone: str
    resume: bytes
    uses_web: bool  # fills in the public form; the others come in through the action behind it

    @property
    def exports(self) -> int:
        return len(self.jobs) or 1


@dataclass
class House:
    """A company, its account at the ATS, its connection and its jobs."""

    company: Company
    admin: User
    account_id: str
    member_id: str  # the admin's user at the ATS
    super_admin: str
    known: list[str]  # addresses that the ATS knew before
    connection: Connection | None = None
    jobs: list[Job] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    latecomers: list[Person] = field(default_factory=list)
    thanked: list[tuple[str, int]] = field(default_factory=list)
    unlinked: set[int] = field(default_factory=set)
    is_left_lost: bool = False
    is_left_closed: bool = False

    def refreshed(self) -> Connection:
        with company_scope(self.company):
            return Connection.objects.select_related("company").get(pk=self.connection.pk)


def make_house(emulator: Emulator, dice: random.Random, people: int) -> House:
    """Make a company, and an account whose switches stand as the dice fell."""
    number = next(numbers)
    account = emulator.control(
        "POST", "/accounts", name=f"Account {number}", postings=[{"text": title} for title in TITLES]
    )
    emulator.control(
        "POST",
        "/switches",
        account=account["id"],
        known_person_links=dice.choice(["stored", "dropped"]),
        rotation=dice.choice(["strict", "strict", "family", "lenient"]),
        closed_postings=dice.choice(["accept", "reject"]),
        multipart_phones="none",
        retry_after=dice.choice([True, False]),
        access_token_seconds=dice.choice([12, 60, 3600]),
    )
    company = make_company(f"House {number}")
    admin = User.objects.create(email=f"admin{number}@example.org", name=f"Admin {number}", password="!")
    EmailAddress.objects.create(user=admin, email=admin.email, verified=True, primary=True)
    with company_scope(company):
        Membership.objects.create(user=admin, company=company, role=Membership.Role.ADMIN)
    member = emulator.control(
        "POST", f"/accounts/{account['id']}/users", name=admin.name, email=admin.email, accessRole="admin"
    )
    count = max(2, people // 10)
    emulator.control("POST", f"/accounts/{account['id']}/opportunities", count=count, email_prefix=f"known{number}.")
    known = [f"known{number}.{place}@example.com" for place in range(count)]
    return House(company, admin, account["id"], member["id"], account["super_admin"], known)


def connect(emulator: Emulator, house: House) -> None:
    """Go through the consent, but for the browser; also again, after the connection was lost."""
    answer = emulator.control("POST", f"/accounts/{house.account_id}/tokens")
    tokens = Tokens(
        access_token=answer["access_token"],
        refresh_token=answer["refresh_token"],
        expires_in=answer["expires_in"],
        scopes=tuple(answer["scope"].split()),
        account_id=house.account_id,
        user_id=house.super_admin,
    )
    with company_scope(house.company):
        house.connection = actions.open_connection(
            company=house.company, provider="lever", tokens=tokens, connected_by=house.admin
        )


def link_jobs(house: House) -> None:
    """Connect two jobs with the postings of their titles, once those were copied by the worker."""
    wait_for(lambda: _has_postings(house), f"the postings of {house.company}")
    for title in TITLES[:2]:
        job = make_job(house.company, title)
        house.jobs.append(job)
        with company_scope(house.company):
            posting = Posting.objects.get(connection=house.connection, title=title)
            actions.link_job(company=house.company, job=job, posting_pk=posting.pk, linked_by=house.admin)


def _has_postings(house: House) -> bool:
    with company_scope(house.company):
        return Posting.objects.filter(connection=house.connection).count() >= len(TITLES)


def invite(house: House, dice: random.Random, exports: int) -> None:
    """Think of people enough for so many exports: some are known to the ATS, some apply to both jobs.

    Two more come when it is calm again: who meets a closed posting or a lost connection then.
    """
    known, left = iter(house.known), exports
    while left > 0:
        kind = dice.random()
        jobs: tuple[int, ...] = (0, 1) if kind < 0.15 and left > 1 else () if kind < 0.22 else (dice.randrange(2),)
        person = _person(dice, jobs, next(known, ""))
        house.people.append(person)
        left -= person.exports
    dice.shuffle(house.people)
    house.latecomers = [_person(dice, (0,)) for _ in range(2)]


def _person(dice: random.Random, jobs: tuple[int, ...], email: str = "") -> Person:
    number = next(numbers)
    size = dice.choice([0, 2_000, 20_000, 20_000, 200_000])
    uses_web = bool(size and jobs) and dice.random() < 0.3
    return Person(
        name=f"Person {number}",
        email=email or f"person{number}@example.net",
        jobs=jobs,
        note=f"I would like to work with you, and my number is {number}.",
        phone=dice.choice(["", f"+49 40 {number:06}"]),
        resume=b"%PDF-1.4\n" + dice.randbytes(size) + b"\n%%EOF\n" if size else b"",
        uses_web=uses_web,
    )


def apply_over_web(house: House, person: Person) -> bool:
    """Send the public form for each job; say whether every answer was the way to the thank-you page."""
    token = "f" * 32
    fields = {"name": person.name, "email": person.email, "phone": person.phone, "headline": "Worker"}
    fields["csrfmiddlewaretoken"] = token
    for place in person.jobs:
        job = house.jobs[place]
        try:
            answer = requests.post(
                f"{settings.PUBLIC_URL}/jobs/{house.company.slug}/{job.pk}/apply/",
                data={**fields, "note": f"{person.note} ({job.title})"},
                files={"resume": ("cv.pdf", person.resume, "application/pdf")},
                cookies={settings.CSRF_COOKIE_NAME: token},
                allow_redirects=False,
                timeout=5,
            )
        except requests.RequestException:
            answer = None
        if answer is None or answer.status_code != 302:
            time.sleep(0.5)  # somebody who reads that it did not work, and tries again
            return False
        house.thanked.append((person.email, job.pk))
    return True


def arrive(house: House, people: list[Person]) -> None:
    """Let people apply, or be sent: all of them or, when the database is away, none."""
    with company_scope(house.company):
        for person in people:
            resume = {}
            if person.resume:
                name = f"resumes/{hashlib.sha256(person.email.encode()).hexdigest()[:20]}.pdf"
                name = default_storage.save(name, ContentFile(person.resume))
                resume = {"resume": name, "resume_name": "cv.pdf", "resume_type": "application/pdf"}
                resume["resume_size"] = len(person.resume)
            fields = {"phone": person.phone, "headline": "Worker", "location": "Hamburg", **resume}
            links = [f"https://example.net/{hashlib.sha256(person.email.encode()).hexdigest()[:8]}"]
            candidate = Candidate.objects.create(
                name=person.name, email=person.email, links=links, is_discoverable=True, **fields
            )
            for place in person.jobs:
                job = house.jobs[place]
                application = make_application(job, candidate, note=f"{person.note} ({job.title})")
                actions.request_exports(application=application)
            if not person.jobs:
                actions.send_candidates(
                    company=house.company, candidates=[candidate], job=None, requested_by=house.admin
                )
