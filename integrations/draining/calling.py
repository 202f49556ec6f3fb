"""One call to the ATS, in a thread of the pool. It touches no database."""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import cache
from threading import Event, Lock

from django.conf import settings
from django.utils import timezone

from integrations.draining.packing import Errand, Kind
from integrations.providers import Provider

GIVEN_BACK = object()

# Set once, when this process is asked to end: what has not begun is given back.
stopping = Event()

# A call that takes longer than this (seconds) shows that its ATS is slow, and is to be called side by side.
SLOW_SECONDS = 0.1
# The connections that this process found slow when it called last.
_slow: set[int] = set()


class Calls:
    """The calls of one slice: errands in line, those under way, and those that are finished.

    The slice's thread adds and takes; callers, which are threads of the pool, work the line off. Threads that want the
    interpreter's lock cost more than they bring while the ATS answers quickly: one caller then does more than any rate
    allows. As soon as it lets us wait, `most` work side by side. For the same reason callers wake the slice's thread
    when there is enough to take, not for each errand.
    """

    def __init__(self, provider: Provider, connection_pk: int, most: int) -> None:
        self.provider, self.connection_pk, self.most = provider, connection_pk, most
        self.width = most if connection_pk in _slow else 1
        self.line: deque[Errand] = deque()
        self.finished: deque[Errand] = deque()
        # In line, under way or finished, and not taken back yet; only the slice's thread counts.
        self.in_hand = 0
        self.enough, self.few_left = 1, 0
        self.news = Event()
        self.callers = 0
        self.lock = Lock()

    def add(self, errand: Errand) -> None:
        """Let it stand in line."""
        self.in_hand += 1
        self.line.append(errand)
        self._call_for_callers()

    def take(self, *, enough: int, few_left: int, seconds: float) -> Iterator[Errand]:
        """Give back what is finished, waiting until it is enough, or few are left, or one failed, or so long."""
        self.enough, self.few_left = enough, few_left
        if self.width < self.most and self.line:
            seconds -= SLOW_SECONDS
            if not self.news.wait(SLOW_SECONDS) and not self.finished:
                self._widen()
        self.news.wait(seconds)
        self.news.clear()
        while self.finished:
            errand = self.finished.popleft()
            self.in_hand -= 1
            if errand.outcome is not GIVEN_BACK:
                remember = _slow.discard if errand.milliseconds < SLOW_SECONDS * 1000 else _slow.add
                remember(self.connection_pk)
            yield errand

    def give_back_line(self) -> None:
        """Let those who still stand in line count as finished: they are not called any more."""
        with self.lock:
            while self.line:
                errand = self.line.popleft()
                errand.outcome = GIVEN_BACK
                self.finished.append(errand)

    def _widen(self) -> None:
        self.width = self.most
        for _ in range(min(self.most, len(self.line))):
            self._call_for_callers()

    def _call_for_callers(self) -> None:
        with self.lock:
            if self.callers >= self.width:
                return
            self.callers += 1
        _pool().submit(self._work_off)

    def _work_off(self) -> None:
        while True:
            with self.lock:
                if not self.line:
                    self.callers -= 1
                    return
                errand = self.line.popleft()
            call(errand, self.provider)
            self.finished.append(errand)
            finished = len(self.finished)
            is_enough = finished >= self.enough or self.in_hand - finished <= self.few_left
            if is_enough or isinstance(errand.outcome, Exception):
                self.news.set()


@cache
def _pool() -> ThreadPoolExecutor:
    # One pool for the process: threads are made as they are needed.
    return ThreadPoolExecutor(max_workers=16 * int(settings.EXPORTS["pool_size"]), thread_name_prefix="calls")


def call(errand: Errand, provider: Provider) -> None:
    """Do the errand and note its outcome, which may be an exception.

    Too late for a whole call within the lease, or in a process that is ending, the row is given back untouched.
    """
    if stopping.is_set() or time.monotonic() > errand.begin_before:
        errand.outcome = GIVEN_BACK
        return
    errand.started_at = timezone.now()
    began = time.perf_counter()
    try:
        errand.outcome = _do(errand, provider)
    except Exception as error:  # the drain's own thread decides what it means
        errand.outcome = error
    errand.milliseconds = round((time.perf_counter() - began) * 1000)


def _do(errand: Errand, provider: Provider) -> object:
    export, client = errand.export, errand.client
    if errand.kind == Kind.CREATE:
        return provider.create(client, errand.payload)
    if errand.kind == Kind.LOOK:
        return provider.find(client, errand.payload, looked_since(export.look_since))
    if export.follow_up_look_first and provider.find_follow_up(client, errand.payload, export.external_id):
        return True
    provider.follow_up(
        client,
        errand.payload,
        external_id=export.external_id,
        contact_id=export.external_contact_id,
        needs_phone=export.needs_phone,
    )
    return True


def looked_since(attempt_at: datetime | None) -> datetime:
    """Return the oldest a record may be to be ours: the first attempt, less what two clocks may differ by."""
    margin = timedelta(seconds=settings.EXPORTS["clock_margin_seconds"])
    return (attempt_at or timezone.now() - timedelta(days=365)) - margin
