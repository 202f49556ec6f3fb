"""No secret address and no person's link is written to the logs."""

import io
import logging

import pytest


@pytest.fixture
def written(settings):
    """Give what the console's handler writes, as it is configured."""
    handler = next(handler for handler in logging.getLogger().handlers if handler.get_name() == "console")
    before, stream = handler.stream, io.StringIO()
    handler.setStream(stream)
    yield stream
    handler.setStream(before)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "route"),
    [
        pytest.param("/integrations/lever/hooks/unguessable/", "hooks/<slug:key>/", id="where webhooks come in"),
        pytest.param("/applications/signed-token/", "applications/<str:token>/", id="the link in an applicant's mail"),
    ],
)
def test_a_refused_request_is_logged_by_its_route(client, written, path, route):
    response = client.post(path, b"{}", content_type="application/json")

    assert 400 <= response.status_code < 500
    lines = written.getvalue()
    assert route in lines
    assert path.split("/")[-2] not in lines
