"""People are told: the digest of the day, a connection that is lost and found again; and the end of one."""

import email
import os
import re
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations.models import CandidateExport, Connection
from integrations.tasks import digests
from purposejobs.tenancy import company_scope
from tests.browser.walking import Story, apply_by_hand
from tests.integrations.connected import NORTHWIND, RESUME, Ats, apply, connect, link
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]
REFUSED, HELD, LATE = "Noor Haddad", "Jonas Weber", "late.arrival@example.net"
PATIENCE = 20_000  # milliseconds


@pytest.mark.parametrize("story", ["light"], indirect=True)
def test_people_are_told_once_of_what_needs_them_and_the_end_says_what_stays(story, ats, acme, alice, bob, celery):
    connect(ats, acme, alice)
    celery(DIGEST_HOUR="0")
    somebody_is_refused_and_somebody_waits(ats, acme, alice)
    story.sign_in(alice.email)

    read_the_digest(story, acme, alice)
    lose_the_connection(story, ats, alice, bob)
    find_it_again(story, ats, alice)
    disconnect(story, ats)
    assert len(letters(alice, "need a person on the way to Lever")) == 1


def letters(to, words: str) -> list[EmailMessage]:
    """Return the e-mails to somebody with these words in the subject, as the mail server would have had them."""
    found = []
    for path in Path(os.environ["EMAIL_FILE_PATH"]).glob("*.log"):
        for text in re.split(r"^-{79}\n", path.read_text(), flags=re.MULTILINE):
            letter = email.message_from_string(text, policy=default)
            if letter["To"] == to.email and words in letter["Subject"]:
                found.append(letter)
    return found


def only_letter(to, words: str) -> EmailMessage:
    wait_until(lambda: letters(to, words), what=f"an e-mail about {words}")
    (letter,) = letters(to, words)
    return letter


# -- The digest -----------------------------------------------------------------------------------------------------


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


def read_the_digest(story: Story, acme, alice) -> None:
    with company_scope(acme):  # there is no digest of what was before the connection
        Connection.objects.update(connected_at=timezone.now() - timedelta(days=2))
    digests.delay()
    letter = only_letter(alice, "need a person on the way to Lever")
    text = letter.get_content()
    assert letter["Subject"] == "Acme: 2 candidates need a person on the way to Lever"
    links = re.findall(r"https?://\S+", text)
    assert len(links) == 3
    story.page.goto(links[0])
    story.check_page()
    story.picture("digest-link")
    seen = {link: who_is_listed(story, link) for link in links}
    assert sorted(map(sorted, seen.values())) == [[HELD, REFUSED], [HELD, REFUSED], [REFUSED]], f"{text}\n{seen}"

    story.open()
    bell = story.page.get_by_role("link", name=re.compile("^Notifications, [1-9]"))
    bell.click()
    expect(
        story.page.get_by_role("button", name="Candidates on the way to Lever need a person", exact=True)
    ).to_be_visible()
    story.check_page()
    story.picture("notifications")

    # The next runs of the day, whose letters would have come by the end of the journey.
    digests.delay()
    digests.delay()


def who_is_listed(story: Story, link: str) -> list[str]:
    story.page.goto(link)
    names = story.page.locator("tbody th a")
    expect(names.first).to_be_visible()
    return [name.strip() for name in names.all_inner_texts()]


# -- Lost, and found again ------------------------------------------------------------------------------------------


def lose_the_connection(story: Story, ats: Ats, alice, bob) -> None:
    page = story.page
    ats.emulator.control("POST", f"/accounts/{NORTHWIND}/revoke")
    apply_by_hand(story, "Late Arrival", LATE)
    letter = only_letter(alice, "reconnect Lever")
    assert "One candidate" in letter.get_content() or "candidates are waiting" in letter.get_content()
    assert letters(bob, "reconnect Lever") == []

    page.context.clear_cookies()
    story.sign_in(bob.email)
    expect(page.get_by_text("Exports to Lever are paused")).to_be_visible()
    expect(page.get_by_role("link", name="Reconnect", exact=True)).to_have_count(0)
    story.check_page()
    story.picture("lost-for-a-recruiter")

    page.context.clear_cookies()
    story.sign_in(alice.email)
    expect(page.get_by_text("Lever must be reconnected.")).to_be_visible()
    story.check_page()
    story.picture("lost-for-an-admin")
    page.get_by_role("link", name=re.compile("^Notifications")).click()
    expect(page.get_by_role("button", name="Reconnect Lever", exact=True)).to_be_visible()
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


# -- The end --------------------------------------------------------------------------------------------------------


def disconnect(story: Story, ats: Ats) -> None:
    page = story.page
    wait_until(lambda: webhooks(ats), what="webhooks")
    story.open("settings/integrations/lever/")
    page.get_by_role("link", name="Disconnect").click()
    dialog = page.locator("#dialog")
    expect(dialog.get_by_text("What stays")).to_be_visible()
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
