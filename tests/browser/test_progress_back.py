"""Progress comes back: the open card follows the board of the ATS, up to the hire that the report counts."""

import csv
import io
import re
import time

import pytest
from playwright.sync_api import Page, expect

from integrations.models import Connection, StageChange
from purposejobs.tenancy import company_scope
from tests.browser.walking import Story
from tests.integrations.connected import NORTHWIND, Ats, apply, connect, link
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_http]
NAME = "Noor Haddad"
SEEN = 20_000  # milliseconds; a machine that is busy with other tests is slower than 2 s


@pytest.mark.parametrize("story", ["light"], indirect=True)
def test_an_open_card_follows_the_board_by_catch_up_and_by_webhook_up_to_the_hire(story, ats, acme, alice, celery):
    ats.emulator.control("POST", "/switches", account=NORTHWIND, webhook_deliveries=False)
    connect(ats, acme, alice)
    celery()
    candidate = apply(link(acme, alice), NAME).candidate
    apply_others(acme, alice)
    story.sign_in(alice.email)
    board = story.open_ats(f"{ats.emulator.url}/candidates")

    open_card(story, candidate)
    drag(board, "Recruiter screen")
    see_stage(story, "Recruiter screen")
    assert told_by(acme, "Recruiter screen") == "catch_up"
    story.check_page()
    story.picture("card-by-catch-up")
    see_which_way_is_at_work(story, "Catch-up")
    story.picture("in-step-by-catch-up")

    let_deliveries_arrive(story, ats, acme)
    open_card(story, candidate)
    drag(board, "On-site interview")
    story.picture("ats-board-dragged", board)
    see_stage(story, "On-site interview")
    assert told_by(acme, "On-site interview") == "webhook"
    story.check_page()
    story.picture("card-by-webhook")

    hire(story, board)
    see_the_report_count_it(story)


def apply_others(acme, alice) -> None:
    job = link(acme, alice, "Data Scientist")
    for name in ["Jonas Weber", "Amara Diallo", "Yuki Tanaka"]:
        apply(job, name)


def open_card(story: Story, candidate) -> None:
    story.page.bring_to_front()
    story.open(f"candidates/{candidate.pk}/")
    panel = story.page.locator(".panel")
    expect(panel.get_by_role("link", name="View in Lever")).to_be_visible(timeout=SEEN)
    expect(panel.get_by_text("Last checked")).to_be_visible(timeout=SEEN)


def drag(board: Page, stage: str) -> None:
    """Drag the card into another column, as somebody does there."""
    board.bring_to_front()
    card = board.locator(".candidate", has_text=NAME)
    expect(card).to_be_visible()
    column = board.locator(".column").filter(has=board.get_by_role("heading", name=re.compile(f"^{stage}")))
    card.hover()
    board.mouse.down()
    column.get_by_role("heading").hover()
    column.get_by_role("heading").hover()  # a browser that drags tells of the second move
    board.mouse.up()
    expect(column.locator(".candidate", has_text=NAME)).to_be_visible()


def see_stage(story: Story, stage: str) -> None:
    """See the stage on the card that was open all the time."""
    began = time.monotonic()
    story.page.bring_to_front()
    expect(story.page.locator(".panel strong").get_by_text(stage, exact=True)).to_be_visible(timeout=SEEN)
    print(f"The open card showed {stage} {time.monotonic() - began:.2f} s after it was dropped there.")
    expect(story.page.locator("#timeline").get_by_text(f"Moved to {stage}")).to_be_visible()


def told_by(company, stage: str) -> str:
    with company_scope(company):
        return StageChange.objects.values_list("told_by", flat=True).get(kind="moved", stage_name=stage)


def see_which_way_is_at_work(story: Story, word: str) -> None:
    story.open("settings/integrations/lever/")
    expect(story.page.locator("#step-state").get_by_text(word, exact=True)).to_be_visible()
    story.check_page()


def let_deliveries_arrive(story: Story, ats: Ats, acme) -> None:
    """Switch deliveries on; after the first one the catch-up rests, so that only a webhook can be quick."""
    ats.emulator.control("POST", "/switches", account=NORTHWIND, webhook_deliveries=True)
    other = next(row["id"] for row in ats.opportunities(tag="Purpose Jobs") if row["name"] != NAME)
    ats.emulator.control("POST", f"/opportunities/{other}", stage="lead-reached-out")
    wait_until(lambda: catch_up_rests(acme), what="a delivery, after which the catch-up is seldom")
    see_which_way_is_at_work(story, "Told at once")
    story.picture("in-step-by-webhook")


def catch_up_rests(acme) -> bool:
    with company_scope(acme):
        connection = Connection.objects.get()
    wait = connection.next_catch_up_at - (connection.caught_up_to or connection.next_catch_up_at)
    return bool(connection.delivered_at) and wait.total_seconds() > 60


def hire(story: Story, board: Page) -> None:
    board.bring_to_front()
    card = board.locator(".candidate", has_text=NAME)
    card.get_by_text("Move or archive").click()
    card.get_by_role("button", name="Hire").click()
    expect(board.locator(".candidate", has_text=NAME)).to_have_count(0)
    story.page.bring_to_front()
    panel = story.page.locator(".panel")
    expect(panel.get_by_text(re.compile(r"Hired on \d"))).to_be_visible(timeout=SEEN)
    story.check_page()
    story.picture("card-hired")


def see_the_report_count_it(story: Story) -> None:
    page = story.page
    story.go("Report")
    for step, reached in [("Sent", "4"), ("Hired", "1")]:
        row = page.get_by_role("table", name="From sent to hired").get_by_role("row", name=f"{step} {reached} ")
        expect(row).to_be_visible()
    story.check_page()
    story.picture("report")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of the steps").click()
    rows = {row[0]: row for row in csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig"))) if row}
    assert rows["Sent"][1] == "4"
    assert rows["Hired"][1] == "1"
