"""GET /opportunities: filters, order and paging, quick with 100,000 of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any

from lever_emulator import shapes
from lever_emulator.account import Account, Row
from lever_emulator.calls import Answer, Call, Refusal, bad_request
from lever_emulator.paging import enveloped_page, page_of, token_for, wanted_limit, wanted_offset

ORIGINS = ("agency", "applied", "internal", "referred", "sourced", "university")
TIMES = {"created_at": "createdAt", "updated_at": "updatedAt", "advanced_at": "lastAdvancedAt"}
SMALL = 4_000  # so many candidates are sorted in a few milliseconds; more fill their pages soon by walking in order

Test = Callable[[Row], bool]


def list_opportunities(call: Call) -> Answer:
    """Answer one page, narrowed by whatever index promises the fewest rows."""
    account = call.account
    limit = wanted_limit(call)
    offset = wanted_offset(call, 3)
    expand = shapes.wanted_expands(call, shapes.OPPORTUNITY_EXPANDS)
    include = call.many("include")
    tests, candidates = _narrowed(call, account)
    rows = _in_order(account, candidates, offset)
    found: list[Row] = []
    next_token = None
    for row in rows:
        if all(test(row) for test in tests):
            if len(found) == limit:
                rank, advanced, key = account.sort_key(row)
                next_token = token_for([rank, -advanced, key])
                break
            found.append(row)
    base = call.store.settings.public_url
    shown = [shapes.included(shapes.opportunity(account, row, base, expand), include, expand) for row in found]
    return enveloped_page(shown, next_token)


def list_deleted(call: Call) -> Answer:
    """Answer the opportunities that were deleted in the app."""
    base = call.store.settings.public_url
    return page_of(
        call,
        deleted_between(call, call.account.deleted.values()),
        lambda row: [row["_deleted_at"], row["id"]],
        lambda row: shapes.opportunity(call.account, row, base),
        newest_first=True,
    )


def list_deleted_applications(call: Call) -> Answer:
    """Answer the applications that went with them: not documented, but there."""
    rows = [row for row in deleted_between(call, call.account.deleted.values()) if row["_application"]]
    applications = call.account.applications
    return page_of(
        call,
        rows,
        lambda row: [row["_deleted_at"], row["id"]],
        lambda row: {**shapes.public(applications[row["_application"]]), "deletedAt": row["_deleted_at"]},
        newest_first=True,
    )


def deleted_between(call: Call, rows: Iterable[Row]) -> list[Row]:
    """Return the tombstones within `deleted_at_*`; confidential ones only to those who may see them and ask."""
    start, end = call.millis("deleted_at_start"), call.millis("deleted_at_end")
    confidentiality = wanted_confidentiality(call)
    return [
        row
        for row in rows
        if (start is None or row["_deleted_at"] >= start)
        and (end is None or row["_deleted_at"] <= end)
        and confidentiality in ("all", row["confidentiality"])
    ]


def wanted_confidentiality(call: Call) -> str:
    """Return the filter; anything but the default needs the right to see confidential records."""
    value = call.one("confidentiality") or "non-confidential"
    if value not in ("confidential", "non-confidential", "all"):
        raise bad_request("Invalid value for parameter confidentiality")
    assert call.caller is not None
    if value != "non-confidential" and not call.caller.confidential:
        raise Refusal(403, "This token has no access to confidential records")
    return value


def _narrowed(call: Call, account: Account) -> tuple[list[Test], set[str] | None]:
    """Return the tests every row must pass, and the smallest set of ids that holds all answers (None: all)."""
    tests: list[Test] = []
    sets: list[set[str]] = []

    def by_index(values: list[str], index: dict[str, set[str]]) -> None:
        if len(values) == 1:
            sets.append(index.get(values[0], set()))  # as it is: copying a large one would take longer than the rest
        elif values:
            sets.append(set().union(*(index.get(value, ()) for value in values)))

    by_index(call.many("tag"), account.by_tag)
    by_index(call.many("source"), account.by_source)
    by_index(call.many("posting_id"), account.by_posting)
    by_index(call.many("contact_id"), account.by_contact)
    by_index(call.many("stage_id"), account.by_stage)
    if emails := call.many("email"):
        people = {key for email in emails for key in account.contacts_with(email)}
        sets.append(set().union(*(account.by_contact.get(key, ()) for key in people)))
    if archived_postings := call.many("archived_posting_id"):
        by_index(archived_postings, account.by_posting)
        tests.append(lambda row: row["archived"] is not None)
    if origins := call.many("origin"):
        if not set(origins) <= set(ORIGINS):
            raise bad_request("Invalid value for parameter origin")
        tests.append(lambda row: row["origin"] in origins)
    if reasons := call.many("archive_reason_id"):
        tests.append(lambda row: bool(row["archived"]) and row["archived"]["reason"] in reasons)
    if locations := call.many("location"):
        tests.append(lambda row: row["opportunityLocation"] in locations)
    if (archived := call.flag("archived")) is not None:
        tests.append(lambda row: (row["archived"] is not None) == archived)
    if (snoozed := call.flag("snoozed")) is not None:
        now = call.now
        tests.append(lambda row: ((row["snoozedUntil"] or 0) > now) == snoozed)
    confidentiality = wanted_confidentiality(call)
    if confidentiality != "all":
        tests.append(lambda row: row["confidentiality"] == confidentiality)
    for parameter, name in TIMES.items():
        _between(tests, call, parameter, itemgetter(name))
    _between(tests, call, "archived_at", lambda row: row["archived"] and row["archived"]["archivedAt"])
    recent = _recently_updated(call, account)
    if recent is not None:
        sets.append(recent)
    if not sets:
        return tests, None
    smallest = min(sets, key=len)
    tests += [_is_one_of(ids) for ids in sets if ids is not smallest]
    return tests, smallest


def _is_one_of(ids: set[str]) -> Test:
    return lambda row: row["id"] in ids


def _between(tests: list[Test], call: Call, parameter: str, value_of: Callable[[Row], Any]) -> None:
    start, end = call.millis(f"{parameter}_start"), call.millis(f"{parameter}_end")
    if start is not None:
        tests.append(lambda row: (value_of(row) or 0) >= start)
    if end is not None:
        tests.append(lambda row: bool(value_of(row)) and value_of(row) <= end)


def _recently_updated(call: Call, account: Account) -> set[str] | None:
    """Return the ids within `updated_at_*`, if they are few: that is how customers catch up."""
    start, end = call.millis("updated_at_start"), call.millis("updated_at_end")
    if start is None and end is None:
        return None
    first = bisect_left(account.by_updated, (start, "")) if start is not None else 0
    last = bisect_right(account.by_updated, (end, "~")) if end is not None else len(account.by_updated)
    if last - first > SMALL:
        return None
    return {key for _, key in account.by_updated[first:last]}


def _in_order(account: Account, candidates: set[str] | None, offset: list[Any] | None) -> Iterator[Row]:
    """Walk rows in Lever's order, from the offset on."""
    key: tuple[Any, ...] | None = None
    if offset is not None:
        rank, advanced, ident = offset
        if isinstance(rank, str) or isinstance(advanced, str) or not isinstance(ident, str):
            raise bad_request("Invalid offset token")
        key = (rank, -advanced, ident)
    if candidates is None or len(candidates) > SMALL:
        start = bisect_left(account.order, key) if key else 0
        keys: Iterable[Any] = (account.order[place] for place in range(start, len(account.order)))
        rows = (account.opportunities[ident] for _, _, ident in keys)
        return rows if candidates is None else (row for row in rows if row["id"] in candidates)
    ordered = sorted((account.opportunities[ident] for ident in candidates), key=account.sort_key)
    return (row for row in ordered if key is None or account.sort_key(row) >= key)
