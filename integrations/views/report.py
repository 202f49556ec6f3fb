"""From Purpose Jobs to hire: how far those who were sent have come, as figures, as a chart and as files."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from accounts.access import SignedInRequest, company_member
from accounts.models import Company
from integrations import queries
from integrations.forms import ReportForm, midnight
from integrations.models import CandidateExport
from jobs.models import Job
from purposejobs.files import csv_lines

# What the period can be without naming days, in the order of the tabs; when it began is in `_began`.
PERIODS = {
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "year": "This year",
    "12m": "Last 12 months",
    "all": "All time",
}
USUAL_PERIOD = "90d"
# How many jobs and people a table shows; the file has them all.
ROWS_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, understood."""

    filters: queries.ReportFilters
    form: ReportForm
    # one of PERIODS, or empty where days are named
    period: str
    # the address without its question mark
    query: str
    words: str


@company_member
@require_safe
def report(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Show the funnel of those sent in a period, for a job and a recruiter or for all."""
    asked = _asked(request, company)
    connection = queries.standing_connection(company)
    found = queries.report(company, asked.filters)
    others = {name: str(value) for name, value in request.GET.items() if name in ("job", "by") and value}
    return render(
        request,
        "integrations/report.html",
        {
            "label": queries.provider_label(company),
            "connection": connection,
            "report": found,
            "chart": [(column, in_percent(column.step.of_before)) for column in draw(found.steps)],
            "steps": [
                (step, in_percent(step.of_sent), in_percent(step.of_before), in_time(step.median))
                for step in found.steps
            ],
            "to_hire": in_time(found.median_to_hire),
            "stages": [(stage, in_time(stage.median)) for stage in found.stages],
            "jobs": found.jobs[:ROWS_SHOWN],
            "more_jobs": max(len(found.jobs) - ROWS_SHOWN, 0),
            "people": found.people[:ROWS_SHOWN],
            "more_people": max(len(found.people) - ROWS_SHOWN, 0),
            "step_words": list(queries.STEPS.values()),
            "asked": asked,
            "tabs": [
                (word, urlencode({"period": slug, **others}), slug == asked.period) for slug, word in PERIODS.items()
            ],
            "is_narrowed": bool(others) or asked.period not in (USUAL_PERIOD, "all"),
        },
    )


@company_member
@require_safe
def report_csv(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Give one of the report's tables (`table`) as a file, with the page's filters."""
    asked = _asked(request, company)
    found = queries.report(company, asked.filters)
    table = request.GET.get("table", "steps")
    steps = list(queries.STEPS.values())
    rows: Iterable[Iterable[object]]
    if table == "stages":
        heads = ["Stage", "Came into it", "There now", "Median days in it"]
        rows = [[row.name, row.reached, row.now, _days(row.median)] for row in found.stages]
    elif table == "reasons":
        heads, rows = ["Archived because", "People"], found.reasons
    elif table in ("jobs", "people"):
        heads = ["Job" if table == "jobs" else "Sent by", *steps]
        rows = [[group.name, *group.reached] for group in (found.jobs if table == "jobs" else found.people)]
    else:
        table, heads = "steps", ["Step", "Reached", "% of sent", "% of the step before", "Median days to the next step"]
        rows = [
            [step.word, step.reached, _percent(step.of_sent), _percent(step.of_before), _days(step.median)]
            for step in found.steps
        ]
    name = slugify(f"{company.slug} {table} {asked.words}")
    response = HttpResponse(csv_lines([heads, *rows]), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _asked(request: SignedInRequest, company: Company) -> Asked:
    exports = CandidateExport.objects.for_company(company).filter(job=OuterRef("pk"))
    jobs = Job.objects.for_company(company).filter(Exists(exports)).order_by("title", "pk")
    form = ReportForm(request.GET, jobs=jobs, people=company.members())
    form.is_valid()  # what cannot be understood is left out, and said at its field
    chosen = form.cleaned_data
    first, last = chosen.get("from"), chosen.get("to")
    since, until = form.moments()
    period = ""
    if first is None and last is None:
        asked = request.GET.get("period", "")
        period = asked if asked in PERIODS else USUAL_PERIOD
        began = _began(period)
        since = midnight(began) if began else None
    job, by = chosen.get("job"), chosen.get("by")
    filters = queries.ReportFilters(
        since=since,
        until=until,
        job_pk=job.pk if job else None,
        user_pk=None if not by else queries.BY_ITSELF if by == "itself" else int(by),
    )
    parts = {"period": period} if period else {"from": str(first or ""), "to": str(last or "")}
    parts |= {"job": str(job.pk) if job else "", "by": by or ""}
    words = (
        PERIODS.get(period, "").lower() or f"{f'from {first} ' if first else ''}{f'to {last}' if last else ''}".strip()
    )
    return Asked(filters, form, period, urlencode({name: value for name, value in parts.items() if value}), words)


def _began(period: str) -> date | None:
    today = timezone.localdate()
    if period == "year":
        return today.replace(month=1, day=1)
    days = {"30d": 30, "90d": 90, "12m": 365}.get(period)
    return today - timedelta(days=days) if days else None


# -- The chart ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """One step of the funnel, drawn in a field of 100 × 100 that is stretched to its place."""

    step: queries.Step
    x: int
    y: float
    height: float
    # the slope to the next step: "x,y x,y ..."
    slope: str


COLUMN, SLOPE, CHART_HEIGHT = 64, 36, 100


def draw(steps: list[queries.Step]) -> list[Column]:
    """Place the columns of the funnel; a step that anybody reached is never too low to be seen."""
    most = max(steps[0].reached, 1)
    heights = [max(step.reached / most * CHART_HEIGHT, 1.5) if step.reached else 0.0 for step in steps]
    columns = []
    for place, (step, height) in enumerate(zip(steps, heights, strict=True)):
        x, top = place * (COLUMN + SLOPE), CHART_HEIGHT - height
        slope = ""
        if place + 1 < len(steps):
            right, next_top = x + COLUMN + SLOPE, CHART_HEIGHT - heights[place + 1]
            left = x + COLUMN
            slope = f"{left},{top:.2f} {right},{next_top:.2f} {right},{CHART_HEIGHT} {left},{CHART_HEIGHT}"
        columns.append(Column(step, x, round(top, 2), round(height, 2), slope))
    return columns


# -- Words ----------------------------------------------------------------------------------------------------------


def in_time(span: timedelta | None) -> str:
    """Say how long something took, in the unit that people would use; empty when nobody has come so far."""
    if span is None:
        return ""
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if span >= length:
            number = span / length
            text = f"{number:.1f}" if number < 10 and unit == "day" else f"{number:,.0f}"
            text = text.removesuffix(".0")
            return f"{text} {unit}{'' if text == '1' else 's'}"
    return "under a minute"


def in_percent(share: float | None) -> str:
    """Write a share so that somebody is not nobody, and nearly all are not all."""
    if share is None:
        return ""
    if 0 < share < 0.01:
        return "under 1%"
    return f"{min(round(share * 100), 99) if share < 1 else 100}%"


def _days(span: timedelta | None) -> object:
    return "" if span is None else round(span / timedelta(days=1), 2)


def _percent(share: float | None) -> object:
    return "" if share is None else round(share * 100, 1)
