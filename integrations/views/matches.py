"""Jobs beside their postings: proposals with their reason, accepted by a person, with undo."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from accounts.access import SignedInRequest, company_member
from accounts.models import Company
from candidates.models import Application
from integrations import actions, queries, wording
from integrations.matching import propose_matches
from integrations.models import CandidateExport, Connection, PostingLink
from integrations.views.connections import list_state
from jobs.models import Job
from purposejobs.asked import read_key, read_keys, read_words
from purposejobs.paging import capped_count, in_words, keyset_page

# Jobs looked at in one go.
AT_ONCE = 200
# Choices of postings put into the page for all rows together; beyond that a row's whole list comes when asked for.
CHOICES_IN_PAGE = 4000
# Postings that take nobody, named on the page itself; all of them stand on the page of postings.
CLOSED_IN_PAGE = 50
RESULT = "job_matches_result"
# The tabs of the page, by what they are called in its address.
TABS = {"new": "Not connected", "connected": "Connected", "trouble": "In trouble"}
GROUPS = ["exact", "near", "none"]


@dataclass(frozen=True, slots=True)
class Row:
    """One job with its posting, or with what is proposed for it."""

    job: Job
    reason: str
    # exact, near or none: what the page groups by; empty where nothing is proposed
    group: str
    is_ticked: bool
    # what the choice shows at first
    proposed: queries.PostingChoice | None
    applicants: int
    suggested: Sequence[queries.PostingChoice]
    # The rest of the open postings; empty when the list is too long to stand in each row.
    others: Sequence[queries.PostingChoice]
    has_all: bool
    # what the job is connected with now
    current: queries.PostingChoice | None
    mark: queries.JobMark
    # why it was not connected a moment ago
    refused: str


@dataclass(frozen=True, slots=True)
class Linked:
    """A job that was connected a moment ago."""

    job: Job
    posting: str
    posting_pk: int
    # how many existing applicants were sent along
    sent: int
    # Not a job that was moved: what it had before takes nobody.
    can_undo: bool


@company_member
def job_matches(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Show jobs with their postings, and propose one where there is none (GET); connect the accepted ones (POST)."""
    connection = queries.standing_connection(company)
    if request.method == "POST":
        if connection is not None:
            request.session[RESULT] = _connect(request, company, connection.label)
        return redirect(request.get_full_path())
    if connection is None:
        nothing: dict[str, Any] = {"label": queries.provider_label(company), "rows": [], "closed": [], "result": None}
        return render(request, "integrations/job_matches.html", nothing)
    result = request.session.pop(RESULT, None)
    context: dict[str, Any] = {
        "connection": connection,
        "label": connection.label,
        "result": _result(company, result),
        **_listed(request, connection, dict(result["refused"]) if result else {}),
        **list_state(company, connection),
    }
    if request.htmx and request.GET.get("choose"):
        row = next((row for row in context["rows"] if str(row.job.pk) == request.GET["choose"]), None)
        return render(request, "integrations/_match_choice.html", {"row": row, **context})
    return render(request, f"integrations/{'_match_list' if request.htmx else 'job_matches'}.html", context)


def _listed(request: SignedInRequest, connection: Connection, refused: dict[int, str]) -> dict[str, Any]:
    """Find the jobs that the tab and the search ask for, each with what it has or could have."""
    company = connection.company
    words = read_words(request.GET.get("q", ""))
    show = request.GET.get("show", "")
    show = show if show in TABS else "new"
    found = {
        "new": queries.unlinked_jobs(company).searched(words),
        "connected": queries.linked_jobs(company).searched(words),
        "trouble": queries.troubled_jobs(company).searched(words),
    }
    counts = {tab: capped_count(jobs) for tab, jobs in found.items()}
    page = keyset_page(found[show].defer("description", "search_text"), request.GET, order="title", size=AT_ONCE)
    choices = queries.posting_choices(company)
    rows = _rows(connection, page.rows, choices, show, request.GET.get("choose", ""), refused)
    closed = [choice for choice in choices if not choice.is_open]
    return {
        "page": page,
        "rows": rows,
        "tabs": [(tab, name, in_words(counts[tab])) for tab, name in TABS.items()],
        "show": show,
        "words": words,
        "summary": in_words(counts[show]),
        "sure": [row for row in rows if row.group == "exact"],
        "closed": closed[:CLOSED_IN_PAGE],
        "closed_count": len(closed),
        "without_job": sum(choice.is_open and not choice.used_by for choice in choices),
    }


def _rows(
    connection: Connection,
    jobs: list[Job],
    choices: list[queries.PostingChoice],
    show: str,
    asked_for: str,
    refused: dict[int, str],
) -> list[Row]:
    by_pk = {choice.pk: choice for choice in choices}
    is_open = [choice for choice in choices if choice.is_open]
    fits = len(jobs) * len(is_open) <= CHOICES_IN_PAGE
    company = connection.company
    pks = [job.pk for job in jobs]
    links = PostingLink.objects.for_company(company).standing().filter(job__in=pks)
    linked = dict(links.values_list("job_id", "posting_id")) if show != "new" else {}
    marks = queries.job_marks(company, pks) if show != "new" else {}
    standing = Application.objects.for_company(company).standing().filter(job__in=pks).order_by()
    applicants = dict(standing.values_list("job_id").annotate(number=Count("pk")))
    matches = {match.job.pk: match for match in propose_matches(connection, jobs)} if show != "connected" else {}
    rows = []
    for job in jobs:
        match = matches.get(job.pk)
        current = by_pk.get(linked.get(job.pk, 0))
        proposed = by_pk.get(match.posting.pk) if match and match.posting else None
        suggested = [by_pk[posting.pk] for posting in match.near if posting.pk in by_pk] if match else []
        shown = {choice.pk for choice in (*suggested, *([current] if current else []))}
        has_all = fits or str(job.pk) == asked_for
        # A posting that another job has already is a choice, never a habit.
        is_sure = match is not None and match.is_exact and proposed is not None and not proposed.used_by
        rows.append(
            Row(
                job=job,
                reason=match.reason if match else "",
                group="" if match is None else "none" if proposed is None else "exact" if is_sure else "near",
                is_ticked=is_sure,
                proposed=proposed or current,
                applicants=applicants.get(job.pk, 0),
                suggested=suggested,
                others=[choice for choice in is_open if choice.pk not in shown] if has_all else [],
                has_all=has_all,
                current=current,
                mark=marks.get(job.pk, queries.NOT_CONNECTED),
                refused=refused.get(job.pk, ""),
            )
        )
    return sorted(rows, key=lambda row: GROUPS.index(row.group) if row.group else 0)


def _wanted(request: SignedInRequest) -> dict[int, int | None]:
    """Read which jobs are to be connected with what: all sure proposals as the page showed them, or the ticked rows.

    A row may be ticked without a posting.
    """
    if "accept" in request.POST:
        return dict(_read_pairs(request.POST.getlist("sure")))
    asked = request.POST.getlist("connect")
    jobs = read_keys(asked)
    if len(jobs) != len(asked):
        raise Http404
    return {pk: read_key(request.POST.get(f"posting_{pk}", "")) for pk in jobs}


def _read_pairs(texts: list[str]) -> list[tuple[int, int]]:
    """Read what a page says of jobs and their postings: "job-posting"; what is none is left out."""
    pairs = [(read_key(job), read_key(posting)) for job, _, posting in (text.partition("-") for text in texts)]
    return [(job, posting) for job, posting in pairs if job is not None and posting is not None]


def _connect(request: SignedInRequest, company: Company, label: str) -> dict[str, list[list[Any]]]:
    """Connect each wanted job with its posting; one that cannot be connected stops none of the others."""
    wanted = _wanted(request)
    jobs = _get_jobs(company, wanted)
    links = dict(
        PostingLink.objects.for_company(company).standing().filter(job__in=jobs).values_list("job_id", "posting_id")
    )
    linked: list[list[Any]] = []
    refused: list[list[Any]] = []
    for job in jobs:
        before, shown, posting = links.get(job.pk), request.POST.get(f"was_{job.pk}", ""), wanted[job.pk]
        if str(before or "") != shown or (before is None and not job.is_open):
            refused.append([job.pk, "It is connected or no longer open; somebody was quicker."])
        elif posting is None:
            refused.append([job.pk, "Choose a posting for it first."])
        elif posting != before:
            send_existing = f"existing_{job.pk}" in request.POST
            try:
                with transaction.atomic():
                    link = actions.link_job(
                        company=company,
                        job=job,
                        posting_pk=posting,
                        linked_by=request.user,
                        send_existing=send_existing,
                    )
                sent = job.applications.standing().count() if send_existing else 0
                linked.append([job.pk, link.posting_id, sent, before is None])
            except actions.Refused as refusal:
                words = wording.describe_refusal(refusal.code, label, refusal.parameters)
                refused.append([job.pk, f"{words.reason} {words.remedy}"])
    return {"linked": linked, "refused": refused}


def _get_jobs(company: Company, wanted: Collection[int]) -> list[Job]:
    jobs = list(Job.objects.for_company(company).filter(pk__in=wanted).order_by("title", "pk"))
    if len(jobs) != len(wanted):
        raise Http404
    return jobs


def _result(company: Company, result: dict[str, list[list[Any]]] | None) -> dict[str, Any] | None:
    """Put what was done into words: the links that stand, which can be undone, and what was refused and why."""
    if not result:
        return None
    made = {(job_pk, posting_pk): rest for job_pk, posting_pk, *rest in result["linked"]}
    links = PostingLink.objects.for_company(company).filter(job__in=[pair[0] for pair in made])
    titles = dict(
        Job.objects.for_company(company).filter(pk__in=[row[0] for row in result["refused"]]).values_list("pk", "title")
    )
    linked = []
    for link in links.select_related("job", "posting").only("job__title", "posting__title").order_by("job__title"):
        if (link.job_id, link.posting_id) in made:
            sent, can_undo = made[link.job_id, link.posting_id]
            linked.append(Linked(link.job, link.posting.title, link.posting_id, sent, can_undo))
    return {
        "linked": linked,
        "can_undo": [row for row in linked if row.can_undo],
        "sent": sum(row.sent for row in linked),
        "refused": [(titles[job_pk], why) for job_pk, why in result["refused"] if job_pk in titles],
    }


@company_member
@require_POST
def job_matches_undo(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Disconnect just the jobs that were connected together, where they still have the posting they got then."""
    pairs = dict(_read_pairs(request.POST.getlist("link")))
    jobs = _get_jobs(company, pairs)
    links = PostingLink.objects.for_company(company).filter(job__in=jobs)
    postings = dict(links.values_list("job_id", "posting_id"))
    undone = [job for job in jobs if postings.get(job.pk) == pairs[job.pk]]
    for job in undone:
        actions.unlink_job(company=company, job=job, unlinked_by=request.user)
    # The others that were connected together stay to be undone.
    left = _read_pairs(request.POST.getlist("left"))
    if kept := [[job_pk, posting_pk, 0, True] for job_pk, posting_pk in left]:
        request.session[RESULT] = {"linked": kept, "refused": []}
    number = len(undone)
    named = f"{undone[0]} is" if number == 1 else f"{number} jobs are"
    messages.success(request, f"{named} no longer connected.")
    return redirect("job_matches", company.slug)


@company_member
def job_posting_disconnect(request: SignedInRequest, job_pk: int, *, company: Company) -> HttpResponse:
    """Say what stops and what stays (GET), then take the posting away from a job (POST)."""
    job = get_object_or_404(Job.objects.for_company(company), pk=job_pk)
    mark = queries.job_marks(company, [job.pk])[job.pk]
    if request.method == "POST":
        actions.unlink_job(company=company, job=job, unlinked_by=request.user)
        messages.success(request, f"{job.title} is no longer connected.")
        return redirect("job_matches", company.slug)
    template = "_posting_disconnect" if request.htmx else "job_posting_disconnect"
    return render(request, f"integrations/{template}.html", {"job": job, "mark": mark})


@company_member
@require_POST
def job_posting_connect(request: SignedInRequest, job_pk: int, *, company: Company) -> HttpResponse:
    """Connect one job with the posting that its page, or a candidate's card, offered."""
    job = get_object_or_404(Job.objects.for_company(company), pk=job_pk)
    label = queries.provider_label(company)
    posting = read_key(request.POST.get("posting", ""))
    try:
        if posting is None:
            raise actions.Refused("posting_gone")
        with transaction.atomic():
            link = actions.link_job(company=company, job=job, posting_pk=posting, linked_by=request.user)
    except actions.Refused as refusal:
        words = wording.describe_refusal(refusal.code, label, refusal.parameters)
        messages.error(request, f"{job.title} was not connected. {words.reason} {words.remedy}")
    else:
        messages.success(request, f"{job.title} is connected with “{link.posting}” in {label}. {_who_goes(job, link)}")
    if request.htmx:
        # A candidate's card shows itself anew.
        candidate = read_key(request.POST.get("candidate", ""))
        response = render(request, "components/messages.html", {"oob": True})
        return trigger_client_event(response, f"sent-{candidate or 0}")
    return redirect("job_edit", company.slug, job.pk)


def _who_goes(job: Job, link: PostingLink) -> str:
    waiting = CandidateExport.objects.filter(company=job.company_id, posting=link.posting_id).under_way().count()
    applicants = Application.objects.for_company(job.company).standing().filter(job=job).count()
    if waiting:
        return (
            f"{waiting} candidate{'' if waiting == 1 else 's'} who waited {'goes' if waiting == 1 else 'go'} there now."
        )
    if applicants:
        people = f"{applicants} existing applicant{' was' if applicants == 1 else 's were'}"
        return f"Its {people} not sent; tick “Send the existing applicants” on this page to send them too."
    return "Whoever applies from now on goes there by itself."
