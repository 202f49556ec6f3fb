"""What the Data API takes and gives, as dataclasses; parsed tolerantly, since Lever may add fields at any time."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from urllib3.filepost import encode_multipart_formdata


@dataclass(frozen=True, slots=True, repr=False)
class File:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, repr=False)
class NewOpportunity:
    """What a create sends. There is no stage: Lever then files it under New lead, with or without a posting."""

    name: str
    headline: str
    location: str
    email: str
    phone: str
    links: tuple[str, ...]
    tags: tuple[str, ...]
    sources: tuple[str, ...]
    origin: str
    posting_id: str
    resume: File | None

    def encode(self) -> tuple[bytes, str]:
        """Return the body and its content type: multipart where a résumé goes along, else JSON.

        Only JSON carries the phone: which form of `phones` real Lever takes in multipart is not known, and a wrong one
        would refuse the whole create or store nonsense. The phone is then added to the contact.
        """
        texts = {"name": self.name, "headline": self.headline, "location": self.location, "origin": self.origin}
        arrays = {
            "emails": [self.email] if self.email else [],
            "links": self.links,
            "tags": self.tags,
            "sources": self.sources,
            "postings": [self.posting_id] if self.posting_id else [],
        }
        if self.resume is None:
            body: dict[str, Any] = {name: value for name, value in (texts | arrays).items() if value}
            if self.phone:
                body["phones"] = [{"type": "mobile", "value": self.phone}]
            return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(), "application/json"
        parts: list[tuple[str, Any]] = [(name, value) for name, value in texts.items() if value]
        parts += [(f"{name}[]", value) for name, values in arrays.items() for value in values]
        parts.append(("resumeFile", (self.resume.name, self.resume.content, self.resume.content_type)))
        return encode_multipart_formdata(parts)


@dataclass(frozen=True, slots=True, repr=False)
class Opportunity:
    """One candidacy. `posting_ids` is None where applications came as ids, so that the posting is not known."""

    id: str
    contact_id: str
    stage_id: str
    url: str
    tags: tuple[str, ...]
    sources: tuple[str, ...]
    links: tuple[str, ...]
    phones: tuple[str, ...]
    posting_ids: tuple[str, ...] | None
    created_at: datetime

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Opportunity":
        """Read one. Raises LookupError, TypeError or ValueError where it cannot be one."""
        applications = data.get("applications") or []
        is_expanded = all(isinstance(application, dict) for application in applications)
        return cls(
            id=_id(data),
            contact_id=_reference(data.get("contact")),
            stage_id=_reference(data.get("stage")),
            url=_address(data.get("urls"), "show"),
            tags=_texts(data.get("tags")),
            sources=_texts(data.get("sources")),
            links=_texts(data.get("links")),
            phones=_phones(data.get("phones")),
            posting_ids=tuple(_reference(row.get("posting")) for row in applications) if is_expanded else None,
            created_at=datetime.fromtimestamp(data["createdAt"] / 1000, UTC),
        )


@dataclass(frozen=True, slots=True)
class StageChange:
    """An opportunity came into a stage."""

    to_stage_id: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Standing:
    """How an opportunity stands, without the person. A time that makes no sense is left out."""

    id: str
    contact_id: str
    stage_id: str
    stage_changes: tuple[StageChange, ...]
    archived_at: datetime | None
    archive_reason_id: str
    owner_id: str
    origin: str
    tags: tuple[str, ...]
    url: str
    is_anonymized: bool
    updated_at: datetime

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Standing":
        """Read one. Raises LookupError, TypeError or ValueError where it cannot be one.

        `updatedAt` is null on those that nobody touched since they were made.
        """
        archived = data.get("archived")
        archived = archived if isinstance(archived, dict) else {}
        return cls(
            id=_id(data),
            contact_id=_reference(data.get("contact")),
            stage_id=_reference(data.get("stage")),
            stage_changes=tuple(_stage_changes(data.get("stageChanges"))),
            archived_at=_moment(archived.get("archivedAt")),
            archive_reason_id=_reference(archived.get("reason")),
            owner_id=_reference(data.get("owner")),
            origin=_text(data.get("origin")),
            tags=_texts(data.get("tags")),
            url=_address(data.get("urls"), "show"),
            is_anonymized=data.get("isAnonymized") is True,
            updated_at=_moment(data.get("updatedAt")) or datetime.fromtimestamp(data["createdAt"] / 1000, UTC),
        )


@dataclass(frozen=True, slots=True, repr=False)
class CreatedOpportunity:
    """`is_deduped`: Lever found a contact with this e-mail, whose own data it kept."""

    opportunity: Opportunity
    is_deduped: bool


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """A person at Lever; `phones` as Lever gave them, so that they can be sent back."""

    id: str
    name: str
    headline: str
    location: str
    emails: tuple[str, ...]
    phones: tuple[dict[str, Any], ...]

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Contact":
        """Read one. In answers the location is an object, in requests a string."""
        location = data.get("location")
        return cls(
            id=_id(data),
            name=_text(data.get("name")),
            headline=_text(data.get("headline")),
            location=_text(location.get("name") if isinstance(location, dict) else location),
            emails=_texts(data.get("emails")),
            phones=tuple(phone for phone in data.get("phones") or [] if isinstance(phone, dict)),
        )


@dataclass(frozen=True, slots=True)
class Posting:
    """`state` is Lever's word: published, internal, closed, draft, pending, rejected."""

    id: str
    title: str
    state: str
    team: str
    department: str
    location: str
    locations: tuple[str, ...]
    commitment: str
    is_confidential: bool
    owner_id: str
    url: str
    workplace: str
    salary: "Salary"
    # HTML in Lever's hand: the description, lists of `<li>` with a heading each, the closing words.
    description: str
    lists: tuple[tuple[str, str], ...]
    closing: str

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Posting":
        """Read one. Any category may be null, and so are the urls of a draft or a closed one."""
        categories = data.get("categories") or {}
        content = data.get("content")
        content = content if isinstance(content, dict) else {}
        location = _text(categories.get("location"))
        return cls(
            id=_id(data),
            title=_text(data.get("text")),
            state=_text(data.get("state")),
            team=_text(categories.get("team")),
            department=_text(categories.get("department")),
            location=location,
            locations=_texts(categories.get("allLocations")) or ((location,) if location else ()),
            commitment=_text(categories.get("commitment")),
            is_confidential=data.get("confidentiality") == "confidential",
            owner_id=_reference(data.get("owner")),
            url=_address(data.get("urls"), "show"),
            workplace=_text(data.get("workplaceType")),
            salary=Salary.parse(data),
            description=_html(content, "description"),
            lists=tuple(
                (_text(row.get("text")), _text(row.get("content")))
                for row in content.get("lists") or []
                if isinstance(row, dict)
            ),
            closing=_html(content, "closing"),
        )


@dataclass(frozen=True, slots=True)
class Salary:
    """`interval` is Lever's word, such as per-year-salary; no amount is 0. `words` are the company's own."""

    least: float
    most: float
    currency: str
    interval: str
    words: str

    @classmethod
    def parse(cls, posting: Mapping[str, Any]) -> "Salary":
        """Read a posting's; most have none."""
        given = posting.get("salaryRange")
        given = given if isinstance(given, dict) else {}
        return cls(
            least=_amount(given.get("min")),
            most=_amount(given.get("max")),
            currency=_text(given.get("currency")),
            interval=_text(given.get("interval")),
            words=_text(posting.get("salaryDescription")),
        )


@dataclass(frozen=True, slots=True, repr=False)
class User:
    id: str
    name: str
    email: str
    is_active: bool

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "User":
        return cls(
            id=_id(data),
            name=_text(data.get("name")),
            email=_text(data.get("email")),
            is_active=data.get("deactivatedAt") is None,
        )


@dataclass(frozen=True, slots=True)
class Stage:
    id: str
    name: str

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Stage":
        return cls(id=_id(data), name=_text(data.get("text")))


@dataclass(frozen=True, slots=True)
class ArchiveReason:
    """Why somebody leaves the pipeline. `is_hire`: they were hired."""

    id: str
    name: str
    is_hire: bool

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "ArchiveReason":
        return cls(id=_id(data), name=_text(data.get("text")), is_hire=data.get("type") == "hired")


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription as the list shows it. Its signing token is shown once, when it is made: see `NewWebhook`."""

    id: str
    event: str
    url: str

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Webhook":
        return cls(id=_id(data), event=_text(data.get("event")), url=_text(data.get("url")))


@dataclass(frozen=True, slots=True, repr=False)
class NewWebhook:
    id: str
    signing_token: str

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "NewWebhook":
        """Read the answer's data. The documentation's example puts it into another `data`; live it is flat."""
        inner = data.get("data")
        data = inner if isinstance(inner, dict) else data
        configuration = data.get("configuration")
        return cls(
            id=_id(data),
            signing_token=_text(configuration.get("signatureToken")) if isinstance(configuration, dict) else "",
        )


@dataclass(frozen=True, slots=True)
class DeletedOpportunity:
    id: str

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "DeletedOpportunity":
        return cls(id=_id(data))


@dataclass(frozen=True, slots=True, repr=False)
class Note:
    """A note's words: one text for each of its fields."""

    id: str
    texts: tuple[str, ...]

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Note":
        fields = data.get("fields") or []
        return cls(id=_id(data), texts=tuple(_text(field.get("value")) for field in fields if isinstance(field, dict)))


def _id(data: Mapping[str, Any]) -> str:
    key = data["id"]
    if not isinstance(key, str) or not key:
        raise ValueError("an id that is no text")
    return key


def _text(value: Any) -> str:
    # PostgreSQL stores no NUL.
    return value.replace("\x00", "").strip() if isinstance(value, str) else ""


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(value.replace("\x00", "") for value in values or () if isinstance(value, str))


def _reference(value: Any) -> str:
    """Return the id of what may come as an id, as the object itself when expanded, or as null."""
    return _text(value.get("id") if isinstance(value, dict) else value)


def _moment(value: Any) -> datetime | None:
    """Return the time of so many milliseconds since 1970, or None where there is none or it makes no sense."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value:
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _stage_changes(values: Any) -> Iterator[StageChange]:
    # Old ones lack their user, which nobody asks for here.
    for value in values if isinstance(values, list) else []:
        stage_id = _reference(value.get("toStageId")) if isinstance(value, dict) else ""
        if stage_id and (at := _moment(value.get("updatedAt"))):
            yield StageChange(stage_id, at)


def _amount(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value < 1e12 else 0.0


def _html(content: Mapping[str, Any], name: str) -> str:
    """Return the HTML of a text, made of its plain form where there is no other."""
    return _text(content.get(f"{name}Html")) or "<br>".join(escape(_text(content.get(name))).splitlines())


def _phones(values: Any) -> tuple[str, ...]:
    return tuple(text for value in values or () if isinstance(value, dict) and (text := _text(value.get("value"))))


def _address(urls: Any, name: str) -> str:
    address = _text(urls.get(name)) if isinstance(urls, dict) else ""
    # It becomes a link on our pages.
    return address if address.startswith(("https://", "http://")) else ""
