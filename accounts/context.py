"""What pages know about where they are."""

from django.conf import settings
from django.http import HttpRequest

from purposejobs.demo import LOGINS


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


def demo_logins(request: HttpRequest) -> dict[str, object]:
    """Give the sign-in page the logins of the demo, where there is one."""
    is_sign_in = request.resolver_match is not None and request.resolver_match.url_name == "account_login"
    return {"demo_logins": LOGINS} if settings.DEMO and is_sign_in else {}
