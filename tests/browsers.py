"""A real browser for tests: a Chromium or Chrome of this machine, else Playwright's own, else Debian's package."""

import os
import shutil
import subprocess
import sys

import pytest

ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def installed_browser() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def start_browser(playwright):
    """Give a running Chromium; fail, never skip, when there is none to be had."""
    found = installed_browser()
    if found:
        return playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
    if os.path.exists(playwright.chromium.executable_path):
        return playwright.chromium.launch(args=ARGUMENTS)
    said = []
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        commands += [["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "chromium"]]
    for command in commands:
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
            said.append(result.stderr[-300:])
        except subprocess.TimeoutExpired:
            said.append(f"{command[0]} took too long")
    found = installed_browser()
    try:
        return playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
    except Exception as error:
        pytest.fail(
            "No browser: install chromium or google-chrome, or run `.venv/bin/playwright install --with-deps chromium`."
            f"\n{error}\n{said}"
        )


@pytest.fixture(scope="module")
def browser():
    """
    A Chromium for the tests of one file.

    Playwright runs an event loop in this thread, which Django takes for asynchronous code: allowed here only.
    """
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = start_browser(playwright)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page of a fresh profile, its time-outs short enough for a test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()
