"""A connection that is lost and found again, of which people are told once; and one that is ended."""

import pytest
from playwright.sync_api import expect

from tests.browser.letters import forget_letters, letters, only_letter
from tests.browser.walking import Story, apply_by_hand
from tests.integrations.connected import NORTHWIND, Ats, connect, link
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]
LATE = "late.arrival@example.net"


@pytest.mark.parametrize("story", ["light"], indirect=True)
def test_a_lost_connection_is_told_of_once_and_an_ended_one_leaves_no_webhooks(story, ats, acme, alice, bob, celery):
    forget_letters()
    connect(ats, acme, alice)
    link(acme, alice)
    celery()

    ats.emulator.control("POST", f"/accounts/{NORTHWIND}/revoke")
    only_letter(alice, "reconnect Lever")  # though nobody was sent: the catch-up finds out
    apply_by_hand(story, "Late Arrival", LATE)
    read_that_it_is_lost(story, alice, bob)
    find_it_again(story, ats, alice)
    disconnect(story, ats)


def read_that_it_is_lost(story: Story, alice, bob) -> None:
    page = story.page
    assert "nobody is lost. After you reconnect" in only_letter(alice, "reconnect Lever").get_content()
    assert letters(bob, "reconnect Lever") == []

    story.sign_in(bob.email)
    expect(page.get_by_text("Exports to Lever are paused")).to_be_visible()
    expect(page.get_by_role("link", name="Reconnect", exact=True)).to_have_count(0)
    story.check_page()
    story.picture("lost-for-a-recruiter")

    page.context.clear_cookies()
    story.sign_in(alice.email)
    expect(page.get_by_text("Lever must be reconnected. 1 waiting until then")).to_be_visible()
    story.check_page()
    story.picture("lost-for-an-admin")
    page.get_by_role("link", name="Notifications, 1 unread").click()
    page.get_by_role("button", name="Reconnect Lever", exact=True).click()
    page.wait_for_url("**/settings/integrations/**")


def find_it_again(story: Story, ats: Ats, alice) -> None:
    story.go("Reconnect Lever")
    story.connect()
    only_letter(alice, "Lever is connected again")
    wait_until(lambda: ats.opportunities(email=LATE), what="who waited")
    story.open("notifications/")
    expect(story.page.get_by_role("button", name="Lever is connected again", exact=True)).to_be_visible()
    expect(story.page.get_by_text("Lever must be reconnected.")).to_have_count(0)
    assert len(letters(alice, "reconnect Lever")) == 1


def disconnect(story: Story, ats: Ats) -> None:
    page = story.page
    wait_until(lambda: webhooks(ats), what="webhooks")
    story.open("settings/integrations/lever/")
    page.get_by_role("link", name="Disconnect").click()
    dialog = page.locator("#dialog")
    expect(dialog.get_by_text("What becomes of candidates in Lever is no longer shown here.")).to_be_visible()
    expect(dialog.get_by_text("Everybody who is in Lever stays there.")).to_be_visible()
    story.check_page()
    story.picture("disconnect")
    dialog.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Lever was disconnected.")).to_be_visible()
    wait_until(lambda: not webhooks(ats), what="the end of the webhooks")
    there = story.open_ats(f"{ats.emulator.url}/settings/webhooks")
    expect(there.get_by_text("Nobody has subscribed.")).to_be_visible()
    story.picture("ats-webhooks-gone", there)
    assert ats.opportunities(email=LATE)


def webhooks(ats: Ats) -> list[dict]:
    return ats.emulator.control("GET", f"/accounts/{NORTHWIND}/webhooks")["webhooks"]
