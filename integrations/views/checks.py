"""Trying a connection out: what a test finds, and a candidate who is sent only for that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.access import SignedInRequest, company_member, require_admin
from accounts.models import Company
from integrations import actions, trials, wording
from integrations.actions.checks import UNHEARD_FOR
from integrations.models import Connection
from integrations.views.connections import get_connection, page_of


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test found of one thing, in words."""

    # good, bad or unknown
    state: str
    words: wording.Words
    # whether its remedy is a choice in the settings
    is_in_settings: bool
    at: datetime | None


IN_SETTINGS = {"acting_user_deactivated", "acting_user_missing", "nobody_to_act", "acting_user_invalid"}


@company_member
def connection_check(request: SignedInRequest, provider: str, *, company: Company) -> HttpResponse:
    """Show what the last test found (GET), or ask for one (POST, admins)."""
    connection = get_connection(company, provider)
    if request.method == "POST":
        require_admin(request)
        is_news = actions.request_check(connection=connection, requested_by=request.user)
        connection.refresh_from_db()
        if not request.htmx:
            messages.info(request, "Testing the connection." if is_news else "A test is under way already.")
            return redirect("connection_check", company.slug, provider)
    if request.htmx:
        return render(request, "integrations/_check.html", {"connection": connection, **_check_state(connection)})
    context = {
        **page_of(company, connection, "test"),
        **_check_state(connection),
        **_test_state(connection),
    }
    return render(request, "integrations/connection_check.html", context)


@company_member
def connection_test_candidate(request: SignedInRequest, provider: str, *, company: Company) -> HttpResponse:
    """Ask for a test candidate (POST, admins), or say how that stands (GET, which the page does while waiting)."""
    connection = get_connection(company, provider)
    if request.method == "POST":
        require_admin(request)
        try:
            is_news = actions.request_test_candidate(connection=connection, requested_by=request.user)
        except actions.Refused as refusal:
            words = wording.describe_refusal(refusal.code, connection.label, refusal.parameters)
            messages.error(request, f"{words.reason} {words.remedy}")
        else:
            connection.refresh_from_db()
            if not request.htmx:
                messages.info(request, "Sending the test candidate." if is_news else "It is on its way already.")
    if not request.htmx:
        return redirect("connection_check", company.slug, provider)
    context = {"connection": connection, **_test_state(connection)}
    return render(request, "integrations/_test_candidate.html", context)


def _check_state(connection: Connection) -> dict[str, object]:
    """Say how a test stands, for `_check.html`."""
    is_late = connection.is_being_checked and _is_late(connection.check_requested_at)
    findings = [_finding(each, connection.label) for each in connection.check_findings]
    return {
        "is_checking": connection.is_being_checked and not is_late,
        "is_check_late": is_late,
        "findings": findings,
        "troubles": sum(finding.state == "bad" for finding in findings),
        "is_untested": any(each["code"] in ("vendor_away", "busy") for each in connection.check_findings),
    }


def _finding(found: Mapping[str, Any], label: str) -> Finding:
    code, parameters = found["code"], found["parameters"]
    words = wording.describe_finding(found["check"], code, label, parameters)
    at = datetime.fromisoformat(parameters["at"]) if "at" in parameters else None
    return Finding(found["state"], words, code in IN_SETTINGS, at)


def _test_state(connection: Connection) -> dict[str, object]:
    """Say how the test candidate stands, for `_test_candidate.html`."""
    is_late = connection.is_sending_test and _is_late(connection.test_requested_at)
    is_over = connection.test_finished_at is not None and not connection.is_sending_test
    sent_at, requested_at = connection.test_sent_at, connection.test_requested_at
    was_there = sent_at is None or (requested_at is not None and sent_at < requested_at)
    return {
        "test_name": trials.NAME,
        "test_email": trials.email_of(connection.company_id),
        "is_sending": connection.is_sending_test and not is_late,
        "is_test_late": is_late,
        "is_test_there": is_over and not connection.test_error,
        "was_there": was_there,
        "test_trouble": wording.describe_test(connection.test_error, connection.label)
        if is_over and connection.test_error
        else None,
    }


def _is_late(requested_at: datetime | None) -> bool:
    return requested_at is not None and requested_at < timezone.now() - UNHEARD_FOR
