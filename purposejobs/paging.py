"""Pages of a list that cost the same at the millionth row: each begins where the one before it ended."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)

COUNT_CAP = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows, and the values of `before` and `after` that lead to their neighbours; empty at the ends."""

    rows: list[Row]
    before: str
    after: str


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Where a row stands in a list merged from several streams: the time, then the stream among equals, then its key.

    In an address it names nobody.
    """

    time: datetime
    stream: int
    pk: int

    def __str__(self) -> str:
        return f"{(self.time - EPOCH) // timedelta(microseconds=1)}-{self.stream}-{self.pk}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """Return the place that `str()` wrote; anything else is no place."""
        try:
            microseconds, stream, pk = (int(part) for part in text.split("-"))
            return cls(EPOCH + timedelta(microseconds=microseconds), stream, min(pk, 2**63 - 1))
        except (ValueError, OverflowError):
            return None


def keyset_page(rows: QuerySet[Row], asked: Mapping[str, str], *, order: str, size: int = 25) -> Page[Row]:
    """Return the page that `after` or `before` in `asked` (the request's GET) names, else the first.

    `order` is one field that is never null, with a minus for descending; the key decides between equals, in the
    same direction, so an index on (what is filtered, order, key) answers it.
    """
    field = order.lstrip("-")
    backwards = bool(asked.get("before")) and not asked.get("after")
    place = _place(rows.model, field, asked.get("before", "") if backwards else asked.get("after", ""))
    descending = order.startswith("-") != (backwards and place is not None)
    if place is None:
        backwards = False
    else:
        value, pk = place
        side = "lt" if descending else "gt"
        # The first condition is implied by the second; it is what the index can use.
        rows = rows.filter(
            Q(**{f"{field}__{side}e": value}), Q(**{f"{field}__{side}": value}) | Q(**{field: value, f"pk__{side}": pk})
        )
    minus = "-" if descending else ""
    found = list(rows.order_by(f"{minus}{field}", f"{minus}pk")[: size + 1])
    is_more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_before = is_more if backwards else place is not None
    has_after = backwards or is_more
    return Page(
        rows=found,
        before=_mark(found[0], field) if found and has_before else "",
        after=_mark(found[-1], field) if found and has_after else "",
    )


def capped_count(rows: QuerySet[Any]) -> int:
    """Count, but stop soon: COUNT_CAP + 1 means "more than that"."""
    return rows.order_by().values("pk")[: COUNT_CAP + 1].count()


def in_words(count: int) -> str:
    """Write a capped count: 12, 1,000 or 1,000+."""
    return f"{COUNT_CAP:,}+" if count > COUNT_CAP else f"{count:,}"


def _mark(row: Model, field: str) -> str:
    value = getattr(row, field)
    plain = [value.isoformat() if isinstance(value, datetime) else value, row.pk]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _place(model: type[Model], field: str, mark: str) -> tuple[Any, int] | None:
    """Read a mark; one that makes no sense is no place, and the list begins at its beginning."""
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
        if value is None or "\0" in str(value):
            return None
        return model._meta.get_field(field).to_python(value), int(pk)  # type: ignore[union-attr]
    except (binascii.Error, ValueError, TypeError, ValidationError):
        return None
