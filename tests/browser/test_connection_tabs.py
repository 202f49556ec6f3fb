"""A connection's own pages with a worker at work: settings, the test that finds somebody gone, a test person."""

import pytest
from playwright.sync_api import expect

from integrations.models import AccountUser
from purposejobs.tenancy import company_scope
from tests.browser.walking import Story
from tests.integrations.connected import NORTHWIND, Ats, connect
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]
SEEN = 20_000  # milliseconds; a machine that is busy with other tests is slower


@pytest.mark.parametrize("story", ["light"], indirect=True)
def test_a_deactivated_acting_user_is_found_and_replaced_and_a_test_person_arrives_once(
    story, ats, acme, alice, celery
):
    connection = connect(ats, acme, alice)
    celery()
    wait_until(lambda: has_webhooks(ats), what="webhooks")
    with company_scope(acme):
        other = AccountUser.objects.filter(is_active=True).exclude(external_id=connection.granted_by_user_id).first()
    story.sign_in(alice.email)
    story.open("settings/integrations/lever/")
    story.check_page()

    choose(story, other.name)
    ats.emulator.control("POST", f"/users/{other.external_id}", active=False)
    run_the_test(story)
    finding = story.page.locator("#check li", has_text=f"{other.name} was deactivated in Lever")
    expect(finding.get_by_text("Choose another acting user in the settings.")).to_be_visible(timeout=SEEN)
    expect(story.page.locator("#check").get_by_text("Needs attention")).to_be_visible()
    story.check_page()
    story.picture("test-connection-deactivated")

    finding.get_by_role("link", name="Settings").click()
    expect(story.page.locator(".banner--attention", has_text=other.name)).to_be_visible(timeout=SEEN)
    story.check_page()
    story.picture("settings-deactivated")
    choose(story, "Rosa Lindqvist")
    run_the_test(story)
    expect(story.page.get_by_text("Rosa Lindqvist can act in Lever")).to_be_visible(timeout=SEEN)
    expect(story.page.locator("#check .finding--bad")).to_have_count(0)
    story.check_page()
    story.picture("test-connection")

    send_the_test_person(story, "Purpose Jobs Test Candidate is in Lever.")
    story.check_page()
    story.picture("test-candidate")
    send_the_test_person(story, "Purpose Jobs Test Candidate is in Lever already.")
    (there,) = Ats(ats.emulator).opportunities(email=f"purpose-jobs-test-{acme.pk}@example.com")
    assert story.page.get_by_role("link", name="View in Lever").get_attribute("href") == there["urls"]["show"]


def has_webhooks(ats: Ats) -> bool:
    return bool(ats.emulator.control("GET", f"/accounts/{NORTHWIND}/webhooks")["webhooks"])


def choose(story: Story, name: str) -> None:
    """Choose the acting user by the label, as somebody who types."""
    story.go("Settings")
    field = story.page.get_by_label("Acting user in Lever")
    field.click()
    field.fill(name)
    story.page.get_by_role("option", name=name).first.click()
    story.page.get_by_role("button", name="Save").click()
    expect(story.page.get_by_text(f"Acting user: {name}")).to_be_visible()


def run_the_test(story: Story) -> None:
    story.go("Test")
    story.page.get_by_role("button", name="Test connection").click()
    expect(story.page.get_by_text("Tested", exact=False).first).to_be_visible(timeout=SEEN)


def send_the_test_person(story: Story, words: str) -> None:
    story.page.get_by_role("button", name="Send test candidate").click()
    expect(story.page.get_by_text(words)).to_be_visible(timeout=SEEN)
