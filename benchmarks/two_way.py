"""The figures of what comes back: webhooks, the catch-up, and proposals of postings."""

import itertools
import json
import random
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from math import ceil

import requests
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.models import User
from benchmarks.stage import Figure, Seat, Stage
from integrations.matching import propose_matches
from integrations.models import CandidateExport, Connection, Posting, WebhookEvent
from integrations.nudging import FOLLOW, publish
from integrations.pacing import Bucket
from jobs.models import Job
from purposejobs.tenancy import company_scope

UNPACED = {"EXPORT_RATE_PER_SECOND": "1000000", "EXPORT_BURST": "1000000"}
# Records in a page of the ATS's lists.
PAGE = 100


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def standing(stage: Stage, seat: Seat) -> dict[str, tuple[str, bool]]:
    """Return how everybody stands in the ATS: the stage, and whether they are archived."""
    there = stage.control("GET", f"/accounts/{seat.account_id}/opportunities")["opportunities"]
    return {row["id"]: (row["stage"], row["archived"] is not None) for row in there}


def known(seat: Seat) -> dict[str, tuple[str, bool]]:
    """Return how everybody stands as we know it."""
    with company_scope(seat.company):
        rows = CandidateExport.objects.values_list("external_id", "stage_id", "archived_at")
        return {external_id: (stage_id, archived_at is not None) for external_id, stage_id, archived_at in rows}


def webhooks(stage: Stage) -> Iterator[Figure]:
    """The answer to a delivery as its sender sees it, beside the web's answer to nothing at all, one after the other.

    Deliveries come in random order, one in five twice, one in twenty forged; in the end every stage must be right, and
    the forged ones refused without a trace.
    """
    people, changes = (100, 400) if stage.is_quick else (2000, 10_000)
    stage.control("POST", "/switches", rate=None)
    (seat,) = stage.make_seats(1)
    Connection.objects.using("owner").update(next_catch_up_at=timezone.now() + timedelta(days=1))
    ids = stage.send_people(seat, people)
    stage.start_from_procfile("web", "web", PORT=stage.web_port())
    stage.start_workers(environment={**UNPACED, "FOLLOW_SWEEP_SECONDS": "0.5"})
    rows = Connection.objects.using("owner").filter(pk=seat.connection.pk)
    stage.wait_for(lambda: rows.exclude(subscribed_at=None).exists(), "the subscription", seconds=60)
    wish = {"count": changes, "send": False, "opportunities": ids, "doubled": 0.2, "forged": 0.05, "shuffled": True}
    storm = stage.control("POST", f"/accounts/{seat.account_id}/storm", seed=7, **wish)["deliveries"]
    session = requests.Session()
    session.trust_env = False
    stage.wait_for(lambda: stage.answers(session, storm[0]["url"]), "the web", seconds=60)
    waits: dict[str, list[float]] = {"delivery": [], "nothing": []}
    for number, delivery in enumerate(storm):
        began = time.perf_counter()
        body, headers = delivery["body"].encode(), {"Content-Type": "application/json"}
        answer = session.post(delivery["url"], data=body, headers=headers, timeout=20)
        waits["delivery"].append(time.perf_counter() - began)
        if answer.status_code != (403 if delivery["forged"] else 204):
            raise AssertionError(f"a delivery was answered {answer.status_code}; forged: {delivery['forged']}")
        if number % 10 == 0:
            began = time.perf_counter()
            session.get(delivery["url"], timeout=20)  # no such method: the same way in, and nothing behind it
            waits["nothing"].append(time.perf_counter() - began)
    ended = time.monotonic()
    there = standing(stage, seat)
    stage.wait_for(lambda: known(seat) == there, "the stages", seconds=120, every=0.2)
    settled = time.monotonic() - ended
    with company_scope(seat.company):
        kept = WebhookEvent.objects.count()
    good = {json.loads(delivery["body"])["token"] for delivery in storm if not delivery["forged"]}
    if kept != len(good):
        raise AssertionError(f"{kept} deliveries were kept, {len(good)} were good")
    forged = sum(delivery["forged"] for delivery in storm)
    note = f"{len(storm)} deliveries, {forged} forged; stages right {settled:.1f} s later; 50 ms are allowed"
    yield Figure("webhooks_p95", p95(waits["delivery"]) * 1000, p95(waits["nothing"]) * 1000, "ms", note)


def catch_up(stage: Stage) -> Iterator[Figure]:
    """Seconds for a catch-up over everybody while some move between its pages, beside what the rate allows.

    Whoever moved meanwhile is found by the next list; in the end everybody must stand here as there.
    """
    people, ours = (2000, 200) if stage.is_quick else (50_000, 5000)
    rate, burst = (20.0, 20.0) if stage.is_quick else (10.0, 20.0)
    stage.control("POST", "/switches", rate=rate, burst=burst)
    (seat,) = stage.make_seats(1)
    day = timedelta(days=1)
    rows = Connection.objects.using("owner").filter(pk=seat.connection.pk)
    rows.update(subscriptions_due_at=timezone.now() + day, next_catch_up_at=timezone.now() + day)
    ids = stage.send_people(seat, ours, others=people - ours)
    # Everybody has changed since they were sent.
    changed = {"send": False, "opportunities": ids, "seed": 3}
    stage.control("POST", f"/accounts/{seat.account_id}/storm", count=ours, **changed)
    stage.start_workers(
        environment={
            "EXPORT_RATE_PER_SECOND": str(rate),
            "EXPORT_BURST": str(burst - 1),
            "FOLLOW_SWEEP_SECONDS": "0.5",
            "FOLLOW_CATCH_UP_SECONDS": "3",
            "FOLLOW_CATCH_UP_BESIDE_WEBHOOKS_SECONDS": "3",
            # The second list is to begin where the first began, or it would be all of them again.
            "FOLLOW_OVERLAP_SECONDS": "1",
            "EXPORT_CLOCK_MARGIN_SECONDS": "1",
        }
    )
    ended = threading.Event()

    def shift() -> None:
        dice = random.Random(5)
        while not ended.wait(0.25):
            some = {"send": False, "opportunities": dice.sample(ids, 10)}
            stage.control("POST", f"/accounts/{seat.account_id}/storm", count=10, **some)

    bucket = Bucket(seat.connection.bucket, rate, burst - 1)
    bucket.take(0)
    idle_until = time.monotonic() + 2
    stage.wait_for(lambda: time.monotonic() > idle_until, "the idle bucket")
    shifting = threading.Thread(target=shift)
    shifting.start()
    began = time.perf_counter()
    rows.update(next_catch_up_at=timezone.now())
    publish(FOLLOW, seat.connection.pk)
    try:
        stage.wait_for(lambda: rows.exclude(caught_up_at=None).exists(), "the catch-up", every=0.1)
        seconds = time.perf_counter() - began
    finally:
        ended.set()
        shifting.join()
    there = standing(stage, seat)
    right = {key: there[key] for key in ids}
    stage.wait_for(lambda: known(seat) == right, "whoever moved meanwhile", seconds=300, every=0.2)
    # One page more for the list of those who were deleted.
    ideal = (ceil(people / PAGE) + 1 - (burst - 1)) / rate
    note = f"{people} opportunities, {ours} ours; {stage.too_many()} answers of 429"
    yield Figure("catch_up", seconds, ideal, "s", note)


ROLES = ["Backend Engineer", "Product Designer", "Data Analyst", "Account Executive", "Field Operations Lead"]
RANKS = ["Junior", "Senior", "Staff", "Principal", "Associate", "Lead", "Interim", "Deputy", "Chief", "Regional"]
AREAS = ["Payments", "Growth", "Climate", "Mobility", "Health", "Education", "Energy", "Water", "Housing", "Food"]


def suggest(stage: Stage) -> Iterator[Figure]:
    """Milliseconds to propose postings for many jobs, and for the page that shows them, beside what is allowed."""
    jobs_count, postings_count, times = (200, 500, 5) if stage.is_quick else (200, 500, 40)
    (seat,) = stage.make_seats(1)
    titles = [f"{rank} {role}, {area}" for rank, role, area in itertools.product(RANKS, ROLES, AREAS)]
    random.Random(1).shuffle(titles)
    now = timezone.now()
    with company_scope(seat.company):
        Posting.objects.bulk_create(
            Posting(
                company=seat.company, connection=seat.connection, external_id=f"bench-{number}", title=title,
                state="Published", is_open=True, seen_at=now, description="What you will do. " * 100,
            )
            for number, title in enumerate(titles[: postings_count - 1])
        )  # fmt: skip
        # A quarter have the same title as a posting, the others a near one.
        wanted = [title if number % 4 == 0 else f"{title} (m/f/d)" for number, title in enumerate(titles[:jobs_count])]
        Job.objects.bulk_create(
            Job(company=seat.company, title=title, status="open", published_at=now) for title in wanted
        )
        jobs = list(Job.objects.exclude(pk=seat.job.pk))
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE integrations_posting, jobs_job")
    alone, pages = [], []
    for _ in range(times):
        with company_scope(seat.company):
            began = time.perf_counter()
            found = propose_matches(seat.connection, jobs)
            alone.append(time.perf_counter() - began)
    proposed = sum(match.posting is not None for match in found)
    note = f"{len(jobs)} jobs × {postings_count} postings, {proposed} proposals; 200 ms are allowed"
    yield Figure("suggest_p95", p95(alone) * 1000, 200.0, "ms", note)
    stage.collect_static_files()
    browser = Client(headers={"host": settings.ALLOWED_HOSTS[0]})
    browser.force_login(User.objects.get(email__startswith="bench"))
    page = f"/c/{seat.company.slug}/jobs/connect/"
    browser.get(page)  # templates are read once
    for _ in range(times):
        began = time.perf_counter()
        answer = browser.get(page)
        pages.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise AssertionError(f"the page was answered {answer.status_code}")
    yield Figure("suggest_page_p95", p95(pages) * 1000, 200.0, "ms", f"{len(answer.content) // 1024} KiB of HTML")
