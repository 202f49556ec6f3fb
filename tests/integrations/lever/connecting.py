"""What the tests of connecting ask of an answer, and of a company."""

from urllib.parse import parse_qs, urlsplit

from django.contrib.messages import get_messages

from integrations.models import Connection
from purposejobs.tenancy import company_scope

ACCOUNT = "c4f2a858-aba9-5168-a8bc-19b137e24a96"
ROSA = "ba0b9998-8162-5659-8a9e-85012aee97de"


def state_of(response) -> str:
    return query_of(response)["state"]


def query_of(response) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(response.url).query).items()}


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def connections_of(company) -> list[Connection]:
    with company_scope(company):
        return list(Connection.objects.all())


def connect(company, admin, **changes) -> Connection:
    """Give a company a connection as it may stand."""
    fields = {"provider": "lever", "environment": "emulator", "account_id": ACCOUNT, "connected_by": admin}
    with company_scope(company):
        return Connection.objects.create(company=company, **fields | changes)
