"""The panel and the timeline of a candidate in a real browser: readable, and fresh without anybody asking."""

from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from integrations.models import CandidateExport
from purposejobs.tenancy import company_scope
from tests.factories import make_application, make_candidate, make_job
from tests.integrations.rows import (
    end,
    make_account_user,
    make_connection,
    make_export,
    make_link,
    make_posting,
    make_reason,
    make_stage,
    move,
)

LONG = "Senior Agroecology Researcher for Dry-Land Farming Systems and Smallholder Cooperatives"
NAME = "Donaudampfschifffahrtsgesellschaftskapitän"
DAY = timedelta(days=1)
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def far(acme, alice):
    return make_connection(acme, connected_by=alice)


@pytest.fixture
def sent(acme, far):
    """Somebody with a long way behind them: two postings, many moves, a long name for everything."""
    candidate = make_candidate(NAME, is_discoverable=True)
    link = make_link(make_posting(far, LONG), make_job(acme, LONG))
    make_application(link.job, candidate, created_at=NOON - 9 * DAY, email_confirmed_at=NOON - 8 * DAY)
    other = make_export(far, candidate, make_posting(far, "Grant Writer"), state="sent", requested_at=NOON - 30 * DAY)
    end(other, make_reason(far, "Underqualified"), happened_at=NOON - 20 * DAY)
    export = make_export(far, candidate, link.posting, job=link.job, state="sent", sent_at=NOON - 9 * DAY)
    for number in range(12):
        stage = make_stage(far, f"Conversation {number + 1} with {LONG.lower()}"[:60])
        move(export, stage, happened_at=NOON - (8 - number / 2) * DAY)
    tags = ["Purpose Jobs", "Dry-Land Farming Systems and Smallholder Cooperatives", NAME]
    owner = make_account_user(far, f"{NAME} Lindqvist")
    with company_scope(acme):
        CandidateExport.objects.filter(pk=export.pk).update(
            tags=tags, owner_id=owner.external_id, origin="sourced", checked_at=NOON
        )
    return export


@pytest.fixture
def open_page(live_server, page, alice):
    client = Client()
    client.force_login(alice)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)

    def open_page(export):
        page.goto(live_server.url + reverse("candidate_detail", args=["acme", export.candidate_id]))
        return page

    return open_page


def answer(export):
    """Let the ATS have been asked how the candidate stands, everywhere."""
    with company_scope(export.company_id):
        rows = CandidateExport.objects.filter(candidate=export.candidate_id)
        rows.update(read_due_at=None, read_because="", checked_at=datetime.now(UTC))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_long_way_with_long_names_fits_and_can_be_read_by_all(open_page, sent, scheme, width):
    page = open_page(sent)
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.get_by_text("History 12").click()
    page.get_by_text("1 earlier sending").click()

    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.complaints == []


def test_a_move_there_is_seen_by_itself_and_what_was_unfolded_stays_so(open_page, far, sent):
    page = open_page(sent)
    page.get_by_text("History 12").click()
    with company_scope(far.company):
        move(sent, make_stage(far, "Offer"), happened_at=NOON + DAY)

    panel = page.locator(".panel")
    expect(panel.locator("strong").get_by_text("Offer", exact=True)).to_be_visible(timeout=5000)
    expect(panel.get_by_text("Moved to Offer")).to_be_visible()
    expect(page.locator("#timeline").get_by_text("Moved to Offer")).to_be_visible()


def test_whoever_uses_the_keyboard_stays_where_they_were(open_page, far, sent):
    page = open_page(sent)
    page.get_by_role("link", name="View in Lever").first.focus()
    with company_scope(far.company):
        move(sent, make_stage(far, "Offer"), happened_at=NOON + DAY)

    expect(page.locator(".panel strong").get_by_text("Offer", exact=True)).to_be_visible(timeout=5000)
    expect(page.get_by_role("link", name="View in Lever").first).to_be_focused()


@pytest.fixture
def asked(page):
    """What the panel asked, on a page whose clock the test turns."""
    page.clock.install()
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/panel/" in request.url else None)
    return asked


def test_a_page_that_knows_it_all_is_answered_with_nothing(open_page, sent, asked):
    page = open_page(sent)

    with page.expect_response("**/panel/*") as answer:
        page.clock.run_for(2000)

    assert answer.value.status == 204


def test_a_hidden_page_asks_nothing_and_looks_at_once_when_it_is_seen_again(open_page, sent, asked):
    page = open_page(sent)
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => window.isAway, configurable: true})")
    page.evaluate("window.isAway = true")
    asked.clear()
    page.clock.run_for(60_000)
    assert asked == []

    with page.expect_request("**/panel/*"):
        page.evaluate("window.isAway = false; document.dispatchEvent(new Event('visibilitychange'))")


def test_a_page_that_nobody_touches_stops_asking_until_somebody_does(open_page, sent, asked):
    page = open_page(sent)
    page.clock.fast_forward("11:00")
    page.clock.run_for(1000)
    asked.clear()
    page.clock.run_for(60_000)
    assert asked == []

    page.keyboard.press("Shift")
    with page.expect_request("**/panel/*"):
        page.clock.run_for(2000)


def test_refresh_says_that_it_checks_until_it_has(open_page, far, sent):
    page = open_page(sent)
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("Checking")).to_be_visible()

    answer(sent)

    expect(page.get_by_text("Last checked just now")).to_be_visible(timeout=5000)


def test_older_events_come_on_asking(open_page, sent):
    page = open_page(sent)
    timeline = page.locator("#timeline")
    expect(timeline.get_by_text("Applied", exact=True)).to_have_count(0)

    timeline.get_by_role("link", name="Show older").click()

    expect(timeline.get_by_text("Applied", exact=True)).to_be_visible()
    expect(timeline.get_by_role("link", name="Show older")).to_have_count(0)
