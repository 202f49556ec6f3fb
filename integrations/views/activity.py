"""Who did what: connected, mapped, sent, retried, changed."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import SignedInRequest, company_member
from accounts.models import Company


@company_member
@require_safe
def activity_list(request: SignedInRequest, *, company: Company) -> HttpResponse:
    return render(request, "integrations/activity_list.html", {})


@company_member
@require_safe
def activity_csv(request: SignedInRequest, *, company: Company) -> HttpResponse:
    return HttpResponse("", content_type="text/csv; charset=utf-8")
