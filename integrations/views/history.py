"""History: every export with what was tried, the ones that need somebody first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, company_member
from accounts.models import Company
from candidates.cards import make_cards
from candidates.models import Application, Candidate, Folded, has_words
from integrations import queries, wording
from integrations.models import CandidateExport, ExportAttempt
from integrations.views.connections import page_of
from jobs.models import Job
from purposejobs.asked import read_key, read_words
from purposejobs.paging import COUNT_CAP, Page, capped_count, in_words, keyset_page

PAGE_SIZE = 25
# Jobs to filter by; people of one name who are looked for; failures whose reasons are offered: the newest ones.
MOST_JOBS, MOST_PEOPLE, MOST_FAILURES = 500, 1000, 1000
TIMES = {
    "day": ("Last 24 hours", timedelta(days=1)),
    "week": ("Last 7 days", timedelta(days=7)),
    "month": ("Last 30 days", timedelta(days=30)),
}
FILTERS = ("q", "job", "since", "code")


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
    connection = queries.standing_connection(company)
    label = queries.provider_label(company)
    exports, kept = narrow(company, request.GET)
    without_code = {name: value for name, value in kept.items() if name != "code"}
    tabs = _tabs(label, narrow(company, without_code)[0] if "code" in kept else exports)
    tab = next((tab for tab in tabs if tab.slug == request.GET.get("state", "attention")), tabs[0])
    page = _page(request, company, exports if "code" in kept else tab.exports)
    return render(
        request,
        "integrations/export_list.html",
        {
            **(page_of(company, connection, "history") if connection else {}),
            "label": label,
            "tabs": tabs,
            "tab": tab,
            "kept": urlencode(without_code),
            "is_narrowed": bool(kept),
            "q": kept.get("q", ""),
            "jobs": _jobs(company, kept.get("job", "")),
            "job_pk": kept.get("job", ""),
            "times": [(slug, word) for slug, (word, _) in TIMES.items()],
            "since": kept.get("since", ""),
            "codes": _codes(company, label),
            "code": kept.get("code", ""),
            "bulk": _bulk_acts(company, exports, kept) if tab.slug == "attention" else [],
            "rows": _rows(company, page.rows),
            "previous_url": page.before and "?" + urlencode({"state": tab.slug, **kept, "before": page.before}),
            "next_url": page.after and "?" + urlencode({"state": tab.slug, **kept, "after": page.after}),
        },
    )


def narrow(company: Company, asked: Mapping[str, str]) -> tuple[QuerySet[CandidateExport], dict[str, str]]:
    """Return the company's exports that a list's filters choose (FILTERS), and those filters as given."""
    exports = CandidateExport.objects.for_company(company)
    given = {name: read_words(asked.get(name, "")) for name in FILTERS}
    kept = {name: words for name, words in given.items() if words}
    if "q" in kept:
        exports = exports.filter(candidate__in=_people(company, kept["q"]))
    if "job" in kept:
        exports = exports.filter(job=get_object_or_404(Job.objects.for_company(company), pk=read_key(kept["job"])))
    if kept.get("since") in TIMES:
        exports = exports.filter(changed_at__gte=timezone.now() - TIMES[kept["since"]][1])
    else:
        kept.pop("since", None)
    if "code" in kept:
        exports = exports.filter(state=CandidateExport.State.FAILED, failure_code=kept["code"])
    return exports, kept


def _people(company: Company, name: str) -> list[int]:
    """Return the keys of the people whom the company knows by this name: from their application, else the profile."""
    # The text that the index has holds more than the name.
    has_name = has_words("search_text", name) & has_words("folded_name", name)
    applied = Application.objects.for_company(company).alias(folded_name=Folded(F("name"))).filter(has_name)
    visible = Candidate.objects.visible_to(company)
    by_application = visible.filter(pk__in=applied.values("candidate_id")).order_by("-pk")
    by_profile = Candidate.objects.open_to(company).alias(folded_name=Folded(F("name"))).filter(has_name)
    by_profile = by_profile.order_by("-pk")
    found = [*by_application.values_list("pk", flat=True)[:MOST_PEOPLE]]
    return [*found, *by_profile.values_list("pk", flat=True)[: MOST_PEOPLE - len(found)]]


def _jobs(company: Company, chosen: str) -> list[Job]:
    """Return the jobs that somebody was sent for, to filter by."""
    exports = CandidateExport.objects.for_company(company).filter(job=OuterRef("pk"))
    jobs = Job.objects.for_company(company).filter(Exists(exports) | Q(pk=chosen or None))
    return list(jobs.only("pk", "title", "location").order_by("title", "pk")[:MOST_JOBS])


def _codes(company: Company, label: str) -> list[tuple[str, str]]:
    """Return the reasons for which the newest failed exports of the company failed, in words."""
    failed = CandidateExport.objects.for_company(company).filter(state=CandidateExport.State.FAILED)
    newest = failed.order_by("-changed_at", "-pk").values_list("failure_code", flat=True)[:MOST_FAILURES]
    return sorted(
        ((code, wording.describe_failure(code, {}, label).title) for code in set(newest)), key=lambda row: row[1]
    )


@dataclass(frozen=True, slots=True)
class BulkAct:
    """A link to something done to many exports; it leads to a page that says how many."""

    word: str
    url: str
    is_quiet: bool


def _bulk_acts(company: Company, exports: QuerySet[CandidateExport], kept: dict[str, str]) -> list[BulkAct]:
    """Offer what can be done to the filtered exports, and to all where that is more."""
    acts: list[BulkAct] = []
    counts: dict[str, int] = {}
    everything = CandidateExport.objects.for_company(company)
    for chosen, which, query in (
        ((exports, "these", kept), (everything, "all", {})) if kept else ((everything, "all", {}),)
    ):
        for name, word, rows, is_quiet in (
            ("exports_retry", "Try {} again", queries.RETRYABLE, False),
            ("exports_dismiss", "Dismiss {}", queries.DISMISSABLE, True),
        ):
            count = capped_count(chosen.filter(rows))
            if count and not (which == "all" and counts.get(name) == count <= COUNT_CAP):
                counts[name] = count
                url = reverse(name, args=[company.slug]) + ("?" + urlencode(query) if query else "")
                amount = "1 candidate" if count == 1 else f"{which} {in_words(count)}"
                acts.append(BulkAct(word.format(amount), url, is_quiet))
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
