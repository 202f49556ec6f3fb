"""The ATSs we can talk to, and the contract each one keeps.

A provider is the module `integrations.<slug>.provider`, switched on by an entry in `settings.ATS_PROVIDERS` (whose
`package` may name another folder), with a URL named `<slug>:start` that a person follows to connect. Required:

    LABEL: str                  the ATS's name, as people know it
    RATE: tuple[float, float]   calls a second, and the burst we allow ourselves
    PROMISE: str                one line of what the connection does
    READS, WRITES: list[str]    what is read there and written there, in plain words
    REQUIREMENTS: list[str]     what must be true before connecting
    ADMIN_MESSAGE: str          a message to copy for the person who can connect; {company} and {url} are filled in

    open_client(environment, token, *, deadline, scopes=()) -> client
        Something that talks to the ATS with one keep-alive session; safe to share between threads. `client.calls`
        counts the calls it made that the vendor's rate limit counts. `deadline` is the total of one call, in seconds;
        `scopes` is what was granted with the token.
    list_postings(client) -> list[PostingRecord]
        Every posting, or an error: half a list is never given.
    prepare(parcels) -> list[Payload]
        Our words into the vendor's; our thread, may query. `parcels` is a list of `Parcel`, the answer has its order.
    create(client, payload) -> Created
    find(client, payload, since) -> list[Created]
        Records that could be ours, best first, created no earlier than `since` (aware datetime).
    pages_to_find: int
        How many calls `find` takes at least.

Optional, declared by being there:

    GRANT_LIFE: timedelta                             how long a grant lives at most, however it is used
    refresh(environment, refresh_token) -> Tokens     trade a refresh token
    revoke(environment, refresh_token) -> None        best effort
    needs_follow_up(payload, created) -> bool         whether something could not travel with the create
    follow_up(client, payload, *, external_id, contact_id, needs_phone) -> None
        Add it. `needs_phone` is what `Created.lacks_phone` said.
    find_follow_up(client, payload, external_id) -> bool
        Whether a note of the person is there already. It need not be the one that would travel now: applications are
        withdrawn and jobs connected anew between two tries (`Parcel.all_notes`).
    calls_to_follow_up(*, needs_phone, look_first) -> int
    list_users(client) -> list[UserRecord]
    list_stages(client) -> list[StageRecord]
    list_reasons(client) -> list[ReasonRecord]        why people leave the pipeline, hired among them
    check(client) -> None                             the cheapest read: raises what is wrong
    explain_scopes(scopes) -> list[str]               what was granted, in plain words
    missing_scopes(scopes) -> list[str]               what we need of them and were not granted
    WEBHOOK_HINT: str                                 what a person must do there before webhooks come

What becomes of those who were sent; without `read_progress` nothing is followed:

    read_progress(client, external_id) -> Progress | None
        How one record stands now, and how it came so; None when it was deleted there.
    list_progress(client, since, cursor) -> ProgressPage
        One page of the records that changed at or after `since` (aware datetime), ours among others. `cursor` is empty
        for the first page, else what the page before gave. Raises TryLater("unclear") when a cursor is no longer taken:
        it is begun anew. A record may come twice, or be missed while pages shift: whoever reads them overlaps.
    list_deleted(client, since, cursor) -> DeletedPage
        One page of the ids of records deleted there at or after `since`.

Being told at once, by webhooks; without `subscribe` there is only the catch-up:

    subscribe(client, url, kept) -> str
        Make sure that the ATS tells `url` what happens, and return what must be remembered of it (ids and signing
        secrets, as text of the provider's own making; we keep it encrypted). `kept` is what was remembered before:
        what is there already is not made twice. Raises Rejected("webhooks_refused") where the account has none.
    unsubscribe(client, kept) -> None                 take them away again; what is gone already is well
    is_subscribed(client, url, kept) -> bool          whether all are still there

    A delivery comes in at a route of the provider's own, which knows its signature and hands what is good to
    `actions.take_delivery`.

Everything that talks to the vendor raises only the errors of `errors.py`, and neither touches the database nor Django's
models (but `prepare`). There is no base class and no discovery: what two providers repeat may move up when there are
two.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.utils import timezone


@dataclass(frozen=True, slots=True, repr=False)
class Resume:
    """A résumé's bytes, read once for one call."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Parcel:
    """What travels for one export: a person from one source, and where they go. Never logged."""

    export_pk: int
    name: str
    email: str
    phone: str
    location: str
    headline: str
    links: tuple[str, ...]
    profile_url: str
    note: str
    resume: Resume | None
    posting_id: str
    acting_user_id: str
    # Where a note's fate is unknown: all that the person wrote to this company, also in withdrawn applications.
    all_notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Created:
    """The record an export became at the ATS, or one found there that could be it."""

    external_id: str
    external_url: str
    contact_id: str = ""
    stage_id: str = ""
    was_known: bool = False
    # The phone did not travel with the create and must be added.
    lacks_phone: bool = False


@dataclass(frozen=True, slots=True)
class PostingRecord:
    external_id: str
    title: str
    team: str
    department: str
    location: str
    locations: tuple[str, ...]
    commitment: str
    state: str
    is_open: bool
    is_confidential: bool
    owner_id: str
    url: str
    # What an import takes over: one of our words for the workplace (or empty), the salary in words, the text as our
    # Markdown, or as the ATS's HTML, of which our Markdown is made where it changed.
    workplace: str = ""
    salary: str = ""
    description: str = ""
    description_html: str = ""


@dataclass(frozen=True, slots=True)
class UserRecord:
    external_id: str
    name: str
    email: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class StageRecord:
    external_id: str
    name: str
    # how far somebody here has come: sent, contacted, interview or offer
    step: str = "sent"


@dataclass(frozen=True, slots=True)
class ReasonRecord:
    external_id: str
    name: str
    is_hire: bool


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody came into a stage."""

    stage_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How one record stands at the ATS. Ids and times, no person."""

    external_id: str
    stage_id: str
    # the ATS's own time of its last change: an older answer never replaces a newer one
    updated_at: datetime
    moves: tuple[Move, ...] = ()
    archived_at: datetime | None = None
    archive_reason_id: str = ""
    owner_id: str = ""
    origin: str = ""
    tags: tuple[str, ...] = ()
    external_url: str = ""
    contact_id: str = ""
    is_anonymised: bool = False


@dataclass(frozen=True, slots=True)
class ProgressPage:
    records: tuple[Progress, ...]
    # empty on the last page
    next_cursor: str = ""


@dataclass(frozen=True, slots=True)
class DeletedPage:
    external_ids: tuple[str, ...]
    next_cursor: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What an authorisation or a refresh gave. `expires_in` is in seconds; None: until it is taken back."""

    access_token: str
    refresh_token: str
    expires_in: int | None
    scopes: tuple[str, ...] = field(default=())
    account_id: str = ""
    user_id: str = ""

    @property
    def expires_at(self) -> datetime | None:
        return timezone.now() + timedelta(seconds=self.expires_in) if self.expires_in is not None else None


Provider = Any  # a module that keeps the contract above; there is no class for it
Payload = Any  # what a provider's prepare() makes and its create() takes


def folder(slug: str) -> str:
    """Return the package of a provider: `integrations.<slug>`, unless its entry in ATS_PROVIDERS names another."""
    package: str = settings.ATS_PROVIDERS[slug].get("package", f"integrations.{slug}")
    return package


def get_provider(slug: str) -> Provider:
    """Return the provider of this slug. Raises LookupError when it is not switched on."""
    if slug not in settings.ATS_PROVIDERS:
        raise LookupError(f"no ATS named {slug!r} in ATS_PROVIDERS")
    return import_module(f"{folder(slug)}.provider")


def all_providers() -> dict[str, ModuleType]:
    """Return every provider that is switched on, by slug."""
    return {slug: get_provider(slug) for slug in settings.ATS_PROVIDERS}
