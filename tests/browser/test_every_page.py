"""Every kind of page, in a real browser: readable for everybody, nothing blocked, nothing wider than the screen."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import notify
from integrations.actions import prepare_bulk_send
from integrations.models import Activity, StageChange
from purposejobs.tenancy import company_scope
from tests.integrations.rows import make_connection, make_export, make_link, make_posting

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
LONG = "Senior Agroecology Researcher for Dry-Land Farming Systems and Smallholder Cooperatives"
NAME = "Donaudampfschifffahrtsgesellschaftskapitän"
COMPANY_PAGES = [
    "dashboard",
    "account_settings",
    "company_settings",
    "team",
    "job_list",
    "job_create",
    "candidate_list",
]
COMPANY_PAGES += ["notification_list", "report", "activity_list", "bulk_send_list"]
COMPANY_PAGES += ["integration_list", "job_matches", "posting_import"]
COMPANY_PAGES += ["export_list", "exports_retry", "exports_dismiss"]
CANDIDATE_PAGES = ["candidate_detail", "export_confirm", "candidate_share"]
JOB_PAGES = ["job_edit", "job_close", "job_publish", "job_posting_diff", "job_posting_disconnect"]
PUBLIC_PAGES = ["public_board", "account_login", "account_signup", "account_reset_password"]


@pytest.fixture
def work(acme, alice, make):
    """A connected company with a job, somebody who applied, and somebody whose export needs attention."""
    connection = make_connection(acme, connected_by=alice, **tried())
    link = make_link(make_posting(connection, LONG), make.make_job(acme, LONG, location="Nairobi, Kenya"))
    application = make.make_application(link.job, make.make_candidate(NAME, is_discoverable=True), note="Hello")
    make_export(connection, application.candidate, link.posting, state="failed", failure_code="file_refused")
    tell_of(acme, alice, connection, link)
    make.make_job(acme, "Not connected yet")
    return application


def tried():
    """What a connection remembers of a test that found something, and of a test candidate."""
    now = timezone.now()
    found = [
        {"check": "access", "state": "good", "code": "", "parameters": {}},
        {"check": "acting_user", "state": "bad", "code": "acting_user_deactivated", "parameters": {"name": NAME}},
        {"check": "webhooks", "state": "unknown", "code": "not_tested", "parameters": {}},
    ]
    about = {"check_requested_at": now, "checked_at": now, "check_findings": found, "subscribed_at": now}
    return about | {"test_requested_at": now, "test_finished_at": now, "test_url": "https://ats.example/test"}


def tell_of(company, user, connection, link):
    """Put something behind the bell, into the log and into the report."""
    there = make_export(connection, posting=link.posting, job=link.job, state="sent", requested_by=user)
    with company_scope(company):
        notify(company=company, users=[user], kind="digest", title=f"{LONG} needs a person", path="/c/acme/exports/")
        Activity.objects.create(
            company=company, connection=connection, verb="sent", actor=user, candidate=there.candidate
        )
        StageChange.objects.create(
            company=company, export=there, kind="moved", stage_id="lead-new", happened_at=there.sent_at, told_by="sent"
        )


@pytest.fixture
def see(live_server, page, alice):
    """Open an address and list what is wrong with it."""
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    client = Client()
    client.force_login(alice)
    session = {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": live_server.url,
    }

    def see(path):
        complaints.clear()
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.goto(live_server.url + path)
        found = [violation["id"] for violation in Axe().run(page).response["violations"]]
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found += [f"dark: {violation['id']}" for violation in Axe().run(page, options=COLOURS).response["violations"]]
        page.set_viewport_size(PHONE)
        width = page.evaluate("document.documentElement.scrollWidth")
        return [*found, *complaints, *(["wider than a phone"] if width > PHONE["width"] else [])]

    see.sign_in = lambda: page.context.add_cookies([session])
    return see


def test_every_page_of_a_company_is_fine(see, work, alice):
    see.sign_in()
    about = {name: reverse(name, args=["acme"]) for name in COMPANY_PAGES}
    about |= {name: reverse(name, args=["acme", work.candidate_id]) for name in CANDIDATE_PAGES}
    about |= {name: reverse(name, args=["acme", work.job_id]) for name in JOB_PAGES}
    tabs = ["connection_detail", "connection_settings", "connection_check", "connection_disconnect"]
    about |= {name: reverse(name, args=["acme", "lever"]) for name in tabs}
    with company_scope(work.company):
        sending = prepare_bulk_send(company=work.company, candidate_pks=[work.candidate_id], requested_by=alice)
    about["bulk_send_detail"] = reverse("bulk_send_detail", args=["acme", sending.pk])
    assert {name: wrong for name, path in about.items() if (wrong := see(path))} == {}


def test_every_page_for_the_signed_out_is_fine(see, work):
    about = {name: reverse(name) for name in PUBLIC_PAGES}
    about |= {name: reverse(name, args=["acme", work.job_id]) for name in ["public_job", "apply"]}
    about["public_company"] = reverse("public_company", args=["acme"])
    assert {name: wrong for name, path in about.items() if (wrong := see(path))} == {}
