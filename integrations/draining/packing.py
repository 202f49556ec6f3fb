"""What travels for a claimed row, and whether it still should."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from accounts.models import Company
from candidates.models import Application, Candidate
from integrations.actions.exports import queue_alike
from integrations.models import AccountUser, CandidateExport, Connection, ExportAttempt, Posting, PostingLink
from integrations.providers import Parcel, Payload, Provider, Resume

logger = logging.getLogger(__name__)

Cancelled = CandidateExport.Cancelled
Held = CandidateExport.Held
Kind = ExportAttempt.Kind


# What may travel of an application or a profile; the rest of a row is not read for a batch.
PROFILE = (
    "name",
    "email",
    "phone",
    "location",
    "headline",
    "links",
    "resume",
    "resume_name",
    "resume_type",
    "resume_size",
)
NO_PARCEL = Parcel(0, "", "", "", "", "", (), "", "", None, "", "")


@dataclass(slots=True)
class Errand:
    """One claimed row on its way: what is to be done, with what, and what came of it."""

    export: CandidateExport
    kind: str
    claim: object
    parcel: Parcel = NO_PARCEL
    payload: Payload = None
    # A rule that stops it before the call: cancelled, held, or given back because the batch is full.
    cancelled: str = ""
    held: str = ""
    is_given_back: bool = False
    outcome: Any = None
    started_at: datetime | None = None
    milliseconds: int = 0
    was_repeated: bool = False
    # What it was called with last.
    client: object = None
    # Monotonic seconds: later than this too little of the claim is left for a whole call.
    begin_before: float = 0.0

    @property
    def is_to_call(self) -> bool:
        return not (self.cancelled or self.held or self.is_given_back)


@dataclass
class Facts:
    """What a batch needs to know, read in a few queries however many rows there are."""

    company: Company
    connection: Connection
    candidates: dict[int, Candidate] = field(default_factory=dict)
    postings: dict[int, Posting] = field(default_factory=dict)
    links: dict[int, Posting] = field(default_factory=dict)
    applications: dict[int, list[Application]] = field(default_factory=lambda: defaultdict(list))
    sendable: set[int] = field(default_factory=set)
    notes: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    users: dict[str, AccountUser] = field(default_factory=dict)
    users_by_email: dict[str, AccountUser] = field(default_factory=dict)
    verified: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def read(cls, connection: Connection, exports: list[CandidateExport]) -> "Facts":
        company = connection.company
        facts = cls(company, connection)
        candidate_pks = {export.candidate_id for export in exports}
        facts.candidates = Candidate.objects.only(*PROFILE, "erased_at").in_bulk(candidate_pks)
        standing = Application.objects.for_company(company).standing().filter(candidate_id__in=candidate_pks)
        for application in standing.only(*PROFILE, "note", "job_id", "candidate_id").order_by("created_at", "pk"):
            facts.applications[application.candidate_id].append(application)
        jobs = {application.job_id for group in facts.applications.values() for application in group}
        jobs |= {export.job_id for export in exports if export.job_id}
        links = dict(
            PostingLink.objects.filter(connection=connection, job_id__in=jobs).values_list("job_id", "posting_id")
        )
        postings = {*links.values(), *(export.posting_id for export in exports if export.posting_id)}
        facts.postings = Posting.objects.defer("description").in_bulk(postings)
        facts.links = {job_pk: facts.postings[posting_pk] for job_pk, posting_pk in links.items()}
        by_hand = {export.candidate_id for export in exports if export.reason == CandidateExport.Reason.SENT}
        if by_hand:
            sendable = Candidate.objects.sendable_by(company).filter(pk__in=by_hand)
            facts.sendable = set(sendable.values_list("pk", flat=True))
        facts.read_users(exports)
        unclear = {export.candidate_id for export in exports if export.follow_up_look_first}
        if unclear:
            written = Application.objects.for_company(company).filter(candidate_id__in=unclear).exclude(note="")
            for candidate_pk, note in written.values_list("candidate_id", "note"):
                facts.notes[candidate_pk].append(note)
        return facts

    def read_users(self, exports: list[CandidateExport]) -> None:
        """Find out which of the ATS's users could act for these exports."""
        requesters = {export.requested_by_id for export in exports if export.requested_by_id}
        addresses = EmailAddress.objects.filter(user_id__in=requesters, verified=True).values_list("user_id", "email")
        for user_pk, email in addresses if requesters else []:
            self.verified[user_pk].add(email.lower())
        emails = {email for group in self.verified.values() for email in group}
        owners = {posting.owner_id for posting in self.postings.values()}
        ids = {self.connection.acting_user_id, self.connection.granted_by_user_id, *owners} - {""}
        active = AccountUser.objects.filter(connection=self.connection, is_active=True).alias(address=Lower("email"))
        for user in active.filter(Q(external_id__in=ids) | Q(address__in=emails)):
            self.users[user.external_id] = user
            self.users_by_email[user.email.lower()] = user

    def posting(self, export: CandidateExport) -> Posting | None:
        """Return the posting the row goes to, if any."""
        return self.postings[export.posting_id] if export.posting_id else None

    def applied_through(self, export: CandidateExport) -> Application | None:
        """Return the first standing application to a job that is linked to the row's posting."""
        for application in self.applications[export.candidate_id]:
            posting = self.links.get(application.job_id)
            if posting is not None and posting.pk == export.posting_id:
                return application
        return None

    def acting_user_id(self, export: CandidateExport) -> str:
        """Return the ATS user to act as: who asked, else who was chosen, the posting's owner, who connected."""
        for email in self.verified.get(export.requested_by_id or 0, ()):
            if email in self.users_by_email:
                return self.users_by_email[email].external_id
        posting = self.posting(export)
        wanted = [self.connection.acting_user_id, posting.owner_id if posting else ""]
        for external_id in [*wanted, self.connection.granted_by_user_id]:
            if external_id in self.users:
                return external_id
        return ""


def pack(provider: Provider, connection: Connection, exports: list[CandidateExport]) -> list[Errand]:
    """Decide for each claimed row, and make the payloads of those that go; in the company's scope."""
    facts = Facts.read(connection, exports)
    moved = _move_remapped(facts, exports)
    errands = [_errand(facts, export, cancelled=moved.get(export.pk, "")) for export in exports]
    _keep_within_bytes(facts, errands)
    going = [errand for errand in errands if errand.is_to_call]
    for errand in going:
        errand.parcel = _parcel(facts, errand)
    payloads = provider.prepare([errand.parcel for errand in going])
    for errand, payload in zip(going, payloads, strict=True):
        errand.payload = payload
    return errands


def _errand(facts: Facts, export: CandidateExport, *, cancelled: str) -> Errand:
    if export.state == CandidateExport.State.SENT:
        errand = Errand(export, Kind.FOLLOW_UP, export.claim)
        errand.cancelled = Cancelled.ERASED if facts.candidates[export.candidate_id].erased_at else ""
        return errand
    if export.look_first:
        # Looking is always allowed: it says what is true, whatever was decided since.
        return Errand(export, Kind.LOOK, export.claim)
    errand = Errand(export, Kind.CREATE, export.claim, cancelled=cancelled or _reason_to_cancel(facts, export))
    if not errand.cancelled:
        errand.held = _reason_to_hold(facts, export)
    return errand


def _reason_to_cancel(facts: Facts, export: CandidateExport) -> str:
    if facts.candidates[export.candidate_id].erased_at:
        return Cancelled.ERASED
    if export.reason == CandidateExport.Reason.SENT:
        return "" if export.candidate_id in facts.sendable else Cancelled.HIDDEN
    if facts.applied_through(export):
        return ""
    still_applied = any(row.job_id == export.job_id for row in facts.applications[export.candidate_id])
    return Cancelled.UNLINKED if still_applied else Cancelled.WITHDRAWN


def _reason_to_hold(facts: Facts, export: CandidateExport) -> str:
    posting = facts.posting(export)
    if posting and posting.gone_at:
        return Held.POSTING_GONE
    if posting and not posting.is_open:
        return Held.POSTING_CLOSED
    return "" if facts.acting_user_id(export) else Held.NO_ACTING_USER


def _move_remapped(facts: Facts, exports: list[CandidateExport]) -> dict[int, str]:
    """Let rows that had to be looked up first follow their job to its new posting, now that they were.

    The move is written down before the call: whoever finds the claim run out must look where the create went.
    Returns the reasons to cancel, by key, of those whose place there is taken.
    """
    moving = []
    for export in exports:
        target = facts.links.get(export.job_id or 0)
        if (
            export.state == CandidateExport.State.SENDING
            and not export.look_first
            and export.posting_id
            and target is not None
            and target.pk != export.posting_id
            and facts.applied_through(export) is None
        ):
            moving.append((export, target))
    if not moving:
        return {}
    cancelled: dict[int, str] = {}
    for export, target in moving:
        try:
            with transaction.atomic():
                CandidateExport.objects.filter(pk=export.pk).update(posting=target)
        except IntegrityError:
            cancelled[export.pk] = Cancelled.ALREADY_QUEUED
            twins = CandidateExport.objects.filter(candidate_id=export.candidate_id, posting=target)
            if twins.filter(state=CandidateExport.State.CANCELLED).exists():
                queue_alike([export], job=export.job, posting=target)
        else:
            export.posting_id = target.pk
    return cancelled


def _source(facts: Facts, export: CandidateExport) -> Application | Candidate:
    """Return what travels: the application to that posting's job, else the latest to this company, else the profile."""
    applications = facts.applications[export.candidate_id]
    return facts.applied_through(export) or (
        applications[-1] if applications else facts.candidates[export.candidate_id]
    )


def _keep_within_bytes(facts: Facts, errands: Iterable[Errand]) -> None:
    """Give rows back whose résumés would not fit into memory together; the first always goes."""
    room = settings.EXPORTS["batch_bytes"]
    is_first = True
    for errand in errands:
        if errand.kind == Kind.CREATE and errand.is_to_call:
            size = _source(facts, errand.export).resume_size
            errand.is_given_back = size > room and not is_first
            room -= 0 if errand.is_given_back else size
            is_first = False


def _parcel(facts: Facts, errand: Errand) -> Parcel:
    export = errand.export
    source = _source(facts, export)
    is_look = errand.kind == Kind.LOOK
    posting = facts.posting(export)
    page = reverse("candidate_detail", args=[facts.company.slug, export.candidate_id])
    return Parcel(
        export_pk=export.pk,
        name=source.name,
        email=export.look_email if is_look else source.email,
        phone=source.phone,
        location=source.location,
        headline=source.headline,
        links=tuple(source.links),
        profile_url=settings.PUBLIC_URL + page,
        note=getattr(source, "note", "") if facts.connection.sends_notes else "",
        resume=_resume(source) if errand.kind == Kind.CREATE else None,
        posting_id=export.look_posting_id if is_look else posting.external_id if posting else "",
        acting_user_id=export.acting_user_id if errand.kind == Kind.FOLLOW_UP else facts.acting_user_id(export),
        all_notes=tuple(facts.notes[export.candidate_id]),
    )


def _resume(source: Application | Candidate) -> Resume | None:
    if not source.resume:
        return None
    try:
        with source.resume.open("rb") as file:
            return Resume(source.resume_name, source.resume_type, file.read())
    except FileNotFoundError:
        # The person matters more than the file: they go without it, and the card says so.
        logger.warning("the résumé of %s %s is not in the storage", type(source).__name__, source.pk)
        return None
