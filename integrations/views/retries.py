"""Trying again and dismissing many exports at once: all, or those that the list's filters choose."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from accounts.access import SignedInRequest, company_member
from accounts.models import Company
from integrations import actions, queries
from integrations.models import CandidateExport
from integrations.views.history import narrow
from purposejobs.paging import capped_count, in_words


@company_member
def exports_retry(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Say how many would be tried again (GET), then try them (POST)."""
    return _ask_then_do(
        request,
        company,
        act="retry",
        rows=queries.RETRYABLE,
        do=lambda exports: actions.retry_exports(company=company, exports=exports, requested_by=request.user),
    )


@company_member
def exports_dismiss(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Say how many would be put aside (GET), then put them aside (POST)."""
    return _ask_then_do(
        request,
        company,
        act="dismiss",
        rows=queries.DISMISSABLE,
        do=lambda exports: actions.dismiss_exports(company=company, exports=exports, dismissed_by=request.user),
    )


def _ask_then_do(
    request: SignedInRequest,
    company: Company,
    *,
    act: str,
    rows: Q,
    do: Callable[[QuerySet[CandidateExport]], int],
) -> HttpResponse:
    exports, kept = narrow(company, request.POST if request.method == "POST" else request.GET)
    list_url = reverse("export_list", args=[company.slug]) + ("?" + urlencode(kept) if kept else "")
    if request.method == "POST":
        count = do(exports)
        done = {"retry": "Trying {} again.", "dismiss": "{} dismissed. They can be sent again."}[act]
        people = "1 candidate" if count == 1 else f"{count:,} candidates"
        messages.info(request, done.format(people) if count else "There was nothing left to do.")
        return redirect(list_url)
    template = "_exports_confirm.html" if request.htmx else "exports_confirm.html"
    context = {
        "act": act,
        "kept": kept,
        "list_url": list_url,
        "label": queries.provider_label(company),
        "count": in_words(capped_count(exports.filter(rows))),
    }
    return render(request, f"integrations/{template}", context)
