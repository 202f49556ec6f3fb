"""What company pages say about their connection, above everything else."""

from django.http import HttpRequest

from integrations import queries


def notices(request: HttpRequest) -> dict[str, object]:
    """Give company pages the connection that needs somebody, if one does."""
    membership = getattr(request, "membership", None)
    if membership is None or getattr(request, "htmx", False):
        return {}
    return {"connection_notice": queries.connection_notice(membership.company)}
