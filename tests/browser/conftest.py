import pytest


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
