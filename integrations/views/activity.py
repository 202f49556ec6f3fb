"""Who did what: connected, mapped, sent, tried again, changed a setting; as a page and as a file."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.access import SignedInRequest, company_member
from accounts.models import Company
from integrations import queries
from integrations.forms import ActivityForm
from integrations.models import Activity
from integrations.queries.activity import FIELDS, KINDS, ActFilters, act_page, activities, describe
from jobs.models import Job
from purposejobs.files import csv_lines
from purposejobs.tenancy import company_scope

ROWS_AT_ONCE = 1000
HEADS = ["When", "Who", "What", "Detail", "Job"]


def _asked(request: SignedInRequest, company: Company) -> tuple[ActivityForm, ActFilters, dict[str, str]]:
    """Return the form, what it asks for, and the filters as they stand in an address."""
    done = Activity.objects.filter(company=company, job=OuterRef("pk"))
    jobs = Job.objects.for_company(company).filter(Exists(done)).order_by("title", "pk")
    form = ActivityForm(request.GET, kinds=KINDS, jobs=jobs, people=company.members())
    form.is_valid()  # what cannot be understood is left out, and said at its field
    chosen = form.cleaned_data
    since, until = form.moments()
    job, by = chosen.get("job"), chosen.get("by")
    filters = ActFilters(since, until, chosen.get("kind") or "", int(by) if by else None, job.pk if job else None)
    kept = {name: request.GET[name] for name in form.fields if chosen.get(name)}
    return form, filters, kept


@company_member
@require_safe
def activity_list(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Show what people and connections did, the newest first."""
    form, filters, kept = _asked(request, company)
    page = act_page(company, filters, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    return render(
        request,
        "integrations/activity_list.html",
        {
            "form": form,
            "acts": page.acts,
            "is_filtered": bool(kept),
            "csv_query": urlencode(kept),
            "previous_url": page.before and "?" + urlencode({**kept, "before": page.before}),
            "next_url": page.after and "?" + urlencode({**kept, "after": page.after}),
            "connection": queries.standing_connection(company),
        },
    )


@company_member
@require_safe
def activity_csv(request: SignedInRequest, *, company: Company) -> StreamingHttpResponse:
    """Give the log as a file, one line for each act, as it is read: it may be long."""
    _, filters, _ = _asked(request, company)
    lines = csv_lines(_rows(company, filters, timezone.get_current_timezone()))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"{company.slug}-activity-{timezone.localdate()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _rows(company: Company, filters: ActFilters, zone: tzinfo) -> Iterator[list[str]]:
    """Give the lines of the file. The view is over when they are read, and its scope and its zone with it."""
    yield HEADS
    with company_scope(company):
        rows = activities(company, filters).order_by("-created_at", "-pk").values_list(*FIELDS)
        chunk = []
        for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
            chunk.append([row])
            if len(chunk) == ROWS_AT_ONCE:
                yield from _in_words(company, chunk, zone)
                chunk = []
        yield from _in_words(company, chunk, zone)


def _in_words(company: Company, chunk: list[list[Any]], zone: tzinfo) -> Iterator[list[str]]:
    for act in describe(company, chunk):
        when = timezone.localtime(act.at, zone).isoformat(sep=" ", timespec="seconds")
        yield [when, act.who, act.text, act.detail, act.job.title if act.job else ""]
