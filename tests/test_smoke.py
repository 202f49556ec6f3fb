"""What the smoke run's browser reads on a page, and that the run says where it failed."""

import io

import pytest
from django.core.management import CommandError, call_command

from purposejobs.smoke.browser import Browser, NotOnPage, Page

PAGE = """
<h1>Jobs</h1><script>let hidden = "<a href='/no/'>No</a>"</script>
<a href="/jobs/1/edit/">Edit<span class="visually-hidden"> Cook</span></a> <a href="?page=2">Next</a>
<form method="post" action="/save/">
  <input type="hidden" name="token" value="t1"><input name="title" value="Cook &amp; more">
  <input name="shut" value="x" disabled><input type="checkbox" name="sends"><input type="checkbox" name="kept" checked>
  <select name="posting">
    <option value="">None</option><option value="7" selected>Cook · Berlin</option>
    <option value="8">Baker · Rome</option><option value="9" disabled>Butler</option>
  </select>
  <textarea name="note">
Two
lines</textarea>
  <input type="file" name="resume">
  <button type="submit">Save</button><button name="publish" value="1">Save and <b>publish</b></button>
  <button disabled>Refuse</button>
</form>
<template><p>unseen</p></template>
"""


@pytest.fixture
def page():
    return Page("http://localhost/c/acme/jobs/", PAGE)


def test_text_is_what_a_person_reads(page):
    assert page.has("Jobs", "Edit Cook", "Save and publish")
    assert not page.has("unseen")
    assert not page.has("hidden")


def test_links_are_found_by_their_words(page):
    assert page.link("Edit Cook") == "http://localhost/jobs/1/edit/"
    assert page.link("Next") == "http://localhost/c/acme/jobs/?page=2"
    with pytest.raises(NotOnPage, match="no link 'No'"):
        page.link("No")


def test_form_has_what_a_browser_would_send(page):
    form, button = page.form("publish")

    assert (form.method, form.action) == ("post", "http://localhost/save/")
    assert form.values == {
        "token": "t1",
        "title": "Cook & more",
        "kept": "on",
        "posting": "7",
        "note": "Two\nlines",
    }
    assert form.files == {"resume"}
    assert (button.name, button.value) == ("publish", "1")


def test_choices_are_found_by_their_words_and_disabled_ones_are_none(page):
    form, _ = page.form("Save")

    assert form.choice("posting", "Rome") == "8"
    with pytest.raises(NotOnPage, match="no choice 'Butler'"):
        form.choice("posting", "Butler")
    with pytest.raises(NotOnPage, match="no button 'Refuse'"):
        page.form("Refuse")


def test_a_field_that_is_not_there_is_an_error(page):
    browser = Browser()
    browser.page = page

    with pytest.raises(NotOnPage, match="no field 'salary'"):
        browser.press("Save", salary="12")


def test_run_says_in_its_last_line_where_it_failed(settings, http):
    settings.PUBLIC_URL = "http://localhost:9"
    said = io.StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("smoke", stdout=said)

    assert ended.value.code == 1
    assert said.getvalue().splitlines()[-1].startswith("smoke: FAILED at sign up: ")


def test_run_is_refused_where_a_real_ats_would_receive_it(settings):
    settings.LEVER_ENVIRONMENT = "sandbox"

    with pytest.raises(CommandError, match="emulator only"):
        call_command("smoke")
