"""Access tokens that can be used now: one refresh at a time, both new tokens stored before either is used."""

from collections import OrderedDict
from datetime import timedelta
from threading import Lock
from typing import Any

from django.conf import settings
from django.utils import timezone

from integrations.actions.connections import lose_connection
from integrations.errors import ConnectionLost
from integrations.models import Connection
from integrations.providers import get_provider
from purposejobs.tenancy import company_scope

# Clients are kept open between slices: a new one would pay for a TLS handshake per thread each time.
KEPT_CLIENTS = 64


def usable_token(connection: Connection, *, lasts: timedelta, refused: str = "") -> str:
    """Return an access token that lasts so long and is not the refused one; refresh it when there is none.

    Takes the connection's row for the length of one call to the vendor, so that a rotating refresh token is traded
    once. Raises TryLater when the vendor cannot answer, ConnectionLost when the grant is dead (and says so to admins).
    """
    if connection.token_lasts(lasts) and connection.access_token != refused:
        return connection.access_token
    lost: ConnectionLost | None = None
    with company_scope(connection.company_id):
        # no_key: inserts that reference the connection (every applicant) must not wait for this lock.
        current = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if not (current.token_lasts(lasts) and current.access_token != refused):
            provider = get_provider(current.provider)
            if not current.is_active:
                raise ConnectionLost("not_active")
            try:
                if not hasattr(provider, "refresh") or not current.refresh_token:
                    raise ConnectionLost("grant_ended")
                tokens = provider.refresh(current.environment, current.refresh_token)
            except ConnectionLost as error:
                lose_connection(connection=current, code=error.code)
                lost = error
            else:
                current.access_token = tokens.access_token
                current.refresh_token = tokens.refresh_token or current.refresh_token
                current.token_expires_at = tokens.expires_at
                current.token_refreshed_at = timezone.now()
                current.granted_scopes = list(tokens.scopes) or current.granted_scopes
                current.save(
                    update_fields=[
                        "access_token", "refresh_token", "token_expires_at", "token_refreshed_at", "granted_scopes",
                    ]
                )  # fmt: skip
    if lost:
        raise lost
    connection.access_token, connection.token_expires_at = current.access_token, current.token_expires_at
    return current.access_token


class KeptClients:
    """This process's open clients, the least used closed first."""

    def __init__(self) -> None:
        self.clients: OrderedDict[tuple[int, str], Any] = OrderedDict()
        self.lock = Lock()

    def client(self, connection: Connection, token: str) -> Any:
        """Return the open client of this connection and token."""
        key = (connection.pk, token)
        with self.lock:
            if key not in self.clients:
                provider = get_provider(connection.provider)
                deadline = settings.EXPORTS["call_deadline_seconds"]
                self.clients[key] = provider.open_client(
                    connection.environment, token, deadline=deadline, scopes=connection.granted_scopes
                )
            self.clients.move_to_end(key)
            while len(self.clients) > KEPT_CLIENTS:
                self.clients.popitem(last=False)
            return self.clients[key]


kept_clients = KeptClients()
