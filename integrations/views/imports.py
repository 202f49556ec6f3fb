"""Postings of the ATS become draft jobs here, and a job's text beside its posting's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Exists, Func, OuterRef, Q, QuerySet, TextField
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.access import SignedInRequest, company_member
from accounts.models import Company
from integrations import actions, queries
from integrations.models import Connection, Posting, PostingLink
from integrations.views.connections import list_state
from jobs.models import Job
from purposejobs.asked import read_keys, read_words
from purposejobs.paging import capped_count, in_words, keyset_page

AT_ONCE = 50
RESULT = "posting_import_result"
# The tabs of the page, by what they are called in its address.
TABS = {"new": "Without a job", "connected": "With a job", "closed": "Cannot be imported"}


@dataclass(frozen=True, slots=True)
class Row:
    """One posting, and what keeps it from being imported."""

    posting: Posting
    # closed, draft, gone or still being read: in words
    why_not: str
    # our jobs that have it: key, title, whether it was made by an import
    jobs: list[tuple[int, str, bool]]


@company_member
def posting_import(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """List the postings (GET); make draft jobs of the ticked ones (POST)."""
    connection = queries.standing_connection(company)
    if request.method == "POST":
        if connection is not None:
            request.session[RESULT] = _import(request, company, connection)
        return redirect(request.get_full_path())
    if connection is None:
        return render(request, "integrations/posting_import.html", {"label": queries.provider_label(company)})
    context = {
        "connection": connection,
        "label": connection.label,
        "result": _result(company, request.session.pop(RESULT, None)),
        **_listed(request, connection),
        **list_state(company, connection),
    }
    template = "_posting_list.html" if request.htmx else "posting_import.html"
    return render(request, f"integrations/{template}", context)


def _listed(request: SignedInRequest, connection: Connection) -> dict[str, Any]:
    """Find what the filters ask for."""
    asked = {name: read_words(request.GET.get(name, "")) for name in ("q", *FILTERS)}
    show = request.GET.get("show", "")
    show = show if show in TABS else "new"
    every = Posting.objects.filter(company=connection.company_id, connection=connection, gone_at=None)
    found: QuerySet[Posting] = every.searched(asked["q"])
    for name, narrow in FILTERS.items():
        found = narrow(found, asked[name]) if asked[name] else found
    counts = {tab: capped_count(_in_tab(found, tab)) for tab in TABS}
    page = keyset_page(_in_tab(found, show).defer("description"), request.GET, order="title", size=AT_ONCE)
    return {
        "page": page,
        "rows": _rows(connection, page.rows),
        "tabs": [(tab, name, in_words(counts[tab])) for tab, name in TABS.items()],
        "show": show,
        "asked": asked,
        "is_filtered": any(asked.values()),
        "summary": in_words(counts[show]),
        "teams": _distinct(every.exclude(team="").values_list("team", flat=True)),
        "locations": sorted(
            {*_distinct(every.values_list("location", flat=True)), *_distinct(_each_location(every))} - {""},
            key=str.casefold,
        ),
        "states": _distinct(every.values_list("state", flat=True)),
        "ticks_all": "all" in request.GET,
    }


def _each_location(postings: QuerySet[Posting]) -> QuerySet[Posting, str]:
    unnest = Func("locations", function="unnest", output_field=TextField())
    unnest.set_returning = True
    return postings.annotate(place=unnest).values_list("place", flat=True)


def _distinct(values: QuerySet[Posting, str]) -> list[str]:
    return sorted(values.order_by().distinct(), key=str.casefold)


FILTERS: dict[str, Callable[[QuerySet[Posting], str], QuerySet[Posting]]] = {
    "team": lambda postings, value: postings.filter(team=value),
    "location": lambda postings, value: postings.filter(Q(location=value) | Q(locations__contains=[value])),
    "state": lambda postings, value: postings.filter(state=value),
}


def _in_tab(postings: QuerySet[Posting], tab: str) -> QuerySet[Posting]:
    has_job = Exists(PostingLink.objects.filter(posting=OuterRef("pk")))
    if tab == "connected":
        return postings.filter(has_job)
    return postings.filter(~has_job, is_open=tab == "new")


def _rows(connection: Connection, postings: list[Posting]) -> list[Row]:
    jobs: dict[int, list[tuple[int, str, bool]]] = {}
    links = PostingLink.objects.filter(company=connection.company_id, posting__in=postings).select_related("job")
    for link in links.only("posting_id", "imported_at", "job__title").order_by("job__title"):
        jobs.setdefault(link.posting_id, []).append((link.job_id, link.job.title, link.imported_at is not None))
    return [
        Row(
            posting=posting,
            why_not=queries.why_closed(posting, connection.label) or ("" if posting.digest else "still being read"),
            jobs=jobs.get(posting.pk, []),
        )
        for posting in postings
    ]


def _import(request: SignedInRequest, company: Company, connection: Connection) -> dict[str, list[Any]]:
    """Import the ticked postings; one that cannot be imported stops none of the others."""
    wanted = set(read_keys(request.POST.getlist("posting")))
    postings = Posting.objects.for_company(company).filter(connection=connection).defer("description")
    chosen = {posting.pk: posting for posting in postings.filter(pk__in=wanted)}
    if len(chosen) != len(wanted):
        raise Http404
    jobs = actions.import_postings(
        company=company,
        posting_pks=chosen,
        imported_by=request.user,
        keeps_in_step="keeps_in_step" in request.POST,
    )
    links = PostingLink.objects.for_company(company).filter(job__in=jobs)
    done = set(links.values_list("posting_id", flat=True))
    refused = [row for row in _rows(connection, list(chosen.values())) if row.posting.pk not in done]
    return {"jobs": [job.pk for job in jobs], "refused": [[row.posting.title, _why_refused(row)] for row in refused]}


def _why_refused(row: Row) -> str:
    if row.jobs:
        return f"It is connected with “{row.jobs[0][1]}” already."
    return f"It is {row.why_not}." if row.why_not else "Somebody else has just imported it."


def _result(company: Company, result: dict[str, list[Any]] | None) -> dict[str, Any] | None:
    """Put what was done into words: the drafts that were made, and what was refused and why."""
    if not result:
        return None
    links = PostingLink.objects.for_company(company).filter(job__in=result["jobs"]).select_related("job", "posting")
    links = links.only("job__title", "posting__is_confidential", "keeps_in_step").order_by("job__title")
    return {
        "jobs": [link.job for link in links],
        "confidential": [link.job for link in links if link.posting.is_confidential],
        "keeps_in_step": any(link.keeps_in_step for link in links),
        "refused": result["refused"],
    }


@company_member
def job_posting_diff(request: SignedInRequest, job_pk: int, *, company: Company) -> HttpResponse:
    """Show where a job and its posting differ (GET); take over, keep ours, follow or not (POST)."""
    job = get_object_or_404(Job.objects.for_company(company), pk=job_pk)
    text = queries.posting_text(job)
    if request.method != "POST" or text is None:
        return render(request, "integrations/job_posting_diff.html", {"job": job, "text": text})
    fields = {difference.field: difference.label for difference in text.differences}
    if step := request.POST.get("step", ""):
        actions.choose_step(job=job, keeps_in_step=step == "on")
        follows = "follows its posting from now on" if step == "on" else "no longer follows its posting"
        messages.success(request, f"{job.title} {follows}.")
    elif chosen := _chosen(request.POST.get("take_over", ""), fields):
        actions.take_over(job=job, fields=chosen)
        messages.success(request, f"Taken over from {text.label}: {_named(chosen, fields)}.")
    elif chosen := _chosen(request.POST.get("keep_ours", ""), fields):
        actions.keep_ours(job=job, fields=chosen)
        messages.success(request, f"Left as it is here: {_named(chosen, fields)}.")
    return redirect("job_posting_diff", company.slug, job.pk)


def _chosen(asked: str, fields: dict[str, str]) -> list[str]:
    return list(fields) if asked == "all" else [field for field in fields if field == asked]


def _named(chosen: list[str], fields: dict[str, str]) -> str:
    return ", ".join(fields[field].lower() for field in chosen)
