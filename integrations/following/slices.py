"""A slice: for a moment, see to the webhooks, sort what they delivered, read what is due, and go on catching up."""

import logging
import queue
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.conf import settings
from django.db import DatabaseError

from integrations.draining.calling import stopping
from integrations.draining.slices import FLAG_SECONDS, RunningFlag
from integrations.errors import AccessExpired, ConnectionLost, TryLater
from integrations.following import catching_up, deliveries, reading
from integrations.following.reaching import Reach
from integrations.following.reading import Reading
from integrations.following.subscribing import keep_subscriptions
from integrations.models import Connection
from integrations.nudging import FOLLOW
from integrations.pacing import PacingAway
from purposejobs.tenancy import company_scope, keys_from

logger = logging.getLogger(__name__)

AGAIN = 0.0
# How long a finished call is waited for before the flag is looked after, in seconds.
WAIT_SECONDS = 0.25


def follow(connection_pk: int) -> float | None:
    """Learn what is new of one connection, for one slice.

    Returns None when nothing more is due, else after how many seconds to come again (0: at once).
    Ends at once while another follower of the connection runs: that one looks once more before it rests.
    """
    companies = keys_from("company_of_connection", connection_pk)
    if not companies:
        return None
    try:
        with FollowingFlag(connection_pk) as flag:
            if flag is None:
                return None
            turn = Slice(connection_pk, companies[0], flag)
            turn.run()
    except PacingAway:
        logger.warning("connection %s is not followed: Redis is away, nothing is asked unpaced", connection_pk)
        return None
    # Only now: a nudge may have ended at our flag just before it was cleared.
    return turn.come_again()


class FollowingFlag(RunningFlag):
    """Says that a follower of this connection is under way; two at once are safe."""

    task = FOLLOW

    def __init__(self, connection_pk: int) -> None:
        super().__init__(connection_pk)
        self.key = f"following:{connection_pk}"
        self.milliseconds = round((settings.FOLLOWING["slice_seconds"] + FLAG_SECONDS) * 1000)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=16 * int(settings.FOLLOWING["pool_size"]), thread_name_prefix="reads")


class Slice:
    """One turn of one connection."""

    def __init__(self, connection_pk: int, company_pk: int, flag: RunningFlag) -> None:
        self.company_pk, self.flag = company_pk, flag
        with company_scope(company_pk):
            self.connection = Connection.objects.select_related("company").get(pk=connection_pk)
        self.reach = Reach(self.connection)
        self.can_read = hasattr(self.reach.provider, "read_progress")
        self.ends_at = time.monotonic() + settings.FOLLOWING["slice_seconds"]

    def run(self) -> None:
        """Do the turn. Raises PacingAway."""
        if not self.connection.is_active:
            return
        try:
            if self.reach.is_answering():
                keep_subscriptions(self.reach)
                while not (self.reach.stops or stopping.is_set() or time.monotonic() >= self.ends_at):
                    if not self._round():
                        break
                    self.flag.keep()
        except (TryLater, ConnectionLost) as error:
            logger.info("connection %s cannot be followed now: %s", self.connection.pk, error)
            self.reach.take_note(error)
        finally:
            self.reach.finish()

    def come_again(self) -> float | None:
        """Return after how many seconds there is something to do for this connection, or None."""
        with company_scope(self.company_pk):
            self.connection.refresh_from_db(fields=["state", "paused_until", "next_catch_up_at", "catch_up"])
            if not self.connection.is_active or self.connection.paused_until or not self._is_something_due():
                return None
        return max(AGAIN, self.reach.starved_until - time.monotonic()) if self.reach.starved_until else AGAIN

    def _is_something_due(self) -> bool:
        if not self.can_read:
            return False
        if catching_up.is_due(self.reach):
            return True
        deliveries.sort(self.connection)
        return bool(reading.count_due(self.connection, limit=1))

    def _round(self) -> bool:
        """Read some records and a page of changes, as many as there are tokens for; say whether anything was done."""
        if not self.can_read:
            return False
        with company_scope(self.company_pk):
            deliveries.sort(self.connection)
            reading.look_at_newcomers(self.connection)
            due = reading.count_due(self.connection, limit=2 * int(settings.FOLLOWING["pool_size"]))
        has_page = catching_up.is_due(self.reach)
        if not (due or has_page):
            return False
        granted = self.reach.take(due + has_page)
        # Of several tokens one is for the page: whatever is delivered, the catch-up gets on.
        for_page = int(has_page and (granted > 1 or not due) and granted > 0)
        if granted - for_page:
            self._read(granted - for_page)
        if for_page and not self.reach.stops:
            catching_up.read_page(self.reach)
        return bool(granted)

    def _read(self, tokens: int) -> None:
        client = self.reach.client
        with company_scope(self.company_pk):
            readings = reading.claim(self.connection, limit=tokens)
        self.reach.put_back(tokens - len(readings))
        finished: queue.SimpleQueue[Reading] = queue.SimpleQueue()
        for each in readings:
            self._start(each, client, finished)
        under_way, done = len(readings), []
        while under_way:
            try:
                each = finished.get(timeout=WAIT_SECONDS)
            except queue.Empty:
                self.flag.keep()
                continue
            if self._is_to_be_repeated(each):
                self._start(each, self.reach.client, finished)
                continue
            under_way -= 1
            # One that fails again and again is its own trouble, not the ATS's.
            self.reach.take_note(each.outcome, counts=each.tries == 0)
            done.append(each)
        try:
            self._record(done)
        except DatabaseError:
            logger.exception("connection %s: what was read is written down one by one", self.connection.pk)
            for each in done:
                self._record_alone(each)

    def _record(self, done: list[Reading]) -> None:
        with company_scope(self.company_pk):
            reading.record(self.connection, done)

    def _record_alone(self, each: Reading) -> None:
        """Write down one; what cannot be written is a mistake of ours, and is read again ever more seldom."""
        try:
            self._record([each])
        except DatabaseError as error:
            each.outcome = error
            self._record([each])

    def _start(self, each: Reading, client: object, finished: "queue.SimpleQueue[Reading]") -> None:
        each.client = client
        _pool().submit(reading.read, each, self.reach.provider, finished)

    def _is_to_be_repeated(self, each: Reading) -> bool:
        """Say whether a refused access token was replaced, so that the same call can be made once more."""
        if not isinstance(each.outcome, AccessExpired) or each.was_repeated:
            return False
        each.was_repeated = True
        try:
            self.reach.renew(each.client)
        except (TryLater, ConnectionLost) as error:
            each.outcome = error
            return False
        return True
