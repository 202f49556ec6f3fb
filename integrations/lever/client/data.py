"""Lever's Data API. https://hire.lever.co/developer/documentation"""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from integrations.errors import AccessExpired, Rejected, TryLater
from integrations.http import Answer, Http
from integrations.lever.client.oauth import DOMAIN
from integrations.lever.client.records import (
    ArchiveReason,
    Contact,
    CreatedOpportunity,
    DeletedOpportunity,
    NewOpportunity,
    NewWebhook,
    Note,
    Opportunity,
    Posting,
    Stage,
    Standing,
    User,
    Webhook,
)

PAGE_SIZE = 100

Record = TypeVar("Record")
Query = list[tuple[str, str]]


def _explain(answer: Answer) -> Exception:
    """Say why Lever refuses a call. Its words differ for one status, so the status decides."""
    about: dict[str, str | int] = {"status": answer.status, "word": answer.word}
    message = answer.message
    match answer.status:
        case 403 if "confidential" in message:
            return Rejected("confidential", **about)
        case 403 if "scope" in message or "permission" in message:
            return Rejected("scope_missing", **about)
        case 403:
            return Rejected("forbidden", **about)
        case 404:
            return Rejected("not_found", **about)
        case 413:
            return Rejected("too_large", **about)
    if "perform_as" in message:
        return Rejected("acting_user_invalid", **about)
    return Rejected("bad_request", **about)


class LeverClient:
    """One account's data, with one access token. `deadline` is for each whole call, in seconds.

    Safe to share between threads. Every function raises AccessExpired (401), TryLater and Rejected; the `unknown` of a
    TryLater is set for calls that change something, wherever Lever may have done it without our hearing of it.
    """

    def __init__(self, api_url: str, token: str, *, deadline: float) -> None:
        self._api_url = api_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._http = Http(deadline, trusted_domain=DOMAIN)
        self._counting = threading.Lock()
        # How many calls were begun: each counts towards the vendor's rate.
        self.calls = 0

    def create_opportunity(self, new: NewOpportunity, *, perform_as: str) -> CreatedOpportunity:
        """Create an opportunity in the name of a user. Not idempotent: twice makes two.
        https://hire.lever.co/developer/documentation#create-an-opportunity

        The answer's tags are ours and the posting's own; a person that Lever knows keeps their data (`deduped`).
        """

        def explain(answer: Answer) -> Exception:
            return _explain_create(answer, new, perform_as)

        body, content_type = new.encode()
        answer = self._call(
            "POST", "/opportunities", query=[("perform_as", perform_as)], body=body, content_type=content_type,
            explain=explain,
        )  # fmt: skip
        try:
            return CreatedOpportunity(Opportunity.parse(answer["data"]), is_deduped=answer.get("deduped") is True)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError, OSError):
            raise TryLater("unclear", unknown=True) from None

    def find_opportunities(self, email: str, *, sees_confidential: bool) -> list[Opportunity]:
        """Return the opportunities of whoever has this e-mail, active and archived, with their postings.
        https://hire.lever.co/developer/documentation#list-all-opportunities

        Confidential ones are left out by default, and need a scope.
        """
        query = [("email", email), ("expand", "applications")]
        if sees_confidential:
            query.append(("confidentiality", "all"))
        return self._list("/opportunities", query, Opportunity.parse)

    def read_opportunity(self, opportunity_id: str) -> Standing | None:
        """Return how one opportunity stands; None where Lever says that it is not there.
        https://hire.lever.co/developer/documentation#retrieve-a-single-opportunity

        Those that were deleted are answered 404, in Lever's own words; any other 404 is somebody else's.
        """
        try:
            return self._one("GET", f"/opportunities/{quote(opportunity_id, safe='')}", Standing.parse)
        except Rejected as error:
            if error.code != "not_found":
                raise
            if not error.parameters["word"]:
                raise TryLater("unclear") from None
            return None

    def list_changed_opportunities(
        self, since: int, offset: str, *, sees_confidential: bool
    ) -> tuple[list[Standing], str]:
        """Return one page of the opportunities that changed at or after `since` (milliseconds), and the next offset.
        https://hire.lever.co/developer/documentation#list-all-opportunities

        Archived ones are among them. The order is that of stages, not of changes, so rows move while one reads: one
        may come twice, or be missed. The next offset is empty on the last page. Raises TryLater("unclear") for an
        offset that is no longer taken. Whether `updated_at_start` takes a null `updatedAt` for `createdAt` is not said.
        """
        query = [("updated_at_start", str(since))]
        if sees_confidential:
            query.append(("confidentiality", "all"))
        return self._page("/opportunities", query, offset, Standing.parse)

    def list_deleted_opportunities(self, since: int, offset: str) -> tuple[list[DeletedOpportunity], str]:
        """Return one page of those deleted at or after `since` (milliseconds), and the next offset, as above.
        https://hire.lever.co/developer/documentation#list-deleted-opportunities
        """
        return self._page(
            "/opportunities/deleted", [("deleted_at_start", str(since))], offset, DeletedOpportunity.parse
        )

    def read_contact(self, contact_id: str) -> Contact:
        """Return a person. https://hire.lever.co/developer/documentation#retrieve-a-single-contact"""
        return self._one("GET", f"/contacts/{quote(contact_id, safe='')}", Contact.parse)

    def add_phone(self, contact: Contact, phone: str, *, perform_as: str) -> None:
        """Add a phone to a person who was just read. Doing it again changes nothing.
        https://hire.lever.co/developer/documentation#update-a-contact

        The whole person is sent back: whether Lever merges or replaces is known for the headline only.
        """
        body: dict[str, Any] = {
            "name": contact.name,
            "headline": contact.headline,
            "location": contact.location,
            "emails": list(contact.emails),
        }
        body = {name: value for name, value in body.items() if value}
        body["phones"] = [*contact.phones, {"type": "mobile", "value": phone}]
        path = f"/contacts/{quote(contact.id, safe='')}"

        def explain(answer: Answer) -> Exception:
            if answer.status in (400, 422) and "phone" in answer.message:
                return Rejected("phone_refused", status=answer.status, word=answer.word)
            return _explain(answer)

        self._call("PUT", path, query=[("perform_as", perform_as)], body=_json(body), explain=explain)

    def add_note(self, opportunity_id: str, text: str, *, perform_as: str) -> None:
        """Write a note. Not idempotent. https://hire.lever.co/developer/documentation#create-a-note"""
        path = f"/opportunities/{quote(opportunity_id, safe='')}/notes"
        self._call("POST", path, query=[("perform_as", perform_as)], body=_json({"value": text}))

    def list_notes(self, opportunity_id: str) -> list[Note]:
        """Return the notes. https://hire.lever.co/developer/documentation#list-all-notes"""
        return self._list(f"/opportunities/{quote(opportunity_id, safe='')}/notes", [], Note.parse)

    def list_postings(self, *, sees_confidential: bool) -> list[Posting]:
        """Return the postings of every state. https://hire.lever.co/developer/documentation#list-all-postings

        Without a filter Lever gives all states; `state=published` would hide those that are published internally only.
        """
        query = [("confidentiality", "all")] if sees_confidential else []
        return self._list("/postings", query, Posting.parse)

    def list_users(self) -> list[User]:
        """Return the users, deactivated ones too. https://hire.lever.co/developer/documentation#list-all-users"""
        return self._list("/users", [("includeDeactivated", "true")], User.parse)

    def list_stages(self) -> list[Stage]:
        """Return the stages in the pipeline's order. https://hire.lever.co/developer/documentation#list-all-stages"""
        return self._list("/stages", [], Stage.parse)

    def list_archive_reasons(self) -> list[ArchiveReason]:
        """Return why people leave the pipeline, inactive reasons too.
        https://hire.lever.co/developer/documentation#list-all-archive-reasons

        One example there shows a single reason in the place of the list; live it is a list.
        """
        return self._list("/archive_reasons", [], ArchiveReason.parse, may_be_one=True)

    def list_webhooks(self) -> list[Webhook]:
        """Return the webhooks that were made through the API; those made by hand in Lever are not ours to see.
        https://hire.lever.co/developer/documentation#list-all-webhooks

        Not every account has this API: 403 then.
        """
        return self._list("/webhooks", [], Webhook.parse)

    def create_webhook(self, url: str, event: str, *, origins: tuple[str, ...] = ()) -> NewWebhook:
        """Have an event of an account told to an https address, and return the token that signs what is told.
        https://hire.lever.co/developer/documentation#create-a-webhook

        Not idempotent: the same again is told twice. `origins` narrows four of the events to such opportunities.
        """
        body: dict[str, Any] = {"url": url, "event": event}
        if origins:
            body["configuration"] = {"conditions": {"origins": list(origins)}}
        answer = self._call("POST", "/webhooks", body=_json(body))
        try:
            return NewWebhook.parse(answer["data"])
        except (LookupError, TypeError, ValueError, AttributeError):
            raise TryLater("unclear", unknown=True) from None

    def delete_webhook(self, webhook_id: str) -> None:
        """Take a webhook away; one that is gone already is well.
        https://hire.lever.co/developer/documentation#delete-a-webhook
        """
        try:
            self._call("DELETE", f"/webhooks/{quote(webhook_id, safe='')}", has_answer=False)
        except Rejected as error:
            if error.code != "not_found":
                raise

    def check(self) -> None:
        """Ask for one stage: the cheapest thing that says whether the token and Lever are well."""
        self._call("GET", "/stages", query=[("limit", "1")])

    def close(self) -> None:
        self._http.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        explain: Callable[[Answer], Exception] = _explain,
        has_answer: bool = True,
    ) -> dict[str, Any]:
        """Return the JSON object of a good answer; raise what any other answer means."""
        changes = method != "GET"
        headers = self._headers | ({} if changes else {"Accept-Encoding": "gzip"})
        if body is not None:
            headers["Content-Type"] = content_type
        url = f"{self._api_url}{path}?{urlencode(query or [])}" if query else f"{self._api_url}{path}"
        with self._counting:
            self.calls += 1
        answer = self._http.send(method, url, headers, body, changes=changes)
        if answer.is_good and not has_answer:
            return {}
        if answer.is_good:
            parsed = answer.json()
            if parsed is None:
                raise TryLater("unclear", unknown=changes)
            return parsed
        if answer.status == 401:
            raise AccessExpired
        if answer.status == 429:
            raise TryLater("busy", after=answer.retry_after, is_outage=False)
        if answer.status == 408 or answer.word == "RequestTimeout":
            raise TryLater("timeout", unknown=changes, is_outage=False)
        if answer.status >= 500:
            # 503 is maintenance; even then the create may have been done before its answer was lost.
            raise TryLater("unavailable", after=answer.retry_after, unknown=changes)
        if answer.status < 400:
            raise TryLater("redirected", unknown=changes)
        raise explain(answer)

    def _one(self, method: str, path: str, parse: Callable[[dict[str, Any]], Record]) -> Record:
        return _parse(parse, self._call(method, path).get("data"))

    def _list(
        self, path: str, query: Query, parse: Callable[[dict[str, Any]], Record], *, may_be_one: bool = False
    ) -> list[Record]:
        """Return every item of every page, or raise: half a list is never given."""
        items: dict[str, Record] = {}
        for data in self._items(path, query, may_be_one=may_be_one):
            record = _parse(parse, data)
            # Pages shift while one reads them, since they are ordered by what changes: each item once.
            items.setdefault(record.id, record)  # type: ignore[attr-defined]
        return list(items.values())

    def _items(self, path: str, query: Query, *, may_be_one: bool) -> Iterator[Any]:
        offset = ""
        offsets: set[str] = set()
        while True:
            data, offset = self._page_of(path, query, offset, may_be_one=may_be_one)
            yield from data
            if not offset:
                return
            if offset in offsets:
                raise TryLater("unclear")
            offsets.add(offset)

    def _page(
        self, path: str, query: Query, offset: str, parse: Callable[[dict[str, Any]], Record]
    ) -> tuple[list[Record], str]:
        data, following = self._page_of(path, query, offset)
        if following and following == offset:
            raise TryLater("unclear")
        return [_parse(parse, item) for item in data], following

    def _page_of(self, path: str, query: Query, offset: str, *, may_be_one: bool = False) -> tuple[list[Any], str]:
        """Return one page's items and the next page's offset, which is empty on the last page.

        https://hire.lever.co/developer/documentation#pagination: `next` is opaque, and absent from the last page.
        """
        query = [*query, ("limit", str(PAGE_SIZE)), *([("offset", offset)] if offset else [])]
        page = self._call("GET", path, query=query, explain=_explain_page)
        data = page.get("data")
        if may_be_one and isinstance(data, dict):
            data = [data]
        if not isinstance(data, list):
            raise TryLater("unclear")
        if not page.get("hasNext"):
            return data, ""
        following = page.get("next")
        if not isinstance(following, str) or not following:
            raise TryLater("unclear")
        return data, following


def _explain_create(answer: Answer, new: NewOpportunity, perform_as: str) -> Exception:
    about: dict[str, str | int] = {"status": answer.status, "word": answer.word}
    message = answer.message
    if answer.status in (400, 404, 409, 415, 422):
        if "perform_as" in message or perform_as.lower() in message:
            return Rejected("acting_user_invalid", **about)
        if new.posting_id and ("posting" in message or new.posting_id.lower() in message):
            code_is_closed = "closed" in message
            return Rejected("posting_closed", **about) if code_is_closed else Rejected("posting_gone", **about)
        if new.resume and (answer.status in (415, 422) or "file" in message or "resume" in message):
            return Rejected("file_refused", **about)
        if "email" in message:
            return Rejected("email_refused", **about)
        if "link" in message:
            return Rejected("link_refused", **about)
    return _explain(answer)


def _explain_page(answer: Answer) -> Exception:
    if answer.status == 400 and "offset" in answer.message:
        # The list changed so much that its token is no longer taken: it is read again from the start, later.
        return TryLater("unclear", is_outage=False)
    return _explain(answer)


def _parse(parse: Callable[[dict[str, Any]], Record], data: Any) -> Record:
    try:
        return parse(data)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise TryLater("unclear") from None


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
