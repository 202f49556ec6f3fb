"""A company's jobs, and the board where everybody sees the open ones."""

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.access import PublicRequest, SignedInRequest, company_member, public
from accounts.models import Company, PublicCompany
from integrations import actions, queries
from jobs.forms import Connecting, JobForm
from jobs.models import Job, PublicJob, Workplace
from purposejobs.asked import read_words
from purposejobs.paging import Page, capped_count, in_words, keyset_page
from purposejobs.tenancy import company_scope

TABS = [Job.Status.OPEN, Job.Status.DRAFT, Job.Status.CLOSED]
ORDERS = {"newest": "-created_at", "oldest": "created_at", "title": "title"}

REFUSALS = {
    "posting_gone": "That posting was just removed in {label}. Nothing was saved; choose another one, or none.",
    "posting_closed": "That posting was just closed in {label}. Nothing was saved; choose another one, or none.",
}
REFUSED = "This posting cannot be connected any more. Nothing was saved; reload the page and choose again."


def _asked(request: HttpRequest, name: str) -> str:
    """Return what a filter was asked for, in a shape that can be searched."""
    return read_words(request.GET.get(name, ""))


# -- A company's own jobs ---------------------------------------------------------------------------------------------


@company_member
@require_safe
def job_list(request: SignedInRequest, *, company: Company) -> HttpResponse:
    every = Job.objects.for_company(company)
    words = _asked(request, "q")
    status = request.GET.get("status", "")
    status = status if status in Job.Status.values else ""
    sort = request.GET.get("sort", "")
    sort = sort if sort in ORDERS else "newest"
    found = every.searched(words)
    counts = {value: capped_count(found.filter(status=value)) for value in Job.Status.values}
    shown = found.filter(status=status) if status else found
    page = keyset_page(shown.defer("description", "search_text"), request.GET, order=ORDERS[sort])
    context = {
        "page": page,
        "rows": _with_marks(company, page),
        "tabs": [
            ("", "All", in_words(sum(counts.values()))),
            *[(tab.value, tab.label, in_words(counts[tab])) for tab in TABS],
        ],
        "status": status,
        "sort": sort,
        "words": words,
        "summary": in_words(counts[status] if status else sum(counts.values())),
        "has_jobs": bool(page.rows) or every.exists(),
        "connection": queries.standing_connection(company),
        "label": queries.provider_label(company),
        "unlinked_jobs": queries.unlinked_open_jobs(company),
    }
    return render(request, "jobs/_list.html" if request.htmx else "jobs/list.html", context)


def _with_marks(company: Company, page: Page[Job]) -> list[tuple[Job, queries.JobMark, int]]:
    """Give each job of the page what it is connected with, and how many applied."""
    pks = [job.pk for job in page.rows]
    marks = queries.job_marks(company, pks)
    standing = company.applications.standing().filter(job__in=pks).order_by()
    applicants = dict(standing.values_list("job").annotate(number=Count("pk")))
    return [(job, marks[job.pk], applicants.get(job.pk, 0)) for job in page.rows]


@company_member
def job_create(request: SignedInRequest, *, company: Company) -> HttpResponse:
    return _job_form(request, Job(company=company, created_by=request.user))


@company_member
def job_edit(request: SignedInRequest, job_pk: int, *, company: Company) -> HttpResponse:
    return _job_form(request, get_object_or_404(Job.objects.for_company(company), pk=job_pk))


def _job_form(request: SignedInRequest, job: Job) -> HttpResponse:
    title = job.title
    form = JobForm(request.POST or None, instance=job, connecting=_connecting(job))
    if request.method == "POST" and form.is_valid() and _save(request, form, job):
        wants_publishing = job.status == Job.Status.DRAFT and "publish" in request.POST
        if wants_publishing and _is_confidential(job):
            messages.success(request, _what_was_done(job, form, published=False))
            return redirect("job_publish", job.company.slug, job.pk)
        if wants_publishing:
            job.publish()
        messages.success(request, _what_was_done(job, form, published=wants_publishing))
        # Published, but nobody who applies gets anywhere: the job's page asks what to connect it with.
        is_unlinked = wants_publishing and form.connecting is not None and form.chosen_posting is None
        return redirect("job_edit", job.company.slug, job.pk) if is_unlinked else redirect("job_list", job.company.slug)
    return render(
        request,
        "jobs/edit.html",
        {
            "form": form,
            "job": job,
            "title": title,
            "can_publish": bool(job.pk) and job.status != Job.Status.OPEN,
            "is_draft": job.status == Job.Status.DRAFT,
            "label": queries.provider_label(job.company),
            **(_about_posting(job) if job.pk and form.connecting else {}),
        },
    )


def _about_posting(job: Job) -> dict[str, object]:
    """Say what the job's page asks about its posting: one that takes nobody, none at all, or a text that differs."""
    mark = queries.job_marks(job.company, [job.pk])[job.pk]
    is_free = job.is_open and not mark.is_linked
    return {
        "mark": mark,
        "text": queries.posting_text(job) if mark.is_linked else None,
        "is_free": is_free,
        "suggestions": queries.postings_instead(job.company, [job]).get(job.pk, ()) if is_free else (),
    }


def _is_confidential(job: Job) -> bool:
    linked = queries.linked_posting(job)
    return linked is not None and linked.is_confidential


def _what_was_done(job: Job, form: JobForm, *, published: bool) -> str:
    done = ["saved"]
    if published:
        done.append("published")
    if form.connecting and form.changes_posting:
        label = form.connecting.label
        done.append(f"connected with {label}" if form.chosen_posting else f"no longer connected with {label}")
    *first, last = done
    return f"{job.title} is {', '.join(first)} and {last}." if first else f"{job.title} is {last}."


def _connecting(job: Job) -> Connecting | None:
    connection = queries.standing_connection(job.company)
    if connection is None:
        return None
    return Connecting(
        label=connection.label,
        postings=queries.posting_choices(job.company),
        linked=queries.linked_posting(job) if job.pk else None,
        exports_automatically=connection.exports_automatically,
        applicants=capped_count(job.company.applications.standing().filter(job=job)) if job.pk else 0,
    )


def _save(request: SignedInRequest, form: JobForm, job: Job) -> bool:
    """Store the job and its link together, or neither; say whether it went well."""
    is_new = job.pk is None
    try:
        with transaction.atomic():
            job.save(update_fields=None if is_new else [*form.changed_fields, "updated_at"])
            if form.changes_posting or form.sends_existing:
                _change_link(request, form, job)
            if form.changes_exports:
                actions.set_job_exports(
                    company=job.company,
                    job=job,
                    exports_automatically=form.cleaned_data["exports_automatically"],
                    changed_by=request.user,
                )
    except actions.Refused as refusal:
        assert form.connecting is not None  # noqa: S101  without it there is no link to change
        form.add_error("posting", REFUSALS.get(refusal.code, REFUSED).format(label=form.connecting.label))
        if is_new:
            job.pk = None
        return False
    return True


def _change_link(request: SignedInRequest, form: JobForm, job: Job) -> None:
    posting_pk = form.chosen_posting
    if posting_pk is None:
        actions.unlink_job(company=job.company, job=job, unlinked_by=request.user)
        return
    actions.link_job(
        company=job.company,
        job=job,
        posting_pk=posting_pk,
        linked_by=request.user,
        send_existing=form.sends_existing,
    )


@company_member
def job_publish(request: SignedInRequest, job_pk: int, *, company: Company) -> HttpResponse:
    """Put a job on the board; one whose posting is confidential only after asking."""
    job = get_object_or_404(Job.objects.for_company(company), pk=job_pk)
    is_asked = not job.is_open and _is_confidential(job) and "confirmed" not in request.POST
    if request.method != "POST" or is_asked:
        template = "jobs/_publish.html" if request.htmx else "jobs/publish.html"
        context = {"job": job, "linked": queries.linked_posting(job), "label": queries.provider_label(company)}
        return render(request, template, context)
    if not job.is_open:
        job.publish()
    messages.success(request, f"{job.title} is on the board.")
    return redirect("job_edit", company.slug, job.pk)


@company_member
def job_close(request: SignedInRequest, job_pk: int, *, company: Company) -> HttpResponse:
    """Ask, then take the job off the board."""
    job = get_object_or_404(Job.objects.for_company(company), pk=job_pk)
    if request.method != "POST":
        return render(request, "jobs/_close.html" if request.htmx else "jobs/close.html", {"job": job})
    if job.is_open:
        job.close()
    messages.success(request, f"{job.title} is closed. Nobody can apply any more.")
    return redirect("job_list", company.slug)


# -- The public board -------------------------------------------------------------------------------------------------


@public
@require_safe
def public_board(request: PublicRequest) -> HttpResponse:
    words, location = _asked(request, "q"), _asked(request, "location")
    workplace = request.GET.get("workplace", "")
    found = PublicJob.objects.searched(words).located(location)
    if workplace in Workplace.values and workplace:
        found = found.filter(workplace=workplace)
    jobs = found.select_related("company").defer("description", "company__about", "search_text")
    context = {
        "page": keyset_page(jobs, request.GET, order="-published_at"),
        "count": in_words(capped_count(found)),
        "words": words,
        "location": location,
        "workplace": workplace,
        "workplaces": [choice for choice in Workplace.choices if choice[0]],
        "is_filtered": bool(words or location or workplace),
    }
    return render(request, "jobs/_board.html" if request.htmx else "jobs/board.html", context)


@public
@require_safe
def public_company(request: HttpRequest, slug: str) -> HttpResponse:
    company = get_object_or_404(PublicCompany, slug=slug)
    jobs = PublicJob.objects.filter(company=company).select_related("company").defer("description", "search_text")
    page = keyset_page(jobs, request.GET, order="-published_at")
    return render(request, "jobs/public_company.html", {"public_company": company, "page": page})


@public
@require_safe
def public_job(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show an open job; one that was open says that it is closed, and a draft does not exist."""
    job = PublicJob.objects.select_related("company").filter(pk=pk, company__slug=slug).first()
    if job is None:
        return _closed_job(request, slug, pk)
    return render(request, "jobs/public_job.html", {"job": job})


def _closed_job(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    company = get_object_or_404(PublicCompany, slug=slug)
    with company_scope(company.pk):
        job = Job.objects.filter(company=company.pk, pk=pk, status=Job.Status.CLOSED).only("title").first()
    if job is None:
        raise Http404
    return render(request, "jobs/public_closed.html", {"title": job.title, "public_company": company}, status=410)
