"""From Purpose Jobs to hire: how far those who were sent have come."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import SignedInRequest, company_member
from accounts.models import Company
from integrations import queries


@company_member
@require_safe
def report(request: SignedInRequest, *, company: Company) -> HttpResponse:
    return render(request, "integrations/report.html", {"label": queries.provider_label(company)})


@company_member
@require_safe
def report_csv(request: SignedInRequest, *, company: Company) -> HttpResponse:
    return HttpResponse("", content_type="text/csv; charset=utf-8")
