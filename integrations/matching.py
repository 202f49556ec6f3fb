"""Which posting a job belongs to: the same title first, then a similar one; location and team decide between several.

Nothing is decided here: a match is proposed with its reason, and a person accepts it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection as database
from django.db.models import Exists, OuterRef

from integrations.models import Connection, Posting, PostingLink
from jobs.models import Job

# Below this similarity of titles (PostgreSQL's trigrams, 0 to 1) a proposal would be a guess.
SIMILAR = 0.4
# Where somebody looks for another posting, a fainter likeness is still worth a look.
FAINT = 0.25
# How many near titles are looked at for each job before location and team choose.
NEAR = 6
# What a shared location or team is worth beside the similarity of titles.
SAME_LOCATION, SAME_TEAM = 0.2, 0.1


@dataclass(frozen=True, slots=True)
class Match:
    """What is proposed for one job."""

    job: Job
    posting: Posting | None
    reason: str
    # Sure enough to be ticked for the person who looks at it.
    is_exact: bool
    # Others that come close, the best first, the proposed one included.
    near: tuple[Posting, ...] = ()


# What is read of a posting: its text is long, and nothing is matched by it.
SHOWN = ("title", "team", "location", "locations", "state", "is_open", "gone_at", "is_confidential", "connection_id")


def folded(text: str) -> str:
    """Return the text as it is compared: case and runs of spaces make no difference."""
    return " ".join(text.casefold().split())


def propose_matches(connection: Connection, jobs: Iterable[Job]) -> list[Match]:
    """Propose a posting of this connection for each job, in their order; two queries however many there are."""
    jobs = list(jobs)
    postings = {
        posting.pk: posting
        for posting in Posting.objects.filter(company=connection.company_id, connection=connection, gone_at=None)
        .only(*SHOWN)
        # Of two that fit equally well, the one that no other job has.
        .order_by(Exists(PostingLink.objects.filter(posting=OuterRef("pk"))), "title", "pk")
    }
    same_title: dict[str, list[Posting]] = defaultdict(list)
    for posting in postings.values():
        same_title[folded(posting.title)].append(posting)
    wanted: dict[str, int] = defaultdict(int)
    for job in jobs:
        wanted[folded(job.title)] += 1
    exact = {
        job.pk: [posting for posting in same_title[folded(job.title)] if posting.accepts_candidates] for job in jobs
    }
    near = _nearest(connection, [job for job in jobs if not exact[job.pk]])
    return [
        _of_same_title(job, exact[job.pk], is_repeated=wanted[folded(job.title)] > 1)
        if exact[job.pk]
        else _of_similar_title(
            job,
            [(postings[pk], similarity) for pk, similarity in near[job.pk] if pk in postings],
            [posting for posting in same_title[folded(job.title)] if not posting.accepts_candidates],
        )
        for job in jobs
    ]


def similar_postings(connection: Connection, jobs: Iterable[Job], *, most: int = 3) -> dict[int, list[Posting]]:
    """Return for each job up to `most` open postings that are like it, the best first; two queries at most."""
    jobs = list(jobs)
    near = _nearest(connection, jobs, least=FAINT)
    wanted = {pk for found in near.values() for pk, _ in found}
    postings = Posting.objects.filter(company=connection.company_id).only(*SHOWN).in_bulk(wanted) if wanted else {}
    return {
        job.pk: [
            posting
            for posting, _ in sorted(
                ((postings[pk], similarity) for pk, similarity in near[job.pk]), key=lambda row: -_worth(job, *row)
            )
        ][:most]
        for job in jobs
    }


def same_location(job: Job, posting: Posting) -> bool:
    places = {folded(place) for place in (posting.location, *posting.locations, posting.places) if place}
    return bool(job.location) and folded(job.location) in places


def same_team(job: Job, posting: Posting) -> bool:
    return bool(job.team) and folded(job.team) == folded(posting.team)


def _of_same_title(job: Job, postings: list[Posting], *, is_repeated: bool) -> Match:
    best = sorted(postings, key=lambda posting: (not same_location(job, posting), not same_team(job, posting)))
    first = best[0]
    if len(best) == 1 and not is_repeated:
        return Match(job, first, "Same title", is_exact=True, near=tuple(best))
    # The title alone does not say which: the place must, or the team.
    here = [posting for posting in best if same_location(job, posting)]
    if len(here) == 1:
        return Match(job, here[0], "Same title, same location", is_exact=True, near=tuple(best))
    of_team = [posting for posting in here or best if same_team(job, posting)]
    if len(of_team) == 1:
        reason = "Same title, location and team" if here else "Same title, same team"
        return Match(job, of_team[0], reason, is_exact=True, near=tuple(best))
    if len(best) == 1:
        return Match(job, first, "Same title, but several jobs have it", is_exact=False, near=tuple(best))
    return Match(job, first, f"Same title, but {len(best)} postings have it", is_exact=False, near=tuple(best))


def _of_similar_title(job: Job, near: list[tuple[Posting, float]], closed: list[Posting]) -> Match:
    best = [posting for posting, _ in sorted(near, key=lambda row: _worth(job, *row), reverse=True)]
    if closed and not best:
        return Match(job, None, f"Same title, but {closed[0].state.lower()}", is_exact=False)
    if not best:
        return Match(job, None, "", is_exact=False)
    shared = [
        word
        for word, is_shared in (("same location", same_location(job, best[0])), ("same team", same_team(job, best[0])))
        if is_shared
    ]
    return Match(job, best[0], ", ".join(["Similar title", *shared]), is_exact=False, near=tuple(best))


def _worth(job: Job, posting: Posting, similarity: float) -> float:
    return similarity + SAME_LOCATION * same_location(job, posting) + SAME_TEAM * same_team(job, posting)


def _nearest(connection: Connection, jobs: list[Job], *, least: float = SIMILAR) -> dict[int, list[tuple[int, float]]]:
    """Return for each job the open postings with the nearest titles, through the index on connection and title."""
    found: dict[int, list[tuple[int, float]]] = {job.pk: [] for job in jobs}
    if not jobs:
        return found
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT job.id, near.id, 1 - near.distance
            FROM unnest(%s::bigint[], %s::text[]) AS job (id, title)
            CROSS JOIN LATERAL (
                SELECT posting.id, posting.title <-> job.title AS distance
                FROM integrations_posting posting
                WHERE posting.connection_id = %s AND posting.is_open AND posting.gone_at IS NULL
                ORDER BY posting.title <-> job.title
                LIMIT %s
            ) near
            WHERE near.distance <= %s
            """,
            [[job.pk for job in jobs], [job.title for job in jobs], connection.pk, NEAR, 1 - least],
        )
        for job_pk, posting_pk, similarity in cursor.fetchall():
            found[job_pk].append((posting_pk, similarity))
    return found
