"""Sending many: the preview, and afterwards the progress with a result for each person."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, company_member
from accounts.models import Company
from candidates.cards import make_cards
from integrations import actions, queries, wording
from integrations.forms import SendForm
from integrations.models import BulkSend, BulkSendItem, CandidateExport
from purposejobs.asked import read_key
from purposejobs.paging import keyset_page

PAGE_SIZE = 25

Outcome = BulkSendItem.Outcome
State = CandidateExport.State

_NEEDS_A_PERSON = Q(export__state=State.FAILED) | Q(export__state=State.WAITING) & ~Q(export__held_reason="")
_GOES = Q(outcome=Outcome.GOES)
_IS_SENT = ~Q(outcome__in=[Outcome.BLOCKED, Outcome.ALREADY_THERE]) & Q(export__state=State.SENT)
_IS_ON_ITS_WAY = ~Q(outcome__in=[Outcome.BLOCKED, Outcome.ALREADY_THERE]) & (
    Q(export__state=State.SENDING) | Q(export__state=State.WAITING, export__held_reason="")
)
_IS_NOT_SENT = Q(outcome=Outcome.BLOCKED) | _GOES & (Q(export=None) | Q(export__state=State.CANCELLED))

# The tabs before and after confirming, by what they are called in the address.
PREVIEW_TABS = {
    "goes": _GOES,
    "there": Q(outcome__in=[Outcome.ALREADY_THERE, Outcome.UNDER_WAY]),
    "blocked": Q(outcome=Outcome.BLOCKED),
}
RESULT_TABS = {
    "attention": ~Q(outcome__in=[Outcome.BLOCKED, Outcome.ALREADY_THERE]) & _NEEDS_A_PERSON,
    "waiting": _IS_ON_ITS_WAY,
    "sent": _IS_SENT,
    "there": Q(outcome=Outcome.ALREADY_THERE),
    "blocked": _IS_NOT_SENT,
}


@dataclass(frozen=True, slots=True)
class Tab:
    slug: str
    word: str
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """One person of a sending."""

    item: BulkSendItem
    # As the company knows the person; empty when it no longer sees them.
    name: str
    headline: str
    mark: queries.ExportMark | None
    why_not: str


@company_member
@require_GET
def bulk_send_list(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """List what was sent together, the newest first."""
    sendings = BulkSend.objects.filter(company=company).exclude(confirmed_at=None).select_related("job", "requested_by")
    page = keyset_page(sendings, request.GET, order="-created_at", size=PAGE_SIZE)
    items = BulkSendItem.objects.filter(bulk_send__in=[sending.pk for sending in page.rows])
    counts = {
        row["bulk_send"]: row
        for row in items.values("bulk_send").annotate(
            people=Count("pk"),
            **{slug: Count("pk", filter=rows) for slug, rows in RESULT_TABS.items()},
        )
    }
    context: dict[str, object] = {
        "label": queries.provider_label(company),
        "rows": [(sending, counts.get(sending.pk, {})) for sending in page.rows],
        "previous_url": page.before and "?" + urlencode({"before": page.before}),
        "next_url": page.after and "?" + urlencode({"after": page.after}),
    }
    return render(request, "integrations/bulk_send_list.html", context)


def _get(company: Company, bulk_send_pk: int) -> BulkSend:
    sendings = BulkSend.objects.filter(company=company).select_related("connection", "company", "job", "requested_by")
    return get_object_or_404(sendings, pk=bulk_send_pk)


@company_member
@require_GET
def bulk_send_detail(request: SignedInRequest, bulk_send_pk: int, *, company: Company) -> HttpResponse:
    """Show who would go and who would not; once confirmed, what became of each. It may be left and come back to."""
    bulk_send = _get(company, bulk_send_pk)
    context = _context(request, company, bulk_send)
    if request.htmx and request.htmx.target == "bulk-send":
        return render(request, "integrations/_bulk_send.html", context)
    return render(request, "integrations/bulk_send_detail.html", context)


def _context(request: SignedInRequest, company: Company, bulk_send: BulkSend) -> dict[str, object]:
    label = bulk_send.connection.label
    items = BulkSendItem.objects.filter(company=company, bulk_send=bulk_send)
    choices = RESULT_TABS if bulk_send.confirmed_at else PREVIEW_TABS
    counts = items.aggregate(all=Count("pk"), **{slug: Count("pk", filter=rows) for slug, rows in choices.items()})
    words = {
        "goes": "Will be sent",
        "attention": "Needs attention",
        "waiting": "On the way",
        "sent": f"In {label}",
        "there": "Already there" if bulk_send.confirmed_at else f"Already in {label} or on the way",
        "blocked": "Not sent" if bulk_send.confirmed_at else "Cannot be sent",
    }
    tabs = [Tab(slug, words[slug], counts[slug]) for slug in choices]
    asked = request.GET.get("show", "")
    tab = next((tab for tab in tabs if tab.slug == asked), None) or next((tab for tab in tabs if tab.count), tabs[0])
    exported = items.filter(choices[tab.slug]).select_related(
        "export", "export__connection", "export__posting", "export__requested_by"
    )
    page = keyset_page(exported, request.GET, order="pk", size=PAGE_SIZE)
    done = counts["all"] - counts["waiting"] if bulk_send.confirmed_at else 0
    return {
        "bulk_send": bulk_send,
        "label": label,
        "tabs": tabs,
        "tab": tab,
        "counts": counts,
        "done": done,
        "is_under_way": bool(bulk_send.confirmed_at) and counts["waiting"] > 0,
        "share": queries.share_state(company),
        "links": [] if bulk_send.confirmed_at else SendForm(company=company, connection=bulk_send.connection).links,
        "lead_posting": queries.lead_posting(company),
        "rows": _rows(company, page.rows, label),
        "place": urlencode({name: request.GET[name] for name in ("show", "after", "before") if name in request.GET}),
        "previous_url": page.before and "?" + urlencode({"show": tab.slug, "before": page.before}),
        "next_url": page.after and "?" + urlencode({"show": tab.slug, "after": page.after}),
    }


def _rows(company: Company, items: list[BulkSendItem], label: str) -> list[Row]:
    cards = {card.candidate.pk: card for card in make_cards(company, [item.candidate_id for item in items])}
    exports = [item.export for item in items if item.export is not None]
    marks = dict(zip((export.pk for export in exports), queries.export_marks(company, exports), strict=True))
    rows = []
    for item in items:
        card = cards.get(item.candidate_id)
        why_not = wording.describe_block(item.code, label).reason if item.outcome == Outcome.BLOCKED else ""
        rows.append(
            Row(
                item,
                card.source.name if card else "",
                card.source.headline if card else "",
                marks.get(item.export_id) if item.export_id else None,
                why_not,
            )
        )
    return rows


@company_member
@require_POST
def bulk_send_job(request: SignedInRequest, bulk_send_pk: int, *, company: Company) -> HttpResponse:
    """Choose another target for a preview, and look at everybody anew."""
    bulk_send = _get(company, bulk_send_pk)
    form = SendForm(request.POST, company=company, connection=bulk_send.connection)
    try:
        if not form.is_valid():
            raise actions.Refused("job_not_linked")
        actions.choose_bulk_job(bulk_send=bulk_send, job=form.cleaned_data["job"])
    except actions.Refused as refusal:
        _explain(request, bulk_send, refusal)
    return redirect("bulk_send_detail", company.slug, bulk_send.pk)


@company_member
@require_POST
def bulk_send_confirm(request: SignedInRequest, bulk_send_pk: int, *, company: Company) -> HttpResponse:
    """Send everybody of a preview who goes."""
    bulk_send = _get(company, bulk_send_pk)
    try:
        count = actions.confirm_bulk_send(
            bulk_send=bulk_send, confirmed_by=request.user, shown_job_pk=read_key(request.POST.get("job", ""))
        )
    except actions.Refused as refusal:
        _explain(request, bulk_send, refusal)
    else:
        people = "1 candidate is" if count == 1 else f"{count:,} candidates are"
        if count:
            messages.success(request, f"{people} on the way to {bulk_send.connection.label}. You can leave this page.")
    return redirect("bulk_send_detail", company.slug, bulk_send.pk)


def _explain(request: SignedInRequest, bulk_send: BulkSend, refusal: actions.Refused) -> None:
    words = wording.describe_refusal(refusal.code, bulk_send.connection.label, refusal.parameters)
    messages.error(request, f"{words.reason} {words.remedy}")
