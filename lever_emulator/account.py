"""One Lever account in memory: its rows, and the indexes that keep lists quick with 100,000 opportunities."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Row = dict[str, Any]
Save = Callable[[str, Row, str], None]

LEAD_NEW = "lead-new"

# Rows that live in a plain dict of the account, by the kind they are stored under.
TABLES = {
    "user": "users",
    "posting": "postings",
    "contact": "contacts",
    "opportunity": "opportunities",
    "application": "applications",
    "note": "notes",
    "resume": "resumes",
    "file": "files",
    "webhook": "webhooks",
    "delivery": "deliveries",
    "deleted": "deleted",
    "deleted_posting": "deleted_postings",
    "upload": "uploads",
}


def canonical_email(email: str) -> str:
    """Return the form by which people are recognised. Lever's own rule is not known: trimmed and in lower case."""
    return email.strip().lower()


class Account:
    """Everything one customer has in Lever."""

    def __init__(self, row: Row, save: Save) -> None:
        self.row = row
        self._save = save
        self.users: dict[str, Row] = {}
        self.postings: dict[str, Row] = {}
        self.contacts: dict[str, Row] = {}
        self.opportunities: dict[str, Row] = {}
        self.applications: dict[str, Row] = {}
        self.notes: dict[str, Row] = {}
        self.resumes: dict[str, Row] = {}
        self.files: dict[str, Row] = {}
        self.webhooks: dict[str, Row] = {}
        self.deliveries: dict[str, Row] = {}
        self.deleted: dict[str, Row] = {}
        self.deleted_postings: dict[str, Row] = {}
        self.uploads: dict[str, Row] = {}
        self.stages: dict[str, Row] = {stage["id"]: stage for stage in row["stages"]}
        self.stage_index = {stage["id"]: place for place, stage in enumerate(row["stages"])}
        self.archive_reasons: dict[str, Row] = {reason["id"]: reason for reason in row["archiveReasons"]}
        self.order: list[tuple[float, float, str]] = []
        self.by_updated: list[tuple[int, str]] = []
        self.by_contact: dict[str, set[str]] = {}
        self.by_posting: dict[str, set[str]] = {}
        self.by_stage: dict[str, set[str]] = {}
        self.archived: set[str] = set()
        self.by_tag: dict[str, set[str]] = {tag: set() for tag in row.get("tags", [])}
        self.by_source: dict[str, set[str]] = {source: set() for source in row.get("sources", [])}
        self.by_email: dict[str, list[str]] = {}

    @property
    def id(self) -> str:
        """Lever's id of the account, as it stands in access tokens."""
        return str(self.row["id"])

    @property
    def name(self) -> str:
        """The customer's name."""
        return str(self.row["name"])

    def active_users(self) -> list[Row]:
        """Return those who can sign in, in the order they joined."""
        active = [user for user in self.users.values() if user["deactivatedAt"] is None]
        return sorted(active, key=lambda user: (user["accessRole"] != "super admin", user["createdAt"]))

    def save(self, kind: str, row: Row) -> None:
        """Have a changed row stored."""
        self._save(kind, row, self.id)

    def save_self(self) -> None:
        """Have the account's own row stored: name, stages, reasons, switches."""
        self._save("account", self.row, self.id)

    def load(self, kind: str, row: Row) -> None:
        """Take in a row that was stored earlier or comes from a seed."""
        getattr(self, TABLES[kind])[row["id"]] = row
        if kind == "opportunity":
            self._index(row)
        elif kind == "contact":
            self._index_emails(row)

    # Opportunities

    def sort_key(self, row: Row) -> tuple[float, float, str]:
        """Return Lever's order of opportunities: stage rank, latest advance first, id."""
        return self.stages[row["stage"]]["rank"], -row["lastAdvancedAt"], row["id"]

    def add_opportunity(self, row: Row) -> None:
        """Take in a new opportunity."""
        self.opportunities[row["id"]] = row
        self._index(row)
        self.save("opportunity", row)

    def drop_opportunity(self, row: Row) -> None:
        """Let an opportunity go."""
        self._unindex(row)
        del self.opportunities[row["id"]]
        self._save("opportunity", {"id": row["id"], "_gone": True}, self.id)

    @contextmanager
    def changing(self, row: Row, now: int) -> Iterator[None]:
        """Keep the indexes right around a change of an opportunity, and move its `updatedAt`."""
        self._unindex(row)
        try:
            yield
        finally:
            row["updatedAt"] = max(now, row["updatedAt"] or 0)
            self._index(row)
            self.save("opportunity", row)

    def _index(self, row: Row) -> None:
        key = row["id"]
        insort(self.order, self.sort_key(row))
        insort(self.by_updated, (row["updatedAt"] or row["createdAt"], key))
        self.by_contact.setdefault(row["contact"], set()).add(key)
        self.by_stage.setdefault(row["stage"], set()).add(key)
        if row["archived"]:
            self.archived.add(key)
        if row["_posting"]:
            self.by_posting.setdefault(row["_posting"], set()).add(key)
        for tag in row["tags"]:
            self.by_tag.setdefault(tag, set()).add(key)
        for source in row["sources"]:
            self.by_source.setdefault(source, set()).add(key)

    def _unindex(self, row: Row) -> None:
        key = row["id"]
        _remove(self.order, self.sort_key(row))
        _remove(self.by_updated, (row["updatedAt"] or row["createdAt"], key))
        self.by_contact[row["contact"]].discard(key)
        self.by_stage[row["stage"]].discard(key)
        self.archived.discard(key)
        if row["_posting"]:
            self.by_posting[row["_posting"]].discard(key)
        for tag in row["tags"]:
            self.by_tag[tag].discard(key)
        for source in row["sources"]:
            self.by_source[source].discard(key)

    def count_in_stage(self, stage: str, *, archived: bool) -> int:
        """Count the active, or the archived, in a stage."""
        keys = self.by_stage.get(stage, set())
        gone = len(keys & self.archived)
        return gone if archived else len(keys) - gone

    def in_stage(self, stage: str, *, archived: bool) -> Iterator[Row]:
        """Walk the active, or the archived, of a stage in Lever's order."""
        rank = self.stages[stage]["rank"]
        for place in range(bisect_left(self.order, (rank, float("-inf"), "")), len(self.order)):
            row = self.opportunities[self.order[place][2]]
            if row["stage"] != stage:
                return
            if (row["id"] in self.archived) == archived:
                yield row

    def of_contact(self, contact_id: str) -> list[Row]:
        """Return a person's opportunities."""
        return [self.opportunities[key] for key in self.by_contact.get(contact_id, ())]

    # Contacts

    def add_contact(self, row: Row) -> None:
        """Take in a new person."""
        self.contacts[row["id"]] = row
        self._index_emails(row)
        self.save("contact", row)

    @contextmanager
    def changing_contact(self, row: Row, now: int) -> Iterator[None]:
        """Keep the e-mail index right around a change of a person; all their opportunities count as updated."""
        for email in row["emails"]:
            holders = self.by_email.get(canonical_email(email), [])
            if row["id"] in holders:
                holders.remove(row["id"])
        try:
            yield
        finally:
            self._index_emails(row)
            self.save("contact", row)
            for opportunity in self.of_contact(row["id"]):
                with self.changing(opportunity, now):
                    pass

    def contacts_with(self, email: str) -> list[str]:
        """Return ids of the people holding that address, oldest first."""
        return self.by_email.get(canonical_email(email), [])

    def _index_emails(self, row: Row) -> None:
        for email in row["emails"]:
            holders = self.by_email.setdefault(canonical_email(email), [])
            if row["id"] not in holders:
                holders.append(row["id"])


def _remove(ordered: list[Any], key: Any) -> None:
    place = bisect_left(ordered, key)
    if place < len(ordered) and ordered[place] == key:
        del ordered[place]
