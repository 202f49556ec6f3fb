"""The demo's far side: accounts at the emulator, and one company whose candidates are really sent there.

Everything goes the way it goes in the product: tokens that the emulator gave, the queue, the drain, the rate limit, and
what became of the candidates is read from there. The emulator's clock is set back while each thing is done there; our
own dates are set back afterwards, to when it would have happened. Each step bears being run again, so that a run which
was interrupted is finished by the next.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Company, Membership, User
from candidates.models import Application, Candidate
from integrations import actions, draining, following, mirroring
from integrations.models import (
    AccountReason,
    AccountStage,
    Activity,
    CandidateExport,
    Connection,
    ExportAttempt,
    Posting,
    PostingLink,
)
from integrations.providers import Tokens
from jobs.models import Job
from purposejobs.demo.cast import BRIGHTWATER, OPEN_HARVEST, Employer, Opening
from purposejobs.tenancy import company_scope, user_scope

PROVIDER = "lever"
EMULATOR_SECONDS, SETTLE_SECONDS = 20, 120  # until it answers; until everything is sent at ten calls a second
CONNECTED_DAYS = 45  # longer ago than the oldest application

# Known there before they applied, from elsewhere: e-mail, name, stage, origin, source.
KNOWN_THERE = (
    ("greta.sandmann@mail.example", "Greta Sandmann", "lead-responded", "sourced", "LinkedIn"),
    ("bruno.castelli@mail.example", "Bruno Castelli", "lead-reached-out", "sourced", "LinkedIn"),
    ("sunniva.dahl@mail.example", "Sunniva Dahl", "applicant-new", "applied", "Job site"),
    ("oskar.lindner@mail.example", "Oskar Lindner", "applicant-new", "referred", "Referral"),
)
# Sent by hand, without a posting: e-mail, so many days ago.
BY_HAND = {
    "olena.shevchuk@mail.example": 9,
    "elliot.grange@mail.example": 5,
    "lucia.benitez@mail.example": 2,
}
# Moved on there since, from stage to stage by their places in the pipeline.
MOVED_ON = {
    "leila.farahani@mail.example": (1, 3, 4),
    "mateusz.brandt@mail.example": (2, 3),
    "adaeze.nwosu@mail.example": (1, 3, 4, 5),
    "oluwaseun.balogun@mail.example": (1,),
    "beatriz.salgueiro@mail.example": (3, 4),
    "fatou.diallo@mail.example": (1, 2),
    "katharina.albrecht@mail.example": (1, 3, 4, 5, 6),
    "olena.shevchuk@mail.example": (1,),
}
# How it ended there for some of them: e-mail, the reason's name.
ENDED = {
    "katharina.albrecht@mail.example": "Hired",
    "oluwaseun.balogun@mail.example": "Underqualified",
}
# Its file was refused; "Try again" then works.
REFUSED = "jasper.de.wit@mail.example"
REFUSAL = {"code": "BadRequest", "message": "Resume file could not be processed"}
# Waits for a posting that was closed. The last of all: with this one the demo is complete.
HELD, CLOSED = "zeynep.aslan@mail.example", "oh-logistics"


class NotThere(Exception):
    """The far side does not answer, or not in time; the sentence says what to do."""


class Emulator:
    """The emulator's own side, `/_control`, and its API for what was there before us."""

    def __init__(self) -> None:
        self.url = settings.LEVER_EMULATOR_URL
        self.http = requests.Session()
        self.http.trust_env = False

    def control(self, method: str, path: str = "", **body: Any) -> dict[str, Any]:
        """Ask for something; raise NotThere when nobody answers and LookupError when it is not there."""
        options: dict[str, Any] = {"params": body} if method == "GET" else {"json": body}
        return self._answer(self.http.request(method, f"{self.url}/_control{path}", timeout=20, **options))

    def add_opportunity(self, token: str, user: str, **fields: Any) -> None:
        """Add somebody as another tool would."""
        headers = {"Authorization": f"Bearer {token}"}
        address = f"{self.url}/v1/opportunities"
        answer = self.http.post(address, params={"perform_as": user}, json=fields, headers=headers, timeout=20)
        self._answer(answer)

    @contextmanager
    def past(self) -> Iterator[None]:
        """Let the clock be set to other times within, and go right again afterwards."""
        pushed = self.control("GET", "/clock")["advanced_seconds"]
        try:
            yield
        finally:
            advanced = self.control("GET", "/clock")["advanced_seconds"]
            self.control("POST", "/clock", advance_seconds=pushed - advanced)

    def set_clock(self, moment: datetime) -> None:
        """Let it be this moment there."""
        now = datetime.fromtimestamp(self.control("GET", "/clock")["now"] / 1000, UTC)
        self.control("POST", "/clock", advance_seconds=(moment - now).total_seconds())

    def wait(self) -> None:
        """Wait until it answers."""

        def answers() -> bool:
            try:
                self.control("GET")
            except requests.ConnectionError:
                return False
            return True

        _wait_for(answers, EMULATOR_SECONDS, f"The emulator does not answer on {self.url}; start it first.")

    def account(self, company: Company, employer: Employer) -> str:
        """Return the account of a company, made when it is missing. A new database gets new accounts."""
        name = f"{company.slug}-{company.pk}-{company.created_at:%Y%m%d%H%M%S%f}"
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        try:
            self.control("GET", f"/accounts/{key}")
        except LookupError:
            people, postings = list(employer.users), list(employer.postings)
            self.control("POST", "/accounts", id=key, name=employer.name, users=people, postings=postings)
        return key

    def _answer(self, answer: requests.Response) -> dict[str, Any]:
        if answer.status_code == 404:
            raise LookupError(answer.url)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


def is_complete() -> bool:
    """Say whether the last step was done, whatever became of it since."""
    with company_scope(_company(OPEN_HARVEST)):
        return CandidateExport.objects.filter(candidate__email=HELD).exists()


def fill(say: Callable[[str], None]) -> None:
    """Make both accounts, connect Open Harvest, and send its candidates. Raises NotThere."""
    emulator = Emulator()
    emulator.wait()
    brightwater, harvest = _company(BRIGHTWATER), _company(OPEN_HARVEST)
    emulator.account(brightwater, BRIGHTWATER)
    account = emulator.account(harvest, OPEN_HARVEST)
    connection = _connect(emulator, account, harvest)
    _link(harvest)
    say("Sending Open Harvest's candidates ...")
    with emulator.past():
        _send_applicants(emulator, connection, harvest)
        _send_by_hand(emulator, connection, harvest)
    _refuse_one(emulator, account, connection, harvest)
    with emulator.past():
        _move_on(emulator, account, harvest)
    _set_back(connection, harvest)
    say("Reading what became of them ...")
    _hear(connection)
    _hold_one(emulator, connection, harvest)


def _connect(emulator: Emulator, account: str, company: Company) -> Connection:
    admin = User.objects.get(email=OPEN_HARVEST.members[0].email)
    with company_scope(company):
        connection = Connection.objects.for_company(company).standing().first()
    if connection is None:
        tokens = emulator.control("POST", f"/accounts/{account}/tokens", client_id=_client_id())
        user = emulator.control("GET", f"/accounts/{account}")["super_admin"]
        with emulator.past():
            emulator.set_clock(timezone.now() - timedelta(days=CONNECTED_DAYS))
            _know_some(emulator, tokens["access_token"], user)
        grant = Tokens(
            access_token=tokens["access_token"],
            refresh_token=tokens["refresh_token"],
            expires_in=tokens["expires_in"],
            scopes=tuple(tokens["scope"].split()),
            account_id=account,
            user_id=user,
        )
        with company_scope(company):
            connection = actions.open_connection(company=company, provider=PROVIDER, tokens=grant, connected_by=admin)
    _refresh(connection)
    return connection


def _know_some(emulator: Emulator, token: str, user: str) -> None:
    for email, name, stage, origin, source in KNOWN_THERE:
        known = {"emails": [email], "name": name, "stage": stage, "origin": origin, "sources": [source]}
        emulator.add_opportunity(token, user, **known)


def _refresh(connection: Connection) -> None:
    """Copy postings, users and stages now."""
    begun = timezone.now()

    def is_listed() -> bool:
        mirroring.refresh_account(connection.pk)
        with company_scope(connection.company_id):
            return Connection.objects.filter(pk=connection.pk, postings_listed_at__gte=begun).exists()

    _wait_for(is_listed, SETTLE_SECONDS, "The emulator's postings could not be read; run this again.")


def _link(company: Company) -> None:
    admin = User.objects.get(email=OPEN_HARVEST.members[0].email)
    with company_scope(company):
        for opening in OPEN_HARVEST.jobs:
            job = _job(opening)
            if opening.posting and not PostingLink.objects.filter(job=job).exists():
                posting = Posting.objects.get(title=opening.posting)
                actions.link_job(company=company, job=job, posting_pk=posting.pk, linked_by=admin)


def _send_applicants(emulator: Emulator, connection: Connection, company: Company) -> None:
    """Send each a moment after they applied."""
    late = Q(email=REFUSED) | Q(email=HELD)
    with company_scope(company):
        rows = Application.objects.for_company(company).exclude(late).order_by("created_at")
        applications = list(rows.select_related("job"))
    for application in applications:
        emulator.set_clock(application.created_at)
        with company_scope(company):
            actions.request_exports(application=application)
        _settle(connection)


def _send_by_hand(emulator: Emulator, connection: Connection, company: Company) -> None:
    recruiter = User.objects.get(email=OPEN_HARVEST.members[1].email)
    for email, days in BY_HAND.items():
        emulator.set_clock(timezone.now() - timedelta(days=days))
        with company_scope(company):
            candidate = Candidate.objects.get(email=email)
            if not CandidateExport.objects.filter(candidate=candidate, posting=None).exists():
                actions.send_candidates(company=company, candidates=[candidate], job=None, requested_by=recruiter)
        _settle(connection)


def _refuse_one(emulator: Emulator, account: str, connection: Connection, company: Company) -> None:
    with company_scope(company):
        if CandidateExport.objects.filter(candidate__email=REFUSED).exists():
            return
    fault = emulator.control(
        "POST", "/faults", kind="400", endpoint="POST /v1/opportunities", account=account, count=1, body=REFUSAL
    )
    try:
        _apply_late(company, REFUSED, timedelta(hours=22))
        _settle(connection)
    finally:
        emulator.control("DELETE", f"/faults/{fault['id']}")


def _move_on(emulator: Emulator, account: str, company: Company) -> None:
    """Let recruiters there move some on, evenly between their arrival and now, and end it for some."""
    with company_scope(company):
        stages = [stage.external_id for stage in AccountStage.objects.order_by("position")]
        reasons = dict(AccountReason.objects.values_list("name", "external_id"))
    for email, places in MOVED_ON.items():
        changes = [{"stage": stages[place]} for place in places]
        changes += [{"archive_reason": reasons[ENDED[email]]}] if email in ENDED else []
        found = emulator.control("GET", f"/accounts/{account}/opportunities", email=email)["opportunities"]
        for opportunity in found:
            arrived_at = datetime.fromtimestamp(opportunity["createdAt"] / 1000, UTC)
            step = (timezone.now() - arrived_at) / (len(changes) + 1)
            if len(opportunity["stageChanges"]) > 1:
                continue  # a run before this one did it
            for number, change in enumerate(changes, start=1):
                emulator.set_clock(arrived_at + number * step)
                emulator.control("POST", f"/opportunities/{opportunity['id']}", **change)


def _hear(connection: Connection) -> None:
    """Read how everybody stands there. Workers that run help; without one this does it alone."""
    sent = CandidateExport.objects.filter(connection=connection, state=CandidateExport.State.SENT)
    with company_scope(connection.company_id):
        for export in sent.select_related("candidate", "company"):
            actions.refresh_progress(company=export.company, candidate=export.candidate)

    def is_heard() -> bool:
        following.follow(connection.pk)
        with company_scope(connection.company_id):
            return not sent.filter(checked_at=None).exists()

    _wait_for(is_heard, SETTLE_SECONDS, "What became of the candidates could not be read in time; run this again.")


def _hold_one(emulator: Emulator, connection: Connection, company: Company) -> None:
    opening = next(opening for opening in OPEN_HARVEST.jobs if opening.key == CLOSED)
    with company_scope(company):
        posting = Posting.objects.get(title=opening.posting)
    emulator.control("POST", f"/postings/{posting.external_id}", state="closed")
    _refresh(connection)
    _apply_late(company, HELD, timedelta(minutes=12))
    _settle(connection)


def _apply_late(company: Company, email: str, ago: timedelta) -> None:
    """Ask for the export of somebody's first application, which came in only a while ago."""
    with company_scope(company):
        application = Application.objects.filter(email=email).select_related("job").order_by("pk")[0]
        application.created_at = timezone.now() - ago
        application.email_confirmed_at = None
        application.save(update_fields=["created_at", "email_confirmed_at"])
        actions.request_exports(application=application)


def _set_back(connection: Connection, company: Company) -> None:
    """Date what was done now to when it would have been done: seconds after each application."""
    admin = User.objects.get(email=OPEN_HARVEST.members[0].email)
    began = timezone.now() - timedelta(days=CONNECTED_DAYS)
    with company_scope(company):
        Connection.objects.filter(pk=connection.pk).update(connected_at=began, state_changed_at=began)
        applied = {
            (application.candidate_id, application.job_id): application.created_at
            for application in Application.objects.for_company(company)
        }
        for export in CandidateExport.objects.filter(connection=connection).select_related("candidate"):
            by_hand_at = timezone.now() - timedelta(days=BY_HAND.get(export.candidate.email, 1))
            asked_at = applied.get((export.candidate_id, export.job_id or 0), by_hand_at)
            back = export.requested_at - asked_at
            CandidateExport.objects.filter(pk=export.pk).update(
                requested_at=asked_at, changed_at=F("changed_at") - back, sent_at=F("sent_at") - back
            )
            ExportAttempt.objects.filter(export=export).update(started_at=F("started_at") - back)
            sent = Activity.objects.filter(verb=Activity.Verb.SENT, candidate=export.candidate_id)
            sent.update(created_at=asked_at)
        acts = Activity.objects.filter(connection=connection, actor=admin)
        acts.exclude(verb=Activity.Verb.SENT).update(created_at=began)
        PostingLink.objects.filter(connection=connection).update(created_at=began)


def _settle(connection: Connection) -> None:
    """Send until nothing is due. Workers that run help; without one this does it alone."""
    Follow = CandidateExport.FollowUp

    def is_settled() -> bool:
        draining.drain(connection.pk)
        with company_scope(connection.company_id):
            exports = CandidateExport.objects.filter(connection=connection)
            busy = exports.under_way().filter(held_reason="")
            following = exports.filter(follow_up__in=[Follow.WAITING, Follow.SENDING])
            return not (busy | following).exists()

    _wait_for(is_settled, SETTLE_SECONDS, "Not everybody could be sent to the emulator in time; run this again.")


def _wait_for(condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends_at:
            raise NotThere(otherwise)
        time.sleep(0.1)


def _client_id() -> str:
    return str(settings.ATS_PROVIDERS[PROVIDER]["client_id"])


def _company(employer: Employer) -> Company:
    founder = User.objects.get(email=employer.members[0].email)
    with user_scope(founder):
        memberships = Membership.objects.filter(user=founder, company__name=employer.name).select_related("company")
        return memberships.order_by("pk")[0].company


def _job(opening: Opening) -> Job:
    return Job.objects.get(title=opening.title, created_by=None)
