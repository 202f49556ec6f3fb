"""What became of one person in the ATS: the panel, looking again, and the timeline."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from accounts.access import SignedInRequest, company_member
from accounts.models import Company
from candidates.models import Candidate
from integrations import actions, queries


def _get_candidate(company: Company, candidate_pk: int) -> Candidate:
    return get_object_or_404(Candidate.objects.visible_to(company).only("pk"), pk=candidate_pk)


def show_panel(request: SignedInRequest, company: Company, candidate: Candidate) -> HttpResponse:
    """Answer with the panel; whatever else of the page shows the candidate looks again."""
    context = {"candidate": candidate, "panel": queries.candidate_panel(company, candidate.pk)}
    response = render(request, "integrations/_panel.html", context)
    return trigger_client_event(response, f"moved-{candidate.pk}")


@company_member
@require_GET
def candidate_panel(request: SignedInRequest, candidate_pk: int, *, company: Company) -> HttpResponse:
    """Show what the ATS knows of somebody; nothing (204) to a page that has seen it as it is."""
    candidate = _get_candidate(company, candidate_pk)
    if request.GET.get("seen") == queries.panel_version(company, candidate.pk):
        return HttpResponse(status=204)
    return show_panel(request, company, candidate)


@company_member
@require_POST
def candidate_progress_refresh(request: SignedInRequest, candidate_pk: int, *, company: Company) -> HttpResponse:
    """Ask the ATS how somebody stands now; the panel follows."""
    candidate = _get_candidate(company, candidate_pk)
    count = actions.refresh_progress(company=company, candidate=candidate)
    if request.htmx:
        return show_panel(request, company, candidate)
    label = queries.provider_label(company)
    messages.info(request, f"Asking {label} how it stands." if count else f"There is nothing to ask {label} about.")
    return redirect("candidate_detail", company.slug, candidate.pk)


@company_member
@require_GET
def candidate_timeline(request: SignedInRequest, candidate_pk: int, *, company: Company) -> HttpResponse:
    """Show what happened to somebody here, newest first; `?before=` gives the older events alone."""
    candidate = _get_candidate(company, candidate_pk)
    before = request.GET.get("before", "")
    context = {"candidate": candidate, "timeline": queries.timeline(company, candidate.pk, before=before)}
    template = "_timeline_events.html" if before else "_timeline.html"
    return render(request, f"integrations/{template}", context)
