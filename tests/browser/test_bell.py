"""The bell in a real browser: with and without JavaScript, and without asking the server over and over."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from accounts.actions import notify
from purposejobs.tenancy import company_scope


@pytest.fixture
def session(live_server, alice):
    client = Client()
    client.force_login(alice)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": live_server.url}


def tell(company, user, title):
    with company_scope(company):
        notify(company=company, users=[user], kind="test", title=title, path=f"/c/acme/jobs/?{title}")


def test_it_counts_anew_when_somebody_comes_back(page, session, live_server, acme, alice):
    page.context.add_cookies([session])
    page.clock.install()
    page.goto(live_server.url + reverse("job_list", args=["acme"]))
    bell = page.get_by_role("link", name=re.compile("^Notifications"))
    expect(bell).to_have_accessible_name("Notifications, none unread")
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    tell(acme, alice, "one")
    page.clock.run_for(50_000)
    assert not [url for url in asked if "/bell/" in url]
    page.clock.run_for(30_000)

    expect(bell).to_have_accessible_name("Notifications, 1 unread")
    assert len([url for url in asked if "/bell/" in url]) == 1


def test_it_works_without_javascript(browser, session, live_server, acme, alice):
    tell(acme, alice, "one")
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([session])
    page = context.new_page()
    page.goto(live_server.url + reverse("job_list", args=["acme"]))

    page.get_by_role("link", name="Notifications, 1 unread").click()
    page.get_by_role("button", name="one", exact=True).click()

    expect(page).to_have_url(live_server.url + reverse("job_list", args=["acme"]) + "?one")
    expect(page.get_by_role("link", name="Notifications, none unread")).to_be_visible()
    context.close()
