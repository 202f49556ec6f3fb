"""What every company page knows about where it is."""

from django.http import HttpRequest


def company(request: HttpRequest) -> dict[str, object]:
    """Give templates the company, the membership and the user's other companies, on pages of a company."""
    membership = getattr(request, "membership", None)
    if membership is None:
        return {}
    return {
        "company": membership.company,
        "membership": membership,
        "memberships": request.memberships,  # type: ignore[attr-defined]
    }
