"""Paging as Lever does it: the token is the percent-encoded sort key of the next page's first item."""

import json
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any

from lever_emulator.account import Row
from lever_emulator.calls import Answer, Call, bad_request, json_answer


def wanted_limit(call: Call) -> int:
    """Return `limit`, 1 to 100; what real Lever does outside of that is not known, here it is a 400."""
    value = call.one("limit")
    if value is None:
        return 100
    if not value.isdecimal() or not 1 <= int(value) <= 100:
        raise bad_request("Invalid value for parameter limit: must be between 1 and 100")
    return int(value)


def wanted_offset(call: Call, size: int) -> list[Any] | None:
    """Return the sort key in `offset`. Clients paste `next` raw or encode it again; both are understood."""
    token = call.one("offset")
    if token is None:
        return None
    text = token
    for _ in range(3):
        try:
            key = json.loads(text)
        except ValueError:
            text = urllib.parse.unquote(text)
            continue
        if isinstance(key, list) and len(key) == size and all(isinstance(part, int | float | str) for part in key):
            return key
        break
    raise bad_request(f"Invalid offset token: {token}")


def token_for(key: list[Any]) -> str:
    """Return the token that stands for a sort key."""
    return urllib.parse.quote(json.dumps(key, separators=(",", ":")), safe="")


def page_of(
    call: Call,
    rows: Iterable[Row],
    key_of: Callable[[Row], list[Any]],
    show: Callable[[Row], Any],
    *,
    newest_first: bool,
) -> Answer:
    """Return one page of a short list that is sorted by `key_of`."""
    limit = wanted_limit(call)
    ordered = sorted(rows, key=key_of, reverse=newest_first)
    size = len(key_of(ordered[0])) if ordered else 2
    offset = wanted_offset(call, size)
    if offset is not None:
        try:
            ordered = [row for row in ordered if (key_of(row) <= offset if newest_first else key_of(row) >= offset)]
        except TypeError:
            raise bad_request(f"Invalid offset token: {call.one('offset')}") from None
    return page(ordered, limit, key_of, show)


def page(ordered: list[Row], limit: int, key_of: Callable[[Row], list[Any]], show: Callable[[Row], Any]) -> Answer:
    """Return the first `limit` rows, and the token of the next one."""
    shown = [show(row) for row in ordered[:limit]]
    if len(ordered) > limit:
        return enveloped_page(shown, token_for(key_of(ordered[limit])))
    return enveloped_page(shown, None)


def enveloped_page(shown: list[Any], next_token: str | None) -> Answer:
    """Return Lever's list envelope: `next` is absent on the last page."""
    if next_token is None:
        return json_answer({"data": shown, "hasNext": False})
    return json_answer({"data": shown, "hasNext": True, "next": next_token})
