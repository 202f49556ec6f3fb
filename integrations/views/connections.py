"""Account Settings → Integrations: what can be connected, how it stands, and what a connection may do."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, company_admin, company_member
from accounts.models import Company, Membership, User
from integrations import actions, queries, wording
from integrations.following.health import connection_health
from integrations.models import CandidateExport, Connection, Posting, PostingLink
from integrations.providers import Provider, all_providers
from integrations.queries.activity import ActFilters, act_page
from purposejobs.paging import capped_count, in_words

# A list that takes longer than this is no longer followed live.
FOLLOW_A_LIST_FOR = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Card:
    """One ATS on the Integrations page."""

    slug: str
    provider: Provider
    connection: Connection | None
    loss: wording.Words | None
    start_url: str
    admin_message: str
    # how many applicants a disconnection kept from going out
    left_out: int


def _start_url(slug: str, company: Company) -> str:
    return reverse(f"{slug}:start", args=[company.slug])


def _card(slug: str, provider: Provider, connection: Connection | None, company: Company) -> Card:
    url = settings.PUBLIC_URL + reverse("integration_list", args=[company.slug])
    loss = None
    if connection is not None and connection.needs_reconnect:
        loss = wording.describe_loss(connection.lost_reason, provider.LABEL)
    return Card(
        slug=slug,
        provider=provider,
        connection=connection,
        loss=loss,
        start_url=_start_url(slug, company),
        admin_message=provider.ADMIN_MESSAGE.format(company=company.name, url=url),
        left_out=queries.left_out_applicants(connection).count() if connection else 0,
    )


def _an_admin(company: Company) -> User | None:
    """Return somebody who can act on the company's connections."""
    admins = Membership.objects.filter(company=company, role=Membership.Role.ADMIN).select_related("user")
    membership = admins.order_by("created_at").first()
    return membership.user if membership else None


@company_member
def integration_list(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Show every ATS as a card: what it does, what it needs, how it stands."""
    standing = Connection.objects.for_company(company).standing().select_related("connected_by")
    connections = {connection.provider: connection for connection in standing}
    cards = [_card(slug, provider, connections.get(slug), company) for slug, provider in all_providers().items()]
    cards.sort(key=lambda card: card.connection is None)
    return render(
        request,
        "integrations/integration_list.html",
        {"cards": cards, "admin": _an_admin(company), "tab": "integrations"},
    )


def get_connection(company: Company, provider: str) -> Connection:
    """Return the company's standing connection at this ATS, or answer 404."""
    connections = Connection.objects.for_company(company).standing().select_related("connected_by")
    connection = connections.filter(provider=provider).first()
    if connection is None or provider not in all_providers():
        raise Http404
    return connection


def page_of(company: Company, connection: Connection, here: str) -> dict[str, object]:
    """Return what every page of a connection shows: see connection_page.html. `here` is the tab."""
    return {
        "connection": connection,
        "here": here,
        "start_url": _start_url(connection.provider, company),
        "admin": _an_admin(company),
        "loss": wording.describe_loss(connection.lost_reason, connection.label) if connection.needs_reconnect else None,
    }


@company_member
def connection_detail(request: SignedInRequest, provider: str, *, company: Company) -> HttpResponse:
    """Show how a connection stands and what it did; an admin can act on it here."""
    connection = get_connection(company, provider)
    described = all_providers()[provider]
    exports = CandidateExport.objects.filter(company=company, connection=connection)
    explain_scopes = getattr(described, "explain_scopes", None)
    return render(
        request,
        "integrations/connection_detail.html",
        {
            "provider": described,
            "exports": {tab: in_words(capped_count(exports.filter(rows))) for tab, rows in queries.TABS.items()},
            "linked_jobs": PostingLink.objects.filter(company=company, connection=connection).count(),
            "unlinked_jobs": queries.unlinked_open_jobs(company),
            "rights": explain_scopes(connection.granted_scopes) if explain_scopes else [],
            "acts": act_page(company, ActFilters(connection_pk=connection.pk), size=8).acts,
            "left_out": queries.left_out_applicants(connection).count(),
            **page_of(company, connection, "overview"),
            **_step_state(company, connection),
        },
    )


@company_member
def connection_sync(request: SignedInRequest, provider: str, *, company: Company) -> HttpResponse:
    """Bring both sides in step now (POST), or say how that stands (GET, which the page does while it happens)."""
    connection = get_connection(company, provider)
    if request.method == "POST" and connection.is_active:
        actions.refresh_account(connection=connection)
        actions.request_catch_up(connection=connection)
        connection.refresh_from_db()
        if not request.htmx:
            messages.info(request, f"Reading what is new in {connection.label}.")
    if not request.htmx:
        return redirect("connection_detail", company.slug, provider)
    context = {"connection": connection, **_step_state(company, connection)}
    return render(request, "integrations/_step_state.html", context)


def _step_state(company: Company, connection: Connection) -> dict[str, object]:
    """Say how both sides are kept in step, for `_step_state.html`."""
    return {
        "health": connection_health(connection),
        "hint": getattr(all_providers()[connection.provider], "WEBHOOK_HINT", ""),
        "webhook_trouble": wording.describe_finding("webhooks", connection.subscription_error, connection.label, {})
        if connection.subscription_error
        else None,
        **list_state(company, connection),
    }


def list_state(company: Company, connection: Connection) -> dict[str, object]:
    """Say how the list of postings stands, for `_postings_state.html`."""
    requested, listed = connection.postings_requested_at, connection.postings_listed_at
    # A list that failed takes its request back, so a request that is newer than the list is still under way.
    is_listing = connection.is_active and requested is not None and (listed is None or listed < requested)
    is_late = is_listing and requested is not None and requested < timezone.now() - FOLLOW_A_LIST_FOR
    return {
        "postings": Posting.objects.filter(company=company, connection=connection, gone_at=None).aggregate(
            all=Count("pk"), open=Count("pk", filter=Q(is_open=True))
        ),
        "is_listing": is_listing and not is_late,
        "is_late": is_late,
        "list_error": _list_error(connection),
    }


def _list_error(connection: Connection) -> wording.Words | None:
    code, label = connection.postings_error, connection.label
    if not code:
        return None
    return wording.describe_failure(code, {}, label) if code in wording.FAILURES else wording.describe_wait(code, label)


@company_member
def postings_refresh(request: SignedInRequest, provider: str, *, company: Company) -> HttpResponse:
    """Ask for a fresh list of postings (POST), or say how the list stands (GET, which the page does while waiting)."""
    connection = get_connection(company, provider)
    if request.method == "POST":
        actions.refresh_account(connection=connection)
        connection.refresh_from_db(fields=["postings_requested_at", "postings_listed_at", "postings_error"])
        if not request.htmx:
            messages.info(request, f"Reading the postings from {connection.label}.")
    if not request.htmx:
        return redirect("connection_detail", company.slug, provider)
    context = {"connection": connection, **list_state(company, connection)}
    return render(request, "integrations/_postings_state.html", context)


@company_admin
def connection_disconnect(request: SignedInRequest, provider: str, *, company: Company) -> HttpResponse:
    """Say what stops and what stays (GET), then end the connection (POST)."""
    connection = get_connection(company, provider)
    if request.method == "POST":
        actions.close_connection(connection=connection, closed_by=request.user)
        messages.success(request, f"{connection.label} was disconnected.")
        return redirect("integration_list", company.slug)
    waiting = capped_count(CandidateExport.objects.filter(company=company, connection=connection).under_way())
    template = "_disconnect.html" if request.htmx else "connection_disconnect.html"
    return render(request, f"integrations/{template}", {"connection": connection, "waiting": in_words(waiting)})


@company_member
@require_POST
def connection_back_fill(request: SignedInRequest, provider: str, *, company: Company) -> HttpResponse:
    """Send the applicants whom a disconnection kept from going out."""
    connection = get_connection(company, provider)
    count = actions.back_fill(connection=connection, requested_by=request.user)
    messages.success(request, f"{count} applicant{'' if count == 1 else 's'} on the way to {connection.label}.")
    return redirect("connection_detail", company.slug, provider)
