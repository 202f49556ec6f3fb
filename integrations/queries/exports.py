"""Which exports, and which candidates by them: what lists filter by."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Company
from candidates.models import Application
from integrations.models import CandidateExport, Connection, PostingLink

State = CandidateExport.State
FollowUp = CandidateExport.FollowUp


# What the filters of lists call the states; waiting and sending are one to whoever looks for somebody.
STATE_FILTERS = {
    "failed": Q(state=State.FAILED),
    "held": Q(state=State.WAITING) & ~Q(held_reason=""),
    "waiting": Q(state__in=[State.WAITING, State.SENDING]),
    "sent": Q(state=State.SENT, deleted_there_at=None),
    "cancelled": Q(state=State.CANCELLED),
    "attention": Q(state=State.FAILED) | Q(state=State.WAITING) & ~Q(held_reason=""),
}

# What "Try again" and "Dismiss" do something to.
RETRYABLE = (Q(state=State.FAILED) | Q(state=State.SENT, follow_up=FollowUp.FAILED)) & ~Q(
    connection__state=Connection.State.DISCONNECTED
)
DISMISSABLE = Q(state=State.FAILED)

# The tabs of the list of exports, by what they are called in its address.
TABS = {
    "attention": STATE_FILTERS["attention"],
    "waiting": STATE_FILTERS["waiting"],
    "sent": Q(state=State.SENT),
    "cancelled": STATE_FILTERS["cancelled"],
    "all": Q(),
}


def candidates_in_state(company: Company, state: str) -> QuerySet[CandidateExport, int]:
    """Return the keys of the candidates with an export in this state, to filter by.

    `state` is a key of STATE_FILTERS: failed, held, attention (either), waiting (with sending), sent, cancelled; of
    any other, nobody.
    """
    exports = CandidateExport.objects.for_company(company)
    chosen = exports.filter(STATE_FILTERS[state]) if state in STATE_FILTERS else exports.none()
    return chosen.values_list("candidate_id", flat=True)


def left_out_applicants(connection: Connection) -> QuerySet[Application]:
    """Keep the standing applicants of connected jobs whom a disconnection kept from going out.

    They applied after their job was connected and have no row, or their row was cancelled when a connection of the
    company was ended. Whom somebody chose not to send when connecting the job is not among them.
    """
    rows = CandidateExport.objects.filter(candidate_id=OuterRef("candidate_id"))
    here = rows.filter(connection=connection, posting_id=OuterRef("posting_pk"))
    ended = Q(state=State.CANCELLED, cancelled_reason=CandidateExport.Cancelled.DISCONNECTED)
    link = PostingLink.objects.filter(connection=connection, job_id=OuterRef("job_id"))
    return (
        Application.objects.standing()
        .filter(company_id=connection.company_id)
        .annotate(posting_pk=link.values("posting_id"), linked_at=link.values("created_at"))
        .filter(posting_pk__isnull=False)
        .filter(~Exists(here.exclude(ended)))
        .filter(Q(created_at__gte=F("linked_at")) | Exists(rows.filter(ended, company_id=connection.company_id)))
    )
