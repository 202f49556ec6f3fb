"""A second ATS in a real browser: connected with a key, and a candidate sent to it."""

import sys
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect

from purposejobs.local_stack.environment import free_port
from tests.browser.walking import LEILA, apply_by_hand
from tests.factories import make_job
from tests.harbor.server import KEY
from tests.processes import Process, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]


class Harbor(Process):
    """The far side, and what somebody does in its own pages."""

    def __init__(self, folder) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        super().__init__("harbor", [sys.executable, "-m", "tests.harbor.server", str(urlsplit(self.url).port)], folder)

    def is_up(self) -> bool:
        try:
            return self.desk("GET", "people") is not None
        except requests.ConnectionError:
            return False

    def desk(self, method: str, path: str, **body):
        answer = requests.request(method, f"{self.url}/desk/{path}", json=body, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def people(self) -> list[dict]:
        return self.desk("GET", "people")["people"]


@pytest.fixture
def harbor(tmp_path, settings):
    harbor = Harbor(tmp_path)
    wait_until(harbor.is_up, what="Harbor")
    settings.ATS_PROVIDERS["harbor"]["api_url"] = harbor.url
    yield harbor
    harbor.stop()


@pytest.mark.parametrize("story", ["light"], indirect=True)
def test_a_second_ats_is_connected_with_a_key_and_an_applicant_arrives_there(story, harbor, alice, acme, celery):
    page = story.page
    celery(
        HARBOR_URL=harbor.url,
        EXPORT_CALL_DEADLINE_SECONDS="3",
        EXPORT_LEASE_SECONDS="10",
        EXPORT_LOOK_DELAY_SECONDS="4",
    )
    make_job(acme, "Backend Engineer")

    story.sign_in("alice@acme.example")
    story.go("Account Settings", "Integrations", "Harbor")
    page.get_by_label("API key").fill("not a key")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("A key of Harbor begins with").first).to_be_visible()
    page.get_by_label("API key").fill(KEY)
    story.check_page()
    page.get_by_role("button", name="Connect").click()
    expect(page.locator(".integration-card.is-active").get_by_text("Active", exact=True)).to_be_visible()
    story.picture("second-ats")

    story.go("Jobs")
    page.get_by_role("link", name="Edit").first.click()
    choice = page.get_by_role("combobox", name="Connect Harbor Job")
    choice.fill("backend")
    page.get_by_role("option", name="Backend Engineer").first.click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Backend Engineer").first).to_be_visible()

    # The answer to the first create is lost: it is looked for under its key, and not made twice.
    harbor.desk("POST", "answers", lose=1)
    apply_by_hand(story, LEILA.person.name, LEILA.person.email)
    wait_until(harbor.people, what="the applicant in Harbor")
    page.goto(f"{story.home}/c/acme/candidates/")
    page.get_by_role("link", name=LEILA.person.name).first.click()
    panel = page.locator("#slide-over")
    story.see_that_it_is_in("Harbor")
    expect(panel.get_by_text("Washed ashore").first).to_be_visible()
    expect(panel.get_by_text("Last checked")).to_be_visible(timeout=20_000)
    story.picture("second-ats-card")
    assert [person["email"] for person in harbor.people()] == [LEILA.person.email]

    harbor.desk("POST", f"people/{harbor.people()[0]['id']}", step="aboard")
    expect(panel.locator("strong").get_by_text("Aboard", exact=True)).to_be_visible(timeout=20_000)
    story.check_page()
    story.picture("second-ats-card-moved")
    story.open("settings/integrations/harbor/")
    expect(page.locator("#step-state").get_by_text("Catch-up", exact=True)).to_be_visible()
    story.check_page()
    story.picture("second-ats-overview")

    harbor.desk("DELETE", f"keys/{KEY}")
    apply_by_hand(story, "Late Arrival", "late.arrival@example.net")
    wait_until(lambda: story.is_asked_to_reconnect("Harbor"), what="the word Reconnect")
