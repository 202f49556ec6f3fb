"""One click connects every open job with its posting: proposals with their reason, accepted by a person, with undo."""

from dataclasses import dataclass

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

# Jobs looked at in one go; the rest follow when these are connected.
AT_ONCE = 200
# Choices of postings put into the page for all rows together; beyond that a row's whole list comes when asked for.
CHOICES_IN_PAGE = 4000
RESULT = "job_matches_result"


@dataclass(frozen=True, slots=True)
class Row:
    """One job with what is proposed for it."""

    job: Job
    reason: str
    # exact, near or none: what the page groups by
    group: str
    is_ticked: bool
    proposed: queries.PostingChoice | None
    applicants: int
    suggested: list[queries.PostingChoice]
    # The rest of the open postings; empty when the list is too long to stand in each row.
    others: list[queries.PostingChoice]
    has_all: bool


@company_member
def job_matches(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Propose a posting for every open job that has none (GET); connect the accepted ones (POST)."""
    connection = queries.standing_connection(company)
    if request.method == "POST":
        if connection is not None:
            request.session[RESULT] = _connect(request, company, connection.label)
        return redirect("job_matches", company.slug)
    rows: list[Row] = []
    result = request.session.pop(RESULT, None)
    choices = queries.posting_choices(company)
    waiting = queries.unlinked_jobs(company)
    if connection is not None:
        jobs = list(waiting.order_by("title", "pk")[:AT_ONCE])
        rows = _rows(connection, jobs, choices, request.GET.get("choose", ""))
    context = {
        "connection": connection,
        "label": queries.provider_label(company),
        "rows": rows,
        "more": max(0, waiting.count() - AT_ONCE),
        "closed": [choice for choice in choices if not choice.is_open],
        "result": _result(company, result),
        **(list_state(company, connection) if connection is not None else {}),
    }
    if request.htmx and request.GET.get("choose"):
        row = next((row for row in rows if str(row.job.pk) == request.GET["choose"]), None)
        return render(request, "integrations/_match_choice.html", {"row": row, **context})
    return render(request, "integrations/job_matches.html", context)


def _rows(connection: Connection, jobs: list[Job], choices: list[queries.PostingChoice], asked_for: str) -> list[Row]:
    by_pk = {choice.pk: choice for choice in choices}
    is_open = [choice for choice in choices if choice.is_open]
    fits = len(jobs) * len(is_open) <= CHOICES_IN_PAGE
    applicants = dict(
        Application.objects.for_company(connection.company)
        .standing()
        .filter(job__in=jobs)
        .values_list("job_id")
        .annotate(number=Count("pk"))
    )
    rows = []
    for match in propose_matches(connection, jobs):
        proposed = by_pk.get(match.posting.pk) if match.posting else None
        suggested = [by_pk[posting.pk] for posting in match.near if posting.pk in by_pk]
        near = {choice.pk for choice in suggested}
        has_all = fits or str(match.job.pk) == asked_for
        # A posting that another job has already is a choice, never a habit.
        is_sure = match.is_exact and proposed is not None and not proposed.used_by
        rows.append(
            Row(
                job=match.job,
                reason=match.reason,
                group="none" if proposed is None else "exact" if is_sure else "near",
                is_ticked=is_sure,
                proposed=proposed,
                applicants=applicants.get(match.job.pk, 0),
                suggested=suggested,
                others=[choice for choice in is_open if choice.pk not in near] if has_all else [],
                has_all=has_all,
            )
        )
    return sorted(rows, key=lambda row: ["exact", "near", "none"].index(row.group))


def _connect(request: SignedInRequest, company: Company, label: str) -> dict[str, list[list[int | str]]]:
    """Connect each ticked job with its chosen posting; one that cannot be connected stops none of the others."""
    jobs = _get_jobs(company, request.POST.getlist("connect"))
    unlinked = set(queries.unlinked_jobs(company).values_list("pk", flat=True))
    linked: list[list[int | str]] = []
    refused: list[list[int | str]] = []
    for job in jobs:
        posting = request.POST.get(f"posting_{job.pk}", "")
        if job.pk not in unlinked:
            refused.append([job.pk, "It is connected or no longer open; somebody was quicker."])
        elif not posting.isdecimal():
            refused.append([job.pk, "Choose a posting for it first."])
        else:
            send_existing = f"existing_{job.pk}" in request.POST
            try:
                with transaction.atomic():
                    link = actions.link_job(
                        company=company,
                        job=job,
                        posting_pk=int(posting),
                        linked_by=request.user,
                        send_existing=send_existing,
                    )
                linked.append([job.pk, link.posting_id])
            except actions.Refused as refusal:
                words = wording.describe_refusal(refusal.code, label, refusal.parameters)
                refused.append([job.pk, f"{words.reason} {words.remedy}"])
    return {"linked": linked, "refused": refused}


def _get_jobs(company: Company, pks: list[str]) -> list[Job]:
    wanted = {int(pk) for pk in pks if pk.isdecimal()}
    jobs = list(Job.objects.for_company(company).filter(pk__in=wanted).order_by("title", "pk"))
    if len(jobs) != len(wanted):
        raise Http404
    return jobs


def _result(company: Company, result: dict[str, list[list[int | str]]] | None) -> dict[str, object] | None:
    """Put what was done into words: the links that stand, which can be undone, and what was refused and why."""
    if not result:
        return None
    pairs = {(job_pk, posting_pk) for job_pk, posting_pk in result["linked"]}
    links = PostingLink.objects.for_company(company).filter(job__in=[pair[0] for pair in pairs])
    titles = dict(
        Job.objects.for_company(company).filter(pk__in=[row[0] for row in result["refused"]]).values_list("pk", "title")
    )
    return {
        "linked": [link for link in links.select_related("job", "posting") if (link.job_id, link.posting_id) in pairs],
        "refused": [(titles[job_pk], why) for job_pk, why in result["refused"] if job_pk in titles],
    }


@company_member
@require_POST
def job_matches_undo(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Disconnect just the jobs that were connected together, where they still have the posting they got then."""
    pairs = dict(pair.split("-", 1) for pair in request.POST.getlist("link") if pair.count("-") == 1)
    jobs = _get_jobs(company, list(pairs))
    links = PostingLink.objects.for_company(company).filter(job__in=jobs)
    postings = dict(links.values_list("job_id", "posting_id"))
    undone = [job for job in jobs if str(postings.get(job.pk, "")) == pairs[str(job.pk)]]
    for job in undone:
        actions.unlink_job(company=company, job=job, unlinked_by=request.user)
    number = len(undone)
    messages.success(request, f"{number} {'job is' if number == 1 else 'jobs are'} no longer connected.")
    return redirect("job_matches", company.slug)


@company_member
@require_POST
def job_posting_connect(request: SignedInRequest, job_pk: int, *, company: Company) -> HttpResponse:
    """Connect one job with the posting that its page, or a candidate's card, offered."""
    job = get_object_or_404(Job.objects.for_company(company), pk=job_pk)
    label = queries.provider_label(company)
    posting = request.POST.get("posting", "")
    try:
        if not posting.isdecimal() or len(posting) > 18:
            raise actions.Refused("posting_gone")
        with transaction.atomic():
            link = actions.link_job(company=company, job=job, posting_pk=int(posting), linked_by=request.user)
    except actions.Refused as refusal:
        words = wording.describe_refusal(refusal.code, label, refusal.parameters)
        messages.error(request, f"{job.title} was not connected. {words.reason} {words.remedy}")
    else:
        messages.success(request, f"{job.title} is connected with “{link.posting}” in {label}. {_who_goes(job, link)}")
    if request.htmx:
        # A candidate's card shows itself anew.
        candidate = request.POST.get("candidate", "")
        response = render(request, "components/messages.html", {"oob": True})
        return trigger_client_event(response, f"sent-{candidate if candidate.isdecimal() else 0}")
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
