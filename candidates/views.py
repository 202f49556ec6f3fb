"""Pages of applicants (the form, and what the link in their e-mail leads to), then pages of recruiters."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.core.signing import BadSignature
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from accounts.access import SignedInRequest, company_member, public
from accounts.models import Company, PublicCompany
from candidates import actions
from candidates.cards import Card, make_cards
from candidates.forms import ApplyForm, EraseForm, FilterForm, HideForm, ShareForm
from candidates.listing import Filters, Listing
from candidates.models import Application, HiddenCompany, Profile
from candidates.resumes import DOC, DOCX, PDF, TEXT, decode_text
from candidates.tokens import read_token
from integrations import queries as integrations
from integrations.actions import MOST_AT_ONCE, Refused, prepare_bulk_send
from jobs.models import Job, PublicJob
from purposejobs.asked import read_keys
from purposejobs.paging import Place, in_words
from purposejobs.tenancy import company_scope

PAGE_SIZE = 25
# What is shown of a TXT résumé within the page, in bytes; the whole file can be opened.
TEXT_SHOWN = 64 * 1024
# The filter's word for those whom the ATS does not have.
NOT_THERE = "none"


# -- Applicants --------------------------------------------------------------------------------------------------------


@public
def apply(request: HttpRequest, company_slug: str, job_pk: int) -> HttpResponse:
    """Let somebody apply to an open job."""
    job = PublicJob.objects.select_related("company").filter(pk=job_pk, company__slug=company_slug).first()
    if job is None:
        return _not_open(request, company_slug, job_pk)
    form = ApplyForm(request.POST, request.FILES) if request.method == "POST" else ApplyForm()
    status = 200
    if form.is_bound and not _may_apply_now(request):
        # What was typed stays in the form.
        form.add_error(None, "There were many applications from your network just now. Wait a minute, then try again.")
        status = 429
    if form.is_valid():
        try:
            actions.submit_application(company_pk=job.company_id, job_pk=job.pk, submission=form.submission())
        except actions.JobClosed:
            return _not_open(request, company_slug, job_pk)
        return redirect("apply_thanks", company_slug, job_pk)
    context = {"form": form, "job": job, "employer": job.company, "consent_version": actions.CONSENT_VERSION}
    return render(request, "candidates/apply.html", context, status=status)


@public
def apply_thanks(request: HttpRequest, company_slug: str, job_pk: int) -> HttpResponse:
    """Say thank you: the same to everybody, so that nobody can test who applied."""
    job = PublicJob.objects.select_related("company").filter(pk=job_pk, company__slug=company_slug).first()
    if job is None:
        return _not_open(request, company_slug, job_pk)
    return render(request, "candidates/apply_thanks.html", {"job": job, "employer": job.company})


def _may_apply_now(request: HttpRequest) -> bool:
    key = request.POST.get("email", "").strip().lower()
    limits = settings.APPLY_RATE_LIMITS
    return bool(ratelimit.consume(request, app="candidates", action="apply", config=limits, key=key))


def _not_open(request: HttpRequest, company_slug: str, job_pk: int) -> HttpResponse:
    """Say that a job is closed; of one that never was public, nothing is said."""
    company = PublicCompany.objects.filter(slug=company_slug).first()
    if company is None:
        raise Http404
    with company_scope(company.pk):
        job = Job.objects.filter(company=company.pk, pk=job_pk, status=Job.Status.CLOSED).first()
    if job is None:
        raise Http404
    return render(request, "candidates/apply_closed.html", {"job": job, "employer": company}, status=410)


def with_application(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in whoever has the signed link: gives the view the application, in its company's scope."""

    @wraps(view)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        try:
            key = read_token(token)
        except (BadSignature, ValueError, TypeError):
            return render(request, "candidates/link_invalid.html", status=404)
        with company_scope(key.company_pk):
            applications = Application.objects.filter(company=key.company_pk, pk=key.application_pk)
            application = applications.select_related("job", "company", "candidate").first()
            if application is None or application.candidate.erased_at:
                response = render(request, "candidates/application_erased.html")
            else:
                response = view(request, token, application)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return public(opened)


@with_application
def application_confirm(request: HttpRequest, token: str, application: Application) -> HttpResponse:
    """Show an application to its applicant. Mail scanners follow links, so only a POST confirms the address."""
    if request.method == "POST":
        actions.confirm_email(application=application)
        messages.success(request, "Your e-mail address is confirmed.")
        return redirect("application_confirm", token)
    return _own_page(request, token, application)


@with_application
@require_POST
def application_withdraw(request: HttpRequest, token: str, application: Application) -> HttpResponse:
    """Take an application back."""
    if actions.withdraw(application=application):
        messages.success(request, "Your application is withdrawn.")
    return redirect("application_confirm", token)


@with_application
@require_POST
def candidate_hide(request: HttpRequest, token: str, application: Application) -> HttpResponse:
    """Hide the applicant from a company."""
    form = HideForm(request.POST)
    if not form.is_valid():
        return _own_page(request, token, application, hide_form=form)
    company = form.cleaned_data["company"]
    actions.hide_from_company(candidate=application.candidate, company_pk=company.pk)
    messages.success(request, f"{company.name} does not see your profile any more.")
    return redirect("application_confirm", token)


@with_application
@require_POST
def candidate_unhide(request: HttpRequest, token: str, application: Application) -> HttpResponse:
    """Let a hidden company see the applicant again."""
    form = HideForm(request.POST)
    if form.is_valid():
        company = form.cleaned_data["company"]
        actions.show_to_company(candidate=application.candidate, company_pk=company.pk)
        messages.success(request, f"You do not hide from {company.name} any more.")
    return redirect("application_confirm", token)


@with_application
@require_POST
def candidate_erase(request: HttpRequest, token: str, application: Application) -> HttpResponse:
    """Erase everything about the applicant, once they are sure."""
    form = EraseForm(request.POST)
    if not form.is_valid():
        return _own_page(request, token, application, erase_form=form)
    actions.erase(candidate=application.candidate)
    return redirect("application_confirm", token)


def _own_page(
    request: HttpRequest,
    token: str,
    application: Application,
    *,
    hide_form: HideForm | None = None,
    erase_form: EraseForm | None = None,
) -> HttpResponse:
    hidden = HiddenCompany.objects.filter(candidate=application.candidate_id).values("company")
    context = {
        "token": token,
        "application": application,
        "job": application.job,
        "employer": application.company,
        "hidden_companies": PublicCompany.objects.filter(pk__in=hidden).order_by("name"),
        "hide_form": hide_form or HideForm(),
        "erase_form": erase_form or EraseForm(),
    }
    return render(request, "candidates/application.html", context)


# -- Recruiters --------------------------------------------------------------------------------------------------------


@company_member
def candidate_list(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Show the people the company sees; htmx gets the list alone."""
    form = _filter_form(request, company)
    listing = Listing(company, _filters(form, company))
    place = {name: Place.read(request.GET.get(name, "")) for name in ("after", "before")}
    page = listing.page(**place, size=PAGE_SIZE)
    cards = make_cards(company, page.candidate_pks)
    marks = integrations.candidate_marks(company, page.candidate_pks)
    share = integrations.share_state(company)
    counts, query, show = listing.counts(), _query(request), form.cleaned_data["show"]
    context = {
        "form": form,
        "rows": [(card, marks.get(card.candidate.pk, [])) for card in cards],
        "query": urlencode(query),
        "show": show,
        "ats_label": share.label,
        "share": share,
        "tabs": [
            (label, urlencode({**query, "show": value}), in_words(counts[value]), value == show)
            for value, label in form.fields["show"].choices  # type: ignore[attr-defined]
        ],
        "count_words": f"{in_words(counts[show])} {'candidate' if counts[show] == 1 else 'candidates'}",
        "is_filtered": any(value for name, value in query.items() if name != "show"),
        "previous_url": page.before and f"?{urlencode({**query, 'before': str(page.before)})}",
        "next_url": page.after and f"?{urlencode({**query, 'after': str(page.after)})}",
    }
    if request.htmx and request.htmx.target == "candidates":
        return render(request, "candidates/_list.html", context)
    context["states"] = _state_groups(company, _counted_stages(company))
    return render(request, "candidates/list.html", context)


@company_member
@require_POST
def candidates_send(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Take the ticked candidates, or all that the list's filters find, to the preview of a sending."""
    if request.POST.get("which") == "all":
        listing = Listing(company, _filters(_filter_form(request, company), company))
        chosen = listing.page(size=MOST_AT_ONCE + 1).candidate_pks
    else:
        chosen = read_keys(request.POST.getlist("candidate"))
    try:
        sending = prepare_bulk_send(company=company, candidate_pks=chosen, requested_by=request.user)
    except Refused as refusal:
        messages.error(request, integrations.why_refused(company, refusal))
        query = urlencode(_query(request))
        return redirect(reverse("candidate_list", args=[company.slug]) + (f"?{query}" if query else ""))
    return redirect("bulk_send_detail", company.slug, sending.pk)


@company_member
def candidate_detail(request: SignedInRequest, candidate_pk: int, *, company: Company) -> HttpResponse:
    """Show one person: a page of its own, or beside the list."""
    card = _card(company, candidate_pk)
    is_beside = bool(request.htmx) and request.htmx.target == "slide-over-body"
    context = {
        "card": card,
        "candidate": card.candidate,
        "panel": integrations.candidate_panel(company, candidate_pk),
        "timeline": integrations.timeline(company, candidate_pk, before=request.GET.get("events", "")),
        "is_older": "events" in request.GET,
        "share": integrations.share_state(company),
        "resume": _shown_resume(card),
        "link": settings.PUBLIC_URL + reverse("candidate_detail", args=[company.slug, candidate_pk]),
        "query": urlencode(_query(request)),
        "is_beside": is_beside,
        **_neighbours(request, company, candidate_pk),
    }
    return render(request, "candidates/_candidate.html" if is_beside else "candidates/detail.html", context)


@company_member
def candidate_resume(request: HttpRequest, candidate_pk: int, *, company: Company) -> HttpResponse:
    """Hand out a résumé: the one on the card, or that of `?application=`."""
    card = _card(company, candidate_pk)
    source = card.source
    if "application" in request.GET:
        asked = request.GET["application"]
        source = next((row for row in card.applications if str(row.pk) == asked), None)  # type: ignore[assignment]
    if source is None or not source.resume:
        raise Http404
    try:
        content = source.resume.open("rb")
    except (FileNotFoundError, SuspiciousOperation):
        raise Http404 from None
    content_type = source.resume_type if source.resume_type in (PDF, DOC, DOCX, TEXT) else "application/octet-stream"
    is_shown = content_type in (PDF, TEXT) and "download" not in request.GET
    response = FileResponse(content, as_attachment=not is_shown, filename=source.resume_name, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response  # type: ignore[return-value]


@company_member
def candidate_share(request: SignedInRequest, candidate_pk: int, *, company: Company) -> HttpResponse:
    """Send a colleague the link to a candidate, from a dialog or a page of its own."""
    card = _card(company, candidate_pk)
    form = ShareForm(request.POST or None, company=company, sender=request.user)
    url = reverse("candidate_detail", args=[company.slug, candidate_pk])
    if form.is_valid():
        member = form.cleaned_data["member"]
        actions.share_with_member(
            candidate=card.candidate,
            name=card.source.name,
            member=member,
            shared_by=request.user,
            message=form.cleaned_data["message"],
            url=settings.PUBLIC_URL + url,
        )
        messages.success(request, f"The link goes to {member} by e-mail.")
        if not request.htmx:
            return redirect(url)
        return trigger_client_event(render(request, "candidates/_shared.html"), "close-dialog")
    context = {
        "form": form,
        "card": card,
        "candidate": card.candidate,
        "has_colleagues": form.fields["member"].queryset.exists(),  # type: ignore[attr-defined]
    }
    return render(request, "candidates/_share.html" if request.htmx else "candidates/share.html", context)


def _card(company: Company, candidate_pk: int) -> Card:
    cards = make_cards(company, [candidate_pk])
    if not cards:
        raise Http404
    return cards[0]


def _filter_form(request: HttpRequest, company: Company) -> FilterForm:
    stages = [(value, word) for value, word, _ in integrations.stage_choices(company, is_counted=False)]
    states = [(value, word) for _, group in _state_groups(company, stages) for value, word in group]
    form = FilterForm(request.GET, company=company, states=states)
    # A job of another company, or none at all: there is no such list. Anything else odd is left out.
    if not form.is_valid() and "job" in form.errors:
        raise Http404
    return form


def _state_groups(company: Company, stages: list[tuple[str, str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return where somebody can stand at the ATS, as groups to choose from: there or not, how far, on the way."""
    label = integrations.provider_label(company)
    on_the_way = [
        ("waiting", "Waiting"),
        ("failed", "Needs attention"),
        ("held", "On hold"),
        ("cancelled", "Cancelled"),
    ]
    groups = [
        ("", [("sent", f"In {label}"), (NOT_THERE, f"Not in {label}")]),
        (f"In {label}: stage", stages),
        ("On the way", on_the_way),
    ]
    return [group for group in groups if group[1]]


def _counted_stages(company: Company) -> list[tuple[str, str]]:
    return [(value, f"{word} ({in_words(count)})") for value, word, count in integrations.stage_choices(company)]


def _filters(form: FilterForm, company: Company) -> Filters:
    chosen: dict[str, Any] = form.cleaned_data
    for name in form.fields:
        chosen.setdefault(name, "")
    return Filters(
        words=chosen["q"],
        job_pk=chosen["job"].pk if chosen["job"] else None,
        show=chosen["show"],
        location=chosen["location"],
        skills=chosen["skills"] or [],
        in_state=_in_state(company, chosen["state"]),
        not_in_state=integrations.candidates_there(company) if chosen["state"] == NOT_THERE else None,
    )


def _in_state(company: Company, state: str) -> "QuerySet[Any] | None":
    if state in ("", NOT_THERE):
        return None
    if state in ("hired", "archived") or state.startswith("stage:"):
        return integrations.candidates_in_stage(company, state)
    return integrations.candidates_in_state(company, state)


def _query(request: HttpRequest) -> dict[str, str]:
    """Return the filters as they stand in the address, without the place in the list."""
    return {name: request.GET[name] for name in FilterForm.base_fields if request.GET.get(name)}


def _neighbours(request: HttpRequest, company: Company, candidate_pk: int) -> dict[str, int | None]:
    """Return whom the same list has before and after somebody."""
    listing = Listing(company, _filters(_filter_form(request, company), company))
    place = listing.place_of(candidate_pk)
    if place is None:
        return {}
    before = listing.page(before=place, size=1).candidate_pks
    after = listing.page(after=place, size=1).candidate_pks
    return {"previous_pk": before[0] if before else None, "next_pk": after[0] if after else None}


def _shown_resume(card: Card) -> dict[str, object]:
    """Return how the card's résumé is shown: as `pdf`, as `text`, by `download` only, or that it is `missing`."""
    source: Profile = card.source
    if not card.has_resume:
        return {"shape": "missing"}
    if source.resume_type == PDF:
        return {"shape": "pdf"}
    if source.resume_type != TEXT:
        return {"shape": "download"}
    try:
        with source.resume.open("rb") as file:
            content = file.read(TEXT_SHOWN + 1)
    except (FileNotFoundError, SuspiciousOperation):
        return {"shape": "lost"}
    return {"shape": "text", "text": decode_text(content[:TEXT_SHOWN]), "is_cut": len(content) > TEXT_SHOWN}
