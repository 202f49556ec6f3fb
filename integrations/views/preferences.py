"""A connection's settings: what goes by itself, in whose name, where to; and the jobs that are an exception."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, company_admin, company_member, require_admin
from accounts.models import Company
from integrations import actions, queries, wording
from integrations.forms import JobExportsForm, SettingsForm
from integrations.models import Connection, PostingLink
from integrations.views.connections import get_connection, page_of
from jobs.models import Job

# Exceptions shown in one go; each can be changed in its job as well.
AT_ONCE = 200


@company_member
def connection_settings(request: SignedInRequest, provider: str, *, company: Company) -> HttpResponse:
    """Show what is chosen (GET), and store another choice (POST, admins)."""
    connection = get_connection(company, provider)
    postings = queries.posting_choices(company)
    if request.method == "POST":
        require_admin(request)
        form = SettingsForm(request.POST, connection=connection, postings=postings)
        if form.is_valid() and _change(request, company, connection, form):
            return redirect("connection_settings", company.slug, provider)
    else:
        form = SettingsForm(connection=connection, postings=postings)
    return render(
        request,
        "integrations/connection_settings.html",
        {
            **page_of(company, connection, "settings"),
            "form": form,
            "left_out": queries.left_out_applicants(connection).count(),
            **_exceptions(company, connection),
        },
    )


def _change(request: SignedInRequest, company: Company, connection: Connection, form: SettingsForm) -> bool:
    """Store what is new, and say it; what was refused is said at the form."""
    was_automatic = connection.exports_automatically
    try:
        changes = actions.change_settings(connection=connection, changed_by=request.user, **form.cleaned_data)
    except actions.Refused as refusal:
        words = wording.describe_refusal(refusal.code, connection.label, refusal.parameters)
        form.add_error(None, f"{words.reason} {words.remedy}")
        return False
    said = f"Saved. {'; '.join(changes)}." if changes else "Nothing was changed."
    if form.cleaned_data["exports_automatically"] and not was_automatic:
        left_out = queries.left_out_applicants(connection).count()
        meanwhile = "1 person" if left_out == 1 else f"{left_out:,} people"
        said += f" {meanwhile} applied meanwhile and can be sent." if left_out else ""
    (messages.success if changes else messages.info)(request, said)
    return True


def _exceptions(company: Company, connection: Connection) -> dict[str, object]:
    links = PostingLink.objects.for_company(company).filter(connection=connection).select_related("job", "posting")
    exceptions = links.exclude(exports_automatically=None).order_by("job__title", "pk")
    return {
        "exceptions": exceptions[:AT_ONCE],
        "more": max(0, exceptions.count() - AT_ONCE),
        "job_form": JobExportsForm(links=links.filter(exports_automatically=None)),
    }


@company_admin
@require_POST
def connection_job_exports(request: SignedInRequest, provider: str, *, company: Company) -> HttpResponse:
    """Make a job an exception from automatic sending, or take that back."""
    connection = get_connection(company, provider)
    form = JobExportsForm(
        request.POST, links=PostingLink.objects.for_company(company).filter(connection=connection).select_related("job")
    )
    if form.is_valid():
        job = get_object_or_404(Job.objects.for_company(company), pk=form.cleaned_data["job"])
        actions.set_job_exports(
            company=company, job=job, exports_automatically=form.cleaned_data["choice"], changed_by=request.user
        )
        said = {True: "go by themselves", False: "wait for you to send them", None: "go as the settings say"}
        messages.success(request, f"Applicants to {job.title} {said[form.cleaned_data['choice']]}.")
    else:
        messages.error(request, "Choose a connected job, and what is to happen with its applicants.")
    return redirect("connection_settings", company.slug, provider)
