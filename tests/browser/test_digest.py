"""The digest of the day: who needs a person, in one e-mail whose links open the right page."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations.models import CandidateExport, Connection
from integrations.tasks import digests
from purposejobs.tenancy import company_scope
from tests.browser.letters import forget_letters, letters, only_letter
from tests.browser.walking import Story
from tests.integrations.connected import NORTHWIND, RESUME, Ats, apply, connect, link
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]
REFUSED, HELD = "Noor Haddad", "Jonas Weber"
SUBJECT = "need a person on the way to Lever"


@pytest.mark.parametrize("story", ["light"], indirect=True)
def test_the_digest_leads_to_those_who_need_a_person_and_comes_once_a_day(story, ats, acme, alice, celery):
    forget_letters()
    connect(ats, acme, alice)
    celery(DIGEST_HOUR="0")
    somebody_is_refused_and_somebody_waits(ats, acme, alice)
    with company_scope(acme):  # there is no digest of what was before the connection
        Connection.objects.update(connected_at=timezone.now() - timedelta(days=2))
    story.sign_in(alice.email)

    digests.delay()
    letter = only_letter(alice, SUBJECT)
    digests.delay()  # the next runs of the day
    digests.delay()
    assert letter["Subject"] == f"Acme: 2 candidates {SUBJECT}"
    follow_the_links(story, letter.get_content())
    see_it_behind_the_bell(story)
    assert len(letters(alice, SUBJECT)) == 1


def somebody_is_refused_and_somebody_waits(ats: Ats, acme, alice) -> None:
    ats.fault("422")
    apply(link(acme, alice), REFUSED, resume=RESUME)
    wait_until(lambda: count(acme, state="failed") == 1, what="a refusal")
    job = link(acme, alice, "Office Manager")
    (posting,) = [row for row in postings(ats) if row["text"] == "Office Manager"]
    ats.emulator.control("POST", f"/postings/{posting['id']}", state="closed")
    ats.emulator.control("POST", "/switches", account=NORTHWIND, closed_postings="reject")
    apply(job, HELD)
    wait_until(lambda: count(acme, held_reason="posting_closed") == 1, what="somebody who waits")


def postings(ats: Ats) -> list[dict]:
    return ats.emulator.control("GET", f"/accounts/{NORTHWIND}")["postings"]


def count(acme, **narrowed) -> int:
    with company_scope(acme):
        return CandidateExport.objects.filter(**narrowed).count()


def follow_the_links(story: Story, text: str) -> None:
    """Open the link of each reason, and that of all together."""
    links = re.findall(r"https?://\S+", text)
    listed = {link: who_is_listed(story, link) for link in links}
    assert sorted(listed.values()) == [[HELD, REFUSED], [HELD, REFUSED], [REFUSED]], f"{text}\n{listed}"


def who_is_listed(story: Story, link: str) -> list[str]:
    story.page.goto(link)
    names = story.page.locator("tbody th a")
    expect(names.first).to_be_visible()
    story.check_page()
    story.picture("digest-link")
    return sorted(name.strip() for name in names.all_inner_texts())


def see_it_behind_the_bell(story: Story) -> None:
    story.open()
    story.page.get_by_role("link", name=re.compile("^Notifications, [1-9]")).click()
    notice = story.page.get_by_role("button", name="Candidates on the way to Lever need a person", exact=True)
    expect(notice).to_be_visible()
    story.check_page()
    story.picture("notifications")
    notice.click()
    expect(story.page.get_by_role("link", name=REFUSED)).to_be_visible()
