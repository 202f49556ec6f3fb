"""A create that does not end well: what each answer means, and whether it may have been done all the same."""

import logging

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from tests.integrations.lever.ada import CREATE, POSTING, TOMAS


@pytest.fixture
def failure(http, lever, make_payload):
    """Give the error that a create raises, and see that it called once."""
    from integrations.lever import provider

    def fail(**changes):
        with pytest.raises(Exception) as caught:  # noqa: PT011 the tests look at the type
            provider.create(lever, make_payload(**changes))
        assert len(http.calls) == 1
        return caught.value

    return fail


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_leaves_the_create_unknown(http, failure, status):
    http.post(CREATE, status=status, body="<html>oops")
    error = failure()
    assert type(error).__name__ == "TryLater"
    assert (error.code, error.unknown, error.is_outage, error.after) == ("unavailable", True, True, None)


def test_a_server_that_names_its_delay_is_asked_no_sooner(http, failure):
    http.post(CREATE, status=503, headers={"Retry-After": "120"})
    assert failure().after == 120


@pytest.mark.parametrize(
    ("header", "after"),
    [("7", 7), ("0.5", 0.5), ("-3", 0), ("99999", 3600), ("soon", None), ("nan", None), ("", None)],
)
def test_too_many_requests_waits_as_long_as_lever_says(http, failure, answer, header, after):
    http.post(CREATE, status=429, json=answer("error_too_many_requests"), headers={"Retry-After": header})
    error = failure()
    assert (error.code, error.unknown, error.is_outage, error.after) == ("busy", False, False, after)


def test_a_delay_may_be_a_date(http, failure):
    http.post(CREATE, status=429, headers={"Retry-After": "Wed, 01 Jan 2025 00:00:00 GMT"})
    assert failure().after == 0


def test_without_a_connection_nothing_was_done(http, failure):
    refused = NewConnectionError(None, "refused")
    http.post(CREATE, body=requests.ConnectionError(MaxRetryError(None, CREATE, refused)))
    error = failure()
    assert (error.code, error.unknown) == ("unreachable", False)


def test_a_connection_that_takes_too_long_did_nothing(http, failure):
    http.post(CREATE, body=requests.ConnectTimeout())
    error = failure()
    assert (error.code, error.unknown) == ("unreachable", False)


def test_an_answer_that_does_not_come_leaves_the_create_unknown(http, failure):
    http.post(CREATE, body=requests.ReadTimeout())
    error = failure()
    assert (error.code, error.unknown) == ("timeout", True)


def test_a_dropped_connection_leaves_the_create_unknown(http, failure):
    http.post(CREATE, body=requests.ConnectionError("Connection aborted."))
    error = failure()
    assert (error.code, error.unknown) == ("dropped", True)


@pytest.mark.parametrize(
    "body",
    [b"", b'{"data": {"id": ', b"[]", b'{"data": null}', b'{"data": {}}', b'{"data": {"id": 7, "createdAt": 1}}'],
    ids=["empty", "half", "a list", "no data", "no id", "id no text"],
)
def test_a_success_that_cannot_be_read_leaves_the_create_unknown(http, failure, body):
    http.post(CREATE, status=201, body=body)
    error = failure()
    assert (error.code, error.unknown) == ("unclear", True)


def test_an_expired_token_did_nothing(http, failure):
    http.post(CREATE, status=401, json={"code": "UnauthorizedError", "message": "expired"})
    assert type(failure()).__name__ == "AccessExpired"


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "Missing required parameter: perform_as", "acting_user_invalid"),
        (404, f"users {TOMAS} was not found", "acting_user_invalid"),
        (404, f"postings {POSTING} was not found", "posting_gone"),
        (400, f"posting {POSTING} is closed", "posting_closed"),
        (400, "Invalid email address", "email_refused"),
        (400, "Something else", "bad_request"),
        (422, "Something else", "bad_request"),
        (403, "This token has no access to confidential records", "confidential"),
        (403, "The token lacks the scope opportunities:write:admin", "scope_missing"),
        (403, "Forbidden", "forbidden"),
        (404, "No such route", "not_found"),
        (413, "Too large", "too_large"),
    ],
)
def test_a_refusal_has_a_code_that_says_what_to_do(http, failure, status, message, code):
    http.post(CREATE, status=status, json={"code": "SomeError", "message": message})
    error = failure()
    assert type(error).__name__ == "Rejected"
    assert (error.code, error.parameters) == (code, {"status": status, "word": "SomeError"})


@pytest.mark.parametrize(("status", "message"), [(400, "Unsupported file type: cv.exe"), (422, "x"), (415, "x")])
def test_a_file_that_is_not_taken_is_told_from_the_person(http, failure, resume, status, message):
    http.post(CREATE, status=status, json={"code": "BadRequestError", "message": message})
    assert failure(resume=resume).code == "file_refused"


def test_a_refusal_without_words_is_still_a_refusal(http, failure):
    http.post(CREATE, status=400, body="<html>")
    error = failure()
    assert (error.code, error.parameters) == ("bad_request", {"status": 400, "word": ""})


def test_an_upload_that_took_too_long_is_tried_again_after_a_look(http, failure):
    http.post(CREATE, status=400, json={"code": "RequestTimeout", "message": "File took too long to upload."})
    error = failure()
    assert (type(error).__name__, error.code, error.unknown) == ("TryLater", "timeout", True)


def test_logs_name_no_people_and_no_secrets(http, failure, caplog):
    message = "ada.quill@example.com is not welcome"
    http.post(CREATE, status=400, json={"code": "Bad\nRequest Error", "message": message})
    with caplog.at_level(logging.DEBUG):
        failure()
    assert "POST /v1/opportunities: 400 BadRequestError after" in caplog.text
    assert "quill" not in caplog.text
    assert "access-token" not in caplog.text
    assert TOMAS not in caplog.text
