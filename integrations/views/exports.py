"""Sending candidates by hand, and following what became of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from accounts.access import SignedInRequest, company_member
from accounts.models import Company
from candidates.cards import make_cards
from candidates.models import Application, Candidate
from integrations import actions, queries, wording
from integrations.forms import SendForm
from integrations.models import AccountStage, CandidateExport, ExportAttempt, PostingLink
from jobs.models import Job
from purposejobs.paging import Page, capped_count, in_words, keyset_page

PAGE_SIZE = 25


# -- Sending --------------------------------------------------------------------------------------------------------


def _get_candidate(company: Company, candidate_pk: int) -> Candidate:
    return get_object_or_404(Candidate.objects.visible_to(company), pk=candidate_pk)


def _fragment(request: SignedInRequest, company: Company, candidate: Candidate, template: str) -> HttpResponse:
    marks = queries.candidate_marks(company, [candidate.pk]).get(candidate.pk, [])
    context = {"candidate": candidate, "marks": marks, "label": queries.provider_label(company)}
    return render(request, template, context)


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
    on_posting = {row.job_id for row in form.links if link and row.posting_id == link.posting_id}
    to_posting = (application for job_pk, application in applications.items() if job_pk in on_posting)
    application = next(to_posting, None) or next(reversed(applications.values()), None)
    exports = list(
        CandidateExport.objects.for_company(company)
        .exclude(connection__state="disconnected")
        .filter(candidate=candidate, posting=link.posting if link else None)
        .exclude(state__in=[CandidateExport.State.CANCELLED, CandidateExport.State.FAILED])
        .filter(deleted_there_at=None)
        .select_related("connection", "posting", "requested_by")
    )
    marks = queries.export_marks(company, exports)
    stages = AccountStage.objects.filter(company=company).exclude(connection__state="disconnected")
    return {
        "links": form.links,
        "chosen": link,
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
    """Show where all exports of a candidate stand; `?compact` gives the chip of a list."""
    candidate = _get_candidate(company, candidate_pk)
    template = "_candidate_chip.html" if "compact" in request.GET else "_candidate_marks.html"
    return _fragment(request, company, candidate, f"integrations/{template}")


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
        return _mark(request, company, export.pk)
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
        return _mark(request, company, export.pk)
    messages.info(request, "Dismissed. You can send the candidate again." if count else "There was nothing to dismiss.")
    return _back(request, company, export)


def _back(request: SignedInRequest, company: Company, export: CandidateExport) -> HttpResponse:
    if request.GET.get("in") == "list":
        return redirect("export_list", company.slug)
    return redirect("candidate_detail", company.slug, export.candidate_id)


# -- The list -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tab:
    slug: str
    word: str
    exports: QuerySet[CandidateExport]
    count: str


@dataclass(frozen=True, slots=True)
class Row:
    """One export with what the list says of it."""

    export: CandidateExport
    # As the company knows the person; empty when it no longer sees them.
    name: str
    mark: queries.ExportMark
    attempts: list[tuple[ExportAttempt, "Outcome"]]


def _tabs(label: str, exports: QuerySet[CandidateExport]) -> list[Tab]:
    words = {
        "attention": "Needs attention",
        "waiting": "Waiting",
        "sent": f"In {label}",
        "cancelled": "Cancelled",
        "all": "All",
    }
    chosen = {slug: exports.filter(rows) for slug, rows in queries.TABS.items()}
    return [Tab(slug, words[slug], rows, in_words(capped_count(rows))) for slug, rows in chosen.items()]


@company_member
@require_GET
def export_list(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Show every export with its history, the ones that need somebody first."""
    label = queries.provider_label(company)
    everything = CandidateExport.objects.for_company(company)
    jobs = Job.objects.for_company(company).filter(Exists(everything.filter(job=OuterRef("pk"))))
    exports, kept = narrow(company, request.GET)
    tabs = _tabs(label, narrow(company, {"job": kept.get("job", "")})[0])
    tab = next((tab for tab in tabs if tab.slug == request.GET.get("state", "attention")), tabs[0])
    page = _page(request, company, exports if "code" in kept else tab.exports)
    return render(
        request,
        "integrations/export_list.html",
        {
            "label": label,
            "tabs": tabs,
            "tab": tab,
            "jobs": jobs.order_by("title", "pk")[:200],
            "job_pk": kept.get("job", ""),
            "codes": _codes(company, label),
            "code": kept.get("code", ""),
            "bulk": _bulk_acts(company, exports, kept) if tab.slug == "attention" else [],
            "rows": _rows(company, page.rows),
            "previous_url": page.before and "?" + urlencode({"state": tab.slug, **kept, "before": page.before}),
            "next_url": page.after and "?" + urlencode({"state": tab.slug, **kept, "after": page.after}),
        },
    )


def narrow(company: Company, asked: Mapping[str, str]) -> tuple[QuerySet[CandidateExport], dict[str, str]]:
    """Return the company's exports that a list's filters choose (job, code), and those filters as given."""
    exports = CandidateExport.objects.for_company(company)
    kept = {name: asked[name] for name in ("job", "code") if asked.get(name)}
    if "job" in kept:
        if not kept["job"].isdecimal():
            raise Http404
        exports = exports.filter(job=get_object_or_404(Job.objects.for_company(company), pk=kept["job"]))
    if "code" in kept:
        exports = exports.filter(state=CandidateExport.State.FAILED, failure_code=kept["code"])
    return exports, kept


def _codes(company: Company, label: str) -> list[tuple[str, str]]:
    """Return the reasons for which exports of the company failed, in words."""
    failed = CandidateExport.objects.for_company(company).filter(state=CandidateExport.State.FAILED).order_by()
    codes = failed.values_list("failure_code", flat=True).distinct()[:50]
    return sorted(((code, wording.describe_failure(code, {}, label).title) for code in codes), key=lambda row: row[1])


@dataclass(frozen=True, slots=True)
class BulkAct:
    """A link to something done to many exports; it leads to a page that says how many."""

    word: str
    url: str
    is_quiet: bool


def _bulk_acts(company: Company, exports: QuerySet[CandidateExport], kept: dict[str, str]) -> list[BulkAct]:
    """Offer what can be done to the filtered exports, and to all where that is more."""
    acts = []
    everything = CandidateExport.objects.for_company(company)
    for chosen, which, query in (
        ((exports, "these", kept), (everything, "all", {})) if kept else ((everything, "all", {}),)
    ):
        for name, word, rows, is_quiet in (
            ("exports_retry", "Try {} {} again", queries.RETRYABLE, False),
            ("exports_dismiss", "Dismiss {} {}", queries.DISMISSABLE, True),
        ):
            count = capped_count(chosen.filter(rows))
            if count:
                url = reverse(name, args=[company.slug]) + ("?" + urlencode(query) if query else "")
                acts.append(BulkAct(word.format(which, in_words(count)), url, is_quiet))
    return acts


def _page(request: SignedInRequest, company: Company, exports: QuerySet[CandidateExport]) -> Page[CandidateExport]:
    attempts = Prefetch(
        "attempts", ExportAttempt.objects.order_by("-started_at", "-pk")[:10], to_attr="latest_attempts"
    )
    found = exports.select_related("connection", "posting", "requested_by", "job").prefetch_related(attempts)
    return keyset_page(found, request.GET, order="-changed_at", size=PAGE_SIZE)


def _rows(company: Company, exports: list[CandidateExport]) -> list[Row]:
    cards = make_cards(company, [export.candidate_id for export in exports])
    names = {card.candidate.pk: card.source.name for card in cards}
    return [
        Row(
            export,
            names.get(export.candidate_id, ""),
            mark,
            [(attempt, _outcome(attempt, mark.label)) for attempt in cast(Any, export).latest_attempts],
        )
        for export, mark in zip(exports, queries.export_marks(company, exports), strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, and what sort of trouble it was (empty: none)."""

    words: str
    kind: str


def _outcome(attempt: ExportAttempt, label: str) -> Outcome:
    if attempt.outcome == ExportAttempt.Outcome.REJECTED:
        words = wording.describe_failure(attempt.code, {}, label)
        return Outcome(words.title, words.kind)
    if attempt.outcome in (ExportAttempt.Outcome.TRY_LATER, ExportAttempt.Outcome.UNKNOWN):
        words = wording.describe_wait(attempt.code, label)
        return Outcome(words.reason, words.kind)
    if attempt.outcome == ExportAttempt.Outcome.LOST:
        words = wording.describe_loss(attempt.code, label)
        return Outcome(words.title, words.kind)
    return Outcome(ExportAttempt.Outcome(attempt.outcome).label, "")
