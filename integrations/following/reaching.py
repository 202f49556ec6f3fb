"""How a slice reaches the ATS: tokens exports can spare, an access token, the circuit it shares with them."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.utils import timezone

from integrations.actions.connections import lose_connection
from integrations.errors import AccessExpired, ConnectionLost, Rejected, TryLater
from integrations.following.sparing import SparingBucket
from integrations.grants import KeptClients, usable_token
from integrations.models import Connection
from integrations.providers import get_provider
from purposejobs.tenancy import company_scope

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

# Not the drain's clients: each side counts the calls of its own.
kept_clients = KeptClients()
# "Too many" without a word how long: by then the bucket has some again.
PAUSE_SECONDS = 2.0
# A last contact is written down this seldom: the connection's row is everybody's.
CONTACT = timedelta(seconds=30)


class Reach:
    """One slice's way to one account."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.provider = get_provider(connection.provider)
        self.bucket = SparingBucket(connection.bucket, *self.provider.RATE)
        self.clients: list[Any] = []
        self.calls_before: list[int] = []
        self.tokens_taken = 0
        # With too few tokens: monotonic seconds when it is worth asking again.
        self.starved_until = 0.0
        self.failures = 0
        self.was_reached = False
        self.stops = False
        self.lost: ConnectionLost | None = None

    @property
    def client(self) -> Any:
        """Return the client to call with."""
        if not self.clients:
            self.open()
        return self.clients[-1]

    def open(self, *, refused: str = "") -> None:
        """Get an access token and a client for it. Raises TryLater and ConnectionLost."""
        lasts = timedelta(seconds=settings.EXPORTS["lease_seconds"])
        token = usable_token(self.connection, lasts=timedelta(seconds=1) if refused else lasts, refused=refused)
        client = kept_clients.client(self.connection, token)
        if client not in self.clients:
            self.clients.append(client)
            self.calls_before.append(client.calls)

    def take(self, wanted: int) -> int:
        """Take up to `wanted` tokens that exports can spare; return how many. Raises PacingAway."""
        grant = self.bucket.take(wanted)
        self.tokens_taken += grant.granted
        waits = self.bucket.seconds_until_spare(grant) if grant.granted < wanted else 0.0
        self.starved_until = time.monotonic() + waits if waits else 0.0
        return grant.granted

    def put_back(self, tokens: int) -> None:
        """Give tokens back that nothing was found for."""
        self.bucket.give_back(tokens)
        self.tokens_taken -= tokens

    def ask(self, work: Callable[[Any], Answer]) -> Answer:
        """Do the work in this thread, once more with a fresh token where the first is refused; raise what it raises."""
        client = self.client
        try:
            answer = work(client)
        except AccessExpired:
            self.renew(client)
            try:
                answer = work(self.client)
            except AccessExpired:
                raise ConnectionLost("access_refused") from None
        self.was_reached, self.failures = True, 0
        return answer

    def renew(self, refused: Any) -> None:
        """Have a fresh access token, unless another call has got one since."""
        if refused is self.clients[-1]:
            self.open(refused=self.connection.access_token)

    def take_note(self, outcome: object, *, counts: bool = True) -> None:
        """Learn from what a call brought: slow down, stop, or go on. `counts`: towards the connection's circuit."""
        if isinstance(outcome, AccessExpired):
            outcome = ConnectionLost("access_refused")
        if isinstance(outcome, ConnectionLost):
            self.lost, self.stops = outcome, True
        elif isinstance(outcome, TryLater) and not outcome.is_outage:
            self.bucket.pause(outcome.after or PAUSE_SECONDS)
            self.stops = True
        elif isinstance(outcome, TryLater):
            self.failures += counts
            self.stops = self.stops or self._is_over_the_limit()
        else:
            # Refusing one record is an answer too.
            self.was_reached, self.failures = True, 0

    def is_answering(self) -> bool:
        """Say whether the circuit is closed; once a pause is over, a cheap question decides."""
        if self.connection.paused_until is None:
            return True
        if self.connection.paused_until > timezone.now() or not self.take(1):
            return False
        try:
            self.provider.check(self.client) if hasattr(self.provider, "check") else None
        except TryLater:
            self.failures += 1
            return False
        except (ConnectionLost, AccessExpired, Rejected) as error:
            # Whatever else it says, it answers; the next calls find out what is wrong.
            logger.info("connection %s answers again: %s", self.connection.pk, type(error).__name__)
        self.update(failures_in_a_row=0, paused_until=None)
        return True

    def finish(self) -> None:
        """Write down what was learned of the connection; give unused tokens back, or debit what was called beyond."""
        made = sum(client.calls - before for client, before in zip(self.clients, self.calls_before, strict=True))
        self.bucket.give_back(self.tokens_taken - made)
        connection = self.connection
        if self.lost:
            with company_scope(connection.company_id):
                lose_connection(connection=connection, code=self.lost.code)
        elif self.was_reached and not self.failures:
            if connection.failures_in_a_row or not (
                connection.last_contact_at and connection.last_contact_at > timezone.now() - CONTACT
            ):
                self.update(failures_in_a_row=0, last_contact_at=timezone.now())
        elif self.failures:
            failures = self.failures if self.was_reached else connection.failures_in_a_row + self.failures
            self.update(failures_in_a_row=failures)
            if failures >= settings.EXPORTS["circuit_failures"]:
                self.update(paused_until=timezone.now() + Connection.pause_after(failures))

    def update(self, **fields: Any) -> None:
        """Change the connection, here and in the database."""
        for name, value in fields.items():
            setattr(self.connection, name, value)
        with company_scope(self.connection.company_id):
            Connection.objects.filter(pk=self.connection.pk).update(**fields)

    def _is_over_the_limit(self) -> bool:
        before = 0 if self.was_reached else self.connection.failures_in_a_row
        return before + self.failures >= settings.EXPORTS["circuit_failures"]
