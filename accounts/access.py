"""Who may see a page. Every view carries exactly one of these decorators; a test looks for the mark."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import Membership, User
from purposejobs.tenancy import company_scope, user_scope

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class PublicRequest(HttpRequest):
    """What a public view is given."""

    htmx: HtmxDetails


class SignedInRequest(PublicRequest):
    """What a view for the signed-in is given; on company pages with the membership."""

    user: User
    membership: Membership
    memberships: list[Membership]


def _marked(view: Callable[..., HttpResponseBase], access: str) -> Any:
    view.access = access  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """Let everybody in."""
    return _marked(view, "public")


def _sign_in(request: HttpRequest) -> HttpResponse:
    # A fragment must not turn into a sign-in page inside a table.
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(resolve_url("account_login"))
    return redirect_to_login(request.get_full_path())


def signed_in(view: View) -> View:
    """Let signed-in people in; their own memberships can be read."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _sign_in(request)
        with user_scope(request.user):
            response = view(request, *args, **options)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return _marked(guarded, "signed_in")


def require_admin(request: SignedInRequest) -> None:
    """Refuse whoever is no admin, in a view that every member may look at but only admins may post to."""
    if not request.membership.is_admin:
        raise PermissionDenied("Only an admin of the company can do this.")


def company_member(view: View) -> View:
    """Let members in: takes `company_slug` away and gives the view a `company`, in whose scope it runs.

    Not a member and no such company look alike: 404. The whole view is one transaction.
    """

    @wraps(view)
    def guarded(request: HttpRequest, company_slug: str, *args: Any, **options: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _sign_in(request)
        with user_scope(request.user):
            memberships = list(
                Membership.objects.filter(user=request.user).select_related("company").order_by("company__name")
            )
            membership = next((row for row in memberships if row.company.slug == company_slug), None)
            if membership is None:
                raise Http404
            request.membership = membership  # type: ignore[attr-defined]
            request.memberships = memberships  # type: ignore[attr-defined]
            if getattr(view, "access", "") == "admins":
                require_admin(request)  # type: ignore[arg-type]
            if request.session.get("last_company") != company_slug:
                request.session["last_company"] = company_slug  # where `home` leads
            with company_scope(membership.company):
                response = view(request, *args, company=membership.company, **options)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return _marked(guarded, "company_member")


def company_admin(view: View) -> View:
    """Let the company's admins in; its recruiters get 403, everybody else 404."""
    guarded = company_member(_marked(view, "admins"))
    return _marked(guarded, "company_admin")
