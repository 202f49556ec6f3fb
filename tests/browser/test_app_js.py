"""app.js in a real browser, on a page of its own under the product's Content-Security-Policy."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from csp.utils import build_policy
from django.contrib.staticfiles import finders
from django.template import engines

HOST = "http://looks.test"
PAGE = """<!doctype html><html lang="en"><head>{% include "components/head.html" %}<title>Looks</title></head><body>
<main class="page" id="main"><h1>Looks</h1>{% include "components/messages.html" %}
<details class="menu"><summary class="button">Share</summary><div class="menu-panel">
  <button class="menu-item" type="button" data-copy="the link">Copy link</button></div></details>
<form class="form" id="form"><div class="field"><label class="field-label" for="posting">Posting</label>
<select name="posting" id="posting" data-combobox><option value="">No posting</option>
  <optgroup label="Most likely"><option value="cafe">Café Manager · Operations · Zürich</option></optgroup>
  <optgroup label="Others"><option value="data" data-state="Internal">Data Analyst · Data · Remote</option>
    <option value="old" disabled>Beekeeper · Farm · closed</option></optgroup></select></div></form>
<button class="button" data-dialog-open="sure">Disconnect</button>
<dialog class="dialog" id="sure"><div class="dialog-body"><h2>Disconnect?</h2>
<button class="button" data-close>Cancel</button></div></dialog>
<a href="/person" hx-get="/person" hx-target="#slide-over-body">Imani</a>
<a href="/send" hx-get="/send" hx-target="#dialog-body">Send</a>
<a href="/broken" hx-get="/broken" hx-target="#main">Broken</a>
<dialog class="slide-over" id="slide-over" aria-label="Details"><button class="button" data-close>Close</button>
<div id="slide-over-body"></div></dialog>
<dialog class="dialog" id="dialog" aria-label="Dialog"><div class="dialog-body" id="dialog-body"></div></dialog>
<div role="group" aria-label="Theme"><button class="button" data-theme-choice="dark">Dark</button></div>
<time datetime="2020-01-01T00:00:00Z" data-relative>1 January 2020</time>
</main></body></html>"""
CONFIRM = '<form hx-post="/sent" hx-target="#dialog-body"><h2>Send Imani?</h2><button>Yes, send</button></form>'
SENT = '<div id="messages" hx-swap-oob="beforeend"><div class="toast"><p>On the way</p></div></div>'
ANSWERS = {
    "/person": (200, "<h2>Imani Okafor</h2>", {}),
    "/broken": (500, "it broke", {}),
    "/send": (200, CONFIRM, {}),
    "/sent": (200, SENT, {"HX-Trigger": "close-dialog", "HX-Reswap": "none"}),
}


def answer(route):
    path = route.request.url.removeprefix(HOST)
    if path.startswith("/static/"):
        return route.fulfill(path=Path(finders.find(path.removeprefix("/static/"))))
    status, body, more = ANSWERS.get(path) or (200, engines["django"].from_string(PAGE).render({}), {})
    headers = more | {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": build_policy()}
    return route.fulfill(status=status, body=body, headers=headers)


@pytest.fixture
def looks(page):
    page.route("**/*", answer)
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(HOST)
    page.wait_for_selector("[role=combobox]")
    return page


def sent(page):
    return page.evaluate("new FormData(document.getElementById('form')).get('posting')")


def test_the_page_keeps_to_the_content_security_policy(looks):
    assert looks.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_components_have_no_accessibility_violation(looks, scheme):
    looks.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    looks.get_by_label("Posting").click()
    assert [violation["id"] for violation in Axe().run(looks).response["violations"]] == []


def test_typing_finds_a_posting_by_all_its_words_without_accents(looks):
    looks.get_by_label("Posting").fill("zurich cafe")
    assert looks.get_by_role("option").all_inner_texts() == ["Café Manager\nOperations · Zürich"]


def test_enter_chooses_what_the_arrows_point_at(looks):
    looks.get_by_label("Posting").fill("data")
    looks.keyboard.press("Enter")
    assert sent(looks) == "data"
    assert looks.get_by_label("Posting").input_value() == "Data Analyst"


def test_arrows_pass_over_what_cannot_be_chosen(looks):
    looks.get_by_label("Posting").focus()
    for key in ("ArrowDown", "ArrowUp", "Enter"):
        looks.keyboard.press(key)
    assert sent(looks) == "data"


def test_a_closed_posting_is_shown_but_cannot_be_chosen(looks):
    looks.get_by_label("Posting").fill("bee")
    looks.get_by_role("option").click(force=True)
    looks.keyboard.press("Enter")
    assert sent(looks) == ""


def test_escape_leaves_the_choice_as_it_was(looks):
    looks.get_by_label("Posting").fill("cafe")
    looks.keyboard.press("Enter")
    looks.get_by_label("Posting").fill("data")
    looks.keyboard.press("Escape")
    assert sent(looks) == "cafe"
    assert looks.get_by_label("Posting").input_value() == "Café Manager"


def test_emptying_the_field_takes_the_choice_back(looks):
    looks.get_by_label("Posting").fill("cafe")
    looks.keyboard.press("Enter")
    looks.get_by_label("Posting").fill("")
    looks.keyboard.press("Tab")
    assert sent(looks) == ""


def test_words_that_match_nothing_say_so(looks):
    looks.get_by_label("Posting").fill("astronaut")
    assert "Nothing matches “astronaut”." in looks.get_by_role("listbox").inner_text()


@pytest.mark.parametrize("leave", [lambda page: page.keyboard.press("Escape"), lambda page: page.click("h1")])
def test_a_menu_closes_by_escape_and_by_a_click_elsewhere(looks, leave):
    looks.get_by_text("Share").click()
    leave(looks)
    assert looks.locator("details[open]").count() == 0


def test_a_dialog_gives_the_focus_back(looks):
    looks.get_by_text("Disconnect", exact=True).click()
    assert looks.evaluate("document.activeElement.textContent") == "Disconnect?"
    looks.get_by_text("Cancel").click()
    assert looks.evaluate("document.activeElement.textContent") == "Disconnect"


def test_a_profile_slides_over_the_list_and_escape_closes_it(looks):
    looks.get_by_text("Imani").click()
    looks.wait_for_selector("#slide-over[open][aria-label='Imani Okafor']")
    looks.keyboard.press("Escape")
    assert looks.locator("#slide-over[open]").count() == 0
    assert looks.evaluate("document.activeElement.textContent") == "Imani"


def test_a_dialog_closes_when_its_form_was_saved(looks):
    looks.get_by_text("Send", exact=True).click()
    looks.get_by_text("Yes, send").click()
    looks.get_by_text("On the way").wait_for()
    looks.wait_for_selector("#dialog", state="hidden")
    assert looks.evaluate("document.activeElement.textContent") == "Send"


def test_a_failed_request_is_said_in_words(looks):
    looks.get_by_text("Broken").click()
    assert "Nothing was changed" in looks.locator(".toast p").inner_text()


def test_theme_and_time_zone_are_kept_in_cookies(looks):
    looks.get_by_text("Dark").click()
    cookies = {cookie["name"]: cookie["value"] for cookie in looks.context.cookies()}
    assert cookies["theme"] == "dark"
    assert cookies["tz"] == looks.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert looks.get_by_text("Dark").get_attribute("aria-pressed") == "true"


def test_times_are_told_from_now(looks):
    assert looks.locator("time").inner_text().endswith("years ago")
