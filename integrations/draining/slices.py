"""A slice: for a moment, take tokens, claim that many rows, call through a small pool, record, and go round again."""

import logging
import time
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from redis.exceptions import RedisError

from integrations.actions.connections import lose_connection
from integrations.actions.exports import cancel
from integrations.draining.calling import GIVEN_BACK, Calls, stopping
from integrations.draining.claims import CallCounts, claim, look_again, release_expired
from integrations.draining.packing import Errand, Kind, pack
from integrations.draining.recording import record
from integrations.errors import AccessExpired, ConnectionLost, Rejected, TryLater
from integrations.grants import kept_clients, usable_token
from integrations.models import CandidateExport, Connection
from integrations.nudging import DRAIN, leave_line
from integrations.pacing import Bucket, Grant, PacingAway, redis_client
from integrations.providers import get_provider
from purposejobs.tenancy import company_scope, keys_from

logger = logging.getLogger(__name__)

# Outcomes are written down when so many have come, or the oldest is so late (seconds).
RECORD_ROWS, RECORD_SECONDS = 10, 0.25
# No more rows than this are claimed ahead of their calls, however quick those are.
MOST_IN_HAND = 64
# With an empty bucket the drain ends, and is woken when so many tokens have come (or as many as rows are due).
WAKE_TOKENS = 5
# "Too many" without a word how long: by then the bucket has some again.
PAUSE_SECONDS = 2.0

# A drain that died keeps others out of its connection no longer than this after its slice.
FLAG_SECONDS = 3.0

AGAIN = 0.0


def drain(connection_pk: int) -> float | None:
    """Send what is due for one connection, for one slice.

    Returns None when nothing more is due, else after how many seconds to come again (0: at once).
    Ends at once while another drain of the connection runs: that one looks once more before it rests.
    """
    try:
        with RunningFlag(connection_pk) as flag:
            companies = keys_from("company_of_connection", connection_pk) if flag else []
            if flag is None or not companies:
                return None
            turn = Slice(connection_pk, companies[0], flag)
            turn.run()
    except PacingAway:
        logger.warning("connection %s waits: Redis is away, nothing is sent unpaced", connection_pk)
        return None
    # Only now: a nudge may have ended at our flag just before it was cleared.
    return turn.come_again()


class RunningFlag:
    """Says that a drain of this connection is under way. It only saves work: two drains at once are safe.

    It names its owner, ends by itself soon after a slice, and only the owner clears it. Who asks for it has heard the
    nudge, whether it is free or not.
    """

    task = DRAIN
    KEEP = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
    CLEAR = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

    def __init__(self, connection_pk: int) -> None:
        self.connection_pk = connection_pk
        self.key, self.owner = f"draining:{connection_pk}", uuid.uuid4().hex
        self.milliseconds = round((settings.EXPORTS["slice_seconds"] + FLAG_SECONDS) * 1000)
        self.kept_at = time.monotonic()

    def __enter__(self) -> "RunningFlag | None":
        try:
            with redis_client().pipeline(transaction=False) as trip:
                leave_line(self.task, self.connection_pk, trip)
                trip.set(self.key, self.owner, nx=True, px=self.milliseconds)
                return self if trip.execute()[-1] else None
        except (RedisError, OSError) as error:
            raise PacingAway from error

    def keep(self) -> None:
        """Go on holding it, while slow calls are under way."""
        if time.monotonic() - self.kept_at > FLAG_SECONDS / 3:
            self.kept_at = time.monotonic()
            try:
                redis_client().register_script(self.KEEP)(keys=[self.key], args=[self.owner, self.milliseconds])
            except (RedisError, OSError):
                logger.warning("the running flag of %s could not be kept; another drain may join", self.key)

    def __exit__(self, *failure: object) -> None:
        try:
            redis_client().register_script(self.CLEAR)(keys=[self.key], args=[self.owner])
        except (RedisError, OSError):
            logger.warning("the running flag of %s could not be cleared; it ends by itself", self.key)


class Slice:
    """One turn of one connection."""

    def __init__(self, connection_pk: int, company_pk: int, flag: RunningFlag) -> None:
        self.company_pk, self.flag = company_pk, flag
        with company_scope(company_pk):
            self.connection = Connection.objects.select_related("company").get(pk=connection_pk)
            release_expired(self.connection)
        self.provider = get_provider(self.connection.provider)
        self.counts = CallCounts.of(self.provider)
        self.bucket = Bucket(self.connection.bucket, *self.provider.RATE)
        self.ends_at = time.monotonic() + settings.EXPORTS["slice_seconds"]
        self.clients: list[Any] = []
        self.calls_before: list[int] = []
        self.tokens_taken = 0
        self.calls = Calls(self.provider, connection_pk, int(settings.EXPORTS["pool_size"]))
        # How many calls came back, and how long they took.
        self.calls_done, self.seconds_calling = 0, 0.0
        self.done: list[Errand] = []
        self.oldest_done_at = 0.0
        self.failures = 0
        self.was_reached = False
        self.stops = False
        self.nothing_due = False
        self.starved: Grant | None = None
        self.starved_at = 0.0
        self.lost: ConnectionLost | None = None

    # -- The turn ------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Do the turn. Raises PacingAway."""
        if self.connection.state == Connection.State.DISCONNECTED:
            self._end_grant()
        if not self.connection.is_active or not self._is_answering():
            return
        try:
            self._open_client(timedelta(seconds=settings.EXPORTS["lease_seconds"]))
            self._go_round()
        except TryLater as error:
            logger.info("connection %s: no access token now, %s", self.connection.pk, error.code)
            self.failures += 1
        except ConnectionLost as error:
            self.lost = error
        finally:
            self._finish()

    def come_again(self) -> float | None:
        """Return after how many seconds there is something to do for this connection, or None."""
        with company_scope(self.company_pk):
            if self.was_reached and not self.lost:
                news = {"failures_in_a_row": self.failures, "last_contact_at": timezone.now()}
                Connection.objects.filter(pk=self.connection.pk).update(**news)
            state, has_grant, is_paused, due = look_again(self.connection, limit=WAKE_TOKENS)
        if state == Connection.State.DISCONNECTED:
            return AGAIN if has_grant else None
        if state != Connection.State.ACTIVE or is_paused:
            return None
        if not due:
            return None
        if self.starved is None:
            return AGAIN
        since = time.monotonic() - self.starved_at
        return max(AGAIN, self.bucket.seconds_until(min(due, WAKE_TOKENS), self.starved) - since)

    def _go_round(self) -> None:
        pool_size = int(settings.EXPORTS["pool_size"])
        while True:
            self.stops = self.stops or stopping.is_set()
            may_claim = not (self.nothing_due or self.stops) and time.monotonic() < self.ends_at
            if may_claim and self.calls.in_hand <= pool_size // 2:
                self._top_up(self._room() - self.calls.in_hand)
            if not self.calls.in_hand:
                self._record()
                if self.nothing_due or self.stops or time.monotonic() >= self.ends_at:
                    return
                continue
            self._wait(pool_size // 2 if may_claim else 0)
            self.flag.keep()
            is_late = self.done and time.monotonic() - self.oldest_done_at > RECORD_SECONDS
            if len(self.done) >= RECORD_ROWS or is_late:
                self._record()

    def _room(self) -> int:
        """Return how many rows may be in hand: as many as the rest of the slice can call, by the pace so far."""
        pool_size = int(settings.EXPORTS["pool_size"])
        if not self.calls_done:
            return MOST_IN_HAND // 2
        seconds_each = max(self.seconds_calling / self.calls_done, 0.001)
        in_reach = int(pool_size * max(0.0, self.ends_at - time.monotonic()) / seconds_each)
        return min(MOST_IN_HAND, max(2 * pool_size, in_reach))

    def _wait(self, few_left: int) -> None:
        """Take in what is finished, waiting a little until it is worth it."""
        for errand in self.calls.take(enough=RECORD_ROWS, few_left=few_left, seconds=RECORD_SECONDS):
            self._take_in(errand)

    def _top_up(self, room: int) -> None:
        """Take tokens, claim rows for them, and start their calls."""
        grant = self.bucket.take(room)
        # Counted from before the claim, on a clock nobody sets: a call begins only while it can end within the lease.
        begin_before = time.monotonic() + settings.EXPORTS["lease_seconds"] - settings.EXPORTS["call_deadline_seconds"]
        errands: list[Errand] = []
        if grant.granted:
            with company_scope(self.company_pk):
                exports = claim(self.connection, self.counts, tokens=grant.granted, limit=room)
                spent = sum(self.counts.calls_of(export) for export in exports)
                errands = pack(self.provider, self.connection, exports) if exports else []
            self.bucket.give_back(grant.granted - spent)
            self.tokens_taken += spent
        # With the bucket spent, coming back for every single token would keep a slot busy for nothing.
        self.starved, self.starved_at = (grant, time.monotonic()) if grant.granted < room else (None, 0.0)
        self.nothing_due = len(errands) < room
        for errand in errands:
            if errand.is_to_call:
                errand.begin_before = begin_before
                self._start(errand)
            else:
                self._keep(errand)

    def _start(self, errand: Errand) -> None:
        errand.client = self.clients[-1]
        self.calls.add(errand)

    def _take_in(self, errand: Errand) -> None:
        if errand.outcome is not GIVEN_BACK:
            self.calls_done += 1
            self.seconds_calling += errand.milliseconds / 1000
        self._judge(errand)
        if self.stops:
            self.calls.give_back_line()

    def _judge(self, errand: Errand) -> None:
        outcome = errand.outcome
        if isinstance(outcome, AccessExpired) and not errand.was_repeated:
            self._repeat(errand)
            return
        if isinstance(outcome, AccessExpired):
            outcome = errand.outcome = ConnectionLost("access_refused")
        if isinstance(outcome, TryLater):
            self._slow_down(outcome)
        elif isinstance(outcome, ConnectionLost):
            self.lost, self.stops = outcome, True
        elif outcome is not GIVEN_BACK:
            # Refusing one row is an answer too.
            self.failures, self.was_reached = 0, True
        self._keep(errand)

    def _slow_down(self, error: TryLater) -> None:
        if not error.is_outage:
            # "Too many": this account only is slowed, and its rows read "waiting", not "failed".
            error.after = error.after or PAUSE_SECONDS
            self.bucket.pause(error.after)
            self.stops = True
            return
        self.failures += 1
        if self.connection.failures_in_a_row + self.failures >= settings.EXPORTS["circuit_failures"]:
            self.stops = True

    def _repeat(self, errand: Errand) -> None:
        """Refresh the access token, unless another call has done so since, and make the same call once more."""
        errand.was_repeated = True
        try:
            if errand.client is self.clients[-1]:
                self._open_client(timedelta(seconds=1), refused=self.connection.access_token)
            self.bucket.give_back(-1)
        except (TryLater, ConnectionLost) as error:
            errand.outcome = error
            self._judge(errand)
            return
        self._start(errand)

    def _keep(self, errand: Errand) -> None:
        if not self.done:
            self.oldest_done_at = time.monotonic()
        self.done.append(errand)

    def _record(self) -> None:
        if not self.done:
            return
        with company_scope(self.company_pk):
            record(self.provider, self.connection, self.done)
        # What was just sent may have a follow-up, which is due now.
        if any(errand.kind == Kind.CREATE and errand.export.follow_up_at for errand in self.done):
            self.nothing_due = False
        self.done = []

    # -- The connection ------------------------------------------------------------------------------------------------

    def _open_client(self, lasts: timedelta, *, refused: str = "") -> None:
        token = usable_token(self.connection, lasts=lasts, refused=refused)
        client = kept_clients.client(self.connection, token)
        if client not in self.clients:
            self.clients.append(client)
            self.calls_before.append(client.calls)

    def _is_answering(self) -> bool:
        """Say whether the circuit is closed; once a pause is over, a cheap question decides."""
        if self.connection.paused_until is None:
            return True
        if self.connection.paused_until > timezone.now() or not self.bucket.take(1).granted:
            return False
        self.tokens_taken += 1
        try:
            self._open_client(timedelta(seconds=settings.EXPORTS["lease_seconds"]))
            if hasattr(self.provider, "check"):
                self.provider.check(self.clients[-1])
        except TryLater:
            self.failures += 1
            self._open_circuit()
            return False
        except (ConnectionLost, AccessExpired, Rejected) as error:
            # Whatever else it says, it answers; the rows' own calls find out what is wrong.
            logger.info("connection %s answers again: %s", self.connection.pk, type(error).__name__)
        self._update(failures_in_a_row=0, paused_until=None)
        return True

    def _update(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self.connection, name, value)
        with company_scope(self.company_pk):
            Connection.objects.filter(pk=self.connection.pk).update(**fields)

    def _end_grant(self) -> None:
        """Give the grant of an ended connection back, forget it, and cancel what came in late."""
        # Here, not above: the followers stand on pieces of the drain.
        from integrations.following.subscribing import end_subscriptions

        end_subscriptions(self.connection, self.provider)
        if self.connection.refresh_token and hasattr(self.provider, "revoke"):
            try:
                self.provider.revoke(self.connection.environment, self.connection.refresh_token)
            except (TryLater, Rejected, ConnectionLost) as error:
                logger.info("connection %s: the grant was not revoked there, %s", self.connection.pk, error)
        with company_scope(self.company_pk):
            ended = Connection.objects.filter(pk=self.connection.pk, state=Connection.State.DISCONNECTED)
            if ended.update(access_token="", refresh_token=""):
                late = CandidateExport.objects.waiting().filter(connection=self.connection)
                cancel(late, CandidateExport.Cancelled.DISCONNECTED)

    def _open_circuit(self) -> None:
        failures = self.connection.failures_in_a_row + self.failures
        self._update(failures_in_a_row=failures, paused_until=timezone.now() + Connection.pause_after(failures))

    def _finish(self) -> None:
        """Write down what is still in hand and what is wrong with the connection; give unused tokens back."""
        self.calls.give_back_line()
        while self.calls.in_hand:
            for errand in self.calls.take(enough=RECORD_ROWS, few_left=0, seconds=RECORD_SECONDS):
                self._keep(errand)
        self._record()
        made = sum(client.calls - before for client, before in zip(self.clients, self.calls_before, strict=True))
        self.bucket.give_back(self.tokens_taken - made)
        if self.lost:
            with company_scope(self.company_pk):
                lose_connection(connection=self.connection, code=self.lost.code)
        elif self.failures and not self.was_reached:
            if self.connection.failures_in_a_row + self.failures >= settings.EXPORTS["circuit_failures"]:
                self._open_circuit()
            else:
                self._update(failures_in_a_row=self.connection.failures_in_a_row + self.failures)
