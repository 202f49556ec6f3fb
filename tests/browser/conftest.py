import pytest

# What a real deployment spreads over minutes. The catch-up beside webhooks stays as seldom as it is.
QUICK = {
    "EXPORT_QUEUES": "default,integrations,integrations_again",
    "EXPORT_SWEEP_SECONDS": "0.5",
    "FOLLOW_SWEEP_SECONDS": "0.5",
    "FOLLOW_CATCH_UP_SECONDS": "3",
}


@pytest.fixture
def celery(start_celery):
    """Start Celery's worker and beat, with whatever else a journey sets: `celery(DIGEST_HOUR="0")`."""

    def start(**environment):
        start_celery("exports", **QUICK, **environment)
        start_celery("beat", **QUICK, **environment)

    return start


@pytest.fixture
def ats(emulator):
    from tests.integrations.connected import Ats

    return Ats(emulator)


@pytest.fixture(params=["light", "dark"])
def story(request, browser, live_server, emulator):
    from tests.browser.walking import Story

    context = browser.new_context(
        viewport={"width": 1280, "height": 860},
        color_scheme=request.param,
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    story = Story(context.new_page(), live_server.url.replace("127.0.0.1", "localhost"), request.param)
    failed_before = request.session.testsfailed
    yield story
    if request.session.testsfailed > failed_before:
        story.picture("failed")
    context.close()
