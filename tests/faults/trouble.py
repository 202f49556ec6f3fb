"""What happens to them: the ATS's faults, killed processes, and people who go on working."""

import collections
import heapq
import itertools
import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import requests
from django.db import DatabaseError, IntegrityError, InterfaceError, close_old_connections
from django.utils import timezone

from candidates import actions as candidates
from candidates.models import Application
from integrations import actions
from integrations.grants import get_provider
from integrations.models import CandidateExport, Connection, Posting, PostingLink
from purposejobs.tenancy import company_scope
from tests.faults.stack import Stack
from tests.faults.town import House, Person, apply_over_web, arrive, connect

CREATE, NOTE = "POST /v1/opportunities", "POST /v1/opportunities/*/notes"
CONTACT, READ, TOKEN = "PUT /v1/contacts/*", "GET /v1/**", "POST /oauth/token"

# Shares of the requests of an endpoint. A slow answer stays within the deadline or is late; a slow *handling* must be
# over before we look, which is design.md's bound of the promise.
FAULTS: list[tuple[str, str, float, dict]] = [
    *[("400", endpoint, 0.012, {}) for endpoint in (CREATE, NOTE, CONTACT)],
    *[("401", endpoint, 0.02, {}) for endpoint in (CREATE, NOTE, READ)],
    *[("403", endpoint, 0.008, {}) for endpoint in (CREATE, NOTE, READ)],
    *[("404", endpoint, 0.008, {}) for endpoint in (CREATE, NOTE, CONTACT)],
    *[("429", endpoint, 0.01, {"retry_after": 1}) for endpoint in (CREATE, NOTE)],
    *[("429", endpoint, 0.01, {}) for endpoint in (CREATE, READ)],
    *[(kind, endpoint, 0.015, {}) for kind in ("500", "502", "503") for endpoint in (CREATE, NOTE, CONTACT, READ)],
    *[("slow", endpoint, 0.015, {"seconds": 2.6, "when": "after"}) for endpoint in (CREATE, NOTE)],
    *[("slow", endpoint, 0.015, {"seconds": 1.5, "when": "before"}) for endpoint in (CREATE, NOTE, CONTACT)],
    *[("drop_before", endpoint, 0.02, {}) for endpoint in (CREATE, NOTE, READ)],
    *[("drop_after", endpoint, 0.03, {}) for endpoint in (CREATE, NOTE, CONTACT)],
    *[("half_body", endpoint, 0.02, {}) for endpoint in (CREATE, NOTE, READ)],
    *[("drip", endpoint, 0.01, {"seconds": 3}) for endpoint in (CREATE, NOTE, READ)],
    ("500", TOKEN, 0.08, {}),
    ("drop_before", TOKEN, 0.04, {}),
    ("drop_after", TOKEN, 0.03, {}),
    ("slow", TOKEN, 0.05, {"seconds": 1.0}),
    ("slow", TOKEN, 0.03, {"seconds": 2.6}),
    ("invalid_grant", TOKEN, 0.02, {}),
]

# How often each is killed, and what comes with it.
KILLS = ["exports", "postgres", "redis", "web", "exports", "worker", "beat", "exports", "stop", "freeze", "backend"]


class Trouble:
    """One thread that does everything in its turn; the seed decides what, the clock how it meets."""

    def __init__(self, stack: Stack, houses: list[House], seed: int) -> None:
        self.stack, self.houses = stack, houses
        self.dice_of_kills, self.dice_of_acts = random.Random(f"{seed} kills"), random.Random(f"{seed} acts")
        self.dice_of_faults = random.Random(f"{seed} faults")
        self.kills: collections.Counter[str] = collections.Counter()
        self.acts: collections.Counter[str] = collections.Counter()
        self.far_acts: collections.Counter[str] = collections.Counter()
        self.undone: collections.Counter[str] = collections.Counter()
        self.agenda: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = itertools.count()
        self.down: set[str] = set()
        self.ended_by_themselves: list[str] = []
        self.browsers = ThreadPoolExecutor(4)
        self.applying: list[tuple[House, Person, Future[bool]]] = []
        self.archive_reason = ""
        self.acts_possible = [
            *[self.withdraw] * 4, *[self.remap] * 4, *[self.unlink] * 2, *[self.retry_failed] * 5, self.dismiss,
            *[self.send_by_hand] * 3, *[self.refresh_account] * 2, self.disconnect, *[self.revoke] * 2,
            *[self.use_refresh_token] * 2, *[self.expire_tokens] * 3, *[self.close_posting] * 2, self.delete_posting,
            *[self.deactivate_user] * 2, *[self.archive_somebody] * 2, self.outage,
        ]  # fmt: skip

    # -- The course of things ------------------------------------------------------------------------------------------

    def run(self, *, seconds: float, kill_every: float, act_every: float) -> None:
        """Let people arrive over this time, amid everything."""
        for kind, endpoint, share, details in FAULTS:
            self._fault(kind, endpoint, share=share, **details)
        arrivals = [
            (house, house.people[start : start + 4])
            for house in self.houses
            for start in range(0, len(house.people), 4)
        ]
        self.dice_of_acts.shuffle(arrivals)
        begun = time.monotonic()
        waiting = collections.deque(arrivals)
        next_kill, next_act = begun + kill_every, begun + act_every
        kills = itertools.cycle(KILLS)
        while waiting or self.applying or time.monotonic() < begun + seconds:
            waiting.extend(self._turned_away())
            self._do_agenda()
            self._look_after_processes()
            now = time.monotonic()
            # The last quarter is for those already there, and for what was begun.
            share = min(1.0, (now - begun) / (0.75 * seconds))
            while waiting and len(arrivals) - len(waiting) < share * len(arrivals):
                house, people = waiting.popleft()
                if left := self._arrive(house, people):
                    waiting.append((house, left))
                    break
            if now >= next_kill:
                next_kill = now + kill_every * self.dice_of_kills.uniform(0.5, 1.5)
                self._kill(next(kills))
            if now >= next_act:
                next_act = now + act_every * self.dice_of_acts.uniform(0.5, 1.5)
                self._act()
            time.sleep(0.02)

    def _arrive(self, house: House, people: list[Person]) -> list[Person]:
        """Let people apply; return those who have to come again."""
        inside = [person for person in people if not person.uses_web]
        try:
            left = [] if self._try(lambda: arrive(house, inside), "arrive") else inside
        except IntegrityError:
            left = []  # they were stored after all, when the database went away before it could say so
        self.applying += [
            (house, person, self.browsers.submit(apply_over_web, house, person)) for person in people if person.uses_web
        ]
        return left

    def _turned_away(self) -> list[tuple[House, list[Person]]]:
        """Return those whose form was answered by an error, or not at all: they come again."""
        done = [row for row in self.applying if row[2].done()]
        self.applying = [row for row in self.applying if not row[2].done()]
        turned_away = [(house, [person]) for house, person, future in done if not future.result()]
        self.undone["apply over the web"] += len(turned_away)
        return turned_away

    def calm(self, *, seconds: float) -> None:
        """Everything runs, the faults are off, people put in order what is theirs; wait until nothing is due."""
        while self.agenda:
            self._do_agenda()
            time.sleep(0.02)
        self.injected = dict(self.stack.emulator.control("GET", "/counters")["faults_injected"])
        self.stack.emulator.control("DELETE", "/faults")
        lost, closed = self.houses[:2]
        for house in self.houses:
            house.is_left_lost, house.is_left_closed = house is lost, house is closed
            self.stack.emulator.control("POST", f"/users/{house.member_id}", active=True)
            self._insist(lambda house=house: self._put_in_order(house))
            coming = [(house, house.latecomers)]
            while coming or self.applying:
                coming = [(house, left) for house, people in coming if (left := self._arrive(house, people))]
                time.sleep(0.05)
                coming += self._turned_away()
        self.calm_since = timezone.now()
        pressed_at, deadline = 0.0, time.monotonic() + seconds
        while what := self._still_under_way():
            self._look_after_processes()
            if time.monotonic() > deadline:
                print(f"Still under way after {seconds:.0f} s: {what}")
                return
            for house in self.houses:
                self._try(lambda house=house: self._reconnect(house), "reconnect")
            if time.monotonic() > pressed_at + 4:
                pressed_at = time.monotonic()
                for house in self.houses:
                    self._try(lambda house=house: self._tend(house), "tend")
            time.sleep(0.3)

    def _put_in_order(self, house: House) -> None:
        if house.is_left_lost:
            connect(self.stack.emulator, house)
        self._reconnect(house)
        for place in sorted(house.unlinked):
            self._relink(house, place)
        with company_scope(house.company):
            # In every other house nobody gets round to it: what failed must stand there with its reason.
            if self.houses.index(house) % 2:
                exports = CandidateExport.objects.filter(connection=house.connection)
                actions.retry_exports(company=house.company, exports=exports, requested_by=house.admin)
            link = PostingLink.objects.filter(job=house.jobs[0]).select_related("posting").get()
        account = f"/accounts/{house.account_id}"
        if house.is_left_closed:
            self.stack.emulator.control("POST", "/switches", account=house.account_id, closed_postings="reject")
            self.stack.emulator.control("POST", f"/postings/{link.posting.external_id}", state="closed")
        if house.is_left_lost:
            self.stack.emulator.control("POST", f"{account}/revoke")

    def _tend(self, house: House) -> None:
        """Ask for the postings again until they came; then connect jobs anew whose posting is gone, but for one."""
        with company_scope(house.company):
            connection = Connection.objects.get(pk=house.connection.pk)
            if not connection.is_active:
                return
            if self._is_stale(connection):
                actions.refresh_account(connection=connection)
                return
            for job in house.jobs[house.is_left_closed :]:
                link = PostingLink.objects.select_related("posting").get(job=job)
                target = Posting.objects.filter(connection=connection).accepting().order_by("?").first()
                if target and not link.posting.accepts_candidates:
                    actions.link_job(company=house.company, job=job, posting_pk=target.pk, linked_by=house.admin)
                    self.acts["connect anew"] += 1

    def _is_stale(self, connection: Connection) -> bool:
        listed_at = connection.postings_listed_at
        return listed_at is None or listed_at < self.calm_since or bool(connection.postings_error)

    def _look_after_processes(self) -> None:
        """Start again, and note, what ended though nobody killed it."""
        for name, process in self.stack.processes.items():
            if name not in self.down and process.popen.poll() is not None:
                self.ended_by_themselves.append(process.log.name)
                process.start()

    def _still_under_way(self) -> str:
        """Say what is due or in hand, if anything."""
        exports = CandidateExport.objects.using("owner")
        active = exports.filter(connection__state="active")
        lists = Connection.objects.using("owner").filter(state="active")
        counts = {
            "in hand": exports.exclude(claim=None).count(),
            "waiting": active.filter(state="waiting", held_reason="").count(),
            "to be looked up": active.filter(state="waiting", look_first=True).count(),
            "ended, waiting": exports.filter(connection__state="disconnected", state="waiting").count(),
            "follow-ups": active.filter(state="sent", follow_up__in=["waiting", "sending"]).count(),
            "lists": lists.exclude(postings_listed_at__gte=self.calm_since).count(),
            "jobs on a posting that is gone": sum(self._gone_links(house) for house in self.houses),
            "lost": sum(house.refreshed().state != "active" for house in self.houses if not house.is_left_lost),
            "not noticed": sum(house.refreshed().state == "active" for house in self.houses if house.is_left_lost),
        }
        return ", ".join(f"{name} {count}" for name, count in counts.items() if count)

    def _gone_links(self, house: House) -> int:
        links = PostingLink.objects.using("owner").filter(job__in=house.jobs[house.is_left_closed :])
        open_ones = links.filter(posting__is_open=True, posting__gone_at=None).count()
        return 0 if house.is_left_lost else links.count() - open_ones

    # -- Faults and kills ----------------------------------------------------------------------------------------------

    def _fault(self, kind: str, endpoint: str, **details) -> None:
        seed = self.dice_of_faults.randrange(2**31)
        self.stack.emulator.control("POST", "/faults", kind=kind, endpoint=endpoint, seed=seed, **details)

    def _kill(self, kind: str) -> None:
        """Kill one, and put its return on the agenda. One that is down already is left in peace."""
        stack, dice = self.stack, self.dice_of_kills
        name = {"exports": f"exports{dice.randint(1, stack.workers)}"}.get(kind, kind)
        if kind in ("stop", "freeze"):
            name = f"exports{dice.randint(1, stack.workers)}"
        name = "postgres" if kind == "backend" else name
        if name in self.down:
            return
        away = dice.uniform(0.1, 1.5)
        self.kills[{"stop": "exports (SIGTERM)", "freeze": "exports (frozen)"}.get(kind, kind)] += 1
        if kind == "freeze":
            process = stack.processes[name]
            process.popen.send_signal(signal.SIGSTOP)
            self._later(min(away, 1.0), lambda: process.popen.send_signal(signal.SIGCONT))
            return
        if kind == "backend":
            stack.postgres.kill_a_backend(dice)
            return
        self.down.add(name)
        server = {"postgres": stack.postgres, "redis": stack.redis}.get(name) or stack.processes[name]
        if kind == "stop":
            server.ask_to_stop()
        else:
            server.kill()

        def revive() -> None:
            server.revive()
            self.down.discard(name)

        self._later(away, revive)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self.agenda, (time.monotonic() + seconds, next(self.numbers), act))

    def _do_agenda(self) -> None:
        while self.agenda and self.agenda[0][0] <= time.monotonic():
            _, _, act = heapq.heappop(self.agenda)
            act()

    # -- People --------------------------------------------------------------------------------------------------------

    def _try(self, act: Callable[[], None], name: str) -> bool:
        """Do it; while the database is away, people get an error and come back later."""
        close_old_connections()
        try:
            act()
        except IntegrityError:
            raise
        except (DatabaseError, InterfaceError):
            self.undone[name] += 1
            return False
        except actions.Refused as refused:
            self.undone[f"{name}: {refused.code}"] += 1
            return False
        return True

    def _insist(self, act: Callable[[], None]) -> None:
        while not self._try(act, "insist"):
            time.sleep(0.2)

    def _act(self) -> None:
        house = self.dice_of_acts.choice(self.houses)
        act = self.dice_of_acts.choice(self.acts_possible)
        name = act.__name__.replace("_", " ")
        if self._try(lambda: act(house), name):
            self.acts[name] += 1
        for other in self.houses:
            if self.dice_of_acts.random() < 0.4:
                self._try(lambda other=other: self._reconnect(other), "reconnect")

    def _reconnect(self, house: House) -> None:
        connection = house.refreshed()
        if connection.is_active or house.is_left_lost:
            return
        was_ended = connection.state == Connection.State.DISCONNECTED
        connect(self.stack.emulator, house)
        self.acts["reconnect"] += 1
        if was_ended:
            with company_scope(house.company):
                actions.back_fill(connection=house.connection, requested_by=house.admin)

    def withdraw(self, house: House) -> None:
        with company_scope(house.company):
            exports = CandidateExport.objects.filter(connection=house.connection)
            # Somebody who is still waiting, if there is one: that is where it matters.
            export = exports.under_way().order_by("?").first() or exports.order_by("?").first()
            application = export and Application.objects.standing().filter(candidate=export.candidate_id).first()
            if application:
                candidates.withdraw(application=application)

    def remap(self, house: House) -> None:
        place = self.dice_of_acts.randrange(len(house.jobs))
        with company_scope(house.company):
            posting = Posting.objects.filter(connection=house.connection).accepting().order_by("?").first()
            if posting and place not in house.unlinked:
                actions.link_job(
                    company=house.company, job=house.jobs[place], posting_pk=posting.pk, linked_by=house.admin
                )

    def unlink(self, house: House) -> None:
        place = self.dice_of_acts.randrange(len(house.jobs))
        if place in house.unlinked:
            return
        with company_scope(house.company):
            actions.unlink_job(company=house.company, job=house.jobs[place], unlinked_by=house.admin)
        house.unlinked.add(place)
        self._later(1.5, lambda: self._relink_or_later(house, place))

    def _relink_or_later(self, house: House, place: int) -> None:
        if not self._try(lambda: self._relink(house, place), "relink"):
            self._later(1.0, lambda: self._relink_or_later(house, place))

    def _relink(self, house: House, place: int) -> None:
        with company_scope(house.company):
            if Connection.objects.get(pk=house.connection.pk).state == Connection.State.DISCONNECTED:
                raise actions.Refused("not_connected")
            posting = Posting.objects.filter(connection=house.connection).accepting().order_by("?").first()
            if posting is None:
                raise actions.Refused("posting_gone")
            actions.link_job(
                company=house.company,
                job=house.jobs[place],
                posting_pk=posting.pk,
                linked_by=house.admin,
                send_existing=True,
            )
        house.unlinked.discard(place)

    def retry_failed(self, house: House) -> None:
        with company_scope(house.company):
            exports = CandidateExport.objects.filter(connection=house.connection)
            actions.retry_exports(company=house.company, exports=exports, requested_by=house.admin)

    def dismiss(self, house: House) -> None:
        with company_scope(house.company):
            failed = CandidateExport.objects.filter(connection=house.connection, state="failed")[:2]
            exports = CandidateExport.objects.filter(pk__in=[row.pk for row in failed])
            actions.dismiss_exports(company=house.company, exports=exports, dismissed_by=house.admin)

    def send_by_hand(self, house: House) -> None:
        place = self.dice_of_acts.choice([0, 1, None])
        with company_scope(house.company):
            exports = CandidateExport.objects.filter(connection=house.connection).select_related("candidate")
            chosen = [export.candidate for export in exports.order_by("?")[:3]]
            job = None if place is None or place in house.unlinked else house.jobs[place]
            if chosen:
                actions.send_candidates(company=house.company, candidates=chosen, job=job, requested_by=house.admin)

    def refresh_account(self, house: House) -> None:
        with company_scope(house.company):
            actions.refresh_account(connection=house.connection)

    def disconnect(self, house: House) -> None:
        with company_scope(house.company):
            connection = Connection.objects.get(pk=house.connection.pk)
            actions.close_connection(connection=connection, closed_by=house.admin)

    # -- People at the ATS ---------------------------------------------------------------------------------------------

    def revoke(self, house: House) -> None:
        self.stack.emulator.control("POST", f"/accounts/{house.account_id}/revoke")
        self.far_acts["access revoked"] += 1

    def use_refresh_token(self, house: House) -> None:
        """Trade the refresh token behind the product's back: ours is then the used one."""
        connection = house.refreshed()
        if connection.is_active and connection.refresh_token:
            try:
                get_provider("lever").refresh(connection.environment, connection.refresh_token)
            except Exception:  # a fault hit us as well; then the token may or may not be used
                self.undone["use refresh token"] += 1
            self.stack.emulator.control("POST", f"/accounts/{house.account_id}/expire_tokens")
            self.far_acts["refresh token used twice"] += 1

    def expire_tokens(self, house: House) -> None:
        self.stack.emulator.control("POST", f"/accounts/{house.account_id}/expire_tokens")
        self.far_acts["access tokens expired"] += 1

    def _posting(self, house: House) -> str:
        with company_scope(house.company):
            link = PostingLink.objects.filter(connection=house.connection).select_related("posting").order_by("?")
            chosen = link.first()
            return chosen.posting.external_id if chosen else ""

    def close_posting(self, house: House) -> None:
        if posting := self._posting(house):
            try:
                self.stack.emulator.control("POST", f"/postings/{posting}", state="closed")
            except AssertionError:
                return  # it was deleted
            self.far_acts["posting closed"] += 1
            self._later(2.5, lambda: self._reopen(posting))

    def _reopen(self, posting: str) -> None:
        try:
            self.stack.emulator.control("POST", f"/postings/{posting}", state="published")
        except AssertionError:
            self.undone["reopen: deleted"] += 1

    def delete_posting(self, house: House) -> None:
        """Delete a posting, and add another of the title, so that there is always one to connect to."""
        if posting := self._posting(house):
            try:
                self.stack.emulator.control("DELETE", f"/postings/{posting}")
            except AssertionError:
                return
            self.stack.emulator.control("POST", f"/accounts/{house.account_id}/postings", text="Engineer again")
            self.far_acts["posting deleted"] += 1

    def deactivate_user(self, house: House) -> None:
        self.stack.emulator.control("POST", f"/users/{house.member_id}", active=False)
        self.far_acts["user deactivated"] += 1

    def archive_somebody(self, house: House) -> None:
        found = self.stack.emulator.control("GET", f"/accounts/{house.account_id}/opportunities", tag="Purpose Jobs")
        if rows := found["opportunities"]:
            if not self.archive_reason:
                self.archive_reason = self._read_archive_reason(house)
            row = self.dice_of_acts.choice(rows)
            path = f"/opportunities/{row['id']}"
            self.stack.emulator.control("POST", path, archive_reason=self.archive_reason)
            self.far_acts["archived there"] += 1

    def _read_archive_reason(self, house: House) -> str:
        token = self.stack.emulator.control("POST", f"/accounts/{house.account_id}/tokens")["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        while True:  # faults hit us too
            try:
                answer = requests.get(f"{self.stack.emulator.url}/v1/archive_reasons", headers=headers, timeout=10)
                if answer.ok:
                    return answer.json()["data"][0]["id"]
            except (requests.RequestException, ValueError):
                continue

    def outage(self, house: House) -> None:
        """Let one account be away for a moment: every call fails."""
        fault = self.stack.emulator.control(
            "POST", "/faults", kind="503", path="/v1/**", account=house.account_id, share=1.0, seed=1
        )
        key = fault["faults"][-1]["id"] if "faults" in fault else fault["id"]
        self._later(2.5, lambda: self.stack.emulator.control("DELETE", f"/faults/{key}"))
        self.far_acts["outage of an account"] += 1
