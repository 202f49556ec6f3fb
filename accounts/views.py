"""A company's dashboard, its settings and its team; and the way into one."""

import zoneinfo
from datetime import timedelta

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import actions
from accounts.access import SignedInRequest, company_admin, company_member, public, signed_in
from accounts.context import unread_notifications
from accounts.forms import CompanyForm, CompanyNewForm, InvitationForm, ProfileForm, RoleForm
from accounts.models import Company, Invitation, Membership, Notification, User
from integrations import queries
from purposejobs.asked import read_keys
from purposejobs.paging import capped_count, in_words, keyset_page
from purposejobs.tenancy import user_scope

REFUSALS = {
    "last_admin": "A company needs an admin. Make somebody else an admin first.",
    "member": "This person is a member already.",
    "used": "This invitation is no longer open.",
}


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the company one was in last; the signed-out see the board."""
    if not request.user.is_authenticated:
        return redirect("public_board")
    with user_scope(request.user):
        memberships = Membership.objects.filter(user=request.user).order_by("company__name")
        slugs = list(memberships.values_list("company__slug", flat=True))
    if not slugs:
        return redirect("company_new")
    last = request.session.get("last_company")
    return redirect("dashboard", last if last in slugs else slugs[0])


@company_member
@require_safe
def dashboard(request: SignedInRequest, *, company: Company) -> HttpResponse:
    applications = company.applications.standing()
    this_week = applications.filter(created_at__gte=timezone.now() - timedelta(7))
    newest = list(applications.select_related("job").order_by("-created_at", "-pk")[:8])
    marks = queries.candidate_marks(company, {application.candidate_id for application in newest})
    open_jobs = capped_count(company.jobs.open())
    connection = queries.standing_connection(company)
    return render(
        request,
        "accounts/dashboard.html",
        {
            "open_jobs": in_words(open_jobs),
            "drafts": in_words(capped_count(company.jobs.filter(status="draft"))),
            "new_applicants": in_words(capped_count(this_week)),
            "in_ats": in_words(capped_count(queries.candidates_in_state(company, "sent"))),
            "attention": in_words(capped_count(queries.candidates_in_state(company, "attention"))),
            "newest": [
                (
                    application,
                    [mark for mark in marks.get(application.candidate_id, []) if mark.job_pk == application.job_id],
                )
                for application in newest
            ],
            "hired": in_words(capped_count(queries.candidates_in_stage(company, "hired"))),
            "recent": queries.recent_changes(company) if connection else [],
            "unlinked_jobs": queries.unlinked_open_jobs(company),
            "label": queries.provider_label(company),
            "connection": connection,
            "has_jobs": open_jobs or company.jobs.exists(),
            "is_alone": not company.memberships.exclude(user=request.user).exists(),
        },
    )


# -- Account Settings -------------------------------------------------------------------------------------------------


@company_member
def account_settings(request: SignedInRequest, *, company: Company) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user, browser_zone=_browser_zone(request))
    if request.method == "POST" and form.is_valid():
        request.user.save(update_fields=["name", "time_zone"])
        messages.success(request, "Your profile is saved.")
        return redirect("account_settings", company.slug)
    address = EmailAddress.objects.filter(user=request.user, email=request.user.email).first()
    return render(
        request,
        "accounts/profile.html",
        {"form": form, "is_verified": address is not None and address.verified, "tab": "profile"},
    )


def _browser_zone(request: HttpRequest) -> str:
    """Return the zone the browser told us, when there is one of that name."""
    name = request.COOKIES.get("tz", "")
    return name if name in zoneinfo.available_timezones() else ""


@company_admin
def company_settings(request: SignedInRequest, *, company: Company) -> HttpResponse:
    form = CompanyForm(request.POST or None, instance=company)
    if request.method == "POST" and form.is_valid():
        company.save(update_fields=["name", "website", "about"])
        messages.success(request, "The company's profile is saved.")
        return redirect("company_settings", company.slug)
    return render(request, "accounts/company.html", {"form": form, "tab": "company"})


# -- Team -------------------------------------------------------------------------------------------------------------


@company_admin
@require_safe
def team(request: SignedInRequest, *, company: Company) -> HttpResponse:
    return _team_page(request, company, InvitationForm())


def _team_page(request: SignedInRequest, company: Company, form: InvitationForm) -> HttpResponse:
    members = company.memberships.select_related("user").order_by("user__name", "pk")
    return render(
        request,
        "accounts/team.html",
        {
            "members": Paginator(members, 50).get_page(request.GET.get("page")),
            "invitations": company.invitations.filter(accepted_at=None).order_by("-created_at", "-pk")[:50],
            "roles": Membership.Role.choices,
            "form": form,
            "tab": "team",
        },
    )


@company_admin
@require_POST
def invitation_create(request: SignedInRequest, *, company: Company) -> HttpResponse:
    form = InvitationForm(request.POST)
    if form.is_valid():
        email, role = form.cleaned_data["email"], form.cleaned_data["role"]
        try:
            actions.invite(company=company, email=email, role=role, invited_by=request.user)
        except actions.Refused as refusal:
            form.add_error("email", REFUSALS[refusal.code])
        else:
            messages.success(request, f"{email} gets an e-mail with a link to join.")
            return redirect("team", company.slug)
    return _team_page(request, company, form)


@company_admin
@require_POST
def invitation_cancel(request: SignedInRequest, invitation_pk: int, *, company: Company) -> HttpResponse:
    invitation = get_object_or_404(company.invitations, pk=invitation_pk, accepted_at=None)
    invitation.delete()
    messages.success(request, f"The invitation of {invitation.email} is cancelled; its link no longer works.")
    return redirect("team", company.slug)


@company_admin
@require_POST
def member_role(request: SignedInRequest, membership_pk: int, *, company: Company) -> HttpResponse:
    membership = get_object_or_404(company.memberships.select_related("user"), pk=membership_pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles.")
        return redirect("team", company.slug)
    try:
        actions.change_role(membership=membership, role=form.cleaned_data["role"])
    except actions.Refused as refusal:
        messages.error(request, REFUSALS[refusal.code])
    else:
        messages.success(request, f"{membership.user} is now {membership.get_role_display().lower()}.")
    # Whoever has just stopped being an admin may not see the team's page.
    may_stay = membership.is_admin or membership.user_id != request.user.pk
    return redirect("team" if may_stay else "dashboard", company.slug)


@company_admin
def member_remove(request: SignedInRequest, membership_pk: int, *, company: Company) -> HttpResponse:
    """Ask, then take somebody out of the company."""
    membership = get_object_or_404(company.memberships.select_related("user"), pk=membership_pk)
    if request.method != "POST":
        return render(request, "accounts/member_remove.html", {"member": membership, "tab": "team"})
    try:
        actions.remove_member(membership=membership)
    except actions.Refused as refusal:
        messages.error(request, REFUSALS[refusal.code])
        return redirect("team", company.slug)
    messages.success(request, f"{membership.user} is no longer a member of {company}.")
    return redirect("home") if membership.user == request.user else redirect("team", company.slug)


# -- The bell ---------------------------------------------------------------------------------------------------------


@company_member
@require_safe
def notification_list(request: SignedInRequest, *, company: Company) -> HttpResponse:
    mine = Notification.objects.for_member(request.user, company)
    page = keyset_page(mine, request.GET, order="-created_at")
    return render(
        request,
        "accounts/notifications.html",
        {
            "notifications": page.rows,
            "has_unread": mine.unread().exists(),
            "previous_url": page.before and f"?before={page.before}",
            "next_url": page.after and f"?after={page.after}",
        },
    )


@company_member
@require_safe
def notification_bell(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Give the bell anew; nothing while its number is still the one that the page shows."""
    number = unread_notifications(request.user, company)
    if request.GET.get("shown") == str(number):
        return HttpResponse(status=204)
    return render(request, "components/bell.html", {"unread": number})


@company_member
@require_POST
def notifications_read(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Mark one as read (`notification`), or all."""
    unread = Notification.objects.for_member(request.user, company).unread()
    pk = request.POST.get("notification", "")
    if pk:
        unread = unread.filter(pk__in=read_keys([pk]))
    unread.update(read_at=timezone.now())
    if not pk:
        messages.success(request, "Everything is marked as read.")
    return redirect("notification_list", company.slug)


@company_member
@require_POST
def notification_open(request: SignedInRequest, notification_pk: int, *, company: Company) -> HttpResponse:
    """Mark one as read and go where it leads."""
    notification = get_object_or_404(Notification.objects.for_member(request.user, company), pk=notification_pk)
    Notification.objects.filter(pk=notification.pk).unread().update(read_at=timezone.now())
    return redirect(notification.path or reverse("notification_list", args=[company.slug]))


# -- Ways in ----------------------------------------------------------------------------------------------------------


@signed_in
def company_new(request: SignedInRequest) -> HttpResponse:
    form = CompanyNewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        company = actions.found_company(name=form.cleaned_data["name"], founder=request.user)
        messages.success(request, f"{company} is ready.")
        return redirect("dashboard", company.slug)
    is_member = Membership.objects.filter(user=request.user).exists()
    return render(request, "accounts/company_new.html", {"form": form, "is_member": is_member})


@public
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Show who asks the visitor to join what; joining is a POST, since mail scanners follow links."""
    invitation = actions.read_invitation(token)
    if invitation is None:
        return render(request, "accounts/invitation_over.html", status=410)
    if not request.user.is_authenticated:
        # Whoever follows the link reads that address's mail; and signing up can join without naming a company.
        request.session["invitation"] = token
        get_adapter().stash_verified_email(request, invitation.email)
    is_addressee = request.user.is_authenticated and request.user.email == invitation.email.lower()
    if request.method == "POST" and request.user.is_authenticated and is_addressee:
        return _join(request, invitation, request.user)
    return render(request, "accounts/invitation.html", {"invitation": invitation, "is_addressee": is_addressee})


def _join(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    try:
        actions.accept_invitation(invitation=invitation, user=user)
    except actions.Refused as refusal:
        messages.error(request, REFUSALS[refusal.code])
        return redirect("home")
    messages.success(request, f"You have joined {invitation.company}.")
    return redirect("dashboard", invitation.company.slug)
