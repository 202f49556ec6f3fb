"""A company connected to the emulator's seeded account, and what the tests of exports ask of both."""

from django.core.files.base import ContentFile

from integrations import actions, draining, mirroring
from integrations.models import CandidateExport, Connection, Posting
from integrations.providers import Tokens
from purposejobs.tenancy import company_scope
from tests.factories import make_application, make_candidate, make_job

NORTHWIND = "c4f2a858-aba9-5168-a8bc-19b137e24a96"
ROSA = "ba0b9998-8162-5659-8a9e-85012aee97de"
RESUME = b"%PDF-1.4\n" + b"resume " * 200 + b"\n%%EOF\n"


class Ats:
    """The far side, seen through the emulator's own control."""

    def __init__(self, emulator) -> None:
        self.emulator = emulator

    def opportunities(self, **narrowed: str) -> list[dict]:
        return self.emulator.control("GET", f"/accounts/{NORTHWIND}/opportunities", **narrowed)["opportunities"]

    def fault(self, kind: str, endpoint: str = "POST /v1/opportunities", *, count: int = 1, **details) -> None:
        self.emulator.control("POST", "/faults", kind=kind, endpoint=endpoint, count=count, **details)

    def calls(self, method: str = "POST", template: str = "/v1/opportunities") -> int:
        log = self.emulator.control("GET", "/requests", template=template)["requests"]
        return sum(row["method"] == method for row in log)

    def tokens(self, **wish) -> Tokens:
        answer = self.emulator.control("POST", f"/accounts/{NORTHWIND}/tokens", **wish)
        return Tokens(
            access_token=answer["access_token"],
            refresh_token=answer["refresh_token"],
            expires_in=answer["expires_in"],
            scopes=tuple(answer["scope"].split()),
            account_id=NORTHWIND,
            user_id=ROSA,
        )


def connect(ats: Ats, company, admin) -> Connection:
    """Connect a company to Northwind, and copy its postings, users and stages."""
    with company_scope(company):
        connection = actions.open_connection(company=company, provider="lever", tokens=ats.tokens(), connected_by=admin)
    fill_bucket(connection)
    mirroring.refresh_account(connection.pk)
    return connection


def link(company, member, title: str = "Backend Engineer"):
    """Make a job and connect it with the posting of the same title."""
    job = make_job(company, title)
    with company_scope(company):
        posting = Posting.objects.get(title=title)
        actions.link_job(company=company, job=job, posting_pk=posting.pk, linked_by=member)
    return job


def fill_bucket(connection: Connection) -> None:
    """Let a second or two pass for the rate limit: a new bucket starts empty."""
    from integrations.pacing import redis_client

    redis_client().hset(f"pace:{connection.bucket}", mapping={"tokens": 19})


def apply(job, name: str = "Kim Park", *, resume: bytes = b"", **fields):
    """Let somebody apply through the action the form calls."""
    if resume:
        fields |= {"resume": ContentFile(resume, "cv.pdf"), "resume_name": "cv.pdf", "resume_type": "application/pdf"}
        fields |= {"resume_size": len(resume)}
    application = make_application(job, make_candidate(name), **fields)
    with company_scope(job.company):
        actions.request_exports(application=application)
    return application


def drain(connection: Connection, *, turns: int = 10) -> None:
    """Drain until nothing is due, as the worker would."""
    for _ in range(turns):
        fill_bucket(connection)
        if draining.drain(connection.pk) is None:
            return
    raise AssertionError("the drain found no end")


def only_export(company) -> CandidateExport:
    with company_scope(company):
        return CandidateExport.objects.select_related("candidate").get()


def make_due(company) -> None:
    """Let every wait be over."""
    from django.utils import timezone

    with company_scope(company):
        CandidateExport.objects.update(next_attempt_at=timezone.now())
        CandidateExport.objects.exclude(follow_up_at=None).update(follow_up_at=timezone.now())
