"""The figures: what is measured, and beside what."""

import io
import secrets
import signal
import statistics
import time
from collections.abc import Callable, Iterator

import requests
from django.db import connections

from benchmarks.stage import Figure, Seat, Stage
from benchmarks.two_way import catch_up, suggest, webhooks
from integrations.draining.claims import CallCounts, claim
from integrations.draining.packing import pack
from integrations.models import CandidateExport
from integrations.nudging import DRAIN, publish
from integrations.pacing import Bucket
from integrations.providers import get_provider
from purposejobs.tenancy import company_scope

UNPACED = {"EXPORT_RATE_PER_SECOND": "1000000", "EXPORT_BURST": "1000000"}


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def drained(stage: Stage, seats: list[Seat]) -> float:
    """Nudge every connection, and return the seconds until everybody is in the ATS."""
    began = time.perf_counter()
    stage.release(seats)
    for seat in seats:
        publish(DRAIN, seat.connection.pk)
    # Asked seldom enough that asking does not weigh on what is measured.
    stage.wait_for(lambda: stage.count_unsent(seats) == 0, "the drain", every=max(0.05, len(seats) / 1000))
    return time.perf_counter() - began


def warm_up(stage: Stage, count: int) -> None:
    """Let every slot of the workers open its connections: what a start costs is not what is asked."""
    seats = stage.make_seats(count)
    for seat in seats:
        stage.line_up(seat, 10)
    drained(stage, seats)


def bare_loop(stage: Stage, seat: Seat, count: int) -> float:
    """Return the seconds for the same requests from one thread with one session, and no record of anything."""
    session = requests.Session()
    provider = get_provider("lever")
    stage.release([seat])
    with company_scope(seat.company):
        exports = claim(seat.connection, CallCounts.of(provider), tokens=1, limit=1)
        (errand,) = pack(provider, seat.connection, exports)
        CandidateExport.objects.filter(pk=errand.export.pk).update(state="cancelled", claim=None)
    parcel = errand.parcel
    fields = {
        "name": parcel.name, "headline": parcel.headline, "location": parcel.location, "emails": [parcel.email],
        "links": [parcel.profile_url], "tags": ["Purpose Jobs"], "sources": ["Purpose Jobs"], "origin": "sourced",
        "postings": [parcel.posting_id],
    }  # fmt: skip
    multipart = [
        (f"{name}[]" if isinstance(value, list) else name, item)
        for name, value in fields.items()
        for item in (value if isinstance(value, list) else [value])
    ]
    headers = {"Authorization": f"Bearer {seat.connection.access_token}"}
    url = f"{stage.emulator_url}/v1/opportunities"
    began = time.perf_counter()
    for number in range(count):
        email = f"bare.{secrets.token_hex(4)}.{number}@example.net"
        if parcel.resume:
            data = [(name, email if name == "emails[]" else value) for name, value in multipart]
            files = {"resumeFile": ("cv.pdf", parcel.resume.content, "application/pdf")}
            answer = session.post(
                url, params={"perform_as": parcel.acting_user_id}, data=data, files=files, headers=headers, timeout=20
            )
        else:
            answer = session.post(
                url,
                params={"perform_as": parcel.acting_user_id},
                json=fields | {"emails": [email]},
                headers=headers,
                timeout=20,
            )
        if answer.status_code != 201:
            raise AssertionError(f"the bare loop was answered {answer.status_code}")
        answer.json()
    return time.perf_counter() - began


def export_open(stage: Stage) -> Iterator[Figure]:
    """Exports a second with full bookkeeping and no rate limit, beside a bare `requests` loop."""
    stage.control("POST", "/switches", rate=None)
    connections_, each = (10, 40) if stage.is_quick else (20, 100)
    for pool in ("threads",) if stage.is_quick else ("threads", "prefork"):
        # As many processes of either kind: two workers with threads, or one worker with two children.
        workers = stage.start_workers(2 if pool == "threads" else 1, pool=pool, environment=UNPACED)
        measured = (*workers, "postgres", "redis")
        warm_up(stage, connections_)
        for resume_bytes, label in ((0, ""), (200_000, "_resume")):
            seats = stage.make_seats(connections_)
            for seat in seats:
                stage.line_up(seat, each, resume_bytes=resume_bytes)
            before, emulator_before = stage.cpu(*measured), stage.cpu("emulator")
            seconds = drained(stage, seats)
            total = connections_ * each
            cpu, emulator_cpu = stage.cpu(*measured) - before, stage.cpu("emulator") - emulator_before
            stage.check_once(seats, each)
            (spare,) = stage.make_seats(1)
            stage.line_up(spare, 1, resume_bytes=resume_bytes)
            reference = total / bare_loop(stage, spare, total)
            note = f"{cpu / total * 1000:.2f} ms CPU each; emulator {emulator_cpu / total * 1000:.2f} ms"
            yield Figure(f"export_open{label}_{pool}", total / seconds, reference, "per s", note)
        for worker in workers:
            stage.stop(worker)


def export_paced(stage: Stage) -> Iterator[Figure]:
    """Seconds for the exports of one connection at 10 a second, burst 20 and 300 ms latency, beside the ideal."""
    count = 40 if stage.is_quick else 300
    stage.control("POST", "/switches", latency_ms=300)
    (seat,) = stage.make_seats(1)
    stage.line_up(seat, count)
    stage.start_workers()
    bucket = Bucket(seat.connection.bucket, *get_provider("lever").RATE)
    bucket.take(0)
    idle_until = time.monotonic() + 2
    stage.wait_for(lambda: time.monotonic() > idle_until, "the idle bucket")
    seconds = drained(stage, [seat])
    stage.check_once([seat], count)
    yield Figure("export_paced", seconds, (count - 20) / 10, "s", f"{stage.too_many()} answers of 429")


def export_slow(stage: Stage) -> Iterator[Figure]:
    """Seconds for many connections at 10 a second and 300 ms latency, by pool: slots count here, not CPU."""
    stage.control("POST", "/switches", latency_ms=300)
    count, each = (5, 40) if stage.is_quick else (20, 80)
    pools = [("threads", 8), ("prefork", 2), ("prefork", 4)]
    for pool, slots in pools[:1] if stage.is_quick else pools:
        seats = stage.make_seats(count)
        for seat in seats:
            stage.line_up(seat, each)
            Bucket(seat.connection.bucket, *get_provider("lever").RATE).take(0)
        (worker,) = stage.start_workers(pool=pool, environment={"EXPORT_THREADS": str(slots)})
        idle_until = time.monotonic() + 2
        stage.wait_for(lambda until=idle_until: time.monotonic() > until, "full buckets")  # type: ignore[misc]
        seconds = drained(stage, seats)
        stage.check_once(seats, each)
        memory = sum(stage.memory(name) for name in (worker,))
        stage.stop(worker)
        note = f"{count} connections; {memory:.0f} MiB"
        yield Figure(f"export_slow_{pool}_{slots}", seconds, (each - 20) / 10, "s", note)


def single_exports(stage: Stage, seat: Seat, tries: int) -> list[float]:
    """Put single applicants in line, one after the other, and return each one's seconds until the create."""
    waits = []
    for _ in range(tries):
        stage.line_up(seat, 1)
        began = time.time()
        stage.release([seat])
        publish(DRAIN, seat.connection.pk)
        stage.wait_for(lambda: stage.count_unsent([seat]) == 0, "a single export", every=0.002)
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT started_at + milliseconds * interval '1 millisecond' FROM integrations_exportattempt"
                " WHERE company_id = %s ORDER BY id DESC LIMIT 1",
                [seat.company.pk],
            )
            waits.append(cursor.fetchone()[0].timestamp() - began)
    return waits


def export_fair(stage: Stage) -> Iterator[Figure]:
    """Time to the ATS for a single export while others have thousands waiting, beside the same with nothing waiting."""
    waiting, tries = (800, 10) if stage.is_quick else (20_000, 100)
    one, busy, *others = stage.make_seats(20)
    stage.start_workers()
    single_exports(stage, one, 3)
    alone = single_exports(stage, one, tries)
    stage.line_up(busy, waiting)
    stage.release([busy])
    publish(DRAIN, busy.connection.pk)
    beside = single_exports(stage, one, tries)
    yield Figure("export_fair_p95", p95(beside) * 1000, p95(alone) * 1000, "ms", f"beside {waiting} waiting")
    for seat in others:
        stage.line_up(seat, waiting // 10)
        stage.release([seat])
        publish(DRAIN, seat.connection.pk)
    crowded = single_exports(stage, one, tries)
    yield Figure("export_fair_19_busy_p95", p95(crowded) * 1000, p95(alone) * 1000, "ms", "19 companies busy")


def export_scale(stage: Stage) -> Iterator[Figure]:
    """CPU per export at more and more connections, beside the fewest."""
    stage.control("POST", "/switches", rate=None)
    sizes = (10, 30) if stage.is_quick else (10, 100, 1000)
    stage.start_workers(environment=UNPACED)
    measured, reference = ("exports-0", "postgres", "redis"), 0.0
    warm_up(stage, sizes[0])
    for size in sizes:
        seats = stage.make_seats(size)
        for seat in seats:
            stage.line_up(seat, 20)
        before = stage.cpu(*measured)
        drained(stage, seats)
        each = (stage.cpu(*measured) - before) / (20 * size) * 1000
        stage.check_once(seats, 20)
        reference = reference or each
        note = f"worker {stage.memory('exports-0'):.0f} MiB"
        yield Figure(f"export_scale_{size}", each, reference, "ms CPU", note)


def recovery(stage: Stage) -> Iterator[Figure]:
    """Seconds from `kill -9` of all workers to everything sent, net of lease and look-up delay, beside the ideal."""
    each = 25 if stage.is_quick else 150
    shorter = {
        "EXPORT_CALL_DEADLINE_SECONDS": "2", "EXPORT_LEASE_SECONDS": "5", "EXPORT_LOOK_DELAY_SECONDS": "3",
        "EXPORT_SWEEP_SECONDS": "0.5",
    }  # fmt: skip
    seats = stage.make_seats(4)
    stage.control("POST", "/switches", latency_ms=100)
    for seat in seats:
        stage.line_up(seat, each)
    stage.start_workers(2, environment=shorter)
    stage.release(seats)
    for seat in seats:
        publish(DRAIN, seat.connection.pk)
    stage.wait_for(lambda: stage.count_unsent(seats) < 4 * each * 0.7, "a third of the drain")
    for name in ("exports-0", "exports-1"):
        stage.stop(name, signal.SIGKILL)
    killed, left = time.perf_counter(), stage.count_unsent(seats)
    stage.start_workers(2, environment=shorter)
    stage.wait_for(lambda: stage.count_unsent(seats) == 0, "the recovery")
    seconds = time.perf_counter() - killed
    stage.check_once(seats, each)
    ideal = left / len(seats) / 10
    yield Figure("recovery", max(0.0, seconds - 5 - 3), ideal, "s", f"{left} left; {seconds:.1f} s with the lease")


def after_outage(stage: Stage) -> Iterator[Figure]:
    """Seconds until rows of unknown outcome are looked up and created, beside what the rate allows for the calls."""
    count, rate = (200, 100.0) if stage.is_quick else (5000, 300.0)
    stage.control("POST", "/switches", rate=rate, burst=40)
    (seat,) = stage.make_seats(1)
    stage.line_up(seat, count)
    with company_scope(seat.company):
        rows = list(CandidateExport.objects.select_related("candidate"))
        for row in rows:
            row.look_first, row.look_email, row.look_since = True, row.candidate.email, row.changed_at
            row.look_posting_id = seat.posting.external_id
        CandidateExport.objects.bulk_update(
            rows, ["look_first", "look_email", "look_since", "look_posting_id"], batch_size=500
        )
    paced = {"EXPORT_RATE_PER_SECOND": str(rate), "EXPORT_BURST": "39"}
    stage.start_workers(environment=paced)
    seconds = drained(stage, [seat])
    stage.check_once([seat], count)
    ideal = (2 * count - 39) / rate
    yield Figure("after_outage", seconds, ideal, "s", f"{count} looked up, then created; {stage.too_many()} of 429")


def apply_to_ats(stage: Stage) -> Iterator[Figure]:
    """From submitting the public form to the opportunity, at two applications a second, beside a bare create."""
    count = 6 if stage.is_quick else 200
    (seat,) = stage.make_seats(1)
    port = stage.web_port()
    stage.collect_static_files()
    stage.start_from_procfile("web", "web", PORT=port)
    stage.start_workers()
    stage.start_from_procfile("worker", "worker")
    form = f"http://localhost:{port}/jobs/{seat.company.slug}/{seat.job.pk}/apply/"
    session = requests.Session()
    session.trust_env = False
    stage.wait_for(lambda: answers(session, form), "the web", seconds=60)
    resume = b"%PDF-1.4\n" + secrets.token_bytes(50_000) + b"\n%%EOF\n"
    began: dict[str, float] = {}
    first = time.monotonic()
    for number in range(count):
        due = first + number * 0.5
        stage.wait_for(lambda due=due: time.monotonic() >= due, "the next applicant", every=0.005)  # type: ignore[misc]
        email = f"applicant{number}@example.net"
        began[email] = time.time()
        submit(session, form, email, resume)
    stage.wait_for(lambda: stage.count_unsent([seat]) == 0, "the last applicant", seconds=60)
    there = stage.control("GET", f"/accounts/{seat.account_id}/opportunities")["opportunities"]
    waits = [row["createdAt"] / 1000 - began[row["emails"][0]] for row in there]
    if len(waits) != count:
        raise AssertionError(f"{len(waits)} opportunities for {count} applications")
    open_ends = CandidateExport.objects.using("owner").exclude(follow_up__in=["none", "done"])
    stage.wait_for(lambda: not open_ends.exists(), "the last note", seconds=60)
    stage.stop("exports-0")
    stage.line_up(seat, 1)
    stage.control("POST", "/switches", rate=None)
    bare = bare_loop(stage, seat, 20) / 20
    yield Figure(
        "apply_to_ats_p95", p95(waits) * 1000, bare * 1000, "ms", f"median {statistics.median(waits) * 1000:.0f} ms"
    )


def answers(session: requests.Session, url: str) -> bool:
    """Say whether the web serves the page."""
    try:
        return session.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def submit(session: requests.Session, form: str, email: str, resume: bytes) -> None:
    """Send the public form as a browser does."""
    data = {
        "csrfmiddlewaretoken": session.cookies["purposejobs_csrf"],
        "name": "Bench Applicant",
        "email": email,
        "phone": "+49 40 5550 123",
        "note": "Hello",
        "consent": "on",
    }
    files = {"resume": ("cv.pdf", io.BytesIO(resume), "application/pdf")}
    answer = session.post(form, data=data, files=files, headers={"Referer": form}, timeout=20, allow_redirects=False)
    if answer.status_code != 302:
        raise AssertionError(f"applying was answered {answer.status_code}")


def emulator(stage: Stage) -> Iterator[Figure]:
    """The emulator's CPU per request: it must be quicker than what it measures."""
    stage.control("POST", "/switches", rate=None)
    count = 300 if stage.is_quick else 2000
    (seat,) = stage.make_seats(1)
    stage.line_up(seat, 1)
    before = stage.cpu("emulator")
    seconds = bare_loop(stage, seat, count)
    each = (stage.cpu("emulator") - before) / count * 1000
    yield Figure("emulator_create", each, 2.0, "ms CPU", f"{count / seconds:.0f} requests a second; 2 ms are allowed")
    session, headers = requests.Session(), {"Authorization": f"Bearer {seat.connection.access_token}"}
    before = stage.cpu("emulator")
    for _ in range(count):
        session.get(
            f"{stage.emulator_url}/v1/opportunities",
            params={"email": "bare@example.net", "expand": "applications"},
            headers=headers,
            timeout=20,
        )
    each = (stage.cpu("emulator") - before) / count * 1000
    yield Figure("emulator_find", each, 2.0, "ms CPU", "2 ms are allowed")


FIGURES: dict[str, Callable[[Stage], Iterator[Figure]]] = {
    "apply_to_ats": apply_to_ats,
    "emulator": emulator,
    "export_open": export_open,
    "export_paced": export_paced,
    "export_slow": export_slow,
    "export_fair": export_fair,
    "export_scale": export_scale,
    "recovery": recovery,
    "after_outage": after_outage,
    "webhooks": webhooks,
    "catch_up": catch_up,
    "suggest": suggest,
}

# Of these a shorter run says little: slots, what belongs to the emulator alone, and long waits.
LONG = {"export_slow", "emulator", "recovery", "after_outage"}
