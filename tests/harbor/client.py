"""Harbor over HTTP and nothing else. Its documentation is the docstring of `server.py`."""

import base64
import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from integrations.errors import AccessExpired, Rejected, TryLater
from integrations.http import Answer, Http

# What it refuses, in its words and in ours.
REFUSALS = {"job_filled": "posting_closed", "job_unknown": "posting_gone", "member_inactive": "acting_user_invalid"}


@dataclass(frozen=True, slots=True, repr=False)
class NewPerson:
    key: str
    name: str
    email: str
    phone: str
    links: tuple[str, ...]
    label: str
    job_id: str
    message: str
    resume: tuple[str, bytes] | None
    member_id: str


class HarborClient:
    """One account's data with one API key; safe to share between threads. `deadline` in seconds, for each call."""

    def __init__(self, api_url: str, key: str, *, deadline: float) -> None:
        self._url, self._key = api_url.rstrip("/"), key
        self._http = Http(deadline)
        self._counting = threading.Lock()
        self.calls = 0

    def add_person(self, new: NewPerson) -> dict[str, Any]:
        """Add a person. The same key again gives the same person: nobody is there twice."""
        body = {
            "name": new.name,
            "email": new.email,
            "phone": new.phone,
            "links": list(new.links),
            "label": new.label,
            "job": new.job_id,
            "message": new.message,
            "member": new.member_id,
        }
        if new.resume:
            body["resume"] = {"name": new.resume[0], "base64": base64.b64encode(new.resume[1]).decode()}
        return self._call("POST", "/v2/people", body=body, headers={"Idempotency-Key": new.key})

    def find_people(self, key: str) -> list[dict[str, Any]]:
        """Return whoever was added with this key."""
        return self._pages("/v2/people", {"key": key}, "people")

    def read_person(self, person_id: str) -> dict[str, Any] | None:
        """Return a person, or None when they were removed."""
        try:
            return self._call("GET", f"/v2/people/{quote(person_id, safe='')}")
        except Rejected as error:
            if error.code == "not_found":
                return None
            raise

    def list_changed(self, since: datetime, page: str) -> tuple[list[dict[str, Any]], str]:
        """Return one page of those who changed, and the next page's number."""
        return self._page("/v2/people", {"changed_since": _milliseconds(since)}, "people", page)

    def list_removed(self, since: datetime, page: str) -> tuple[list[dict[str, Any]], str]:
        """Return one page of those who were removed, and the next page's number."""
        return self._page("/v2/people/removed", {"since": _milliseconds(since)}, "people", page)

    def list_jobs(self) -> list[dict[str, Any]]:
        return self._pages("/v2/jobs", {}, "jobs")

    def list_members(self) -> list[dict[str, Any]]:
        return self._pages("/v2/members", {}, "members")

    def list_steps(self) -> list[dict[str, Any]]:
        return self._pages("/v2/pipeline", {}, "steps")

    def list_endings(self) -> list[dict[str, Any]]:
        return self._pages("/v2/endings", {}, "endings")

    def check(self) -> None:
        self._call("GET", "/v2/pipeline")

    def close(self) -> None:
        self._http.close()

    def _pages(self, path: str, query: dict[str, Any], name: str) -> list[dict[str, Any]]:
        rows, page = self._page(path, query, name, "")
        while page:
            more, page = self._page(path, query, name, page)
            rows += more
        return rows

    def _page(self, path: str, query: dict[str, Any], name: str, page: str) -> tuple[list[dict[str, Any]], str]:
        answer = self._call("GET", f"{path}?{urlencode({**query, 'page': page or '1'})}")
        rows = answer.get(name)
        if not isinstance(rows, list):
            raise TryLater("unclear")
        return rows, str(answer.get("next_page") or "")

    def _call(self, method: str, path: str, *, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        changes = method != "GET"
        sent = {"X-Api-Key": self._key, "Accept": "application/json", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        with self._counting:
            self.calls += 1
        content = json.dumps(body).encode() if body is not None else None
        answer = self._http.send(method, self._url + path, sent, content, changes=changes)
        if answer.is_good:
            value = answer.json()
            if value is None:
                raise TryLater("unclear", unknown=changes)
            return value
        raise _explain(answer, changes=changes)


def when(milliseconds: int | None) -> datetime | None:
    """Read a time of Harbor's: milliseconds since 1970."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _explain(answer: Answer, *, changes: bool) -> Exception:
    if answer.status == 401:
        return AccessExpired()
    if answer.status == 429:
        return TryLater("busy", after=answer.retry_after, is_outage=False)
    if answer.status >= 500:
        return TryLater("unavailable", after=answer.retry_after, unknown=changes)
    if answer.status == 404:
        return Rejected("not_found")
    if answer.status == 403:
        return Rejected("forbidden")
    return Rejected(REFUSALS.get(answer.word, "bad_request"), word=answer.word)
