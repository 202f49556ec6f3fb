"""The door for reads."""

from accounts.models import Company
from integrations.models import Connection


def connection_notice(company: Company) -> Connection | None:
    """Return the company's connection that waits to be reconnected, if there is one."""
    return Connection.objects.for_company(company).filter(state=Connection.State.NEEDS_RECONNECT).first()
