"""What company pages say about their connection, above everything else."""

from django.http import HttpRequest

from integrations import queries
from purposejobs.paging import capped_count, in_words


def notices(request: HttpRequest) -> dict[str, object]:
    """Give company pages the connection that needs somebody, if one does."""
    membership = getattr(request, "membership", None)
    if membership is None or getattr(request, "htmx", False):
        return {}
    lost = queries.connection_notice(membership.company)
    if lost is None:
        return {"connection_notice": None}
    waiting = capped_count(lost.exports.under_way())
    return {"connection_notice": lost, "connection_waiting": in_words(waiting) if waiting else ""}
