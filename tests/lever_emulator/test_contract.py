"""The check itself: a wrong answer must be noticed."""

import pytest

from tests.lever_emulator.contract import check

JSON = "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path", "status", "content_type", "body"),
    [
        ("GET", "/opportunities", 200, JSON, {"data": []}),
        ("GET", "/opportunities", 200, JSON, {"data": [{"id": "x"}], "hasNext": False}),
        ("GET", "/opportunities", 200, "text/plain", {"data": [], "hasNext": False}),
        ("POST", "/opportunities", 200, JSON, {"data": {}}),
        ("GET", "/opportunities/x", 404, JSON, {"error": "not found"}),
        ("GET", "/users/x", 200, JSON, {"data": {"id": "x"}}),
        ("DELETE", "/opportunities/x", 204, "", None),
    ],
    ids=[
        "no hasNext",
        "half an opportunity",
        "content type",
        "status",
        "error envelope",
        "half a user",
        "no such call",
    ],
)
def test_wrong_answer_is_noticed(method, path, status, content_type, body):
    with pytest.raises(AssertionError):
        check(method, path, status, content_type, body)


def test_right_answer_passes():
    check("GET", "/opportunities", 200, JSON, {"data": [], "hasNext": False})
    check(
        "GET", "/opportunities/x", 404, JSON, {"code": "ResourceNotFound", "message": "opportunities x was not found"}
    )
