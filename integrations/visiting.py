"""A short visit to an account, for a list or a test: paced, with access, and once more with a fresh token.

The drain and the follower come by ways of their own (`draining/slices.py`, `following/reaching.py`): they call from a
pool, keep a circuit, and stay for as long as there is something to do.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings

from integrations.actions.connections import lose_connection
from integrations.errors import AccessExpired, ConnectionLost
from integrations.grants import KeptClients, usable_token
from integrations.models import Connection
from integrations.nudging import publish
from integrations.pacing import Bucket, PacingAway
from integrations.providers import get_provider
from purposejobs.tenancy import company_scope, keys_from

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

# Not the drain's: each side counts the calls of its own.
kept_clients = KeptClients()
# However soon the tokens may come, in seconds: each message that finds none costs a worker a moment.
SOONEST_SECONDS = 0.2


def find_connection(connection_pk: int) -> Connection | None:
    """Return a connection by its key alone, which names its company."""
    for company_pk in keys_from("company_of_connection", connection_pk):
        with company_scope(company_pk):
            connections = Connection.objects.select_related("company", "test_requested_by")
            return connections.get(pk=connection_pk)
    return None


class Visit:
    """One visit, and how many calls were made in it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.provider = get_provider(connection.provider)
        self.calls = 0

    def ask(self, work: Callable[[Any], Answer]) -> Answer:
        """Do the work with an open client, once more with a fresh token where the first is refused.

        Raises what the work raises, and ConnectionLost where access is over, which is then written down.
        """
        try:
            return self._with_a_good_token(work)
        except ConnectionLost as error:
            with company_scope(self.connection.company_id):
                lose_connection(connection=self.connection, code=error.code)
            raise

    def _with_a_good_token(self, work: Callable[[Any], Answer]) -> Answer:
        lasts = timedelta(seconds=settings.EXPORTS["call_deadline_seconds"])
        token = usable_token(self.connection, lasts=lasts)
        try:
            return self._count(work, token)
        except AccessExpired:
            token = usable_token(self.connection, lasts=lasts, refused=token)
        try:
            return self._count(work, token)
        except AccessExpired:
            raise ConnectionLost("access_refused") from None

    def _count(self, work: Callable[[Any], Answer], token: str) -> Answer:
        client = kept_clients.client(self.connection, token)
        before = client.calls
        try:
            return work(client)
        finally:
            self.calls += client.calls - before


@contextmanager
def visit(connection: Connection, task: str, *, tokens: int) -> Iterator[Visit | None]:
    """Begin a visit once so many tokens are there; with too few, or Redis away, there is none (None).

    With too few the task is sent again for when they have come. What is called beyond the tokens is debited, what is
    left of them is given back.
    """
    bucket = Bucket(connection.bucket, *get_provider(connection.provider).RATE)
    try:
        grant = bucket.take(tokens)
        if grant.granted < tokens:
            bucket.give_back(grant.granted)
            publish(task, connection.pk, countdown=max(SOONEST_SECONDS, bucket.seconds_until(tokens, grant)))
        begins = grant.granted == tokens
    except PacingAway:
        logger.warning("connection %s: Redis is away, so %s waits", connection.pk, task)
        begins = False
    if not begins:
        yield None
        return
    visiting = Visit(connection)
    try:
        yield visiting
    finally:
        try:
            bucket.give_back(tokens - visiting.calls)
        except PacingAway:
            logger.warning("connection %s: Redis is away, and %d calls are not counted", connection.pk, visiting.calls)
