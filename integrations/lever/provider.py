"""The contract of integrations.providers, kept for Lever: our candidate in Lever's words, Lever's answer in ours."""

import logging
import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from typing import Any

from django.conf import settings

from integrations.errors import TryLater
from integrations.lever import subscriptions
from integrations.lever.client import (
    File,
    Grant,
    LeverClient,
    NewOpportunity,
    OAuthClient,
    Opportunity,
    Posting,
    Salary,
    Standing,
)
from integrations.providers import (
    Created,
    DeletedPage,
    Move,
    Parcel,
    PostingRecord,
    Progress,
    ProgressPage,
    ReasonRecord,
    StageRecord,
    Tokens,
    UserRecord,
)

logger = logging.getLogger(__name__)

LABEL = "Lever"
# Lever's bucket holds 20 and fills at 10 a second (documentation, "Rate limits"); one less of ours keeps both in step.
RATE = (10.0, 19.0)
# "Refresh tokens expire after one year, or 90 days without use" (documentation, "Authentication"); whether refreshing
# begins the year anew is not said, so we count from the consent.
GRANT_LIFE = timedelta(days=365)
PROMISE = "Everybody who applies to a connected job is in Lever within seconds, as a new lead."
READS = [
    "Postings with their text, stages, sources and archive reasons",
    "The names and e-mail addresses of Lever users, to act in the right person's name",
    "What becomes of candidates we sent: their stage, owner and tags, whether archived and why, or hired",
]
WRITES = [
    "Candidates who applied to a connected job, or whom you send: contact details, links and résumé",
    "Their note to you, as a note on the profile",
]
REQUIREMENTS = [
    "Your company uses Lever.",
    "You are a Super Admin in Lever. Others get through Lever's pages and are turned away at the end.",
]
ADMIN_MESSAGE = (
    "Hi, could you connect Lever for {company} on Purpose Jobs? It takes a minute and needs a Lever Super Admin: "
    "everybody who applies to us there then arrives in Lever as a new lead. Open {url} and choose Lever. Thank you!"
)

# One exact spelling: tags are case-sensitive at Lever, and we recognise our own records by it.
TAG = "Purpose Jobs"
# https://hire.lever.co/developer/documentation#webhooks: made through the API, they still come only once switched on.
WEBHOOK_HINT = (
    "If people were moved there, a Super Admin must switch the events on in Lever: Settings → Integrations and API → "
    "Webhooks. Until then we read what changed every few minutes."
)
ORIGIN = "sourced"
# A person's opportunities fit into one page.
pages_to_find = 1

SCOPES = {
    "offline_access": "stay connected",
    "opportunities:write:admin": "add candidates",
    "postings:read:admin": "read postings",
    "stages:read:admin": "read stages",
    "users:read:admin": "read users",
    "archive_reasons:read:admin": "read archive reasons",
    "applications:read:admin": "read applications",
    "sources:read:admin": "read sources",
    "notes:write:admin": "add notes",
    "files:write:admin": "add files",
    "resumes:read:admin": "read résumés",
    "contact:write:admin": "add a phone number to a contact",
    "webhooks:write:admin": "be told about stage changes",
}
CONFIDENTIAL_SCOPE = "confidential:access:admin"
CONFIDENTIAL_WORDS = "see confidential postings"

# Lever's words for a posting's state, as its own pages write them; candidates can be added in the first two.
POSTING_STATES = {
    "published": "Published",
    "internal": "Unlisted",
    "closed": "Closed",
    "draft": "Draft",
    "pending": "Pending approval",
    "rejected": "Rejected",
}
OPEN_STATES = {"published", "internal"}
# Our words for a workplace. The older postings API writes "on-site"; "unspecified" says nothing.
WORKPLACES = {"onsite": "onsite", "on-site": "onsite", "hybrid": "hybrid", "remote": "remote"}
SALARY_LENGTH = 120

# How far somebody is in one of the stages that every account has, and in the company's own stages after it. Their ids
# are words and the same everywhere; their names, and all other stages, are the company's.
BUILT_IN_STEPS = {
    "lead-new": ("sent", "contacted"),
    "lead-reached-out": ("contacted", "contacted"),
    "lead-responded": ("contacted", "contacted"),
    "applicant-new": ("contacted", "interview"),
    "offer": ("offer", "offer"),
}


@dataclass(frozen=True, slots=True, repr=False)
class Payload:
    """What is sent for one export."""

    new: NewOpportunity
    acting_user_id: str
    profile_url: str
    note: str
    all_notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """Lever's data with one token, and what that token may see."""

    data: LeverClient
    sees_confidential: bool

    @property
    def calls(self) -> int:
        """How many calls it made that Lever's rate limit counts."""
        return self.data.calls


def open_client(environment: str, token: str, *, deadline: float, scopes: Iterable[str] = ()) -> Client:
    """Return a client for one access token and the scopes that came with it. `deadline` in seconds, for each call."""
    data = LeverClient(_hosts(environment)["api_url"], token, deadline=deadline)
    return Client(data, sees_confidential=CONFIDENTIAL_SCOPE in scopes)


def prepare(parcels: Iterable[Parcel]) -> list[Payload]:
    """Put each parcel into Lever's words: our tag and source, our profile link last."""
    return [
        Payload(
            new=NewOpportunity(
                name=parcel.name,
                headline=parcel.headline,
                location=parcel.location,
                email=parcel.email,
                phone=parcel.phone,
                links=tuple(dict.fromkeys(link for link in (*parcel.links, parcel.profile_url) if link)),
                tags=(TAG,),
                sources=(TAG,),
                origin=ORIGIN,
                posting_id=parcel.posting_id,
                resume=File(parcel.resume.name, parcel.resume.content_type, parcel.resume.content)
                if parcel.resume
                else None,
            ),
            acting_user_id=parcel.acting_user_id,
            profile_url=parcel.profile_url,
            note=_without_mentions(parcel.note.strip()),
            all_notes=tuple(_without_mentions(note.strip()) for note in parcel.all_notes),
        )
        for parcel in parcels
    ]


def create(client: Client, payload: Payload) -> Created:
    """Create the opportunity; once only, whatever becomes of it."""
    created = client.data.create_opportunity(payload.new, perform_as=payload.acting_user_id)
    return Created(
        **_ids(created.opportunity),
        was_known=created.is_deduped,
        lacks_phone=bool(payload.new.phone) and not created.is_deduped and not created.opportunity.phones,
    )


def find(client: Client, payload: Payload, since: datetime) -> list[Created]:
    """Return what could be ours: with our tag and source, on our posting or on none, no older than `since`.

    Links live on the contact, all its opportunities share them, and Lever may drop them for somebody it knew: they
    only decide between several.
    """
    email = payload.new.email
    if not email:
        return []  # an empty filter would list the whole account
    everything = client.data.find_opportunities(email, sees_confidential=client.sees_confidential)
    ours = [
        opportunity
        for opportunity in everything
        if TAG in opportunity.tags
        and TAG in opportunity.sources
        and opportunity.created_at >= since
        and _is_on_posting(opportunity, payload.new.posting_id)
    ]
    ours.sort(key=lambda record: (payload.profile_url not in record.links, record.created_at, record.id))
    return [_found(opportunity, everything, payload) for opportunity in ours]


def needs_follow_up(payload: Payload, created: Created) -> bool:
    """Say whether a phone or a note is still to be added."""
    return created.lacks_phone or bool(payload.note)


def calls_to_follow_up(*, needs_phone: bool, look_first: bool) -> int:
    """Count the calls: the contact is read and written for a phone; the notes are read to look; the note is written."""
    return 2 * needs_phone + look_first + 1


def follow_up(client: Client, payload: Payload, *, external_id: str, contact_id: str, needs_phone: bool) -> None:
    """Add the phone that did not travel, then the note. Again after an unknown outcome: only the note could double."""
    if needs_phone and payload.new.phone and contact_id:
        contact = client.data.read_contact(contact_id)
        if not contact.phones:
            client.data.add_phone(contact, payload.new.phone, perform_as=payload.acting_user_id)
    if payload.note:
        client.data.add_note(external_id, payload.note, perform_as=payload.acting_user_id)


def find_follow_up(client: Client, payload: Payload, external_id: str) -> bool:
    """Say whether our note is there, or another of the person's; the phone is added before it.

    Without a note to write there is nothing to double.
    """
    if not payload.note:
        return False
    ours = [note.split() for note in {payload.note, *payload.all_notes}]
    return any(text.split() in ours for note in client.data.list_notes(external_id) for text in note.texts)


def list_postings(client: Client) -> list[PostingRecord]:
    """Return the postings of every state, or raise."""
    return [
        PostingRecord(
            external_id=posting.id,
            title=(posting.title or "Untitled")[:300],
            team=posting.team[:200],
            department=posting.department[:200],
            location=posting.location[:200],
            locations=tuple(location[:200] for location in posting.locations),
            commitment=posting.commitment[:100],
            state=POSTING_STATES.get(posting.state, posting.state.capitalize())[:40],
            is_open=posting.state in OPEN_STATES,
            is_confidential=posting.is_confidential,
            owner_id=posting.owner_id,
            url=posting.url[:500],
            workplace=WORKPLACES.get(posting.workplace, ""),
            salary=_salary(posting.salary),
            description_html=_description(posting),
        )
        for posting in client.data.list_postings(sees_confidential=client.sees_confidential)
    ]


def list_users(client: Client) -> list[UserRecord]:
    """Return the users, deactivated ones too."""
    return [
        UserRecord(
            external_id=user.id, name=(user.name or user.email)[:200], email=user.email, is_active=user.is_active
        )
        for user in client.data.list_users()
    ]


def list_stages(client: Client) -> list[StageRecord]:
    """Return the stages in the pipeline's order; each company names them as it likes."""
    records = []
    following = "sent"
    for stage in client.data.list_stages():
        step, following = BUILT_IN_STEPS.get(stage.id, (following, following))
        records.append(StageRecord(external_id=stage.id, name=stage.name[:200], step=step))
    return records


def list_reasons(client: Client) -> list[ReasonRecord]:
    """Return why people are archived; inactive reasons too, since they stand on those who were archived before."""
    return [
        ReasonRecord(external_id=reason.id, name=reason.name[:200], is_hire=reason.is_hire)
        for reason in client.data.list_archive_reasons()
    ]


def read_progress(client: Client, external_id: str) -> Progress | None:
    """Return how an opportunity stands; None when it was deleted. Raises Rejected for one that became confidential."""
    standing = client.data.read_opportunity(external_id)
    return _progress(standing) if standing else None


def list_progress(client: Client, since: datetime, cursor: str) -> ProgressPage:
    """Return a page of the account's changed opportunities; whoever removes our tag there must not hide one from us."""
    standings, following = client.data.list_changed_opportunities(
        _milliseconds(since), cursor, sees_confidential=client.sees_confidential
    )
    return ProgressPage(tuple(_progress(standing) for standing in standings), following)


def list_deleted(client: Client, since: datetime, cursor: str) -> DeletedPage:
    """Return a page of the deleted opportunities' ids."""
    deleted, following = client.data.list_deleted_opportunities(_milliseconds(since), cursor)
    return DeletedPage(tuple(opportunity.id for opportunity in deleted), following)


def subscribe(client: Client, url: str, kept: str) -> str:
    """Make sure that what becomes of candidates is told to `url`; see subscriptions.py."""
    return subscriptions.subscribe(client.data, url, kept)


def unsubscribe(client: Client, kept: str) -> None:
    """Take our webhooks away."""
    subscriptions.unsubscribe(client.data, kept)


def is_subscribed(client: Client, url: str, kept: str) -> bool:
    """Say whether all our webhooks are still there."""
    return subscriptions.is_subscribed(client.data, url, kept)


def check(client: Client) -> None:
    """Make the cheapest read."""
    client.data.check()


def refresh(environment: str, refresh_token: str) -> Tokens:
    """Trade a refresh token; an empty one in the answer means that the old one stays good."""
    with closing(_oauth(environment, deadline=settings.EXPORTS["call_deadline_seconds"])) as oauth:
        return _tokens(oauth.refresh(refresh_token))


def revoke(environment: str, refresh_token: str) -> None:
    """Give the grant back, if Lever takes it."""
    with closing(_oauth(environment, deadline=settings.EXPORTS["call_deadline_seconds"])) as oauth:
        try:
            oauth.revoke(refresh_token)
        except TryLater as error:
            logger.info("a grant could not be given back: %s", error.code)


def explain_scopes(scopes: Iterable[str]) -> list[str]:
    """Return what scopes allow, in plain words."""
    words = SCOPES | {CONFIDENTIAL_SCOPE: CONFIDENTIAL_WORDS}
    return [words.get(scope, scope).capitalize() for scope in scopes]


# -- For views.py; OAuth is not part of the contract -------------------------------------------------------------------


def current_environment() -> str:
    """Return which of Lever's environments new connections are made to."""
    return _ours()["environment"]


def wanted_scopes() -> tuple[str, ...]:
    """Return the scopes that we ask for."""
    return (*SCOPES, CONFIDENTIAL_SCOPE) if _ours()["wants_confidential"] else tuple(SCOPES)


def missing_scopes(scopes: Iterable[str]) -> list[str]:
    """Return what we need and is not among the scopes that were granted. A write scope includes its read."""
    granted = set(scopes)
    return [
        scope for scope in wanted_scopes() if not granted & {scope, scope.replace(":read:", ":write:")}
    ]  # fmt: skip


def uses_pkce(environment: str) -> bool:
    """Say whether this environment is known to take a code challenge."""
    return bool(_hosts(environment)["uses_pkce"])


def authorize_url(
    environment: str, *, redirect_uri: str, state: str, code_challenge: str = "", asks_again: bool = False
) -> str:
    """Return the address of Lever's consent page."""
    return _oauth(environment, deadline=1).authorize_url(
        redirect_uri=redirect_uri,
        state=state,
        audience=_hosts(environment)["audience"],
        scopes=wanted_scopes(),
        code_challenge=code_challenge,
        asks_again=asks_again,
    )


def exchange_code(environment: str, code: str, *, redirect_uri: str, code_verifier: str, deadline: float) -> Tokens:
    """Trade the code of the callback; raises Rejected("code_refused") and TryLater. `deadline` in seconds."""
    with closing(_oauth(environment, deadline=deadline)) as oauth:
        tokens = _tokens(oauth.exchange_code(code, redirect_uri=redirect_uri, code_verifier=code_verifier))
    # RFC 6749, 5.1: scopes may be left out where they are the ones asked for.
    return tokens if tokens.scopes else replace(tokens, scopes=wanted_scopes())


def _ours() -> dict[str, Any]:
    return settings.ATS_PROVIDERS["lever"]


def _hosts(environment: str) -> dict[str, Any]:
    return _ours()["hosts"][environment]


def _oauth(environment: str, *, deadline: float) -> OAuthClient:
    ours = _ours()
    return OAuthClient(_hosts(environment)["auth_url"], ours["client_id"], ours["client_secret"], deadline=deadline)


def _tokens(grant: Grant) -> Tokens:
    return Tokens(
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        expires_in=grant.expires_in,
        scopes=grant.scopes,
        account_id=grant.account_id,
        user_id=grant.user_id,
    )


def _ids(opportunity: Opportunity) -> dict[str, str]:
    return {
        "external_id": opportunity.id,
        "external_url": opportunity.url,
        "contact_id": opportunity.contact_id,
        "stage_id": opportunity.stage_id,
    }


def _found(opportunity: Opportunity, everything: list[Opportunity], payload: Payload) -> Created:
    """Say of a record what the answer of its create would have said, which we never heard."""
    was_known = any(
        other.contact_id == opportunity.contact_id
        and (other.created_at, other.id) < (opportunity.created_at, opportunity.id)
        for other in everything
    )
    return Created(
        **_ids(opportunity),
        was_known=was_known,
        lacks_phone=bool(payload.new.phone) and not was_known and not opportunity.phones,
    )


def _progress(standing: Standing) -> Progress:
    return Progress(
        external_id=standing.id,
        stage_id=standing.stage_id,
        updated_at=standing.updated_at,
        moves=tuple(Move(stage_id=change.to_stage_id, at=change.at) for change in standing.stage_changes),
        archived_at=standing.archived_at,
        archive_reason_id=standing.archive_reason_id,
        owner_id=standing.owner_id,
        origin=standing.origin[:40],
        tags=tuple(tag[:200] for tag in standing.tags),
        external_url=standing.url[:500],
        contact_id=standing.contact_id,
        is_anonymised=standing.is_anonymized,
    )


def _milliseconds(moment: datetime) -> int:
    """Return a time as Lever counts it, rounded down: its bounds are inclusive."""
    return int(moment.timestamp() * 1000)


def _salary(salary: Salary) -> str:
    """Return a salary in words, such as "EUR 60,000 – 80,000 per year"; the company's own words where it has no range.

    Intervals are known from Lever's postings API (`per-year-salary`, `per-hour-wage`); what is new there reads as well.
    """
    least, most = f"{salary.least:,.12g}", f"{salary.most:,.12g}"
    match bool(salary.least), bool(salary.most):
        case True, True:
            amount = least if least == most else f"{least} – {most}"
        case True, False:
            amount = f"from {least}"
        case False, True:
            amount = f"up to {most}"
        case _:
            return " ".join(salary.words.split())[:SALARY_LENGTH]
    interval = re.sub(r"-(salary|wage)$", "", salary.interval).replace("-", " ")
    return " ".join(part for part in (salary.currency, amount, interval) if part)[:SALARY_LENGTH]


def _description(posting: Posting) -> str:
    """Return a posting's text as HTML: the description, each list under its heading, the closing words."""
    lists = [f"<h3>{escape(heading)}</h3><ul>{items}</ul>" for heading, items in posting.lists if heading or items]
    parts = [f"<div>{text}</div>" if text else "" for text in (posting.description, posting.closing)]
    return "".join([parts[0], *lists, parts[1]])


def _is_on_posting(opportunity: Opportunity, posting_id: str) -> bool:
    if opportunity.posting_ids is None:
        # Applications that were not expanded hide their posting: rather look twice at one than make a second.
        return bool(posting_id)
    return opportunity.posting_ids == ((posting_id,) if posting_id else ())


def _without_mentions(text: str) -> str:
    """Keep an applicant's "@name" from notifying somebody at Lever: an invisible joiner parts sign and name."""
    return re.sub(r"(?<!\w)@(?=\w)", "@\u2060", text)
