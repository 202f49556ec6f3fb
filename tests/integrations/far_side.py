"""A far side that remembers: an ATS in this process's memory, for tests that interleave its answers with the rest."""

import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.urls import get_resolver
from django.utils import timezone

from integrations.errors import AccessExpired, ConnectionLost, Rejected, TryLater
from integrations.providers import (
    Created,
    DeletedPage,
    Move,
    PostingRecord,
    Progress,
    ProgressPage,
    ReasonRecord,
    StageRecord,
    Tokens,
    UserRecord,
)

SLUG = "farside"

# How it may answer. "lost": done, but the answer does not arrive; "late": done after we gave up; "nothing": neither
# done nor answered; "mistake": done, and we stumble over the answer.
CLEAR = ["good", "busy", "away", "refused", "closed", "dead"]
UNCLEAR = ["lost", "late", "nothing", "mistake"]
MOODS = CLEAR + UNCLEAR


@dataclass
class Record:
    external_id: str
    email: str
    posting_id: str
    created_at: datetime
    notes: int = 0
    # What becomes of them.
    stage_id: str = "new"
    moves: list[Move] = field(default_factory=list)
    archived_at: datetime | None = None
    reason_id: str = ""
    tags: tuple[str, ...] = ()
    is_anonymised: bool = False
    updated_at: datetime = field(default_factory=timezone.now)


@dataclass
class Client:
    token: str
    calls: int = 0


class FarSide:
    """Keeps the contract of `providers.py`. Time passes for it when the test says so."""

    LABEL, PROMISE, ADMIN_MESSAGE = "Farside", "", ""
    RATE = (1000.0, 1000.0)
    READS, WRITES, REQUIREMENTS = [], [], []
    pages_to_find = 1

    def __init__(self, account: str, postings: list[str], late_seconds: float) -> None:
        self.account = account
        self.late_seconds = late_seconds
        self.mood = "good"
        self.records: list[Record] = []
        # What it finishes later than we wait: when, and what then happens.
        self.landing: list[tuple[datetime, Callable[[], object]]] = []
        self.coming: list[Record] = []
        self.is_open = dict.fromkeys(postings, True)
        self.tokens: set[str] = set()
        self.numbers = itertools.count(1)
        self.deleted: dict[str, datetime] = {}
        self.stages = {"new": "New", "talked": "Talked to", "met": "Met", "offer": "Offer"}
        self.reasons = {"unfit": ("Not a fit", False), "hired": ("Hired", True)}
        # How many records a page has, and what happens before one is given, in turn.
        self.page_size = 3
        self.between_pages: list[Callable[[], object]] = []
        self.takes_cursors = True
        # Who was read, one by one; pages read; what comes instead of an answer about somebody.
        self.reads: list[str] = []
        self.pages: list[str] = []
        self.poison: dict[str, Exception] = {}
        self.meanwhile: Callable[[str], object] = lambda external_id: None
        # Webhooks: the address each is sent to, by its id.
        self.hooks: dict[str, str] = {}
        self.has_webhooks = True

    def register(self, monkeypatch, settings) -> None:
        """Switch it on as a provider, found where every provider is; it has no pages of its own."""
        get_resolver().url_patterns  # noqa: B018  read before there is a provider without pages
        settings.ATS_PROVIDERS = {**settings.ATS_PROVIDERS, SLUG: {"environment": "test"}}
        monkeypatch.setitem(sys.modules, f"integrations.{SLUG}.provider", self)

    def grant(self) -> Tokens:
        """Grant access, as somebody accepts it on its pages."""
        token = f"token-{next(self.numbers)}"
        self.tokens.add(token)
        return Tokens(token, f"refresh-{token}", 3600, (), self.account, "user-1")

    def let_pass(self, seconds: float) -> None:
        """Grow older, and finish what is due."""
        delta = timedelta(seconds=seconds)
        for record in self.records + self.coming:
            record.created_at -= delta
        waiting = [(at - delta, happens) for at, happens in self.landing]
        self.landing = [(at, happens) for at, happens in waiting if at > timezone.now()]
        for at, happens in waiting:
            if at <= timezone.now():
                happens()

    # -- The contract --------------------------------------------------------------------------------------------------

    def open_client(self, environment, token, *, deadline, scopes=()):
        return Client(token)

    def refresh(self, environment, refresh_token):
        if not self.tokens:
            raise ConnectionLost("grant_dead")
        return self.grant()

    def list_postings(self, client):
        self._let_in(client)
        return [
            PostingRecord(key, key, "", "", "", (), "", "Published", is_open, False, "user-1", "")
            for key, is_open in self.is_open.items()
        ]

    def list_users(self, client):
        return [UserRecord("user-1", "Ursula", "ursula@ats.example", True)]

    def check(self, client):
        self._read(client)

    def prepare(self, parcels):
        return list(parcels)

    def create(self, client, payload):
        self._let_in(client)
        if self.mood == "closed" or not self.is_open.get(payload.posting_id, True):
            raise Rejected("posting_closed")
        record = Record(f"record-{next(self.numbers)}", payload.email.lower(), payload.posting_id, timezone.now())
        self._write(lambda: self._keep(record), lambda: self.coming.append(record))
        return self._created(record)

    def find(self, client, payload, since):
        self._read(client)
        mine = [
            row for row in self.records if (row.email, row.posting_id) == (payload.email.lower(), payload.posting_id)
        ]
        return [self._created(row) for row in sorted(mine, key=lambda row: row.created_at) if row.created_at >= since]

    def needs_follow_up(self, payload, created):
        return bool(payload.note)

    def follow_up(self, client, payload, *, external_id, contact_id, needs_phone):
        self._let_in(client)
        self._write(lambda: self._note(external_id), lambda: None)

    def find_follow_up(self, client, payload, external_id):
        self._read(client)
        return any(row.notes for row in self.records if row.external_id == external_id)

    # -- What becomes of those who were sent ---------------------------------------------------------------------------

    def list_stages(self, client):
        self._read(client)
        return [StageRecord(key, name) for key, name in self.stages.items()]

    def list_reasons(self, client):
        self._read(client)
        return [ReasonRecord(key, name, is_hire) for key, (name, is_hire) in self.reasons.items()]

    def read_progress(self, client, external_id):
        self._read(client)
        self.reads.append(external_id)
        if external_id in self.poison:
            raise self.poison[external_id]
        answer = next((self.progress(row) for row in self.records if row.external_id == external_id), None)
        self.meanwhile(external_id)
        return answer

    def list_progress(self, client, since, cursor):
        self._begin_page(client, cursor)
        changed = [row for row in self.records if row.updated_at >= since]
        order = {stage_id: place for place, stage_id in enumerate(self.stages)}
        changed.sort(key=lambda row: (order.get(row.stage_id, 99), row.external_id))
        begins = int(cursor or 0)
        shown = changed[begins : begins + self.page_size]
        is_last = begins + self.page_size >= len(changed)
        return ProgressPage(tuple(map(self.progress, shown)), "" if is_last else str(begins + self.page_size))

    def list_deleted(self, client, since, cursor):
        self._begin_page(client, cursor)
        gone = sorted(key for key, at in self.deleted.items() if at >= since)
        begins = int(cursor or 0)
        is_last = begins + self.page_size >= len(gone)
        return DeletedPage(
            tuple(gone[begins : begins + self.page_size]), "" if is_last else str(begins + self.page_size)
        )

    def subscribe(self, client, url, kept):
        self._let_in(client)
        if not self.has_webhooks:
            raise Rejected("webhooks_refused")
        if self.is_subscribed(client, url, kept):
            return kept
        key = f"hook-{next(self.numbers)}"
        self.hooks = {**{key: there for key, there in self.hooks.items() if there != url}, key: url}
        return key

    def unsubscribe(self, client, kept):
        self._let_in(client)
        self.hooks.pop(kept, None)

    def is_subscribed(self, client, url, kept):
        self._read(client)
        return self.hooks.get(kept) == url

    def progress(self, row: Record) -> Progress:
        """Tell how a record stands."""
        return Progress(
            row.external_id,
            row.stage_id,
            row.updated_at,
            tuple(row.moves),
            row.archived_at,
            row.reason_id,
            owner_id="user-1",
            origin="sourced",
            tags=row.tags,
            is_anonymised=row.is_anonymised,
        )

    def record(self, external_id: str) -> Record:
        return next(row for row in self.records if row.external_id == external_id)

    def move(self, external_id: str, stage_id: str) -> None:
        row = self.record(external_id)
        row.stage_id, row.updated_at = stage_id, timezone.now()
        row.moves = [*row.moves, Move(stage_id, row.updated_at)]

    def archive(self, external_id: str, reason_id: str) -> None:
        row = self.record(external_id)
        row.archived_at = row.updated_at = timezone.now()
        row.reason_id = reason_id

    def reopen(self, external_id: str) -> None:
        row = self.record(external_id)
        row.archived_at, row.reason_id, row.updated_at = None, "", timezone.now()

    def delete(self, external_id: str) -> None:
        self.records.remove(self.record(external_id))
        self.deleted[external_id] = timezone.now()

    def _begin_page(self, client, cursor: str) -> None:
        self._read(client)
        self.pages.append(cursor)
        if self.between_pages:
            self.between_pages.pop(0)()
        if cursor and not self.takes_cursors:
            raise TryLater("unclear", is_outage=False)

    # -- How it answers ------------------------------------------------------------------------------------------------

    def _let_in(self, client) -> None:
        client.calls += 1
        if self.mood == "dead":
            self.tokens.clear()
            raise ConnectionLost("grant_dead")
        if client.token not in self.tokens:
            raise AccessExpired
        if self.mood == "busy":
            raise TryLater("busy", after=3, is_outage=False)
        if self.mood == "away":
            raise TryLater("unreachable")
        if self.mood == "refused":
            raise Rejected("bad_request")

    def _read(self, client) -> None:
        self._let_in(client)
        if self.mood in ("lost", "late", "nothing"):
            raise TryLater("timeout")
        if self.mood == "mistake":
            raise RuntimeError("we stumbled")

    def _write(self, happens: Callable[[], object], promises: Callable[[], object]) -> None:
        if self.mood == "late":
            promises()
            self.landing.append((timezone.now() + timedelta(seconds=self.late_seconds), happens))
        elif self.mood != "nothing":
            happens()
        if self.mood in ("lost", "late", "nothing"):
            raise TryLater("timeout", unknown=True)
        if self.mood == "mistake":
            raise RuntimeError("we stumbled")

    def _keep(self, record: Record) -> None:
        if record in self.coming:
            self.coming.remove(record)
        self.records.append(record)

    def _note(self, external_id: str) -> None:
        for record in self.records:
            record.notes += record.external_id == external_id

    def _created(self, record: Record) -> Created:
        return Created(record.external_id, f"https://ats.example/{record.external_id}")
