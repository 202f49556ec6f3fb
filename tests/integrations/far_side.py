"""A far side that remembers: an ATS in this process's memory, for tests that interleave its answers with the rest."""

import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import get_resolver
from django.utils import timezone

from integrations.errors import AccessExpired, ConnectionLost, Rejected, TryLater
from integrations.providers import Created, PostingRecord, Tokens, UserRecord

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
