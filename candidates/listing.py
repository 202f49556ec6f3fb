"""A company's list of people: who applied, and who lets themselves be found, in one order.

Two streams are read, each by an index of its own, and merged: applications (the newest of each person) and
discoverable profiles without an application. A page costs the same however far down it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Company
from candidates.models import Application, Candidate, has_skills, has_words
from purposejobs.paging import COUNT_CAP, Place, capped_count

# Which stream stands first among equals in time.
APPLIED, DISCOVERABLE = 1, 0


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to. `show` is "applied", "discoverable" or empty for both."""

    words: str = ""
    job_pk: int | None = None
    show: str = ""
    location: str = ""
    skills: list[str] = field(default_factory=list)
    # Keys of the candidates in the chosen state at the ATS, and of those who must not be; None: any.
    in_state: QuerySet[Any] | None = None
    not_in_state: QuerySet[Any] | None = None


@dataclass(frozen=True)
class Page:
    places: list[tuple[Place, int]]
    before: Place | None
    after: Place | None

    @property
    def candidate_pks(self) -> list[int]:
        return [candidate_pk for _, candidate_pk in self.places]


class Listing:
    """The people a company sees, narrowed by filters."""

    def __init__(self, company: Company, filters: Filters) -> None:
        self.company, self.filters = company, filters

    def applied(self) -> QuerySet[Application]:
        """Return the newest application of each person who applied and is still to be seen."""
        company, filters = self.company, self.filters
        rows = Application.objects.for_company(company)
        if filters.job_pk:
            rows = rows.filter(job=filters.job_pk)
        visible = Candidate.objects.visible_to(company).filter(pk=OuterRef("candidate"))
        rows = rows.newest_of_each_person().filter(Exists(visible))
        # Of a profile only what is open to the company counts; it is found first, by the index of its text.
        profiles = Candidate.objects.open_to(company).filter(pk=OuterRef("candidate"))
        for word in filters.words.split():
            rows = rows.filter(has_words("search_text", word) | Exists(profiles.filter(has_words("search_text", word))))
        if filters.skills:
            rows = rows.filter(Exists(profiles.filter(has_skills("search_text", filters.skills))))
        if filters.location:
            words = has_words("search_text", filters.location)
            wanted = profiles.filter(words, target_location__icontains=filters.location)
            rows = rows.filter(words & Q(location__icontains=filters.location) | Exists(wanted))
        if filters.in_state is not None:
            rows = rows.filter(candidate__in=filters.in_state)
        if filters.not_in_state is not None:
            rows = rows.filter(~Exists(filters.not_in_state.filter(candidate=OuterRef("candidate"))))
        return rows

    def discoverable(self) -> QuerySet[Candidate]:
        """Return those who did not apply but let themselves be found."""
        company, filters = self.company, self.filters
        applied = Application.objects.for_company(company).filter(candidate=OuterRef("pk"))
        rows = Candidate.objects.discoverable_to(company).filter(~Exists(applied))
        if filters.job_pk:
            return rows.none()
        rows = rows.filter(has_words("search_text", filters.words) & has_skills("search_text", filters.skills))
        if filters.location:
            there = Q(location__icontains=filters.location) | Q(target_location__icontains=filters.location)
            # The folded text has both places, and an index.
            rows = rows.filter(has_words("search_text", filters.location) & there)
        if filters.in_state is not None:
            rows = rows.filter(pk__in=filters.in_state)
        if filters.not_in_state is not None:
            rows = rows.filter(~Exists(filters.not_in_state.filter(candidate=OuterRef("pk"))))
        return rows

    def counts(self) -> dict[str, int]:
        """Count both streams, no further than COUNT_CAP + 1."""
        applied, discoverable = capped_count(self.applied()), capped_count(self.discoverable())
        return {
            "": min(applied + discoverable, COUNT_CAP + 1),
            "applied": applied,
            "discoverable": discoverable,
        }

    def page(self, *, after: Place | None = None, before: Place | None = None, size: int = 25) -> Page:
        """Return `size` people after or before a place, else the first ones."""
        backwards = before is not None and after is None
        found = list(islice(self._from(before if backwards else after, backwards, size + 1), size + 1))
        is_more, found = len(found) > size, found[:size]
        if backwards:
            found.reverse()
        has_before = is_more if backwards else after is not None
        has_after = backwards or is_more
        return Page(
            places=found,
            before=found[0][0] if found and has_before else None,
            after=found[-1][0] if found and has_after else None,
        )

    def place_of(self, candidate_pk: int) -> Place | None:
        """Return where somebody stands in this list, if they do."""
        applied = self.applied().filter(candidate=candidate_pk).annotate(person=F("candidate"))
        found = _places(applied, APPLIED, 1) if self.filters.show != "discoverable" else []
        if not found and self.filters.show != "applied":
            found = _places(self.discoverable().filter(pk=candidate_pk).annotate(person=F("pk")), DISCOVERABLE, 1)
        return found[0][0] if found else None

    def _from(self, place: Place | None, backwards: bool, limit: int) -> Iterable[tuple[Place, int]]:
        streams: list[list[tuple[Place, int]]] = []
        if self.filters.show != "discoverable":
            rows = _beyond(self.applied().annotate(person=F("candidate")), APPLIED, place, backwards)
            streams.append(_places(rows, APPLIED, limit))
        if self.filters.show != "applied":
            people = _beyond(self.discoverable().annotate(person=F("pk")), DISCOVERABLE, place, backwards)
            streams.append(_places(people, DISCOVERABLE, limit))
        return merge(*streams, reverse=not backwards)


def _places(rows: QuerySet[Any], stream: int, limit: int) -> list[tuple[Place, int]]:
    values = rows.values_list("created_at", "pk", "person")[:limit]
    return [(Place(created_at, stream, pk), person) for created_at, pk, person in values]


def _beyond(rows: QuerySet[Any], stream: int, place: Place | None, backwards: bool) -> QuerySet[Any]:
    """Order one stream, and keep what lies beyond a place of either stream."""
    order = ("created_at", "pk") if backwards else ("-created_at", "-pk")
    if place is None:
        return rows.order_by(*order)
    side = "gt" if backwards else "lt"
    beyond = Q(**{f"created_at__{side}": place.time})
    if stream == place.stream:
        beyond |= Q(**{"created_at": place.time, f"pk__{side}": place.pk})
    elif (stream > place.stream) == backwards:
        beyond |= Q(created_at=place.time)
    # The first condition is implied by the second; it is what the index can use.
    return rows.filter(Q(**{f"created_at__{side}e": place.time}), beyond).order_by(*order)
