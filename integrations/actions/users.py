"""Choosing who acts for us in the ATS."""

from integrations.models import CandidateExport, Connection
from integrations.nudging import DRAIN, nudge


def choose_acting_user(*, connection: Connection, external_id: str) -> None:
    """Set the user that candidates are added as, or nobody in particular; who waited for one goes on."""
    Connection.objects.filter(pk=connection.pk).update(acting_user_id=external_id)
    waiting = CandidateExport.objects.waiting().filter(connection=connection)
    waiting.filter(held_reason=CandidateExport.Held.NO_ACTING_USER).update(held_reason="")
    nudge(DRAIN, connection.pk)
