"""Importing and mapping with a real browser: what JavaScript adds to the forms."""

import re

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from integrations.models import PostingLink
from jobs.models import Job
from purposejobs.tenancy import company_scope
from tests.factories import make_job
from tests.integrations.rows import make_connection, make_link, make_posting

TITLES = ["Analyst", "Beekeeper", "Gardener"]


@pytest.fixture
def far(acme):
    return make_connection(acme)


@pytest.fixture
def open_page(live_server, page, alice):
    client = Client()
    client.force_login(alice)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])

    def open_page(path):
        page.goto(live_server.url + path)
        return page

    return open_page


def test_searching_and_ticking_all_shown_imports_just_those(open_page, acme, far):
    for title in TITLES:
        make_posting(far, title, location="Berlin")
    make_posting(far, "Cook", location="Rome")
    page = open_page("/c/acme/jobs/import/")

    page.get_by_label("Search postings").fill("berlin")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_label("Select all shown").check()
    page.get_by_label("Team").focus()  # leaving the search must not list anew and lose the ticks
    page.get_by_role("button", name="Import selected").click()

    expect(page.get_by_text("3 drafts made:")).to_be_visible()
    assert "q=berlin" in page.url
    with company_scope(acme):
        assert sorted(Job.objects.values_list("title", flat=True)) == TITLES


def test_all_suggestions_are_accepted_and_one_is_undone(open_page, acme, far):
    for title in TITLES:
        make_posting(far, title)
        make_job(acme, title)
    page = open_page("/c/acme/jobs/connect/")

    page.get_by_role("button", name="Accept all 3 suggestions").click()
    expect(page.get_by_text("3 jobs connected.")).to_be_visible()
    page.get_by_role("button", name="Undo Beekeeper").click()

    expect(page.get_by_text("Beekeeper is no longer connected.")).to_be_visible()
    expect(page.get_by_text("2 jobs connected.")).to_be_visible()
    with company_scope(acme):
        assert sorted(link.job.title for link in PostingLink.objects.select_related("job")) == ["Analyst", "Gardener"]


def test_choosing_another_posting_in_a_row_ticks_it_and_moves_the_job(open_page, acme, far):
    link = make_link(make_posting(far, "Analyst"))
    other = make_posting(far, "Senior Analyst", location="Oslo")
    page = open_page("/c/acme/jobs/connect/?show=connected")

    page.get_by_role("combobox", name="Posting for Analyst").fill("oslo")
    page.get_by_role("option", name=re.compile("Senior Analyst")).click()
    expect(page.get_by_role("checkbox", name="Change Analyst")).to_be_checked()
    page.get_by_role("button", name="Save changes").click()

    expect(page.get_by_text("1 job connected.")).to_be_visible()
    with company_scope(acme):
        assert PostingLink.objects.get(job=link.job_id).posting_id == other.pk


def test_the_head_of_a_long_table_stays_in_sight(open_page, acme, far):
    for number in range(40):
        make_job(acme, f"Job {number}")
    page = open_page("/c/acme/jobs/connect/")

    page.mouse.wheel(0, 1500)

    expect(page.get_by_role("columnheader", name="Posting in Lever")).to_be_in_viewport()
