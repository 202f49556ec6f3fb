"""Webhook deliveries on their way: signed, queued, sent in the background, tried again, kept for the log.

Times are milliseconds of the emulator's clock, so that pushing it makes retries due. Nothing here is awaited by a
request of the Data API.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import hmac
import json
import random
import secrets
import time
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lever_emulator.account import Account, Row
from lever_emulator.outgoing import Outgoing, origin_of

if TYPE_CHECKING:
    from lever_emulator.store import Store

KEPT = 1_000  # the log of one account ...
KEPT_MS = 14 * 86_400_000  # ... holds so many deliveries of two weeks
RETRY_SECONDS = (10, 60, 300, 1_800, 7_200)  # five more tries; Lever's own gaps are not known
AT_ONCE = 8  # so many are under way to one origin, so that a slow receiver delays no other


def signature(signature_token: str, token: str, triggered_at: int) -> str:
    """Return what stands in `signature`: HMAC-SHA256 of token and time, in hex."""
    return hmac.new(signature_token.encode(), f"{token}{triggered_at}".encode(), hashlib.sha256).hexdigest()


def signed_body(webhook: Row, event: str, data: Row, triggered_at: int, key: str | None) -> str:
    """Return the JSON of a delivery. The test delivery of the Settings page has no `id`."""
    token = secrets.token_hex(24)
    body: Row = {"id": key} if key else {}
    body |= {
        "triggeredAt": triggered_at,
        "event": event,
        "data": data,
        "signature": signature(webhook["_signature_token"], token, triggered_at),
        "token": token,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


@dataclass(order=True, slots=True)
class Job:
    """One try of a delivery: `kind` is first, retry, double, rerun or verify."""

    due_at: int
    number: int
    account: Account = field(compare=False)
    row: Row = field(compare=False)
    kind: str = field(compare=False)
    ended: asyncio.Future[Row] | None = field(compare=False, default=None)


@dataclass(slots=True)
class Lane:
    """What is due for one origin, in order."""

    ready: deque[Job] = field(default_factory=deque)
    active: int = 0


class Deliveries:
    """The queue and its background sender."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._outgoing = Outgoing()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._dice = random.Random()
        self.paused = False
        self._empty()

    def _empty(self) -> None:
        self._heap: list[Job] = []
        self._lanes: dict[str, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._outstanding: Counter[tuple[str, bool]] = Counter()
        self._number = 0
        self._pumping = False
        self._settled = asyncio.Event()
        self.counters: Counter[str] = Counter()

    # Making them

    def add(self, account: Account, webhook: Row, event: str, data: Row) -> Row:
        """Have an event sent to one subscriber."""
        store, now = self._store, self._store.clock.now()
        row = self._row(webhook, event, data, now)
        account.deliveries[row["id"]] = row
        self._trim(account, now)
        account.save("delivery", row)
        self.counters["made"] += 1
        wait = store.switch("webhook_delay_seconds", account)
        shuffle = store.switch("webhook_shuffle_seconds", account)
        row["dueAt"] = now + self._wait(wait, shuffle)
        self._push(account, row, "first", row["dueAt"])
        doubled = store.switch("webhook_doubled", account)
        if doubled and self._dice.random() < doubled:
            self._push(account, row, "double", now + self._wait(wait, shuffle))
        return row

    async def rerun(self, account: Account, row: Row) -> Row:
        """Send a delivery of the log once more, as it was, paused or not; return the try."""
        return await self._at_once(account, row, "rerun")

    def rerun_later(self, account: Account, row: Row) -> None:
        """Put a delivery of the log into the queue once more."""
        self._push(account, row, "rerun", self._store.clock.now())

    async def verify(self, account: Account, webhook: Row) -> Row:
        """Send the signed test with empty data, paused or not; return the try."""
        row = self._row(webhook, webhook["event"], {}, self._store.clock.now(), with_id=False)
        account.deliveries[row["id"]] = row
        self._trim(account, self._store.clock.now())
        self.counters["made"] += 1
        return await self._at_once(account, row, "verify")

    def _row(self, webhook: Row, event: str, data: Row, now: int, *, with_id: bool = True) -> Row:
        key = str(uuid.uuid4())
        return {
            "id": key,
            "webhook": webhook["id"],
            "event": event,
            "opportunity": data.get("opportunityId"),
            "body": signed_body(webhook, event, data, now, key if with_id else None),
            "triggeredAt": now,
            "state": "waiting",
            "dueAt": now,
            "tries": [],
        }

    async def _at_once(self, account: Account, row: Row, kind: str) -> Row:
        assert self._loop is not None
        self._number += 1
        job = Job(self._store.clock.now(), self._number, account, row, kind, self._loop.create_future())
        self._outstanding[account.id, False] += 1
        webhook = account.webhooks.get(row["webhook"])
        self._start(self._loop, self._lane(webhook["url"] if webhook else ""), job)
        assert job.ended is not None
        return await job.ended

    def _wait(self, delay: float, shuffle: float) -> int:
        return round((delay + (self._dice.uniform(0, shuffle) if shuffle else 0)) * 1000)

    def _trim(self, account: Account, now: int) -> None:
        """Keep the log as short as Lever's. What is still to be sent goes out all the same."""
        kept = account.deliveries
        while kept:
            oldest = next(iter(kept.values()))
            if len(kept) <= KEPT and oldest["triggeredAt"] >= now - KEPT_MS:
                return
            del kept[oldest["id"]]
            account.save("delivery", {"id": oldest["id"], "_gone": True})

    # Sending them

    def start(self) -> None:
        """Begin to send, on the running loop; what an earlier process had not sent goes first."""
        self._loop = asyncio.get_running_loop()
        for account in self._store.accounts.values():
            rows = sorted(account.deliveries.values(), key=lambda row: row["triggeredAt"])
            account.deliveries = {row["id"]: row for row in rows}
            for row in rows:
                if row["state"] == "waiting":
                    self._push(account, row, "retry" if row["tries"] else "first", row["dueAt"])

    async def stop(self) -> None:
        """End: what is under way is cut off and stays waiting."""
        self.paused = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._timer:
            self._timer.cancel()
        self._outgoing.close()
        self._loop = None

    def clear(self) -> None:
        """Forget everything, with what is under way."""
        for task in self._tasks:
            task.cancel()
        self.paused = False
        self._empty()

    def pause(self) -> None:
        """Send nothing until `resume`; what is under way ends."""
        self.paused = True

    def resume(self) -> None:
        """Go on."""
        self.paused = False
        self.wake()

    def wake(self) -> None:
        """Look again at what is due: something was added, or the clock was pushed."""
        if self._loop is not None and not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _push(self, account: Account, row: Row, kind: str, due_at: int) -> None:
        self._number += 1
        heapq.heappush(self._heap, Job(due_at, self._number, account, row, kind))
        self._outstanding[account.id, kind == "retry"] += 1
        self.wake()

    def _pump(self) -> None:
        """Start what is due and set a timer for the rest."""
        self._pumping = False
        loop = self._loop
        if loop is None or self.paused:
            return
        now = self._store.clock.now()
        while self._heap and self._heap[0].due_at <= now:
            job = heapq.heappop(self._heap)
            if job.kind == "retry":  # its time has come, so it counts as outstanding
                self._outstanding[job.account.id, True] -= 1
                self._outstanding[job.account.id, False] += 1
            webhook = job.account.webhooks.get(job.row["webhook"])
            if webhook is None:
                self._give_up(job, "cancelled", "The webhook was deleted.")
                continue
            self._lane(webhook["url"]).ready.append(job)
        for lane in self._lanes.values():
            while lane.ready and lane.active < AT_ONCE:
                self._start(loop, lane, lane.ready.popleft())
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._heap:
            self._timer = loop.call_later(max(0.001, (self._heap[0].due_at - now) / 1000), self.wake)

    def _lane(self, url: str) -> Lane:
        return self._lanes.setdefault(origin_of(url), Lane())

    def _start(self, loop: asyncio.AbstractEventLoop, lane: Lane, job: Job) -> None:
        lane.active += 1
        task = loop.create_task(self._deliver(lane, job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, lane: Lane, job: Job) -> None:
        account, row, store = job.account, job.row, self._store
        webhook = account.webhooks.get(row["webhook"])
        try:
            if webhook is None:
                self._give_up(job, "cancelled", "The webhook was deleted.")
                return
            tried = await self._try(account, webhook["url"], row, job.kind)
            row["tries"].append(tried)
            self.counters["tries"] += 1
            taken = 200 <= tried["status"] < 300
            self.counters["taken" if taken else "refused"] += 1
            tries = sum(one["kind"] in ("first", "retry") for one in row["tries"])
            if taken:
                row["state"] = "delivered"
            elif job.kind in ("first", "retry") and tries <= len(RETRY_SECONDS) and row["state"] != "delivered":
                gap = RETRY_SECONDS[tries - 1] * store.switch("webhook_retry_scale", account)
                row["dueAt"] = store.clock.now() + round(gap * 1000)
                self._push(account, row, "retry", row["dueAt"])
            elif row["state"] != "delivered" and job.kind != "double":
                row["state"] = "failed"
                self.counters["given_up"] += 1
            self._end(job, tried)
        finally:
            if job.ended is not None and not job.ended.done():
                job.ended.set_result({"kind": job.kind, "status": 0, "error": "The queue was emptied."})
            lane.active -= 1
            if lane.ready:
                self.wake()

    async def _try(self, account: Account, url: str, row: Row, kind: str) -> Row:
        """Send once; return what came of it."""
        seconds = self._store.switch("webhook_timeout_seconds", account)
        tried: Row = {"at": self._store.clock.now(), "kind": kind, "url": url, "status": 0, "error": None}
        started = time.perf_counter()
        try:
            async with asyncio.timeout(seconds):
                tried["status"] = await self._outgoing.post(url, row["body"].encode())
        except TimeoutError:
            tried["error"] = f"No answer within {seconds:g} s."
        except (OSError, ValueError) as error:
            tried["error"] = str(error) or type(error).__name__
        tried["durationMs"] = round((time.perf_counter() - started) * 1000, 3)
        return tried

    def _give_up(self, job: Job, state: str, sentence: str) -> None:
        if job.row["state"] == "waiting":
            job.row["state"] = state
        self._end(job, {"at": self._store.clock.now(), "kind": job.kind, "status": 0, "error": sentence})

    def _end(self, job: Job, tried: Row) -> None:
        self._outstanding[job.account.id, False] -= 1
        if job.row["id"] in job.account.deliveries:
            job.account.save("delivery", job.row)
        if job.ended is not None and not job.ended.done():
            job.ended.set_result(tried)
        self._settled.set()

    # Watching them

    def outstanding(self, account: Account | None, *, retries: bool) -> int:
        """Count what is still to be sent or under way; retries that wait for their time count only if asked."""
        return sum(
            count
            for (key, is_retry), count in self._outstanding.items()
            if (account is None or key == account.id) and (retries or not is_retry)
        )

    async def quiet(self, account: Account | None, *, retries: bool, seconds: float) -> bool:
        """Wait until nothing is outstanding; say whether that came in time."""
        try:
            async with asyncio.timeout(seconds):
                while self.outstanding(account, retries=retries):
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            return False
        return True

    def figures(self) -> dict[str, Any]:
        """Return counts since the start or the last clearing."""
        names = ("made", "tries", "taken", "refused", "given_up")
        return {
            **{name: self.counters[name] for name in names},
            "outstanding": self.outstanding(None, retries=False),
            "waiting_retries": self.outstanding(None, retries=True) - self.outstanding(None, retries=False),
            "paused": self.paused,
        }
