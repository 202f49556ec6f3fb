"""Postings come in: imported, connected in one go and undone, closed there and mended here."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.walking import Story, apply_by_hand
from tests.factories import make_job
from tests.integrations.connected import NORTHWIND, Ats, connect
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]
TITLES = ["Community Organizer", "Field Officer", "Grant Writer"]
OTHER = "Grant Writer, Dry Lands"
LATE = "mara.okello@example.net"


@pytest.mark.parametrize("story", ["light"], indirect=True)
def test_postings_are_imported_connected_undone_and_a_closed_one_is_replaced(story, ats, acme, alice, celery):
    celery()
    for title in [*TITLES, OTHER]:
        ats.emulator.control("POST", f"/accounts/{NORTHWIND}/postings", text=title, team="Programmes", location="Lima")
    connect(ats, acme, alice)
    story.sign_in(alice.email)

    import_three(story)
    publish_one(story)
    for title in TITLES:
        make_job(acme, title, team="Programmes", location="Lima")
    accept_all_and_undo_one(story)
    close_a_posting_there(story, ats)
    see_that_an_applicant_waits(story, ats)
    take_another_posting(story, ats)


def import_three(story: Story) -> None:
    page = story.page
    story.open("jobs/")
    story.go("Import from Lever")
    for title in ["Backend Engineer", "Data Scientist", "Office Manager"]:
        page.get_by_label(title).check()
    page.get_by_label("Keep in step with Lever").check()
    story.check_page()
    story.picture("import-postings")
    page.get_by_role("button", name="Import selected").click()
    expect(page.get_by_text("3 drafts made:")).to_be_visible()
    expect(page.get_by_text("They follow Lever until somebody edits them here.")).to_be_visible()
    story.check_page()
    story.picture("imported-drafts")
    page.get_by_role("link", name="Drafts").click()
    rows = page.get_by_role("row").filter(has_text="Draft")
    expect(rows).to_have_count(3)
    story.picture("drafts")
    story.open("jobs/import/?show=connected")
    expect(page.get_by_text("Already imported:")).to_have_count(3)


def publish_one(story: Story) -> None:
    page = story.page
    story.open("jobs/?status=draft")
    page.get_by_role("link", name="Edit Data Scientist").click()
    expect(page.get_by_text("Kept in step with the posting in Lever")).to_be_visible()
    expect(page.get_by_label("Location")).to_have_value("Remote")
    expect(page.get_by_label("Description")).to_have_value(re.compile("What you bring"))
    story.check_page()
    story.picture("imported-job")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("link", name="View page")).to_be_visible()
    page.get_by_role("link", name="View page").click()
    expect(page.get_by_role("heading", name="Data Scientist")).to_be_visible()
    expect(page.get_by_text("What you bring")).to_be_visible()
    story.check_page()
    story.picture("published-from-posting")


def accept_all_and_undo_one(story: Story) -> None:
    page = story.page
    story.open("jobs/connect/")
    expect(page.get_by_text("Sure matches")).to_be_visible()
    story.check_page()
    story.picture("suggestions")
    page.get_by_role("button", name="Accept all 3 suggestions").click()
    done = page.get_by_role("region", name="What was connected")
    expect(done.get_by_text("3 jobs connected.")).to_be_visible()
    story.check_page()
    story.picture("accepted")
    done.get_by_role("button", name="Undo Field Officer").click()
    expect(done.get_by_text("2 jobs connected.")).to_be_visible()
    expect(page.locator("tr", has_text="Field Officer")).to_be_visible()
    expect(done.get_by_text("Field Officer")).to_have_count(0)
    story.check_page()
    story.picture("undone")


def close_a_posting_there(story: Story, ats: Ats) -> None:
    page = story.page
    there = story.open_ats(f"{ats.emulator.url}/postings")
    row = there.locator("tr").filter(has=there.get_by_role("rowheader", name="Grant Writer", exact=True))
    row.get_by_role("button", name="Close").click()
    expect(row.get_by_role("button", name="Reopen")).to_be_visible()
    story.picture("ats-posting-closed", there)
    there.close()
    story.open("jobs/connect/")
    expect(page.get_by_text("8 open postings of 10")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("7 open postings of 10")).to_be_visible(timeout=20_000)
    story.open("jobs/")
    expect(page.locator("tr", has_text="Grant Writer").get_by_text("Closed in Lever")).to_be_visible()


def see_that_an_applicant_waits(story: Story, ats: Ats) -> None:
    page = story.page
    apply_by_hand(story, "Mara Okello", LATE, "Grant Writer")
    story.open("jobs/")
    row = page.locator("tr", has_text="Grant Writer")
    expect(row.get_by_text("1 candidate waits; nobody is lost")).to_be_visible()
    row.get_by_text("Connect another posting").click()
    expect(row.get_by_role("button", name=OTHER)).to_be_visible()
    story.check_page()
    story.picture("job-list-closed-posting")
    story.open("candidates/?q=Mara")
    page.get_by_role("link", name="Mara Okello").click()
    panel = page.locator("#slide-over")
    expect(panel.get_by_text("Waiting").first).to_be_visible()
    expect(panel.get_by_text("Reopen the posting in Lever, or connect the job to another one.")).to_be_visible()
    story.check_page()
    story.picture("card-waits-for-posting")
    assert ats.opportunities(email=LATE) == []


def take_another_posting(story: Story, ats: Ats) -> None:
    page = story.page
    story.open("jobs/")
    page.get_by_role("link", name="Edit Grant Writer").click()
    notice = page.locator(".banner--attention")
    expect(notice).to_contain_text("Closed in Lever. Lever takes no candidates for it. 1 candidate waits")
    story.check_page()
    story.picture("job-closed-posting")
    notice.get_by_role("button", name=OTHER).click()
    (arrived,) = wait_until(lambda: ats.opportunities(email=LATE), what="the applicant in the other posting")
    assert OTHER in str(arrived)
    story.open("candidates/?q=Mara")
    page.get_by_role("link", name="Mara Okello").click()
    panel = page.locator("#slide-over")
    story.see_that_it_is_in("Lever")
    expect(panel.get_by_text(OTHER).first).to_be_visible()
    story.check_page()
    story.picture("card-other-posting")
