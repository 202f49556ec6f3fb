"""Sending candidates by hand, and following what became of each."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from accounts.access import SignedInRequest, company_member
from accounts.models import Company
from candidates.cards import make_cards
from candidates.models import Application, Candidate
from integrations import actions, queries, wording
from integrations.forms import SendForm
from integrations.models import AccountStage, CandidateExport, PostingLink
from integrations.views.progress import show_panel

# -- Sending --------------------------------------------------------------------------------------------------------


def _get_candidate(company: Company, candidate_pk: int) -> Candidate:
    return get_object_or_404(Candidate.objects.visible_to(company), pk=candidate_pk)


@company_member
def export_confirm(request: SignedInRequest, candidate_pk: int, *, company: Company) -> HttpResponse:
    """Name the target and exactly what leaves (GET), then put the candidate in line (POST)."""
    candidate = _get_candidate(company, candidate_pk)
    share = queries.share_state(company)
    if request.method == "POST":
        form = SendForm(request.POST, company=company)
        if form.is_valid():
            try:
                actions.send_candidates(
                    company=company, candidates=[candidate], job=form.cleaned_data["job"], requested_by=request.user
                )
            except actions.Refused as refusal:
                words = wording.describe_refusal(refusal.code, share.label, refusal.parameters)
                form.add_error(None, f"{words.reason} {words.remedy}")
            else:
                (card,) = make_cards(company, [candidate.pk])
                messages.success(request, f"{card.source.name} is on the way to {share.label}.")
                if not request.htmx:
                    return redirect("candidate_detail", company.slug, candidate.pk)
                # The dialog is left empty and closes; whatever shows the candidate hears of it and looks again.
                return trigger_client_event(render(request, "integrations/_sent.html"), f"sent-{candidate.pk}")
    else:
        form = SendForm(company=company)
    template = "_export_confirm.html" if request.htmx else "export_confirm.html"
    context = _confirm_context(request, company, candidate, form)
    return render(
        request, f"integrations/{template}", {"candidate": candidate, "share": share, "form": form, **context}
    )


def _confirm_context(
    request: SignedInRequest, company: Company, candidate: Candidate, form: SendForm
) -> dict[str, object]:
    applications = {
        application.job_id: application
        for application in Application.objects.for_company(company)
        .standing()
        .filter(candidate=candidate)
        .order_by("created_at", "pk")
    }
    link = _preselected(request, form, applications)
    # What travels, as packing.py decides: the first application to that posting, else the latest one, else the profile.
    lead_posting = queries.lead_posting(company)
    posting = link.posting if link else lead_posting
    on_posting = {row.job_id for row in form.links if posting and row.posting_id == posting.pk}
    to_posting = (application for job_pk, application in applications.items() if job_pk in on_posting)
    application = next(to_posting, None) or next(reversed(applications.values()), None)
    exports = list(
        CandidateExport.objects.for_company(company)
        .exclude(connection__state="disconnected")
        .filter(candidate=candidate, posting=posting)
        .exclude(state__in=[CandidateExport.State.CANCELLED, CandidateExport.State.FAILED])
        .filter(deleted_there_at=None)
        .select_related("connection", "posting", "requested_by")
    )
    marks = queries.export_marks(company, exports)
    stages = AccountStage.objects.filter(company=company).exclude(connection__state="disconnected")
    return {
        "links": form.links,
        "chosen": link,
        "posting": posting,
        "lead_posting": lead_posting,
        "applied_to": set(applications),
        "application": application,
        "is_to_posting": application is not None and application.job_id in on_posting,
        "source": application or candidate,
        "is_unconfirmed": application is not None and not application.is_confirmed,
        "already": marks[0] if marks else None,
        "stage_name": stages.order_by("position").values_list("name", flat=True).first() or "",
    }


def _preselected(request: SignedInRequest, form: SendForm, applications: dict[int, Application]) -> PostingLink | None:
    """Return what was asked for, else the latest application's connected job, else no posting."""
    accepting = {str(link.job_id): link for link in form.links if link.posting.accepts_candidates}
    asked = request.POST.get("job") if request.method == "POST" else request.GET.get("job")
    if asked is not None:
        return accepting.get(asked)
    applied = (accepting.get(str(job_pk)) for job_pk in reversed(applications))
    return next((link for link in applied if link), None)


# -- Following ------------------------------------------------------------------------------------------------------


@company_member
@require_GET
def candidate_mark(request: SignedInRequest, candidate_pk: int, *, company: Company) -> HttpResponse:
    """Show where a candidate stands, as the chip of a list."""
    candidate = _get_candidate(company, candidate_pk)
    marks = queries.candidate_marks(company, [candidate.pk]).get(candidate.pk, [])
    return render(request, "integrations/_candidate_chip.html", {"candidate": candidate, "marks": marks})


def _get_export(company: Company, export_pk: int) -> CandidateExport:
    exports = CandidateExport.objects.for_company(company).select_related("connection", "posting", "requested_by")
    return get_object_or_404(exports, pk=export_pk)


def _mark(request: SignedInRequest, company: Company, export_pk: int) -> HttpResponse:
    export = _get_export(company, export_pk)
    mark = queries.export_marks(company, [export])[0]
    context = {"mark": mark, "is_row": request.GET.get("in") == "list"}
    return render(request, "integrations/_export_mark.html", context)


@company_member
@require_GET
def export_mark(request: SignedInRequest, export_pk: int, *, company: Company) -> HttpResponse:
    """Show where one export stands; a page asks again while something is under way."""
    return _mark(request, company, export_pk)


@company_member
@require_POST
def export_retry(request: SignedInRequest, export_pk: int, *, company: Company) -> HttpResponse:
    """Try an export again, or only the part of it that failed."""
    export = _get_export(company, export_pk)
    exports = CandidateExport.objects.for_company(company).filter(pk=export.pk)
    count = actions.retry_exports(company=company, exports=exports, requested_by=request.user)
    if request.htmx:
        return _changed(request, company, export)
    messages.info(request, "Trying again." if count else "That was under way already.")
    return _back(request, company, export)


@company_member
@require_POST
def export_dismiss(request: SignedInRequest, export_pk: int, *, company: Company) -> HttpResponse:
    """Put an export aside that nobody wants to send any more."""
    export = _get_export(company, export_pk)
    exports = CandidateExport.objects.for_company(company).filter(pk=export.pk)
    count = actions.dismiss_exports(company=company, exports=exports, dismissed_by=request.user)
    if request.htmx:
        return _changed(request, company, export)
    messages.info(request, "Dismissed. You can send the candidate again." if count else "There was nothing to dismiss.")
    return _back(request, company, export)


def _changed(request: SignedInRequest, company: Company, export: CandidateExport) -> HttpResponse:
    """Answer with what shows the export where it was asked: the candidate's panel, or its mark in a list."""
    if request.GET.get("in") == "panel":
        return show_panel(request, company, _get_candidate(company, export.candidate_id))
    return _mark(request, company, export.pk)


def _back(request: SignedInRequest, company: Company, export: CandidateExport) -> HttpResponse:
    if request.GET.get("in") == "list":
        return redirect("export_list", company.slug)
    return redirect("candidate_detail", company.slug, export.candidate_id)
