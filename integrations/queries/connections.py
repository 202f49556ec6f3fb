"""Whether a company has an ATS, and what can be done with it."""

from dataclasses import dataclass

from django.utils.text import capfirst

from accounts.models import Company
from integrations import wording
from integrations.errors import Refused
from integrations.models import Connection, Posting
from integrations.providers import all_providers


@dataclass(frozen=True, slots=True)
class ShareState:
    """Whether candidates can be sent, and why not."""

    label: str
    can_send: bool
    why_not: str
    # what to know although it can: exports wait while the connection is lost
    note: str = ""
    # whether a candidate's note to the company travels along
    sends_notes: bool = True


def connection_notice(company: Company) -> Connection | None:
    """Return the company's connection that waits to be reconnected, if there is one."""
    return Connection.objects.for_company(company).filter(state=Connection.State.NEEDS_RECONNECT).first()


def standing_connection(company: Company) -> Connection | None:
    """Return the connection that somebody made and nobody ended: active, or waiting to be reconnected."""
    return Connection.objects.for_company(company).standing().order_by("-connected_at", "-pk").first()


def _label(connection: Connection | None) -> str:
    if connection is not None:
        return connection.label
    labels = [provider.LABEL for provider in all_providers().values()]
    return labels[0] if len(labels) == 1 else "your ATS"


def provider_label(company: Company) -> str:
    """Return the name of the ATS that this company sends to: the connected one, else the only one there is."""
    return _label(standing_connection(company))


def why_refused(company: Company, refusal: Refused) -> str:
    """Say why something was not done, and what to do."""
    words = wording.describe_refusal(refusal.code, provider_label(company), refusal.parameters)
    return f"{words.reason} {words.remedy}".strip()


def share_state(company: Company) -> ShareState:
    """Say whether candidates can be sent now, and if not, why."""
    connection = standing_connection(company)
    label = _label(connection)
    if connection is None:
        why_not = f"{capfirst(label)} is not connected. An admin can connect it under Account Settings → Integrations."
        return ShareState(label, can_send=False, why_not=why_not)
    note = (
        f"{label} must be reconnected. What you send waits, and goes out by itself." if not connection.is_active else ""
    )
    return ShareState(label, can_send=True, why_not="", note=note, sends_notes=connection.sends_notes)


def lead_posting(company: Company) -> Posting | None:
    """Return the posting of whoever is sent without a job; none: a general lead, also while it takes nobody."""
    connection = standing_connection(company)
    if connection is None or connection.lead_posting_id is None:
        return None
    return Posting.objects.accepting().filter(connection=connection, pk=connection.lead_posting_id).first()
