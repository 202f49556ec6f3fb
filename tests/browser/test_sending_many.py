"""Many are sent together: ticked across pages, looked through, confirmed, left alone and come back to."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from candidates.models import Application, Candidate
from purposejobs.demo.market import profile_of
from purposejobs.tenancy import company_scope
from tests.browser.walking import Story
from tests.factories import make_application, make_candidate
from tests.integrations.connected import Ats, apply, connect, link
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]
THERE, WITHDREW = "Amara Diallo", "Ines Moreau"
PATIENCE = 20_000  # milliseconds


@pytest.mark.parametrize("story", ["light"], indirect=True)
def test_many_are_ticked_across_pages_looked_through_and_sent_while_nobody_watches(story, ats, acme, alice, celery):
    connect(ats, acme, alice)
    celery()
    job = link(acme, alice)
    for profile in map(profile_of, range(26)):
        make_candidate(profile.person.name, is_discoverable=True, headline=profile.person.headline)
    apply(job, THERE)
    somebody_withdrew(job)
    wait_until(lambda: ats.opportunities(tag="Purpose Jobs"), what="who is there already")
    story.sign_in(alice.email)

    chosen = tick_across_two_pages(story)
    look_through(story, chosen)
    send_leave_and_come_back(story, ats, chosen)


def somebody_withdrew(job) -> None:
    application = make_application(job, make_candidate(WITHDREW))
    with company_scope(job.company):
        Application.objects.filter(pk=application.pk).update(withdrawn_at=timezone.now())


def tick_across_two_pages(story: Story) -> set[str]:
    """Tick two on each page, beside who is there and who cannot be sent; say whom, of those who can."""
    page = story.page
    story.open("candidates/")
    chosen = set()
    for pick in range(2):
        if pick:
            page.get_by_role("link", name="Next").click()
            expect(page.get_by_role("link", name="Previous")).to_be_visible()
        names = [name for name in page.locator("tbody .row-link").all_inner_texts() if name not in (THERE, WITHDREW)]
        for name in names[:2]:
            tick(story, name)
            chosen.add(name)
        for name in (THERE, WITHDREW):
            if page.get_by_label(f"Select {name}").count():
                tick(story, name)
    expect(page.locator("#selection")).to_contain_text("6 selected")
    assert len(chosen) == 4
    story.check_page()
    story.picture("selected-across-pages")
    return chosen


def tick(story: Story, name: str) -> None:
    story.page.get_by_label(f"Select {name}").check()


def look_through(story: Story, chosen: set[str]) -> None:
    page = story.page
    page.get_by_role("button", name="Send to Lever").click()
    expect(page.get_by_role("heading", name="Send 6 candidates to Lever")).to_be_visible()
    page.wait_for_load_state()  # the script that looks again when another job is chosen
    page.get_by_label("Goes to").select_option("Backend Engineer · Berlin")
    tabs = page.get_by_role("navigation", name="Candidates by result")
    expect(tabs.get_by_role("link", name="Already in Lever or on the way 1")).to_be_visible()
    assert set(page.locator("tbody .row-link").all_inner_texts()) == chosen
    story.check_page()
    story.picture("sending-preview")
    tabs.get_by_role("link", name="Already in Lever or on the way").click()
    expect(page.locator("tbody").get_by_text(THERE)).to_be_visible()
    tabs.get_by_role("link", name="Cannot be sent 1").click()
    expect(page.locator("tbody").get_by_text(WITHDREW)).to_be_visible()
    story.check_page()
    story.picture("sending-preview-blocked")


def send_leave_and_come_back(story: Story, ats: Ats, chosen: set[str]) -> None:
    page = story.page
    # So slow that the page is left before anybody has arrived.
    ats.emulator.control("POST", "/switches", latency_ms=1500)
    page.get_by_role("button", name="Send 4 to Lever").click()
    expect(page.get_by_text("of 6 done")).to_be_visible()
    story.picture("sending-under-way")
    page.goto("about:blank")
    ats.emulator.control("POST", "/switches", latency_ms=0)
    wait_until(lambda: len(ats.opportunities(tag="Purpose Jobs")) == 5, what="everybody")

    story.open("sendings/")
    page.get_by_role("link", name="6 candidates for Backend Engineer").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=PATIENCE)
    tabs = page.get_by_role("navigation", name="Candidates by result")
    tabs.get_by_role("link", name="In Lever 4").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.get_by_text("In Lever", exact=True)).to_have_count(4)
    assert set(page.locator("tbody .row-link").all_inner_texts()) == chosen
    story.check_page()
    story.picture("sending-done")
    sent = Candidate.objects.filter(name__in=chosen).values_list("email", flat=True)
    assert {row["emails"][0] for row in ats.opportunities(tag="Purpose Jobs") if row["name"] in chosen} == set(sent)
    story.open("candidates/")
    expect(page.locator("#selection")).not_to_be_visible()
