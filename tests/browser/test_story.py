"""The acceptance story in a real browser, by the labels people see, in light and in dark. Leaves its pictures.

The pictures go to `.local/pictures`; `make pictures` takes those from there that the documents show.
"""

import re

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import expect

from purposejobs.demo.market import profile_of
from purposejobs.demo.resumes import draw
from tests.browser.walking import LEILA, Story, apply_by_hand, attach_resume
from tests.factories import make_candidate
from tests.integrations.connected import NORTHWIND, Ats
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]
HUGO = profile_of(3)  # of the demo: sent by hand


def test_the_story_from_sign_in_to_new_lead(story, ats, alice, one_ats, celery):
    celery()
    make_hugo()

    sign_in_and_look_around(story, alice)
    read_what_lever_takes(story)
    connect_lever(story)
    post_a_job_and_connect_it(story)
    apply_on_the_public_page(story)
    see_the_applicant_in_lever(story, ats)
    assert [row["stage"] for row in ats.opportunities(email=LEILA.person.email)] == ["lead-new"]
    send_somebody_by_hand(story)
    assert len(ats.opportunities(tag="Purpose Jobs")) == 2
    see_the_board_of_the_ats(story, ats)
    lose_access_and_reconnect(story, ats)
    assert len(ats.opportunities(email="late.arrival@example.net")) == 1


def make_hugo() -> None:
    make_candidate(
        HUGO.person.name,
        HUGO.person.email,
        is_discoverable=True,
        headline=HUGO.person.headline,
        location=HUGO.person.location,
        summary=HUGO.summary,
        phone=HUGO.phone,
        links=list(HUGO.links),
        skills=list(HUGO.skills),
        values=list(HUGO.values),
        target_location=HUGO.person.location,
        resume=ContentFile(draw(HUGO), "cv.pdf"),
        resume_name="hugo-lindqvist.pdf",
        resume_type="application/pdf",
        resume_size=len(draw(HUGO)),
    )


def sign_in_and_look_around(story: Story, user) -> None:
    """Step 1: sign in; the dashboard and its navigation."""
    page = story.page
    story.sign_in(user.email)
    navigation = page.get_by_role("navigation", name="Main")
    labels = ["Dashboard", "Jobs", "Candidates", "Report", "Account Settings"]
    expect(navigation.get_by_role("link")).to_have_text(labels)
    story.check_page()
    story.picture("dashboard")


def read_what_lever_takes(story: Story) -> None:
    """Step 2: Account Settings → Integrations says what it takes before anything is clicked."""
    page = story.page
    story.go("Account Settings", "Integrations")
    expect(page.get_by_text("Your company uses Lever.")).to_be_visible()
    expect(page.get_by_text("You are a Super Admin in Lever.")).to_be_visible()
    story.check_page()
    story.picture("integrations")
    page.get_by_role("button", name="I need my Lever admin").click()
    expect(page.get_by_text("needs a Lever Super Admin")).to_be_visible()
    page.get_by_role("button", name="Close").first.click()


def connect_lever(story: Story) -> None:
    """Step 3: Lever → Accept → Active."""
    page = story.page
    story.go("Lever")
    story.connect()
    card = page.locator(".integration-card.is-active")
    expect(card.get_by_text("Active", exact=True)).to_be_visible()
    story.check_page()
    story.picture("active")


def post_a_job_and_connect_it(story: Story) -> None:
    """Step 4: Jobs → Edit → Connect Lever Job → Save."""
    page = story.page
    story.go("Jobs", "New job")
    page.get_by_label("Title").fill("Backend Engineer")
    page.get_by_label("Location").first.fill("Berlin")
    page.get_by_label("Description").fill("Build **calm** queues.")
    page.get_by_role("button", name="Save and publish").click()
    story.go("Jobs")
    page.get_by_role("link", name="Edit").first.click()
    choice = page.get_by_role("combobox", name="Connect Lever Job")
    choice.fill("backend")
    page.get_by_role("option", name="Backend Engineer").first.click()
    story.check_page()
    story.picture("connect-lever-job")
    page.get_by_role("button", name="Save", exact=True).click()
    story.go("Jobs")
    expect(
        page.get_by_role("row", name="Backend Engineer").or_(page.locator("tr", has_text="Backend Engineer")).first
    ).to_be_visible()
    story.check_page()
    story.picture("jobs")


def apply_on_the_public_page(story: Story) -> None:
    """Step 6: somebody applies."""
    page = story.page
    page.goto(f"{story.home}/jobs/")
    story.check_page()
    story.picture("board")
    story.go("Backend Engineer", "Apply")
    page.get_by_label("Name").fill(LEILA.person.name)
    page.get_by_label("E-mail").fill(LEILA.person.email)
    page.get_by_label("Phone").fill(LEILA.phone)
    page.get_by_label("Location").fill(LEILA.person.location)
    page.get_by_label("Headline").fill(LEILA.person.headline)
    page.get_by_label("Links").fill(LEILA.links[0])
    attach_resume(page)
    page.get_by_label("Note").fill("I like your queues.")
    story.check_page()
    story.picture("apply")
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def see_the_applicant_in_lever(story: Story, ats: Ats) -> None:
    """Steps 8 and 9: the card says where it stands, and it stands there."""
    page = story.page
    panel = page.locator("#slide-over")
    page.goto(f"{story.home}/c/acme/candidates/")
    story.check_page()
    story.picture("candidates")
    page.get_by_role("link", name=LEILA.person.name).first.click()
    story.see_that_it_is_in("Lever")
    expect(panel.get_by_text("New lead").first).to_be_visible()
    expect(panel.get_by_role("link", name="View in Lever")).to_be_visible()
    expect(panel.get_by_text("Last checked")).to_be_visible(timeout=20_000)
    story.picture("card-in-lever")
    (opportunity,) = ats.opportunities(email=LEILA.person.email)
    assert (opportunity["stage"], opportunity["origin"]) == ("lead-new", "sourced")
    assert "Purpose Jobs" in opportunity["tags"]


def send_somebody_by_hand(story: Story) -> None:
    """Step 7: Share → Send to Lever."""
    page = story.page
    panel = page.locator("#slide-over")
    page.goto(f"{story.home}/c/acme/candidates/?q=Hugo")
    page.get_by_role("link", name=HUGO.person.name).first.click()
    panel.get_by_role("link", name="Open page").click()
    page.wait_for_url("**/candidates/*/**")
    page.locator("summary", has_text="Share").click()
    story.picture("share")
    story.check_page()
    page.get_by_role("link", name="Send to Lever").click()
    dialog = page.locator("#dialog")
    expect(dialog.get_by_text("What leaves Purpose Jobs")).to_be_visible()
    # htmx minds the list of jobs once the dialog has settled.
    expect(page.locator("#dialog-body")).not_to_have_class(re.compile("htmx-(swapping|settling|request)"))
    dialog.get_by_label("Job").select_option("Backend Engineer · Berlin")
    expect(dialog.locator("dd", has_text="Backend Engineer, Berlin")).to_contain_text("Stage New lead")
    story.picture("send-to-lever")
    story.check_page()
    dialog.get_by_role("button", name="Send to Lever").click()
    story.see_that_it_is_in("Lever")
    story.picture("sent")
    story.check_page()


def see_the_board_of_the_ats(story: Story, ats: Ats) -> None:
    """The board of the ATS shows the applicant under New lead."""
    page = story.page
    page.goto(f"{ats.emulator.url}/candidates")
    expect(page.locator("section, li, td", has_text="New lead").get_by_text(LEILA.person.name).first).to_be_visible()
    story.picture("ats-board")


def lose_access_and_reconnect(story: Story, ats: Ats) -> None:
    """Step 10: revoked there, Reconnect here; an applicant waits, and goes out after reconnecting."""
    page = story.page
    ats.emulator.control("POST", f"/accounts/{NORTHWIND}/revoke")
    page.goto(f"{story.home}/c/acme/candidates/")
    apply_by_hand(story, "Late Arrival", "late.arrival@example.net")
    wait_until(lambda: story.is_asked_to_reconnect("Lever"), what="the word Reconnect")
    story.check_page()
    story.picture("reconnect")
    assert ats.opportunities(email="late.arrival@example.net") == []
    story.go("Reconnect Lever")
    story.connect()
    page.goto(f"{story.home}/c/acme/candidates/?q=Late")
    page.get_by_role("link", name="Late Arrival").first.click()
    story.see_that_it_is_in("Lever")
