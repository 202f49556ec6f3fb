"""What pages know about where they are."""

from django.conf import settings
from django.http import HttpRequest

from accounts.models import Company, Notification, User
from purposejobs.demo import LOGINS

# More than this reads "99+".
BELL_CAP = 100


def company(request: HttpRequest) -> dict[str, object]:
    """Give templates the company, the membership and the user's other companies, on pages of a company."""
    membership = getattr(request, "membership", None)
    if membership is None:
        return {}
    about: dict[str, object] = {
        "company": membership.company,
        "membership": membership,
        "memberships": request.memberships,  # type: ignore[attr-defined]
    }
    if not getattr(request, "htmx", False):  # fragments have no bell
        about["unread"] = unread_notifications(membership.user, membership.company)
    return about


def unread_notifications(user: User, company: Company) -> int:
    """Count what is behind somebody's bell, no further than BELL_CAP."""
    return Notification.objects.for_member(user, company).unread().order_by()[:BELL_CAP].count()


def demo_logins(request: HttpRequest) -> dict[str, object]:
    """Give the sign-in page the logins of the demo, where there is one."""
    is_sign_in = request.resolver_match is not None and request.resolver_match.url_name == "account_login"
    return {"demo_logins": LOGINS} if settings.DEMO and is_sign_in else {}
